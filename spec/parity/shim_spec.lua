-- Shims, and what they're told: under the names of the official client's tests.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

lab.each_daemon(function(daemon)
  local namespace, client, image, container

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    image = client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
  end)

  teardown(function()
    client:close()
    daemon:clean(namespace)
  end)

  local function sleeper(opts)
    opts = opts or {}
    opts.args = opts.args or { "sleep", "1000" }
    container = image:new_container("shimmed", opts)
    return container
  end

  after_each(function()
    if container then
      pcall(function() container:task():delete { kill = true } end)
      container:delete { snapshot = true }
      container = nil
      assert.is_true(daemon:is_clean(namespace))
      assert.same({}, lab.leftovers())
    end
  end)

  -- The shim is its processes' parent.
  local function shim_of(task)
    return (lab.sh(("ps -o ppid= -p %d"):format(task:pid())):match "%d+")
  end

  it("TestShimSockLength: a long namespace and a long id", function()
    local long = daemon:namespace()
    long = long .. ("x"):rep(76 - #long)
    daemon.namespaces[long] = true
    local other = containerd.connect { address = daemon.address, namespace = long }
    local of_other = other:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
    local long_one = of_other:new_container(("i"):rep(64), { args = { "sleep", "1000" } })
    local task = long_one:new_task { stdio = "pipe" }
    task:start()
    assert.equal(137, (task:delete { kill = true }))
    long_one:delete { snapshot = true }
    other:close()
    daemon:clean(long)
  end)

  it("TestShimInCgroup: a shim is put into the cgroup that is asked for", function()
    local path = "/" .. namespace .. "-shim"
    local dir = "/sys/fs/cgroup" .. (lab.sh("ls /sys/fs/cgroup"):find "%f[%w]memory\n" and "/memory" or "") .. path
    assert.equal(0, select(2, lab.sh("mkdir " .. dir)))
    local task = sleeper():new_task { runtime_options = { shim_cgroup = path } }
    assert.matches(":" .. path .. "\n", lab.sh(("cat /proc/%s/cgroup"):format(shim_of(task))), 1, true)
    task:delete { kill = true }
    lab.eventually(function() return select(2, lab.sh("rmdir " .. dir)) == 0 end, 20, "an empty cgroup")
  end)

  it("TestShimOOMScore: is the daemon's and one", function()
    local task = sleeper():new_task()
    local function score(pid)
      return tonumber((lab.sh(("cat /proc/%s/oom_score_adj"):format(pid))))
    end
    local pid = lab.sh(("pgrep -f '^[^ ]*containerd --config .*/%s/config.toml$'"):format(daemon.version)):match "%d+"
    assert.equal(math.min(score(pid) + 1, 1000), score(shim_of(task)))
  end)

  for what, pattern in pairs { Pipes = "pipe:", Sockets = "socket:" } do
    it(("TestShimDoesNotLeak%s"):format(what), function()
      local task = sleeper():new_task { stdio = "pipe" }
      task:start()
      local shim = shim_of(task)
      local function count()
        return select(2, lab.sh(("ls -l /proc/%s/fd"):format(shim)):gsub(pattern, ""))
      end
      local function run(id)
        local process = task:exec(id, { args = { "cat" }, stdio = "pipe" })
        process:start()
        process.stdin:close()
        process:wait()
        process:delete()
      end
      run "first" -- opens what is opened once
      local before = count()
      for i = 1, 5 do run("next" .. i) end
      lab.eventually(function() return count() <= before end, 20, "closed files")
    end)
  end

  it("TestContainerRuntimeOptionsv2: the error names the runtime that isn't there", function()
    local options = { binary_name = "no-runc" }
    sleeper { runtime_options = options }
    assert.matches("no-runc", raises("unknown", container.new_task, container).message, 1, true)
    container:delete { snapshot = true }
    sleeper()
    local err = raises("unknown", container.new_task, container, { runtime_options = options, stdio = "pipe" })
    assert.matches("no-runc", err.message, 1, true)
    raises("not_found", container.task, container)
  end)

  it("TestNewTaskWithRuntimeOption: the task's options come over the container's", function()
    sleeper { runtime_options = { binary_name = "no-runc", no_new_keyring = true } }
    local err = raises("unknown", container.new_task, container, { runtime_options = { no_pivot_root = false } })
    assert.matches("no-runc", err.message, 1, true)
    container:new_task({ runtime_options = { binary_name = "runc" } }):delete()
    err = raises("invalid_argument", container.new_task, container, { runtime_options = { binary_nam = "runc" } })
    assert.matches('runtime_options: unknown field "binary_nam" (did you mean "binary_name"?)', err.message, 1, true)
    assert.is_false(pcall(container.new_task, container, { runtime_options = { "runc" } }))
  end)

  it("TestContainerHook: the runtime runs it with the container's state", function()
    local path = lab.tempdir() .. "/state"
    local function edit(spec)
      spec.hooks = { createRuntime = containerd.array {
        { path = "/bin/sh", args = { "sh", "-c", "cat >" .. path } },
      } }
    end
    sleeper({ edit = edit }):new_task()
    local file = assert(io.open(path))
    assert.matches('"id":"shimmed"', (file:read "a"))
    file:close()
  end)

  it("TestKillContainerDeletedByRunc: kill finds nothing, and waits end", function()
    local task = sleeper():new_task()
    task:start()
    local exit = task:wait_async()
    assert.equal(0, select(2, lab.sh(("runc --root /run/containerd/runc/%s delete --force shimmed"):format(namespace))))
    raises("not_found", task.kill, task, "KILL")
    assert.equal(137, (exit:await(20)))
    task:delete()
  end)

  it("TestIssue9103: a task whose process was killed from outside has stopped", function()
    for _, start in ipairs { false, true } do
      local task = sleeper():new_task()
      if start then task:start() end
      lab.sh("kill -9 " .. task:pid())
      lab.eventually(function() return task:status().status == "stopped" end, 20, "stopped")
      assert.equal(137, (task:delete()))
      container:delete { snapshot = true }
    end
    container = nil
  end)

  it("TestContainerKillInitPidHost: processes of the host's pid namespace go with the first", function()
    local task = sleeper({
      args = { "sh", "-c", "sleep 1000 & sleep 1000 & wait" },
      namespaces = { pid = "host" },
    }):new_task { stdio = "pipe" }
    task:start()
    lab.eventually(function() return #task:pids() == 3 end, 20, "three processes")
    local pids = {}
    for i, each in ipairs(task:pids()) do pids[i] = each.pid end
    task:kill "KILL"
    assert.equal(137, (task:wait { timeout = 30 }))
    task:delete()
    assert.equal("", (lab.sh(("ps -o stat= -p %s | grep -v Z"):format(table.concat(pids, ",")))))
  end)

  it("TestTaskSpec: the runtime runs the container's spec, which is told to whoever loads the task", function()
    local task = sleeper({ env = { A = "b" } }):new_task()
    local bundle = daemon.address:match "^(.*)/" .. "/state/io.containerd.runtime.v2.task/" .. namespace .. "/shimmed"
    local file = assert(io.open(bundle .. "/config.json"))
    local text = file:read "a"
    file:close()
    local spec = client:container(container:task():id()):spec()
    assert.same({ "sleep", "1000" }, spec.process.args)
    assert.matches('"args":["sleep","1000"]', text, 1, true)
    assert.matches('"A=b"', text, 1, true)
    assert.equal(task, container:task())
  end)

  it("runs on the mounts that are given in place of the snapshot's", function()
    local snapshots = client:snapshots()
    snapshots:prepare("other", image:rootfs_chain_id(), { labels = { ["containerd.io/gc.root"] = "spec" } })
    local mounts = snapshots:mounts "other"
    local upper = table.concat(mounts[1].options, ","):match "upperdir=([^,]*)"
    local file = assert(io.open(upper .. "/marker", "w"))
    file:write "other\n"
    file:close()
    local task = sleeper({ args = { "cat", "/marker" } }):new_task { rootfs = mounts, stdio = "pipe" }
    task:start()
    assert.equal("other\n", task.stdout:read "a")
    task:wait()
    task:delete()
    snapshots:remove "other"
    snapshots:close()
    for _, rootfs in ipairs { "/", {}, { { typ = "bind" } } } do
      assert.is_false(pcall(container.new_task, container, { rootfs = rootfs }))
    end
    raises("unknown", container.new_task, container, { rootfs = { { type = "bind", source = "/no/such/directory" } } })
  end)
end)
