-- What alloc_sweep runs of the module, clients, images and stores: every method, blocking and asynchronous.
local containerd = require "containerd"
local safe = require "containerd.safe"
local sweep = dofile "spec/c/lua/sweep.lua"

local case, nothing, may_fail = sweep.case, sweep.nothing, sweep.may_fail
local connect, connect_with_image = sweep.connect, sweep.connect_with_image

case("connect", nothing, function() containerd.connect():close() end)
case("connect_async", nothing, function() containerd.connect_async():await():close() end)
case("connect fails", nothing, function() assert(not safe.connect { address = "/no/such.sock", timeout = 1 }) end)
case("parse_reference", nothing, function() containerd.parse_reference "redis" end)
case("normalize fails", nothing, function() assert(not safe.normalize "Redis") end)
case("array", nothing, function() return containerd.array {} end)
case("progress", nothing, function()
  local file <close> = io.tmpfile()
  containerd.progress(file) { digest = "sha256:0", state = "done", offset = 1, size = 1, media_type = "x" }
end)
case("sleep", nothing, function() containerd.sleep(0.001) end)

case("client", connect, function(client)
  client:version()
  client:with_namespace "other":close()
  return tostring(client), #client:images('name=="a"', { app = "b" }, { timeout = 10 }), #client:containers()
end)

case("futures", connect, function(client)
  local results = containerd.all { client:version_async(), client:images_async() }
  containerd.any { client:version_async() }:await(10)
  local abandoned = client:version_async()
  abandoned:cancel()
  return tostring(client:version_async()), results, abandoned:done()
end)

-- Under a loop that looks for news all the time.
case("use", connect, function(client)
  package.loaded["containerd.loop.luv"] = {
    can_yield = coroutine.isyieldable,
    new_waiter = function() return { wait = coroutine.yield, wake = function() end } end,
    watch = function() end,
  }
  containerd.use "luv"
  local thread = coroutine.create(function()
    client:version()
    containerd.all { client:version_async() }
    containerd.sleep(0.001)
  end)
  repeat
    containerd.hub():step()
    assert(coroutine.resume(thread))
  until coroutine.status(thread) == "dead"
end)
case("hub", connect, function(client)
  local hub, future = containerd.hub(), client:version_async()
  hub:step()
  hub:listen()
  may_fail("failed_precondition", hub.accept, hub)
  hub:hang_up()
  return hub:pollfd(), hub:events(), hub:timeout(), future:await()
end)

case("error", connect, function(client)
  local ok, err = pcall(client.image, client, "absent")
  assert(not ok)
  if containerd.is_error(err, "not_found") then
    return err.code, err.message, err.op, err.status, err.details, tostring(err), "x" .. err
  end
  error(err, 0)
end)

case("misuse", connect, function(client)
  local ok, message = pcall(client.pull, client, "a", { snapshoter = 1 })
  assert(not ok and message)
end)

case("pull", connect, function(client)
  client:pull("busybox:latest", {
    labels = { a = "b" },
    max_concurrent = 2,
    auth = { username = "me", password = "mine" },
    progress = function(step) return step.digest end,
  })
end)

case("push fails", connect_with_image, function(client, image)
  local opts = { chunk_size = "1M", progress = function() end, retries = 0 }
  assert(not pcall(client.push, client, "127.0.0.1:1/a/b:1", image, opts))
  assert(not pcall(image.push, image, "Not a reference"))
end)

-- What containerd 1.6 doesn't have.
case("transfer", connect, function(client)
  local left = 2
  may_fail("unimplemented", client.transfer, client, { type = "archive", reader = function()
    left = left - 1
    return left > 0 and "bytes" or nil
  end }, { type = "archive", writer = function() end, platform = "linux/amd64" }, { progress = function() end })
end)

case("transfer fails", connect, function(client)
  local registry = { type = "registry", ref = "127.0.0.1:1/a/b:1", auth = { username = "me", password = "mine" } }
  local references = { { name = "c", prefix = true } }
  local image = { type = "image", name = "absent", labels = { a = "b" }, references = references }
  assert(not pcall(client.transfer, client, image, registry))
  assert(not pcall(client.transfer, client, registry, image))
end)

