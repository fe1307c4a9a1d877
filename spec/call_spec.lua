-- Any call: every unary method of every service, streams, and what goes wrong with them.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

local DIGEST = "sha256:" .. ("0"):rep(64)
local SPEC = { type_url = "types.containerd.io/opencontainers/runtime-spec/1/Spec", value = { ociVersion = "1.1.0" } }
local TARGET = { media_type = "application/vnd.oci.image.manifest.v1+json", digest = DIGEST, size = 7 }
local ROOT = { ["containerd.io/gc.root"] = "spec" } -- else the collector may come between two calls
local EVENT = { type_url = "containerd.events.TaskPaused", value = { container_id = "x" } }

local function has(path, value)
  return function(answer)
    for name in path:gmatch "[^.]+" do answer = answer[tonumber(name) or name] end
    assert.same(value, answer)
  end
end

local function empty(answer) assert.same({}, answer) end

-- What is absent everywhere: requests of tasks, and of sandboxes.
local task, sandbox = { container_id = "absent" }, { sandbox_id = "absent" }

-- What isn't in a version, by the version's name; what else depends on it.
local function since(version, outcome)
  local outcomes = { ["1.6"] = "unimplemented", ["1.7"] = "unimplemented", ["2.1"] = outcome }
  if version == "1.7" then outcomes["1.7"] = outcome end
  return outcomes
end

local function sandboxes(in_1_7, in_2_1)
  return { ["1.6"] = "unimplemented", ["1.7"] = in_1_7, ["2.1"] = in_2_1 }
end

