-- The Go client's tests of containers, by their names there: their records, and what runs of them.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

local busybox = "docker.io/library/busybox:latest"

lab.each_daemon(function(daemon)
  local namespace, client, image, container

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    image = client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
  end)

  teardown(function()
    client:close()
    assert.is_true(daemon:is_clean(namespace))
    assert.same({}, lab.leftovers())
  end)

  after_each(function()
    if container then
      pcall(function() container:task():delete { kill = true } end)
      container:delete { snapshot = true }
      container = nil
    end
  end)

  local function make(opts)
    container = image:new_container("parity", opts)
    return container
  end

  local function shell(script, opts)
    opts = opts or {}
    opts.args = { "/bin/sh", "-c", script }
    return make(opts)
  end

  -- Runs the container's task to its end; output and exit code.
  local function run(script, opts)
    local task = shell(script, opts):new_task { stdio = "pipe" }
    task:start()
    local output = task.stdout:read "a"
    local code = task:wait()
    task:delete()
    return output, code
  end

  it("TestContainerList", function()
    assert.same({}, client:containers())
    make()
    assert.equal("parity", client:containers()[1]:id())
    assert.equal(1, #client:containers())
  end)

  it("lists more than fits into one message of 16 MiB", function()
    local extensions = { big = { type_url = "com.example/Big", value = ("x"):rep(2 ^ 21) } }
    local many = {}
    for i = 1, 9 do many[i] = image:new_container("big-" .. i, { extensions = extensions }) end
    local listed = client:containers()
    assert.equal(9, #listed)
    for _, each in ipairs(listed) do assert.equal(2 ^ 21, #each:extensions().big.value) end
    for _, each in ipairs(many) do each:delete { snapshot = true } end
  end)

  it("TestNewContainer", function()
    make { args = { "/bin/true" } }
    assert.equal("parity", container:id())
    assert.same({ "/bin/true" }, container:spec().process.args)
    raises("already_exists", image.new_container, image, "parity", { snapshot = "another" })
  end)

  it("TestContainerStartWithAbsRuntimePath", function()
    local shim = daemon.ctr_path:gsub("ctr$", "containerd-shim-runc-v2")
    local output, code = run("echo by path; exit 7", { runtime = shim })
    assert.equal("by path\n", output)
    assert.equal(7, code)
    assert.equal(shim, container:runtime().name)
  end)

  it("TestContainerWait: a wait that is cancelled tells no exit, and a second kill finds nothing", function()
    local task = shell("sleep 1000"):new_task()
    task:start()
    local cancelled, exit = task:wait_async(), task:wait_async()
    cancelled:cancel()
    raises("cancelled", cancelled.await, cancelled)
    task:kill "KILL"
    assert.equal(137, (exit:await(30)))
    raises("not_found", task.kill, task, "KILL")
  end)

  it("TestContainerExtensions", function()
    local extensions = { hello = { type_url = "com.example/Hello", value = "\0world" } }
    make { extensions = extensions }
    assert.same(extensions, client:container("parity"):extensions())
  end)

  it("TestContainerUpdate", function()
    local spec = make():spec()
    spec.hostname = "updated"
    container:update { spec = spec }
    assert.equal("updated", client:container("parity"):spec().hostname)
  end)

  it("TestContainerInfo", function()
    make { labels = { mine = "yes" } }
    local info = client:container("parity"):info()
    assert.equal("parity", info.id)
    assert.equal(busybox, info.image)
    assert.equal("parity", info.snapshot_key)
    assert.equal("yes", info.labels.mine)
    assert.equal("io.containerd.runc.v2", info.runtime.name)
  end)

  it("TestContainerLabels", function()
    make { labels = { test = "yes" } }
    assert.equal("yes", client:container("parity"):labels().test)
    assert.equal("no", container:set_labels({ test = "no" }).test)
    assert.equal("no", client:container("parity"):labels().test)
  end)

  it("TestContainerImage", function()
    assert.equal(busybox, make():image():name())
  end)

  it("TestContainerNoImage", function()
    container = client:new_container("parity", { spec = '{"ociVersion": "1.0.2"}' })
    local err = raises("not_found", container.image, container)
    assert.matches("parity", err.message)
  end)

  it("TestTaskSpec: the spec of a task, found again too", function()
    local task = shell "sleep 1000":new_task()
    task:start()
    local loaded = client:container "parity"
    assert.equal(task:pid(), loaded:task():pid())
    assert.same(container:spec(), loaded:spec())
    assert.equal("sleep 1000", loaded:spec().process.args[3])
  end)

  it("TestContainerHook", function()
    local dir = lab.tempdir()
    local _, code = run("exit 3", {
      edit = function(spec)
        local hook = { path = "/bin/sh", args = { "sh", "-c", "cat >" .. dir .. "/state" } }
        spec.hooks = { createRuntime = { hook } }
      end,
    })
    assert.equal(3, code)
    assert.matches('"id":"parity"', assert(io.open(dir .. "/state")):read "a")
    lab.sh("rm -r " .. dir)
  end)

  it("TestBindLowPortNonRoot", function()
    local output, code = run("nc -l -p 80 2>&1", { user = "1000:1000" })
    assert.matches("denied", output)
    assert.equal(1, code)
  end)

  it("TestBindLowPortNonOpt: an ambient capability lets it", function()
    local task = shell([[
      trap 'kill $!; exit 143' TERM
      nc -l -p 80 & until cat /proc/net/tcp* | grep -q :0050; do sleep 0.05; done
      echo listens
      wait]], {
      user = "1000:1000",
      edit = function(spec)
        local bind = { "CAP_NET_BIND_SERVICE" }
        spec.process.capabilities.ambient, spec.process.capabilities.inheritable = bind, bind
      end,
    }):new_task { stdio = "pipe" }
    local exit = task:wait_async()
    task:start()
    assert.equal("listens", task.stdout:read("l", { timeout = 20 }))
    task:kill "TERM"
    assert.equal(143, (exit:await(30)))
  end)

  it("TestContainerRuntimeOptionsv2: the runtime's error names the program that isn't there", function()
    make { runtime_options = { binary_name = "no-runc" } }
    local function fails(name, opts)
      local ok, err = pcall(container.new_task, container, opts)
      assert.is_false(ok)
      assert.matches(name, containerd.is_error(err) and err.message or err, 1, true)
    end
    fails("no-runc", {})
    fails("no-runc", { runtime_options = { no_new_keyring = true } })
    fails("other-runc", { runtime_options = { binary_name = "other-runc" } })
    fails('"runtime_options": unknown field "binary"', { runtime_options = { binary = "x" } })
  end)

  it("TestNewTaskWithRuntimeOption: a task's options begin with the container's", function()
    local root = lab.tempdir()
    make { args = { "/bin/sleep", "1000" }, runtime_options = { root = root } }
    for _, opts in ipairs { { no_new_keyring = true }, { root = root .. "/task" } } do
      local task = container:new_task { runtime_options = opts, auto_delete = true }
      local state = ("%s/%s/parity/state.json"):format(opts.root or root, namespace)
      assert.equal(0, select(2, lab.sh("test -s " .. state)), state)
      task:close()
    end
    lab.sh("rm -r " .. root)
  end)

  it("TestDaemonRuntimeRoot: runc keeps its state where it is told to", function()
    local root = lab.tempdir()
    local task = shell("sleep 1000", { runtime_options = { root = root } }):new_task()
    task:start()
    local state = ("%s/%s/parity/state.json"):format(root, namespace)
    assert.equal(0, select(2, lab.sh("test -s " .. state)))
    assert.equal(137, (task:delete { kill = true }))
    assert.equal(1, select(2, lab.sh("test -e " .. state)))
    lab.sh("rm -r " .. root)
  end)

  it("TestKillContainerDeletedByRunc: wait returns, and kill finds nothing", function()
    local task = shell("sleep 1000"):new_task()
    local exit = task:wait_async()
    task:start()
    local output, status = lab.sh(("runc --root /run/containerd/runc/%s delete --force parity"):format(namespace))
    assert.equal(0, status, output)
    assert.equal(137, (exit:await(20)))
    raises("not_found", task.kill, task, "KILL")
  end)

  it("TestIssue9103: a task whose first process was killed has stopped", function()
    for _, started in ipairs { false, true } do
      local task = shell("sleep 1000"):new_task()
      if started then task:start() end
      lab.sh("kill -KILL " .. task:pid())
      lab.eventually(function() return task:status().status == "stopped" end, 20, "the task's end")
      assert.equal(137, task:status().exit_status)
      task:delete()
      container:delete { snapshot = true }
    end
    container = nil
  end)

  it("TestContainerKillInitPidHost: what the first process leaves in the host's pid namespace goes too", function()
    local task = shell("sleep 1000 & echo $!; wait", { namespaces = { pid = "host" } }):new_task { stdio = "pipe" }
    local exit = task:wait_async()
    task:start()
    local child = task.stdout:read("l", { timeout = 20 })
    assert.is_not_nil(io.open(("/proc/%s/stat"):format(child)))
    task:kill "KILL"
    assert.equal(137, (exit:await(30)))
    task:delete()
    lab.eventually(function() return not io.open(("/proc/%s/stat"):format(child)) end, 20, "the child's end")
  end)
end)
