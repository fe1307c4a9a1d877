-- The Go client's tests in which the daemon goes away and comes back, by their names there, and those of its monitor.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

lab.each_daemon(function(daemon)
  local private, client, image

  setup(function()
    private = daemon:private()
    client = containerd.connect { address = private.address, namespace = "parity" }
    image = client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
  end)

  teardown(function()
    client:close()
    assert.is_true(private:is_clean "parity")
    private:close()
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
end)
