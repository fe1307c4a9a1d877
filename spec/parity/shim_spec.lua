-- The Go client's tests of shims, by their names there: what a shim is started with and what it leaves.
local containerd = require "containerd"
local lab = require "spec.support.lab"

lab.each_daemon(function(daemon)
  local namespace, client, image

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

  -- Calls fn with a running task and its shim's pid, and deletes all.
  local function with_task(opts, fn)
    opts.args = opts.args or { "/bin/sleep", "1000" }
    opts.auto_delete = true
    local container <close> = image:new_container("shim", opts)
    local task <close> = container:new_task { stdio = "pipe", auto_delete = true }
    task:start()
    local status = assert(io.open(("/proc/%d/status"):format(task:pid()))):read "a"
    fn(tonumber(status:match "PPid:%s*(%d+)"), task)
  end

  local function read(path)
    local file = assert(io.open(path))
    local text = file:read "a"
    file:close()
    return text
  end

  it("TestShimInCgroup", function()
    local name = namespace .. "-shims"
    -- Version 2 has one hierarchy; version 1 has several, and a new group of cpuset nothing that it may run on.
    lab.sh("name=" .. name .. "\n" .. [[
      cd /sys/fs/cgroup
      [ ! -e cgroup.controllers ] || mkdir $name
      for file in */cgroup.procs; do mkdir ${file%/*}/$name; done
      for file in cpuset.cpus cpuset.mems; do [ ! -e cpuset/$file ] || cat cpuset/$file >cpuset/$name/$file; done
    ]])
    finally(function()
      lab.sh(("find /sys/fs/cgroup -depth -type d -name %s -exec rmdir {} +"):format(name))
    end)
    with_task({ runtime_options = { shim_cgroup = "/" .. name } }, function(shim)
      assert.matches("/" .. name, read(("/proc/%d/cgroup"):format(shim)), 1, true)
    end)
  end)

  it("TestShimOOMScore: is the daemon's and one more", function()
    local dir = daemon.address:match "^(.*)/"
    local pid = lab.sh(("pgrep -f '^containerd --config %s/config.toml$'"):format(dir)):match "%d+"
    local function score(of) return tonumber(read(("/proc/%s/oom_score_adj"):format(of))) end
    with_task({}, function(shim) assert.equal(math.min(score(pid) + 1, 1000), score(shim)) end)
  end)

  it("TestShimSockLength: the longest namespace and id that there can be", function()
    local long = daemon:namespace()
    long = long .. "-" .. ("n"):rep(76 - 1 - #long)
    finally(function() daemon:clean(long) end)
    local other <close> = client:with_namespace(long)
    local pulled = other:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
    local container <close> = pulled:new_container(("c"):rep(64), { args = { "/bin/true" }, auto_delete = true })
    local task <close> = container:new_task { auto_delete = true }
    task:start()
    assert.equal(0, (task:wait { timeout = 30 }))
  end)

  it("TestShimDoesNotLeakSockets", function()
    local bundle = ("%s/state/io.containerd.runtime.v2.task/%s/shim"):format(daemon.address:match "^(.*)/", namespace)
    local socket
    with_task({}, function()
      socket = lab.sh(("grep -ho '/run/containerd/s/[0-9a-f]*' %s/address %s/bootstrap.json 2>/dev/null"):format(
        bundle, bundle)):match "[^\n]+"
      assert.is_truthy(read("/proc/net/unix"):find(socket, 1, true))
    end)
    lab.eventually(function() return not read("/proc/net/unix"):find(socket, 1, true) end, 20, "the socket's end")
    lab.eventually(function() return not io.open(socket) end, 20, "the end of the socket's file")
  end)

  it("TestShimDoesNotLeakPipes", function()
    with_task({}, function(shim, task)
      local function pipes() return lab.sh(("ls -l /proc/%d/fd | grep -c pipe:"):format(shim)) end
      local function exec()
        local process <close> = task:exec("one", { args = { "/bin/true" }, stdio = "pipe", auto_delete = true })
        process:start()
        process:wait { timeout = 30 }
      end
      exec() -- opens what is opened once
      local before = pipes()
      for _ = 1, 3 do exec() end
      lab.eventually(function() return pipes() == before end, 20, "closed pipes")
    end)
  end)
end)
