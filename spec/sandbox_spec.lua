-- Sandboxes: their records, which 1.7 has too, and the controllers that run them, from 2.0 on.
local containerd = require "containerd"
local safe = require "containerd.safe"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

local SPEC_TYPE = "types.containerd.io/opencontainers/runtime-spec/1/Spec"

-- Kills the shim that a daemon has left, with its socket.
local function end_shim(namespace, id)
  lab.sh(([[
    pid=$(pgrep -f -- 'containerd-[s]him.*-namespace %s -id %s ')
    sockets=$(find /proc/$pid/fd -lname 'socket:*' -printf '%%l\n' | tr -dc '0-9\n' | sort -u |
      awk 'NR == FNR { ours[$1]; next } $7 in ours && $8 ~ "^/run/containerd/s/" { print $8 }' - /proc/net/unix)
    kill -KILL $pid && rm -f $sockets
  ]]):format(namespace, id))
end

lab.each_daemon(function(daemon)
  local namespace, client, sandboxes

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace, hosts_dir = daemon.hosts_dir }
    sandboxes = client:sandboxes()
  end)

  teardown(function()
    sandboxes:close()
    client:close()
    daemon:clean(namespace)
    assert.same({}, lab.leftovers(10))
  end)

  local function misuse(text, fn, ...)
    local ok, err = pcall(fn, ...)
    assert.is_false(ok)
    assert.equal("string", type(err), tostring(err))
    assert.matches(text, err, 1, true)
  end

  it("is for sandboxes of a namespace", function()
    assert.equal(("containerd.sandboxes (namespace %s)"):format(namespace), tostring(sandboxes))
    misuse('create: "id": string expected', sandboxes.create, sandboxes)
    misuse('unknown option "sandboxr" (did you mean "sandboxer"?)', sandboxes.create, sandboxes, "s",
      { sandboxr = "x" })
    misuse('"labels"', sandboxes.create, sandboxes, "s", { labels = "x" })
    local closed = client:sandboxes()
    closed:close()
    assert.equal("containerd.sandboxes (closed)", tostring(closed))
    for _, name in ipairs { "create", "get", "list", "start", "wait", "status", "stop", "delete" } do
      misuse("the containerd.sandboxes is closed", closed[name], closed, "s")
    end
  end)

  local by_id = { "get", "start", "wait", "status", "stop", "delete" }

  if daemon.version == "1.6" then
    it("isn't there before 1.7", function()
      raises("unimplemented", sandboxes.create, sandboxes, "s")
      raises("unimplemented", sandboxes.list, sandboxes)
      for _, name in ipairs(by_id) do raises("unimplemented", sandboxes[name], sandboxes, "s") end
      raises("unimplemented", client.new_container, client, "c", { rootfs = "/", args = { "sh" }, sandbox = "s" })
      assert.same({}, client:containers())
      assert.is_true(daemon:is_clean(namespace))
    end)
    return
  end

  -- A record that no controller knows of.
  local function new_record(id, labels)
    client:call("containerd.services.sandbox.v1.Store/Create", {
      sandbox = {
        sandbox_id = id,
        sandboxer = "shim",
        runtime = { name = "io.containerd.runc.v2" },
        labels = labels,
        spec = { type_url = SPEC_TYPE, value = '{"ociVersion":"1.1.0","hostname":"one"}' },
        extensions = { mine = { type_url = "example.com/mine", value = "bytes" } },
      },
    })
    return sandboxes:get(id)
  end

  after_each(function()
    for _, sandbox in ipairs(sandboxes:list()) do sandbox:delete() end
    assert.is_true(daemon:is_clean(namespace))
  end)

  it("reads a record", function()
    local sandbox = new_record("one", { app = "web" })
    assert.equal("containerd.sandbox (one)", tostring(sandbox))
    assert.equal("one", sandbox:id())
    assert.same({ app = "web" }, sandbox:labels())
    assert.same({ name = "io.containerd.runc.v2" }, sandbox:runtime())
    assert.same({ ociVersion = "1.1.0", hostname = "one" }, sandbox:spec())
    assert.same({ mine = { type_url = "example.com/mine", value = "bytes" } }, sandbox:extensions())
    assert.equal(daemon.version ~= "1.7" and "shim" or nil, sandbox:sandboxer())
    assert.is_true(math.abs(sandbox:created() - os.time()) < 60)
    assert.equal(sandbox:created(), sandbox:updated())
    local info = sandbox:info()
    assert.equal("one", info.sandbox_id)
    assert.same({ app = "web" }, info.labels)
    assert.equal(sandboxes:get "one", sandbox)
    assert.not_equal(new_record("two"), sandbox)
    sandbox:close()
    assert.equal("containerd.sandbox (closed)", tostring(sandbox))
    for _, name in ipairs { "id", "labels", "info", "update", "start", "wait", "status", "stop", "delete" } do
      assert.is_false((pcall(sandbox[name], sandbox)))
    end
  end)

  it("lists those that a filter is for", function()
    local web, db = new_record("web", { app = "web" }), new_record("db", { app = "db" })
    assert.same({ db, web }, sandboxes:list())
    assert.same({ web }, sandboxes:list { app = "web" })
    assert.same({ db, web }, sandboxes:list('id==db', 'labels."app"==web'))
    assert.same({}, sandboxes:list("id==none", { timeout = 10 }))
    raises("invalid_argument", sandboxes.list, sandboxes, "id=!=")
  end)

  it("changes what it's told, and nothing else", function()
    local sandbox = new_record("one", { app = "web", tier = "front" })
    assert.same({ app = "db", tier = "front" }, sandbox:set_labels { app = "db" })
    assert.same({ app = "db", tier = "front" }, sandbox:labels())
    assert.same({ app = "db" }, sandbox:set_labels { tier = false })
    assert.same({ app = "db" }, sandboxes:get("one"):labels())
    sandbox:update { labels = { only = "this" } }
    assert.same({ only = "this" }, sandboxes:get("one"):labels())
    sandbox:update { spec = { ociVersion = "1.1.0", hostname = "two" }, extensions = { more = {
      type_url = "example.com/more", value = "more" } } }
    local now = sandboxes:get "one"
    assert.equal("two", now:spec().hostname)
    assert.equal("more", now:extensions().more.value)
    assert.equal("bytes", now:extensions().mine.value)
    assert.same({ only = "this" }, now:labels())
    assert.same({ name = "io.containerd.runc.v2" }, now:runtime())
    assert.is_true(now:updated() > now:created())
    assert.equal(now:updated(), sandbox:updated())
    sandbox:update {}
    assert.same({ only = "this" }, sandboxes:get("one"):labels())
    sandbox:update { labels = {} }
    assert.same({}, sandboxes:get("one"):labels())
    misuse('"labels": names of labels are strings', sandbox.set_labels, sandbox, { a = 1 })
    misuse('unknown option "label"', sandbox.update, sandbox, { label = {} })
  end)

  it("says which sandbox isn't there", function()
    for _, name in ipairs(by_id) do
      local err = raises("not_found", sandboxes[name], sandboxes, "absent")
      assert.matches(("%s absent in namespace %s"):format("sandbox", namespace), err.message, 1, true)
    end
    local gone = new_record "gone"
    gone:delete()
    raises("not_found", gone.delete, gone)
    raises("not_found", gone.info, gone)
    raises("not_found", gone.update, gone, { labels = {} })
    raises("not_found", gone.set_labels, gone, { a = "b" })
    local quiet <close> = safe.connect { address = daemon.address, namespace = namespace }
    local nothing, err, code = quiet:sandboxes():get "absent"
    assert.is_nil(nothing)
    assert.equal("not_found", code)
    assert.equal("sandbox", err.op)
  end)

  it("refuses an id that is taken or none", function()
    new_record "taken"
    raises("already_exists", sandboxes.create, sandboxes, "taken")
    assert.equal("taken", sandboxes:get("taken"):id())
    raises("invalid_argument", sandboxes.create, sandboxes, "not an id")
    raises("invalid_argument", sandboxes.create, sandboxes, "")
  end)

  it("makes no container for a sandbox that there isn't", function()
    local err = raises("not_found", client.new_container, client, "c",
      { rootfs = "/", args = { "sh" }, sandbox = "absent" })
    assert.matches("new_container c: sandbox absent in namespace " .. namespace, err.message, 1, true)
    assert.same({}, client:containers())
    misuse('"sandbox": string expected', client.new_container, client, "c", { rootfs = "/", sandbox = 1 })
    local closed = new_record "closed"
    closed:close()
    misuse('"sandbox": the sandbox is closed', client.new_container, client, "c", { rootfs = "/", sandbox = closed })
  end)

  it("notes the sandbox in the container, by id or object", function()
    local sandbox = new_record "shared"
    for _, given in ipairs { sandbox, "shared" } do
      local container <close> = client:new_container("c", { rootfs = "/", args = { "sh" }, sandbox = given,
        auto_delete = true })
      assert.equal("shared", container:info().sandbox)
      assert.equal("shared", client:container("c"):info().sandbox)
    end
    local container <close> = client:new_container("c", { rootfs = "/", args = { "sh" }, auto_delete = true })
    assert.is_nil(container:info().sandbox)
  end)

  it("leaves nothing of a sandbox that can't be made", function()
    for _, opts in ipairs { { runtime = "io.containerd.absent.v1" }, { runtime = "/no/such/shim" } } do
      raises(nil, sandboxes.create, sandboxes, "s", opts)
      raises("not_found", sandboxes.get, sandboxes, "s")
    end
    raises("deadline_exceeded", sandboxes.create, sandboxes, "s", { timeout = 0 })
    local broken_off = sandboxes:create_async("s", { runtime = "/no/such/shim" })
    broken_off:cancel()
    assert.is_false((pcall(broken_off.await, broken_off, 30)))
    assert.same({}, sandboxes:list())
  end)

  -- The shim of 1.7 has a sandbox, but the daemon's word of it has a topic that its own exchange refuses; that of 2.1
  -- has none, and its daemon then leaves it running.
  it("leaves nothing of one that the runtime has no sandbox for", function()
    local err = raises(daemon.version == "1.7" and "invalid_argument" or "unimplemented", sandboxes.create, sandboxes,
      "s")
    assert.matches("create sandbox s in namespace " .. namespace, err.message, 1, true)
    assert.equal("create", err.op)
    assert.same({}, sandboxes:list())
    if daemon.version == "2.1" then end_shim(namespace, "s") end
  end)

  if daemon.version ~= "2.1" then return end

  it("knows which controllers there are", function()
    local err = raises("not_found", sandboxes.create, sandboxes, "s", { sandboxer = "absent" })
    assert.matches("absent", err.message, 1, true)
    client:namespaces():set_labels(namespace, { ["containerd.io/defaults/sandboxer"] = "absent" })
    raises("not_found", sandboxes.create, sandboxes, "s")
    client:namespaces():set_labels(namespace, { ["containerd.io/defaults/sandboxer"] = false })
    assert.same({}, sandboxes:list())
    -- The controller for pods reads an extension with what Kubernetes' side knows of the pod.
    raises("not_found", sandboxes.create, sandboxes, "s", { sandboxer = "podsandbox" })
    assert.same({}, sandboxes:list())
  end)

  it("has no more of a sandbox that the controller doesn't know", function()
    local sandbox = new_record "lost"
    raises("unknown", sandbox.start, sandbox)
    raises("not_found", sandbox.wait, sandbox)
    assert.is_nil(sandbox:status().pid ~= 0 or nil)
    sandbox:stop()
    sandbox:delete()
  end)

  -- What runs a pod's sandbox by itself: the controller of the plugin for Kubernetes, with an image of ours to wait in.
  describe("that runs", function()
    local private, own, image

    setup(function()
      private = daemon:private {
        config = ([=[
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "docker.io/library/redis:alpine"
[plugins."io.containerd.cri.v1.images".registry]
  config_path = "%s"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
]=]):format(daemon.hosts_dir),
      }
      own = containerd.connect { address = private.address, namespace = "k8s.io", hosts_dir = private.hosts_dir,
        timeout = 20 }
      image = own:pull "redis:alpine"
    end)

    teardown(function()
      own:close()
      private:close()
    end)

    after_each(function()
      local left = own:sandboxes():list()
      for _, sandbox in ipairs(left) do sandbox:delete() end
      assert.same({}, left)
      assert.same({}, own:containers())
      assert.is_true(private:is_clean("k8s.io", 20))
    end)

    local function pod(id, opts, of)
      opts = opts or {}
      opts.sandboxer = "podsandbox"
      opts.extensions = {
        metadata = {
          type_url = "github.com/containerd/cri/pkg/store/sandbox/Metadata",
          value = ('{"Version":"v1","Metadata":{"ID":%q,"Config":{"metadata":{"name":%q},' ..
            '"linux":{}}}}'):format(id, id),
        },
      }
      return (of or own):sandboxes():create(id, opts)
    end

    it("starts, tells how it is, stops and goes", function()
      local sandbox = pod("pod", { labels = { app = "web" } })
      assert.equal("podsandbox", sandbox:sandboxer())
      assert.same({ app = "web" }, sandbox:labels())
      assert.equal("SANDBOX_UNKNOWN", sandbox:status().state)
      local events <close> = own:events 'topic~="/sandboxes/"'
      local started = sandbox:start()
      assert.is_true(started.pid > 0)
      assert.equal("io.containerd.runc.v2", started.labels.oci_runtime_type)
      assert.is_true(math.abs(started.created_at - os.time()) < 60)
      assert.same({ topic = "/sandboxes/start", id = "pod" }, (function()
        local event = events:next { timeout = 20 }
        return { topic = event.topic, id = event.event.sandbox_id }
      end)())
      local status = sandbox:status()
      assert.equal("SANDBOX_READY", status.state)
      assert.equal(started.pid, status.pid)
      assert.equal("pod", status.sandbox_id)
      assert.same({}, status.info)
      assert.matches('"pid":' .. started.pid, sandbox:status({ verbose = true }).info.info, 1, true)
      local ended = sandbox:wait_async()
      assert.is_false(ended:done())
      raises("deadline_exceeded", sandbox.wait, sandbox, { timeout = 0.2 })
      assert.is_true(sandbox:stop { grace = 1 })
      local code, exited_at = ended:await(20)
      assert.equal(137, code)
      assert.is_true(math.abs(exited_at - os.time()) < 60)
      assert.equal("SANDBOX_NOTREADY", sandbox:status().state)
      assert.is_true(sandbox:delete())
      raises("not_found", sandbox.status, sandbox)
      raises("not_found", sandbox.start, sandbox)
    end)

    it("does the same by its id", function()
      local all = own:sandboxes()
      pod "named"
      assert.is_true(all:start("named").pid > 0)
      assert.equal("SANDBOX_READY", all:status("named", { verbose = false }).state)
      local ended = all:wait_async "named"
      all:stop("named", { grace = 0.5 })
      assert.equal(137, (ended:await(20)))
      all:delete "named"
      assert.same({}, all:list())
    end)

    it("runs a container's task in its shim", function()
      local sandbox <close> = pod("home", { auto_delete = true })
      local pid = sandbox:start().pid
      local container <close> = image:new_container("guest", {
        args = { "busybox", "cat" },
        sandbox = sandbox,
        auto_delete = true,
        namespaces = { ipc = ("/proc/%d/ns/ipc"):format(pid), uts = ("/proc/%d/ns/uts"):format(pid) },
      })
      local task = container:new_task { stdio = "pipe" }
      task:start()
      local function parent(of) return lab.sh("ps -o ppid= -p " .. of):match "%d+" end
      assert.equal(parent(pid), parent(task:pid()))
      assert.equal(lab.sh("readlink /proc/" .. pid .. "/ns/uts"), lab.sh("readlink /proc/" .. task:pid() .. "/ns/uts"))
      task.stdin:write "through\n"
      task.stdin:close()
      assert.equal("through\n", task.stdout:read "a")
      assert.equal(0, (task:wait()))
      task:delete()
      assert.equal("SANDBOX_READY", sandbox:status().state)
    end)

    it("has no task when it hasn't started", function()
      local sandbox <close> = pod("idle", { auto_delete = true })
      local container <close> = image:new_container("guest", { sandbox = "idle", auto_delete = true })
      local err = raises("not_found", container.new_task, container)
      assert.matches("sandbox idle", err.message, 1, true)
      assert.equal("idle", sandbox:id())
    end)

    local function has_program(pid)
      local _, status = lab.sh("readlink /proc/" .. pid .. "/exe")
      return status == 0
    end

    it("ends when it's deleted", function()
      local sandbox = pod "doomed"
      local pid = sandbox:start().pid
      assert.is_true(has_program(pid))
      sandbox:delete()
      assert.is_false(has_program(pid))
    end)

    it("goes with its handle if it's told to", function()
      local sandbox = pod("brief", { auto_delete = true })
      local pid = sandbox:start().pid
      assert.is_true(has_program(pid))
      sandbox:close()
      assert.is_false(has_program(pid))
      pod("gone", { auto_delete = true }):close()
    end)

    -- That of 1.7 has one, for its own trials: it tells nothing of itself. Tasks are grouped by an annotation.
    it("is in a shim that has a sandbox", function()
      local shim = daemon.ctr_path:gsub("/2.1/usr/bin/ctr$", "/1.7/usr/bin/containerd-shim-runc-v2")
      local sandbox = own:sandboxes():create("shimmed", { runtime = shim })
      assert.equal("shim", sandbox:sandboxer())
      assert.equal(shim, sandbox:runtime().name)
      assert.equal("/k8s.io/shimmed", sandbox:spec().linux.cgroupsPath)
      assert.equal("shimmed", sandbox:start().sandbox_id)
      local container <close> = image:new_container("guest", {
        args = { "busybox", "cat" },
        sandbox = "shimmed",
        runtime = shim,
        annotations = { ["io.containerd.runc.v2.group"] = "shimmed" },
        auto_delete = true,
      })
      local task = container:new_task { stdio = "pipe" }
      task:start()
      local parent = lab.sh("ps -o args= -p $(ps -o ppid= -p " .. task:pid() .. ")")
      assert.matches("-id shimmed ", parent, 1, true)
      task.stdin:close()
      assert.equal(0, (task:wait()))
      task:delete()
      sandbox:stop()
      sandbox:delete()
      raises("not_found", sandbox.info, sandbox)
      raises("not_found", sandbox.wait, sandbox)
    end)

    it("doesn't start without its image", function()
      local sandbox <close> = pod("s", { auto_delete = true }, own:with_namespace "elsewhere")
      local err = raises("not_found", sandbox.start, sandbox)
      assert.matches("start sandbox s in namespace elsewhere", err.message, 1, true)
      assert.equal("SANDBOX_UNKNOWN", sandbox:status().state)
    end)
  end)
end)