-- The archive travels in memory, so that writers and readers in Lua are called, too.
case("export and import", connect_with_image, function(client, image)
  local parts = {}
  client:export(function(part) parts[#parts + 1] = part end, { image, sweep.image }, { platform = "linux/amd64" })
  local next = 0
  return client:import({
    read = function()
      next = next + 1
      return parts[next]
    end,
  }, { prefix = "sweep", names = function() end, labels = { a = "b" } })[1]:digest()
end)

case("image", connect_with_image, function(_, image)
  image:size()
  image:platforms()
  image:content_tree()
  image:check()
  image:usage { snapshots = true }
  image:config()
  image:manifest()
  image:unpack "overlayfs"
  image:tag("swept", { force = true }):set_labels({ a = "b", c = false })
  return image:name(), image:diff_ids(), image:rootfs_chain_id(), image:is_unpacked()
end)

case("image record", connect_with_image, function(_, image)
  return image:name(), image:digest(), image:target(), image:labels(), image:created(), image:updated(),
    tostring(image), image == image
end)

case("lease create", connect, function(client)
  client:lease { labels = { a = "b" }, expires = 60, auto_delete = true }:close()
end)

local function leased()
  local client = containerd.connect()
  local lease = client:lease { labels = { a = "b" }, auto_delete = true }
  return client, lease, client:with_lease(lease):content()
end

local STORE = "containerd.services.sandbox.v1.Store/"

-- A record that no controller knows of.
local function sandbox_record()
  local client = connect()
  pcall(client.call, client, STORE .. "Delete", { sandbox_id = "sweep" })
  client:call(STORE .. "Create", { sandbox = {
    sandbox_id = "sweep",
    sandboxer = "shim",
    runtime = { name = "absent" },
    labels = { a = "b" },
    spec = { type_url = "types.containerd.io/opencontainers/runtime-spec/1/Spec", value = "{}" },
  } })
  return client, client:sandboxes(), client:sandboxes():get "sweep"
end

case("sandbox", sandbox_record, function(client, sandboxes, sandbox)
  sandbox:info()
  sandbox:update { labels = { a = "c" }, extensions = { e = { type_url = "t", value = "v" } }, spec = { a = "b" } }
  sandbox:set_labels { a = "d", e = false }
  pcall(sandbox.start, sandbox)
  pcall(sandbox.wait, sandbox)
  pcall(sandbox.status, sandbox, { verbose = true })
  pcall(sandbox.stop, sandbox, { grace = 0 })
  pcall(sandboxes.start, sandboxes, "sweep")
  pcall(sandboxes.wait, sandboxes, "sweep")
  pcall(sandboxes.status, sandboxes, "sweep")
  pcall(sandboxes.stop, sandboxes, "sweep")
  pcall(client.new_container, client, "sweep", { sandbox = "absent", rootfs = "/" })
  pcall(client.new_container, client, "sweep", { sandbox = sandbox, rootfs = "relative" })
  return #sandboxes:list { a = "d" }, tostring(sandboxes), tostring(sandbox), sandbox:id(), sandbox:sandboxer(),
    sandbox:runtime(), sandbox:spec(), sandbox:labels(), sandbox:extensions(), sandbox:created(), sandbox:updated(),
    sandbox == sandboxes:get "sweep"
end, function(_, _, sandbox) sandbox:delete() end)

case("sandboxes", sandbox_record, function(_, sandboxes, sandbox)
  pcall(sandboxes.create, sandboxes, "sweep made", {})
  pcall(sandboxes.create, sandboxes, "sweep-made", {
    runtime = "/no/such/shim",
    spec = "{}",
    labels = { a = "b" },
    extensions = { e = { type_url = "t", value = "v" } },
    netns_path = "/absent",
    rootfs = { { type = "bind", source = "/", options = { "ro" } } },
    options = { type_url = "t", value = "v" },
    annotations = { a = "b" },
    auto_delete = true,
  })
  pcall(sandboxes.get, sandboxes, "absent")
  pcall(sandbox.delete, sandbox)
  pcall(sandboxes.delete, sandboxes, "sweep")
end)

case("mounts", connect, function(client)
  local mounts <close> = client:mounts()
  pcall(mounts.activate, mounts, "a", { { type = "erofs", source = "/a" } }, { labels = { a = "b" }, temporary = true })
  pcall(mounts.deactivate, mounts, "a")
  pcall(mounts.info, mounts, "a")
  pcall(mounts.update, mounts, "a", { a = "b", c = false })
  pcall(mounts.list, mounts, "name==a", { a = "b" })
  return tostring(mounts)
end)

local function close_lease(_, lease)
  lease:close()
end

case("lease", leased, function(client, lease)
  lease:add { id = "a", type = "ingests" }
  local resources = lease:resources()
  lease:remove { id = "a", type = "ingests" }
  client:with_lease(lease):close()
  local leases = client:leases()
  leases:list { a = "b" }
  may_fail("not_found", leases.delete, leases, "sweep")
  leases:create { id = "sweep", labels = { a = "b" } }
  leases:delete "sweep"
  return resources, lease:labels(), lease:created(), tostring(lease)
end, close_lease)

case("content", leased, function(_, _, content)
  local text = "one\ntwo\n"
  local digest = content:ingest(function()
    local piece = text
    text = nil
    return piece
  end, { labels = { a = "b" } })
  content:update(digest, { a = false, b = "c" })
  local reader = content:reader(digest)
  reader:seek("set", reader:size() - 4)
  local line = reader:read "L"
  for info in content:walk { b = "c" } do line = info.digest end
  reader:close()
  return content:read(digest, { offset = 1, size = 2 }), content:info(digest), line
end, close_lease)

case("writer", leased, function(_, _, content)
  local writer = content:write { ref = "sweep", labels = { a = "b" } }
  writer:truncate()
  writer:write("a", 1):status()
  content:statuses "ref==sweep"
  content:status "sweep"
  writer:close()
  content:abort "sweep"
  writer = content:write { ref = "sweep" }
  writer:write "a"
  may_fail("already_exists", writer.commit, writer)
end, close_lease)

case("namespaces", connect, function(client)
  local namespaces = client:namespaces()
  local name = os.getenv "CONTAINERD_NAMESPACE"
  namespaces:list()
  namespaces:set_labels(name, { a = "b" })
  namespaces:set_labels(name, { a = false })
  may_fail("not_found", namespaces.delete, namespaces, name .. "-2")
  namespaces:create(name .. "-2", { a = "b" })
  namespaces:delete(name .. "-2")
  return namespaces:labels(name)
end)

case("introspection", connect, function(client)
  client:server()
  client:serving()
  return client:plugins 'type=="io.containerd.snapshotter.v1"'
end)

case("events", connect, function(client)
  local events <close> = client:events 'topic=="/sweep"'
  local sent = { container_id = "x", rootfs = { { type = "bind", options = { "ro" } } }, io = { terminal = true } }
  client:publish("/sweep", "containerd.events.TaskCreate", sent)
  client:forward { topic = "/sweep", namespace = "sweep", type = "sweep.Unknown", event = "bytes" }
  return events:next(), events:next_async():await(), tostring(events)
end)

case("call", connect, function(client)
  local version = client:call "containerd.services.version.v1.Version/Version"
  local list = client:stream("containerd.services.snapshots.v1.Snapshots/List", { snapshotter = "native" })
  return version, list:recv_async():await(), tostring(list)
end)

case("exchange", connect, function(client)
  local exchange <close> = client:stream "containerd.services.content.v1.Content/Write"
  exchange:send { action = "stat" }
  local ok, err = pcall(exchange.recv, exchange)
  if ok or not containerd.is_error(err, "invalid_argument") then error(err, 0) end
  exchange:close_send()
end)

case("messages", nothing, function()
  local value = {
    container_id = "c",
    rootfs = { { type = "bind", options = { "ro" } } },
    options = { ["@type"] = "containerd.runc.v1.Options", binary_name = "runc" },
  }
  local type = "containerd.services.tasks.v1.CreateTaskRequest"
  local ok = pcall(containerd.encode, "containerd.services.snapshots.v1.Info", { kind = "comitted" })
  assert(not ok and not safe.decode(type, "\255"))
  return containerd.services(), containerd.decode(type, containerd.encode(type, value))
end)

case("snapshots", connect, function(client)
  local snapshots <close> = client:snapshots "native"
  local labels = { ["containerd.io/gc.root"] = "sweep" }
  for _, key in ipairs { "sweep view", "sweep", "sweep committed" } do
    may_fail("not_found", snapshots.remove, snapshots, key)
  end
  snapshots:prepare("sweep", nil, { labels = labels })
  snapshots:update("sweep", { a = "b", c = false })
  snapshots:stat "sweep"
  local mounts, usage = snapshots:mounts "sweep", snapshots:usage "sweep"
  local list = snapshots:list "name==sweep"
  local dir = "/tmp/" .. os.getenv "CONTAINERD_NAMESPACE"
  os.execute("mkdir -p " .. dir)
  pcall(snapshots.unmount, snapshots, dir)
  snapshots:mount("sweep", dir)
  snapshots:unmount(dir)
  os.execute("rmdir " .. dir)
  snapshots:commit("sweep committed", "sweep", { labels = labels })
  snapshots:view("sweep view", "sweep committed", { labels = labels })
  snapshots:remove "sweep view"
  snapshots:remove "sweep committed"
  may_fail("unimplemented", snapshots.cleanup, snapshots)
  return mounts, usage, list, tostring(snapshots)
end)

case("diff", connect, function(client)
  local snapshots <close> = client:snapshots "native"
  local diff <close> = client:diff()
  local labels = { ["containerd.io/gc.root"] = "sweep" }
  pcall(snapshots.remove, snapshots, "sweep diff")
  local mounts = snapshots:prepare("sweep diff", nil, { labels = labels })
  local layer = diff:compare({}, mounts, { labels = labels, ref = "sweep" })
  local payloads = { one = { type_url = "sweep", value = "bytes" } }
  local applied = diff:apply(layer, mounts, { payloads = payloads, sync_fs = false })
  snapshots:remove "sweep diff"
  return layer, applied, tostring(diff)
end)

return sweep.cases