-- In this order, for each service: method, request, and what comes of it: a check of the answer or the error's code; if
-- that depends on the daemon, by its version. NAMESPACE is the namespace's name.
local calls = {
  { "containerd.services.version.v1.Version", {
    { "Version", {}, function(answer) assert.matches("^v?%d+%.%d+", answer.version) end },
  } },
  { "grpc.health.v1.Health", {
    { "Check", {}, has("status", "serving") },
  } },
  { "containerd.services.namespaces.v1.Namespaces", {
    { "Create", { namespace = { name = "NAMESPACE", labels = { a = "b" } } }, has("namespace.labels.a", "b") },
    { "Update", { namespace = { name = "NAMESPACE", labels = { c = "d" } }, update_mask = { paths = { "labels.c" } } },
      function() end },
    { "Get", { name = "NAMESPACE" }, has("namespace.labels.c", "d") },
    { "List", {}, function(answer) assert.is_true(#answer.namespaces > 0) end },
    { "Delete", { name = "absent-namespace" }, "not_found" },
  } },
  { "containerd.services.containers.v1.Containers", {
    { "Create", { container = { id = "c", runtime = { name = "io.containerd.runc.v2" }, spec = SPEC } },
      has("container.spec.ociVersion", "1.1.0") },
    { "Get", { id = "c" }, has("container.runtime.name", "io.containerd.runc.v2") },
    { "List", { filters = { "id==c" } }, has("containers.1.id", "c") },
    { "Update", { container = { id = "c", labels = { a = "b" } }, update_mask = { paths = { "labels" } } },
      has("container.labels", { a = "b" }) },
    { "Delete", { id = "c" }, empty },
  } },
  { "containerd.services.content.v1.Content", {
    { "Info", { digest = DIGEST }, "not_found" },
    { "Update", { info = { digest = DIGEST, labels = { a = "b" } } }, "not_found" },
    { "Delete", { digest = DIGEST }, "not_found" },
    { "Status", { ref = "absent" }, "not_found" },
    { "ListStatuses", {}, has("statuses", {}) },
    { "Abort", { ref = "absent" }, "not_found" },
  } },
  { "containerd.services.diff.v1.Diff", {
    { "Apply", { diff = TARGET }, "not_found" },
    { "Diff", {}, has("diff.media_type", "application/vnd.oci.image.layer.v1.tar+gzip") },
  } },
  { "containerd.services.events.v1.Events", {
    { "Publish", { topic = "/spec", event = EVENT }, empty },
    { "Forward", { envelope = { topic = "/spec", namespace = "NAMESPACE", timestamp = 1, event = EVENT } }, empty },
  } },
  { "containerd.services.images.v1.Images", {
    { "Create", { image = { name = "i", target = TARGET, labels = { a = "b" } } }, has("image.target.size", 7) },
    { "Get", { name = "i" }, has("image.labels", { a = "b" }) },
    { "List", { filters = { "name==i" } }, has("images.1.target.digest", DIGEST) },
    { "Update", { image = { name = "i", target = TARGET, labels = { c = "d" } },
      update_mask = { paths = { "labels" } } },
      has("image.labels", { c = "d" }) },
    { "Delete", { name = "i", sync = false }, empty },
  } },
  { "containerd.services.introspection.v1.Introspection", {
    { "Plugins", { filters = { "id==overlayfs,type==io.containerd.snapshotter.v1" } },
      has("plugins.1.type", "io.containerd.snapshotter.v1") },
    { "Server", {}, function(answer) assert.matches("^%x+%-", answer.uuid) end },
    { "PluginInfo", { type = "io.containerd.snapshotter.v1", id = "overlayfs" },
      since("2.1", has("plugin.id", "overlayfs")) },
  } },
  { "containerd.services.leases.v1.Leases", {
    { "Create", { id = "l", labels = { a = "b" } }, has("lease.labels", { a = "b" }) },
    { "List", { filters = { "id==l" } }, has("leases.1.id", "l") },
    { "AddResource", { id = "l", resource = { id = "x", type = "ingests" } }, empty },
    { "ListResources", { id = "l" }, has("resources", { { id = "x", type = "ingests" } }) },
    { "DeleteResource", { id = "l", resource = { id = "x", type = "ingests" } }, empty },
    { "Delete", { id = "l" }, empty },
  } },
  { "containerd.services.snapshots.v1.Snapshots", {
    { "Prepare", { snapshotter = "native", key = "k", labels = ROOT }, has("mounts.1.type", "bind") },
    { "Mounts", { snapshotter = "native", key = "k" }, has("mounts.1.options.1", "rbind") },
    { "Stat", { snapshotter = "native", key = "k" }, has("info.kind", "active") },
    { "Update", { snapshotter = "native", info = { name = "k", labels = { a = "b" } },
      update_mask = { paths = { "labels.a" } } }, has("info.labels.a", "b") },
    { "Usage", { snapshotter = "native", key = "k" }, function(answer) assert.is_true(answer.inodes >= 1) end },
    { "Commit", { snapshotter = "native", key = "k", name = "n", labels = ROOT }, empty },
    { "View", { snapshotter = "native", key = "v", parent = "absent" }, "not_found" },
    { "Remove", { snapshotter = "native", key = "n" }, empty },
    { "Cleanup", { snapshotter = "native" }, "unimplemented" },
  } },
  { "containerd.services.tasks.v1.Tasks", {
    { "Create", task, "not_found" },
    { "Start", task, "not_found" },
    { "Delete", task, "not_found" },
    { "DeleteProcess", { container_id = "absent", exec_id = "e" }, "not_found" },
    { "Get", task, "not_found" },
    { "List", {}, has("tasks", {}) },
    { "Kill", { container_id = "absent", signal = 9 }, "not_found" },
    { "Exec", { container_id = "absent", exec_id = "e" }, "not_found" },
    { "ResizePty", { container_id = "absent", width = 80, height = 24 }, "not_found" },
    { "CloseIO", { container_id = "absent", stdin = true }, "not_found" },
    { "Pause", task, "not_found" },
    { "Resume", task, "not_found" },
    { "ListPids", task, "not_found" },
    { "Checkpoint", task, "not_found" },
    { "Update", task, "not_found" },
    { "Metrics", { filters = { "id==absent" } }, has("metrics", {}) },
    { "Wait", task, "not_found" },
  } },
  { "containerd.services.sandbox.v1.Store", {
    { "Create", { sandbox = { sandbox_id = "s", runtime = { name = "r" } } },
      since("1.7", has("sandbox.runtime.name", "r")) },
    { "Get", sandbox, since("1.7", "not_found") },
    { "Update", { sandbox = { sandbox_id = "s", runtime = { name = "r" }, labels = { a = "b" } },
      fields = { "labels" } },
      since("1.7", has("sandbox.labels", { a = "b" })) },
    { "List", {}, since("1.7", has("list.1.sandbox_id", "s")) },
    { "Delete", { sandbox_id = "s" }, since("1.7", empty) },
  } },
  { "containerd.services.sandbox.v1.Controller", {
    { "Create", sandbox, sandboxes("not_found", "invalid_argument") },
    { "Start", sandbox, sandboxes("unknown", "invalid_argument") },
    { "Platform", sandbox, "unimplemented" },
    { "Stop", sandbox, sandboxes("not_found", "invalid_argument") },
    { "Wait", sandbox, sandboxes("not_found", "invalid_argument") },
    { "Status", sandbox, sandboxes(has("sandbox_id", "absent"), "invalid_argument") },
    { "Shutdown", sandbox, sandboxes("not_found", "invalid_argument") },
    { "Metrics", sandbox, since("2.1", "invalid_argument") },
    { "Update", sandbox, since("2.1", "invalid_argument") },
  } },
  { "containerd.services.mounts.v1.Mounts", {
    { "Activate", { name = "absent" }, "unimplemented" },
    { "Deactivate", { name = "absent" }, "unimplemented" },
    { "Info", { name = "absent" }, "unimplemented" },
    { "Update", { info = { name = "absent" } }, "unimplemented" },
  } },
  { "containerd.services.transfer.v1.Transfer", {
    { "Transfer", {}, since("1.7", "unknown") },
  } },
}

local function unary_methods()
  local names = {}
  for service, methods in pairs(containerd.services()) do
    for name, method in pairs(methods) do
      if not method.request_stream and not method.response_stream then names[service .. "/" .. name] = true end
    end
  end
  return names
end

local function fill(value, namespace)
  if type(value) ~= "table" then return value == "NAMESPACE" and namespace or value end
  local copy = {}
  for key, each in pairs(value) do copy[key] = fill(each, namespace) end
  return copy
end

it("calls every unary method", function()
  local called = {}
  for _, service in ipairs(calls) do
    for _, call in ipairs(service[2]) do called[service[1] .. "/" .. call[1]] = true end
  end
  assert.same(unary_methods(), called)
end)

it("tells what can be called, and with what", function()
  local services = containerd.services()
  assert.same({
    request_type = "containerd.services.tasks.v1.WaitRequest",
    response_type = "containerd.services.tasks.v1.WaitResponse",
    request = { container_id = "string", exec_id = "string" },
    response = { exit_status = "uint32", exited_at = "seconds since 1970" },
    request_stream = false,
    response_stream = false,
  }, services["containerd.services.tasks.v1.Tasks"].Wait)
  local write = services["containerd.services.content.v1.Content"].Write
  assert.is_true(write.request_stream and write.response_stream)
  assert.equal("stat | write | commit", write.request.action)
  assert.equal("bytes", write.request.data)
  assert.same({ ["<string>"] = "string" }, write.request.labels)
  local container = services["containerd.services.containers.v1.Containers"].Get.response.container
  assert.same({ ["<string>"] = "any" }, container.extensions)
  assert.same({ { type = "string", source = "string", target = "string", options = { "string" } } },
    services["containerd.services.snapshots.v1.Snapshots"].Mounts.response.mounts)
end)

-- A daemon of its own: some panic at requests that lack what they expect.
lab.each_daemon(function(shared)
  local daemon, namespace, client

  setup(function()
    daemon = shared:private()
    namespace = ("call-%s"):format(shared.version)
    client = containerd.connect { address = daemon.address, namespace = namespace }
  end)

  teardown(function()
    client:close()
    daemon:close()
  end)

  for _, service in ipairs(calls) do
    it("calls " .. service[1], function()
      for _, call in ipairs(service[2]) do
        local name, request, outcome = service[1] .. "/" .. call[1], fill(call[2], namespace), call[3]
        if type(outcome) == "table" then outcome = outcome[shared.version] end
        if type(outcome) == "string" then
          local err = raises(outcome, client.call, client, name, request)
          assert.equal("call", err.op)
          assert.matches("call " .. name .. " in namespace " .. namespace .. ": ", err.message, 1, true)
        else
          outcome(client:call(name, request))
        end
      end
    end)
  end

  local VERSION = "containerd.services.version.v1.Version/Version"
  local WRITE = "containerd.services.content.v1.Content/Write"
  local SUBSCRIBE = "containerd.services.events.v1.Events/Subscribe"

  describe("call", function()
    it("takes a slash in front, and no request", function()
      assert.same(client:version(), client:call("/" .. VERSION))
    end)

    it("goes on meanwhile", function()
      local future = client:call_async(VERSION)
      assert.same(client:version(), future:await(20))
    end)

    it("ends in time", function()
      raises("deadline_exceeded", client.call, client, VERSION, {}, { timeout = 0 })
    end)

    it("returns failures in the safe habit", function()
      local safe = require "containerd.safe".connect { address = daemon.address, namespace = namespace }
      local answer, err, code = safe:call("containerd.services.images.v1.Images/Get", { name = "absent" })
      assert.same({ nil, "not_found", "not_found" }, { answer, err.code, code })
      assert.equal(5, err.status)
      safe:close()
    end)

    -- What is wrong -> arguments, and what is said.
    local misuses = {
      ["an unknown method"] = {
        { "containerd.services.images.v1.Images/Gets" },
        'there is no method "containerd.services.images.v1.Images/Gets" '
          .. '(did you mean "containerd.services.images.v1.Images/Get"?)',
      },
      ["a short name"] = { { "Images/Get" }, 'did you mean "containerd.services.images.v1.Images/Get"?' },
      ["a name that is like none"] = { { "x" }, 'there is no method "x"; containerd.services() has them all' },
      ["no name"] = { {}, '"method": string expected' },
      ["an unknown field"] = {
        { "containerd.services.images.v1.Images/Get", { nam = "x" } },
        '"request.nam": containerd.services.images.v1.GetImageRequest has no such field (did you mean "name"?)',
      },
      ["a request that is none"] = {
        { "containerd.services.images.v1.Images/Get", "x" }, "table expected, got string",
      },
      ["an unknown option"] = {
        { "containerd.services.images.v1.Images/Get", {}, { timout = 1 } }, 'unknown option "timout"',
      },
      ["a stream"] = { { WRITE }, "has a stream of messages: see client:stream" },
    }
    for what, case in pairs(misuses) do
      it("refuses " .. what, function()
        local ok, message = pcall(function() client:call(case[1][1], case[1][2], case[1][3]) end)
        assert.is_false(ok)
        assert.matches("^spec/call_spec.lua:%d+: call: ", message)
        assert.matches(case[2], message, 1, true)
      end)
    end
  end)

  describe("stream", function()
    it("gives the answers of a method", function()
      local snapshots = "containerd.services.snapshots.v1.Snapshots"
      client:call(snapshots .. "/Prepare", { snapshotter = "native", key = "streamed", labels = ROOT })
      local keys = {}
      for message in client:stream(snapshots .. "/List", { snapshotter = "native" }) do
        for _, info in ipairs(message.info) do keys[info.name] = info.kind end
      end
      assert.same({ streamed = "active" }, keys)
      client:call(snapshots .. "/Remove", { snapshotter = "native", key = "streamed" })
    end)

    it("gives the one answer of a method without streams", function()
      local exchange = client:stream(VERSION)
      assert.same(client:version(), exchange:recv())
      assert.is_nil(exchange:recv())
      assert.is_nil(exchange:recv())
      assert.equal("containerd.exchange (" .. VERSION .. ")", tostring(exchange))
      exchange:close()
      assert.equal("containerd.exchange (closed)", tostring(exchange))
      assert.has_error(function() exchange:recv() end)
    end)

    it("sends and receives in turns, and at once", function()
      local exchange = client:stream(WRITE, { action = "stat", ref = "turns", total = 8 })
      assert.equal(0, exchange:recv({ timeout = 20 }).offset)
      local answer = exchange:recv_async()
      assert.is_true(exchange:send { action = "write", data = "four" })
      assert.equal(4, answer:await(20).offset)
      exchange:send_async({ action = "write", offset = 4, data = "\0\1\2\3" }):await(20)
      assert.equal(8, exchange:recv().offset)
      exchange:send { action = "commit", total = 8, offset = 8, labels = ROOT }
      local digest = exchange:recv().digest
      assert.equal("four\0\1\2\3", client:content():read(digest))
      assert.same(ROOT, client:content():info(digest).labels)
      assert.is_true(exchange:close_send())
      assert.is_true(exchange:close_send())
      local err = raises("failed_precondition", exchange.send, exchange, {})
      assert.equal("send", err.op)
      exchange:close()
    end)

    it("fails a send with the daemon's reason, however many answers are unread", function()
      local exchange = client:stream(WRITE, { action = "stat", ref = "ahead" })
      exchange:send { action = "write", data = "a" }
      exchange:send { action = "write", data = "b", offset = 1 }
      exchange:send { action = "write", data = "c", offset = 9 }
      local large = { action = "write", data = ("d"):rep(2 ^ 18), offset = 2 }
      local err
      lab.eventually(function()
        local ok
        ok, err = pcall(exchange.send, exchange, large, { timeout = 10 })
        return not ok
      end, 20, "the end of the call")
      assert.matches("offset 2", err.message)
      assert.equal("out_of_range", err.code)
      for offset = 0, 2 do assert.equal(offset, exchange:recv({ timeout = 10 }).offset) end
      raises("out_of_range", exchange.recv, exchange, { timeout = 10 })
      exchange:close()
    end)

    it("is cancelled when it is left in the middle", function()
      local function begin() return client:stream(WRITE, { action = "stat", ref = "left" }) end
      local exchange = begin()
      exchange:recv { timeout = 20 }
      local second = begin()
      raises("unavailable", second.recv, second) -- the daemon lets one write at a time
      exchange:close()
      lab.eventually(function()
        local third = begin()
        local ok = pcall(third.recv, third)
        third:close()
        return ok
      end, 20, "the end of the first")
      pcall(function()
        for _ in begin() do error "left" end
      end)
      collectgarbage()
      lab.eventually(function() return pcall(function() begin():recv() end) end, 20, "the end of the loop's")
    end)

    -- Publishes until the subscription stands: its first event.
    local function subscribe()
      local exchange = client:stream(SUBSCRIBE, { filters = { 'topic=="/call"' } })
      local first = exchange:recv_async()
      lab.eventually(function()
        client:publish("/call", "containerd.events.TaskPaused", { container_id = "x" })
        return first:done()
      end, 20, "the first event")
      return exchange, first:await()
    end

    -- Until a recv has run out of time.
    local function drain(exchange)
      repeat
        local ok, err = pcall(exchange.recv, exchange, { timeout = 0.2 })
      until not ok and containerd.is_error(err, "deadline_exceeded")
    end

    local function assert_receives(exchange, id)
      client:publish("/call", "containerd.events.TaskPaused", { container_id = id })
      repeat
        local got = exchange:recv({ timeout = 20 }).event.container_id
      until got == id
    end

    it("decodes what is in an Any", function()
      local exchange, envelope = subscribe()
      assert.same({ ["@type"] = "containerd.events.TaskPaused", container_id = "x" }, envelope.event)
      assert.equal(namespace, envelope.namespace)
      assert.is_number(envelope.timestamp)
      exchange:close()
    end)

    it("loses nothing when a recv has run out of time", function()
      local exchange = subscribe()
      drain(exchange)
      assert_receives(exchange, "late")
      exchange:close()
    end)

    it("gives a message to one at a time, and goes on when that one is cancelled", function()
      local exchange = subscribe()
      drain(exchange)
      lab.eventually(function() -- again if there was another event
        local one, two = exchange:recv_async(), exchange:recv_async()
        lab.eventually(function() return one:done() or two:done() end, 20, "the end of one")
        if not one:done() then one, two = two, one end
        local ok, err = pcall(one.await, one)
        two:cancel()
        pcall(two.await, two, 20)
        return not ok and containerd.is_error(err, "failed_precondition")
      end, 20, "the failure of one")
      assert_receives(exchange, "later")
      exchange:close()
    end)

    it("is refused where something lacks", function()
      local exchange = client:stream(WRITE)
      exchange:send { action = "stat" }
      raises("invalid_argument", exchange.recv, exchange)
      exchange:close()
    end)

    it("fails as the daemon says", function()
      local exchange = client:stream("containerd.services.content.v1.Content/Read", { digest = DIGEST })
      local err = raises("not_found", exchange.recv, exchange)
      assert.equal("recv", err.op)
      assert.matches("recv containerd.services.content.v1.Content/Read in namespace", err.message, 1, true)
      raises("not_found", exchange.recv, exchange)
    end)

    it("speaks to the streaming service where there is one", function()
      local exchange = client:stream("containerd.services.streaming.v1.Streaming/Stream",
        { type_url = "containerd.types.transfer.StreamInit", value = "" })
      if shared.version == "1.6" then
        raises("unimplemented", exchange.recv, exchange)
      else
        local ok, answer = pcall(exchange.recv, exchange, { timeout = 20 })
        assert.is_true(ok or containerd.is_error(answer))
      end
      exchange:close()
    end)

    it("refuses misuse before anything is sent", function()
      local exchange = client:stream(SUBSCRIBE)
      assert.error_matches(function() exchange:send {} end, "takes one request, which was sent")
      exchange:close()
      local write = client:stream(WRITE)
      assert.error_matches(function() write:send { action = "comit" } end, 'did you mean "commit"')
      assert.error_matches(function() write:send() end, '"message": table expected')
      write:close()
      assert.error_matches(function() client:stream "Content/Wrote" end, "there is no method")
    end)

    it("returns failures in the safe habit, and nil alone at the end", function()
      local safe = require "containerd.safe".connect { address = daemon.address, namespace = namespace }
      local exchange = safe:stream(VERSION)
      assert.is_table(exchange:recv())
      assert.equal(1, select("#", exchange:recv()))
      local read = safe:stream("containerd.services.content.v1.Content/Read", { digest = DIGEST })
      assert.equal("not_found", select(3, read:recv()))
      assert.has_error(function() for _ in read do error "none" end end)
      safe:close()
    end)

    it("fails when the daemon is lost", function()
      local exchange = subscribe()
      local waiting = exchange:recv_async()
      daemon:signal "KILL"
      lab.eventually(function() return waiting:done() end, 20, "the end of the stream")
      assert.is_false((pcall(function()
        while true do exchange:recv { timeout = 20 } end
      end)))
      raises("unavailable", exchange.recv, exchange)
      exchange:close()
      daemon:restart()
      assert.is_table(client:call(VERSION))
    end)
  end)
end)
