-- What alloc_sweep runs: every method, blocking and asynchronous. Needs a daemon at $CONTAINERD_ADDRESS, and the image
-- busybox in $CONTAINERD_NAMESPACE there.
local containerd = require "containerd"
local safe = require "containerd.safe"

local IMAGE = "docker.io/library/busybox:latest"

local cases = {}

local function case(name, prepare, run, check)
  cases[#cases + 1] = { name = name, prepare = prepare, run = run, check = check }
end

local function connect()
  return containerd.connect()
end

local function connect_with_image()
  local client = containerd.connect()
  return client, client:image(IMAGE)
end

local function nothing() end

-- What may fail with that code, as well as for want of memory.
local function may_fail(code, method, ...)
  local ok, err = pcall(method, ...)
  if not ok and not containerd.is_error(err, code) then error(err, 0) end
end

-- A container that goes when it's closed or its state is; what an earlier run left would be in its way.
local function new_container(opts)
  local client, image = connect_with_image()
  opts = opts or {}
  opts.args, opts.auto_delete = opts.args or { "/bin/cat" }, true
  return client, image:new_container("sweep", opts)
end

local function close_both(_, container)
  container:close()
end

local function new_task()
  local client, container = new_container()
  local task = container:new_task { stdio = "pipe", auto_delete = true }
  return client, container, task
end

local function started_task()
  local client, container, task = new_task()
  task:start()
  return client, container, task
end

local function ended_task()
  local client, container, task = started_task()
  task.stdin:write("one\ntwo\n")
  task.stdin:close()
  task:wait()
  return client, container, task
end

local function close_all(_, container, task)
  task:close()
  container:close()
end

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

-- The archive travels in memory, so that writers and readers in Lua are called, too.
case("export and import", connect_with_image, function(client, image)
  local parts = {}
  client:export(function(part) parts[#parts + 1] = part end, { image, IMAGE }, { platform = "linux/amd64" })
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

case("new_container", connect_with_image, function(_, image)
  local container = image:new_container("sweep", {
    auto_delete = true,
    args = { "/bin/cat" },
    env = { A = "b" },
    mounts = { "/tmp:/mnt:ro" },
    memory = "64M",
    labels = { a = "b" },
    edit = function(spec) spec.hostname = "edited" end,
  })
  container:close()
end)

case("client:new_container", connect, function(client)
  local container = client:new_container("sweep", {
    auto_delete = true,
    rootfs = "/",
    runtime_options = { binary_name = "runc", io_uid = 0 },
    restart = "no",
    extensions = { one = { type_url = "x", value = "y" } },
    additional_groups = { 7 },
    rlimits = { { type = "RLIMIT_CORE", soft = 0, hard = 0 } },
    namespaces = { network = "host", cgroup = true },
    uid_maps = { "0:0:1" },
    gid_maps = { "0:0:1" },
    tmpfs = "/tmp:size=1m",
    capabilities = "KILL",
    devices = { "/dev/null" },
    device_rules = { "c 1:3 r" },
    sysctls = { ["kernel.domainname"] = "x" },
    hugepages = { ["2MB"] = 0 },
  })
  container:close()
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

case("container", new_container, function(client, container)
  container:info()
  container:exists()
  container:image()
  container:spec()
  return client:container "sweep", container:id(), container:labels(), container:runtime(), container:snapshot_key(),
    container:created(), container:updated(), tostring(container)
end, close_both)

case("container update", new_container, function(_, container)
  container:update {
    labels = { a = "b" },
    extensions = { one = { type_url = "x", value = "y" } },
    spec = container:spec(),
  }
  return container:set_labels { c = "d", a = false }, container:extensions()
end, close_both)

-- What an earlier run left of a checkpoint would be in the way.
local function without_checkpoint(client, ...)
  pcall(function() client:image "sweep.local/checkpoint":delete() end)
  pcall(function() client:container "restored":delete { snapshot = true } end)
  return client, ...
end

case("container checkpoint", function() return without_checkpoint(new_container()) end, function(client, container)
  local checkpoint = container:checkpoint("sweep.local/checkpoint", { image = true, task = false })
  local restored = client:restore("restored", checkpoint)
  pcall(restored.restore, restored, checkpoint, { stdio = "null" })
  restored:delete { snapshot = true }
  checkpoint:delete()
end, function(client, container)
  without_checkpoint(client)
  container:close()
end)

case("container close", new_container, function(_, container) container:close() end, close_both)

case("new_task", new_container, function(_, container)
  local task = container:new_task {
    stdio = { stdin = "pipe", stdout = io.stdout, stderr = 2 },
    runtime_options = { no_new_keyring = true },
    auto_delete = true,
  }
  task:close()
end, close_both)

case("task", new_task, function(_, container, task)
  local exit = task:wait_async()
  task:start()
  task:status()
  container:task()
  task:kill("SIGKILL", { all = true })
  return exit:await(), task:wait(), task:pid(), tostring(task)
end, close_all)

case("task checkpoint", started_task, function(_, _, task)
  local opts = { name = "a", empty_namespaces = { "network" }, image_path = "/proc/absent" }
  local ok, err = pcall(task.checkpoint, task, opts)
  if not ok and not containerd.is_error(err, "unknown") then error(err, 0) end
end, close_all)

case("task delete", started_task, function(_, _, task) task:delete { kill = true } end, close_all)
case("task rest", started_task, function(_, _, task)
  task:pause()
  task:resume()
  task:update { memory = "32M", hugepages = {}, annotations = { a = "b" }, resources = { pids = { limit = 10 } } }
  return task:pids(), task:metrics()
end, close_all)

case("task attach", started_task, function(_, container)
  local task = container:task()
  task:attach { stdio = { stdout = "pipe" } }
  return task.stdout
end, close_all)

case("new_task on a terminal", function()
  local client, container = new_container { tty = true }
  return client, container, client:snapshots():mounts "sweep"
end, function(_, container, mounts)
  local task = container:new_task {
    terminal = true,
    stdio = "pipe",
    rootfs = mounts,
    runtime_options = { binary_name = "runc" },
    auto_delete = true,
  }
  task:resize(80, 24)
  task:close()
end, close_both)

case("exec", started_task, function(_, _, task)
  local process = task:exec("beside", {
    args = { "/bin/cat" },
    env = { A = "b" },
    user = "0",
    rlimits = { { type = "RLIMIT_CORE", soft = 0, hard = 0 } },
    stdio = "pipe",
    auto_delete = true,
  })
  process:close()
end, close_all)

local function added_process()
  local client, container, task = started_task()
  return client, container, task, task:exec("beside", { args = { "/bin/cat" }, stdio = "pipe", auto_delete = true })
end

local function close_process(_, container, task, process)
  process:close()
  task:close()
  container:close()
end

case("process", added_process, function(_, _, _, process)
  process:start()
  process:status()
  process:kill "KILL"
  process:wait()
  return process:id(), process:pid(), process.stdout, tostring(process), process:delete()
end, close_process)

case("task process", added_process, function(_, _, task, process)
  process:start()
  local found <close> = task:process "beside"
  found:attach { stdio = "null" }
end, close_process)

case("stream write", started_task, function(_, _, task) task.stdin:write("one\n", 2, "\n"):close() end, close_all)
case("task close_stdin", started_task, function(_, _, task) task:close_stdin() end, close_all)

case("stream read", ended_task, function(_, _, task)
  local line = task.stdout:read(1, "L")
  for each in task.stdout:lines() do line = each end
  return line, task.stdout:read "a"
end, close_all)

case("stream read_async", ended_task, function(_, _, task) task.stdout:read_async("a"):await() end, close_all)

return cases
