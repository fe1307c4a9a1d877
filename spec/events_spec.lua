-- Events: what a subscription sees, and what it survives.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

-- One of each type, as the daemon or a shim would publish it.
local samples = {
  ["containerd.events.ContainerCreate"] = {
    id = "c",
    image = "i",
    runtime = { name = "r", options = { ["@type"] = "containerd.runc.v1.Options", shim_cgroup = "/s" } },
  },
  ["containerd.events.ContainerUpdate"] = { id = "c", image = "i", labels = { a = "b", c = "" }, snapshot_key = "k" },
  ["containerd.events.ContainerDelete"] = { id = "c" },
  ["containerd.events.ContentCreate"] = { digest = "sha256:0", size = 7 },
  ["containerd.events.ContentDelete"] = { digest = "sha256:0" },
  ["containerd.services.images.v1.ImageCreate"] = { name = "n", labels = { a = "b" } },
  ["containerd.services.images.v1.ImageUpdate"] = { name = "n", labels = {} },
  ["containerd.services.images.v1.ImageDelete"] = { name = "n" },
  ["containerd.events.NamespaceCreate"] = { name = "n", labels = {} },
  ["containerd.events.NamespaceUpdate"] = { name = "n", labels = { a = "b" } },
  ["containerd.events.NamespaceDelete"] = { name = "n" },
  ["containerd.events.SnapshotPrepare"] = { key = "k", parent = "p", snapshotter = "native" },
  ["containerd.events.SnapshotCommit"] = { key = "k", name = "n" },
  ["containerd.events.SnapshotRemove"] = { key = "k" },
  ["containerd.events.TaskCreate"] = {
    container_id = "c", bundle = "/b", pid = 4294967295, checkpoint = "x",
    rootfs = { { type = "bind", source = "/s", target = "/t", options = { "ro", "rbind" } } },
    io = { stdin = "/i", stdout = "/o", stderr = "/e", terminal = true },
  },
  ["containerd.events.TaskStart"] = { container_id = "c", pid = 1 },
  ["containerd.events.TaskDelete"] = { container_id = "c", pid = 1, exit_status = 0, exited_at = 1.5, id = "e" },
  ["containerd.events.TaskExit"] = { container_id = "c", pid = 1, exit_status = 137, exited_at = 17e8, id = "e" },
  ["containerd.events.TaskOOM"] = { container_id = "c" },
  ["containerd.events.TaskExecAdded"] = { container_id = "c", exec_id = "e" },
  ["containerd.events.TaskExecStarted"] = { container_id = "c", exec_id = "e", pid = 2 },
  ["containerd.events.TaskPaused"] = { container_id = "c" },
  ["containerd.events.TaskResumed"] = { container_id = "c" },
  ["containerd.events.TaskCheckpointed"] = { container_id = "c", checkpoint = "x" },
  ["containerd.events.SandboxCreate"] = { sandbox_id = "s" },
  ["containerd.events.SandboxStart"] = { sandbox_id = "s" },
  ["containerd.events.SandboxExit"] = { sandbox_id = "s", exit_status = 1, exited_at = 2 },
}

