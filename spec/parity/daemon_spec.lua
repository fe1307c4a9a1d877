-- The Go client's tests in which the daemon goes away and comes back, by their names there, and those of its monitor.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

-- The monitor looks once a second.
local config = [[
[cgroup]
  path = "%s"
[plugins."io.containerd.internal.v1.restart"]
  interval = "1s"
[plugins."io.containerd.monitor.container.v1.restart"]
  interval = "1s"
]]

lab.each_daemon(function(daemon)
  local private, client, image, cgroup

  setup(function()
    cgroup = "/" .. daemon:namespace()
    private = daemon:private { config = config:format(cgroup) }
    client = containerd.connect { address = private.address, namespace = "parity" }
    image = client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
  end)

  teardown(function()
    client:close()
    assert.is_true(private:is_clean "parity")
    private:close()
    lab.sh(("find /sys/fs/cgroup -depth -type d -name %s -exec rmdir {} +"):format(cgroup:sub(2)))
  end)

  local function restart()
    private:signal "KILL"
    private:restart()
  end

  -- Calls fn with a task of these arguments that runs, and its container; all is deleted afterwards.
  local function with_task(args, fn)
    local container <close> = image:new_container("parity", { args = args, auto_delete = true })
    local task <close> = container:new_task { stdio = "pipe", auto_delete = true }
    task:start()
    fn(task, container)
  end

  it("TestDaemonRestart, TestClientReconnect: waits fail, and the same objects go on afterwards", function()
    with_task({ "/bin/sleep", "1000" }, function(task)
      assert.is_true(client:serving())
      local exit = task:wait_async()
      private:signal "KILL"
      raises("unavailable", exit.await, exit, 20)
      assert.is_false(client:serving())
      private:restart()
      assert.is_true(client:serving { timeout = 20 })
      exit = task:wait_async()
      task:kill "KILL"
      assert.equal(137, (exit:await(20)))
    end)
  end)

  it("TestDaemonRestartWithRunningShim: the daemon finds the task again, and can kill it", function()
    with_task({ "/bin/sleep", "1000" }, function(task, container)
      local pid = task:pid()
      restart()
      local again = container:task()
      assert.equal(pid, again:pid())
      assert.equal("running", again:status().status)
      local exit = again:wait_async()
      again:kill "KILL"
      assert.equal(137, (exit:await(20)))
      assert.is_nil(io.open(("/proc/%d/stat"):format(pid)))
    end)
  end)

  it("TestDaemonReconnectsToShimIOPipesOnRestart: streams go on through it, and after it", function()
    with_task({ "/bin/cat" }, function(task)
      task.stdin:write "before\n"
      assert.equal("before", task.stdout:read("l", { timeout = 20 }))
      local line = task.stdout:read_async "l"
      private:signal "KILL"
      task.stdin:write "meanwhile\n"
      assert.equal("meanwhile", line:await(20))
      private:restart()
      task.stdin:write "after\n"
      assert.equal("after", task.stdout:read("l", { timeout = 20 }))
      task:close_stdin()
      assert.equal(0, (task:wait { timeout = 20 }))
    end)
  end)

  it("TestDaemonCustomCgroup", function()
    local pid = lab.sh(("pgrep -f '^containerd --config %s/config.toml$'"):format(private.address:match "^(.*)/"))
    assert.matches(cgroup, assert(io.open(("/proc/%d/cgroup"):format(pid:match "%d+"))):read "a", 1, true)
  end)

  describe("TestRestartMonitor", function()
    local container

    -- A container whose task the monitor starts.
    local function monitored(args)
      container = image:new_container("monitored", { restart = "always", args = args })
    end

    after_each(function()
      container:set_labels { ["containerd.io/restart.status"] = "stopped" }
      lab.eventually(function()
        pcall(function() container:task():delete { kill = true } end)
        return (pcall(container.delete, container, { snapshot = true }))
      end, 20, "the container's end")
    end)

    -- The running task if it has another pid than that.
    local function running(other)
      return lab.eventually(function()
        local ok, task = pcall(container.task, container)
        local known, status = pcall(function() return task:status() end)
        return ok and known and status.status == "running" and status.pid ~= other and task
      end, 20, "a running task")
    end

    it("TestRestartMonitor/Always", function()
      monitored { "/bin/sleep", "1000" }
      local pid = running():pid()
      lab.sh("kill -KILL " .. pid)
      assert.not_equal(pid, running(pid):pid())
    end)

    -- Earlier ones restart it.
    if daemon.version:match "^2" then
      it("TestRestartMonitor/Paused Task: is left alone", function()
        monitored { "/bin/sleep", "1000" }
        local task = running()
        task:pause()
        containerd.sleep(2.5)
        assert.equal("paused", task:status().status)
        assert.equal(task:pid(), container:task():pid())
        task:resume()
      end)
    end

    -- containerd 1.6 knows no policies and restarts always.
    if daemon.version ~= "1.6" then
      it("TestRestartMonitor/Failure Policy: on-failure:1 is one restart", function()
        local dir = lab.tempdir()
        container = image:new_container("monitored", {
          restart = "on-failure:1",
          mounts = { dir .. ":/runs" },
          args = { "/bin/sh", "-c", "echo run >>/runs/all; exit 3" },
        })
        container:new_task():start()
        local function runs() return select(2, (lab.sh("cat " .. dir .. "/all")):gsub("run\n", "")) end
        local function count() return container:info().labels["containerd.io/restart.count"] end
        lab.eventually(function() return count() == "1" end, 20, "a restart")
        lab.eventually(function() return runs() == 2 end, 20, "two runs")
        containerd.sleep(2.5)
        assert.equal(2, runs())
        lab.sh("rm -r " .. dir)
      end)
    end
  end)
end)