lab.each_daemon(function(daemon)
  local namespace, client, filter

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    filter = "namespace==" .. namespace
  end)

  teardown(function()
    client:close()
    daemon:clean(namespace)
  end)

  local function publish(id)
    client:publish("/spec/" .. id, "containerd.events.TaskStart", { container_id = tostring(id), pid = 7 })
  end

  it("sees what is published as soon as it is there", function()
    for i = 1, 20 do
      local events <close> = client:events(filter)
      publish(i)
      assert.equal("/spec/" .. i, events:next({ timeout = 10 }).topic)
    end
  end)

  it("gives topic, namespace, time, type and the event itself, in the order of things", function()
    local events <close> = client:events(filter)
    for i = 1, 3 do publish(i) end
    local seen = 0
    for event in events do
      seen = seen + 1
      assert.equal("/spec/" .. seen, event.topic)
      assert.equal(namespace, event.namespace)
      assert.is_true(math.abs(event.timestamp - os.time()) < 60)
      assert.equal("containerd.events.TaskStart", event.type)
      assert.same({ container_id = tostring(seen), pid = 7 }, event.event)
      if seen == 3 then break end
    end
    assert.equal(3, seen)
  end)

  it("decodes every type of the API, and encodes it", function()
    local proto = lab.sh("sed -n 's/^message //p' proto/event_types.proto"):gmatch "%w+"
    for name in proto do
      assert.is_true(samples["containerd.events." .. name] ~= nil or name == "TaskIO", name)
    end
    local events <close> = client:events(filter)
    for type, sample in pairs(samples) do
      client:publish("/spec/type", type, sample)
      local event = events:next { timeout = 10 }
      assert.equal(type, event.type)
      for name, value in pairs(sample) do
        if name == "runtime" then
          local options = event.event.runtime.options
          assert.equal("containerd.runc.v1.Options", options["@type"])
          assert.equal("/s", options.shim_cgroup)
          assert.is_false(options.no_pivot_root)
        else
          assert.same(value, event.event[name], type .. "." .. name)
        end
      end
    end
  end)

  it("leaves what it doesn't know as bytes, and takes JSON for types that have it", function()
    local events <close> = client:events(filter)
    client:publish("/spec/bytes", "spec.Unknown", "a\0b")
    local event = events:next { timeout = 10 }
    assert.equal("spec.Unknown", event.type)
    assert.same({ type_url = "spec.Unknown", value = "a\0b" }, event.event)
    client:publish("/spec/again", event.type, event.event)
    assert.same(event.event, events:next({ timeout = 10 }).event)
    local process = "types.containerd.io/opencontainers/runtime-spec/1/Process"
    client:publish("/spec/json", process, { cwd = "/", args = { "a" } })
    assert.same({ cwd = "/", args = { "a" } }, events:next({ timeout = 10 }).event)
  end)

  it("forwards an event as it is", function()
    local events <close> = client:events(filter)
    publish "first"
    local event = events:next { timeout = 10 }
    local other <close> = client:with_namespace "default"
    other:forward(event)
    assert.same(event, events:next { timeout = 10 })
    event.timestamp = nil
    other:forward(event)
    assert.is_true(events:next({ timeout = 10 }).timestamp > 1e9)
  end)

  it("sees what happens to containers of this client, filtered", function()
    local image = client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
    local events <close> = client:events(filter .. ',topic~="^/containers/"', filter .. ',topic~="^/tasks/"')
    local container = image:new_container("seen", { args = { "/bin/sh", "-c", "exit 3" } })
    local task = container:new_task()
    task:start()
    task:wait()
    local seen = {}
    local function follow(last)
      repeat
        local event = events:next { timeout = 20 }
        seen[event.topic] = event.event
      until event.topic == last
    end
    follow "/tasks/exit"
    task:delete()
    container:delete { snapshot = true }
    follow "/containers/delete"
    local exit = seen["/tasks/exit"]
    assert.equal(3, exit.exit_status)
    assert.equal("seen", exit.container_id)
    assert.is_true(math.abs(exit.exited_at - os.time()) < 60)
    seen["/tasks/delete"] = nil -- the shim may be gone before it sends that
    local topics = {}
    for topic in pairs(seen) do topics[#topics + 1] = topic end
    table.sort(topics)
    assert.same({ "/containers/create", "/containers/delete", "/tasks/create", "/tasks/exit", "/tasks/start" }, topics)
  end)

  it("hides what subscribing needs, also that of others", function()
    local events <close> = client:events()
    local other <close> = client:events(filter)
    publish "seen"
    for event in events do
      assert.not_matches("lua%-containerd", event.topic)
      if event.topic == "/spec/seen" then break end
    end
    assert.equal("/spec/seen", other:next({ timeout = 10 }).topic)
  end)

  it("lets ctr follow events while it subscribes", function()
    local ctr = lab.spawn(("%s --address %s events"):format(daemon.ctr_path, daemon.address))
    finally(function() ctr:close() end)
    local last = 0
    lab.eventually(function()
      last = last + 1
      publish("ctr-" .. last)
      return ctr:output():find("/spec/ctr-", 1, true)
    end, 10, "ctr's subscription")
    client:events(filter):close()
    publish "after"
    lab.eventually(function() return ctr:output():find("/spec/after", 1, true) end, 10, "the event after")
    assert.is_nil(ctr:done())
  end)

  it("waits until the timeout, and goes on after it", function()
    local events <close> = client:events(filter)
    raises("deadline_exceeded", events.next, events, { timeout = 0.15 })
    publish "late"
    assert.equal("/spec/late", events:next({ timeout = 10 }).topic)
  end)

  it("gives events as futures, one at a time", function()
    local events <close> = client:events_async(filter):await()
    local one, two = events:next_async(), events:next_async()
    local refused = containerd.any { one, two }
    raises("failed_precondition", refused.await, refused)
    publish "future"
    assert.equal("/spec/future", (refused == one and two or one):await(10).topic)
    local cancelled = events:next_async()
    cancelled:cancel()
    raises("cancelled", cancelled.await, cancelled)
    publish "on"
    assert.equal("/spec/on", events:next({ timeout = 10 }).topic)
  end)

  -- LuaJIT's for closes nothing.
  it("ends with break or an error #lua54", function()
    local function loop(fail)
      local events, _, _, closing = client:events(filter)
      publish "seen"
      for _ in events, nil, nil, closing do -- luacheck: ignore 512
        if fail then error "stop" end
        break
      end
      return events
    end
    local events = loop(false)
    assert.equal("containerd.events (closed)", tostring(events))
    assert.is_false((pcall(events.next, events)))
    assert.has_error(function() loop(true) end)
  end)

  it("ends with close", function()
    local events = client:events(filter)
    events:close()
    events:close()
    assert.has_error(events, "next: the containerd.events is closed")
  end)

  it("refuses a filter that is none, a topic without a slash, and misuse", function()
    local err = raises("invalid_argument", client.events, client, "namespace==")
    assert.matches("events of the daemon", err.message)
    err = raises("invalid_argument", client.publish, client, "topic", "a.B", "")
    assert.matches("publish event topic", err.message)
    local bad = { topic = "bad", namespace = namespace, type = "a.B", event = "" }
    raises("invalid_argument", client.forward, client, bad)
    local function misuse(pattern, ...)
      local ok, failure = pcall(...)
      assert.is_false(ok)
      assert.matches(pattern, tostring(failure))
    end
    local exit = "containerd.events.TaskExit"
    misuse('publish: "event.exit_statu": containerd.events.TaskExit has no such field %(did you mean "exit_status"%?%)',
      client.publish, client, "/a", exit, { exit_statu = 1 })
    misuse('"event.exit_status": integer in its range', client.publish, client, "/a", exit, { exit_status = -1 })
    misuse('"event.id": string expected, got number', client.publish, client, "/a", exit, { id = 1 })
    misuse('"event.rootfs%[1%].options%[2%]": string expected', client.publish, client, "/a",
      "containerd.events.TaskCreate", { rootfs = { { options = { "a", 2 } } } })
    misuse('"event.labels.a": string expected', client.publish, client, "/a", "containerd.events.NamespaceCreate",
      { labels = { a = 1 } })
    misuse("the type spec.Unknown is unknown", client.publish, client, "/a", "spec.Unknown", {})
    misuse('"event": table expected, got nothing', client.publish, client, "/a", exit)
    misuse('"topic": string expected', client.forward, client, {})
    misuse('"event.runtime.options": the type is missing', client.publish, client, "/a",
      "containerd.events.ContainerCreate", { runtime = { options = {} } })
  end)

  -- A daemon of our own, that may be ended: its address, and functions that start and end it.
  local function private_daemon()
    local dir, process = lab.tempdir(), nil
    local config = assert(io.open((daemon.address:gsub("containerd.sock$", "config.toml")))):read "a"
    local file = assert(io.open(dir .. "/config.toml", "w"))
    file:write((config:gsub(daemon.address:gsub("/containerd.sock$", ""):gsub("%p", "%%%0"), dir)))
    file:close()
    local address = dir .. "/containerd.sock"
    local function start()
      process = lab.spawn(daemon.ctr_path:gsub("ctr$", "containerd") .. " --config " .. dir .. "/config.toml")
      lab.eventually(function()
        local ok, connected = pcall(containerd.connect, { address = address })
        if ok then connected:close() end
        return ok
      end, 20, "the private daemon")
    end
    local function stop(signal)
      process:kill(signal)
      process:wait(15)
      process:close()
    end
    return address, start, stop
  end

  it("finds a lost daemon again, with one gap", function()
    local address, start, stop = private_daemon()
    start()
    finally(function() stop "KILL" end)
    local own <close> = containerd.connect { address = address, namespace = "restart" }
    local events <close> = own:events "namespace==restart"
    assert.is_true(own:serving())
    for round = 1, 3 do
      local waiting = round == 3 and events:next_async { timeout = 40 }
      stop(round == 1 and "TERM" or "KILL")
      assert.is_false(own:serving())
      if waiting then
        raises("deadline_exceeded", waiting.await, waiting, 0.3)
      else
        raises("deadline_exceeded", events.next, events, { timeout = 0.3 })
      end
      start()
      assert.same({ topic = "gap" }, waiting and waiting:await() or events:next { timeout = 20 })
      assert.is_true(own:serving())
      own:publish("/spec/back", "containerd.events.TaskOOM", { container_id = "x" })
      assert.equal("/spec/back", events:next({ timeout = 10 }).topic)
    end
  end)

  it("holds back what a slow reader doesn't take, and other calls go on", function()
    local function rss()
      return tonumber(assert(io.open "/proc/self/statm"):read "a":match "^%d+ (%d+)") * 4096
    end
    local events <close> = client:events(filter)
    local payload = ("x"):rep(100000)
    client:publish("/spec/0", "spec.Big", payload)
    collectgarbage()
    local before = rss()
    for i = 1, 400 do client:publish("/spec/" .. i, "spec.Big", payload) end
    assert.is_true(client:serving())
    collectgarbage()
    -- Sanitizers keep what is freed.
    local sanitized = (os.getenv "CTD_OUT" or ""):find("/san", 1, true)
    assert.is_true(sanitized ~= nil or rss() - before < 16e6, ("%d bytes more"):format(rss() - before))
    for i = 0, 400 do assert.equal("/spec/" .. i, events:next({ timeout = 10 }).topic) end
  end)

  it("is interrupted by Ctrl-C while it waits", function()
    local waiting = lab.spawn(lab.command [[
      local client = require "containerd".connect()
      local mark <close> = setmetatable({}, { __close = function() print "closed" end })
      local events, _, _, closing = client:events "namespace==none"
      print "ready"
      io.stdout:flush()
      for _ in events, nil, nil, closing do end
    ]], { daemon = daemon })
    finally(function() waiting:close() end)
    lab.eventually(function() return waiting:output():find "ready" end, 10, "the subscription")
    waiting:kill "INT"
    assert.equal(1, waiting:wait(5))
    assert.matches("interrupted", waiting:output())
    assert.matches("closed", waiting:output())
  end)
end)
