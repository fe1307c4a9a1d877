-- Hosts that fork: what was connected before is the parent's alone.
local containerd = require "containerd"
local lab = require "spec.support.lab"

lab.each_daemon(function(daemon)
  local namespace, client

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
  end)

  teardown(function() client:close() end)

  local function assert_clean()
    assert.is_true(daemon:is_clean(namespace))
    assert.same({}, lab.leftovers())
  end

  describe("a forked child", function()
    -- Runs a script that has `fork`, and the module, with these variables in its environment.
    local function run_with_fork(text, env)
      env = env or {}
      env.CONTAINERD_NAMESPACE = namespace
      local dir = lab.tempdir()
      local compile = "cc -shared -fPIC $(pkg-config --cflags %s) -o %s/fork.so spec/support/fork.c"
      local output, status = lab.sh(compile:format(lab.interpreter, dir))
      assert.equal(0, status, output)
      local process = lab.spawn(lab.command(([[
        package.cpath = %q .. package.cpath
        local fork = require "fork"
        local containerd = require "containerd"
      ]]):format(dir .. "/?.so;") .. text), { daemon = daemon, env = env })
      finally(function() process:close() end)
      assert.equal(0, process:wait(30), process:output())
    end

    it("can do nothing with its parent's objects, and the parent goes on", function()
      run_with_fork [[
        local client = containerd.connect()
        local image = client:image "docker.io/library/busybox:latest"
        local container = image:new_container("forked", { args = { "/bin/cat" }, auto_delete = true })
        local task = container:new_task { stdio = "pipe", auto_delete = true }
        task:start()
        local exit, line = task:wait_async(), task.stdout:read_async()
        local pull = client:pull_async "multi:latest"
        local id = fork.fork()
        if id == 0 then
          for number, call in ipairs {
            function() client:version() end,
            function() client:version_async():await() end,
            function() client:pull "busybox" end,
            function() image:new_container("child", { auto_delete = true }) end,
            function() container:new_task() end,
            function() task:kill "KILL" end,
            function() task.stdout:read() end,
            function() task.stdin:write "x" end,
            function() exit:await() end,
            function() pull:await() end,
            function() task:close() end,
            function() container:close() end,
            function() containerd.connect() end,
          } do
            local ok, err = pcall(call)
            if ok or not containerd.is_error(err, "failed_precondition") then
              print(number, err)
              io.stdout:flush()
              fork.exit(1)
            end
          end
          containerd.sleep(0.01)
          client, image, container, task, exit, line, pull = nil
          collectgarbage()
          collectgarbage()
          fork.exit(7)
        end
        assert(fork.wait(id) == 7)
        pull:await():delete { sync = true }
        task.stdin:write "hello\n"
        assert(line:await() == "hello")
        task:kill "KILL"
        assert(exit:await() == 137)
        task:close()
        container:close()
      ]]
      assert_clean()
    end)

    it("may close its state and run what is registered for the exit", function()
      -- What only the parent's threads knew of is lost to the child's leak checker.
      run_with_fork([[
        local client = containerd.connect()
        local version, pull = client:version_async(), client:pull_async "multi:latest"
        local id = fork.fork()
        if id == 0 then os.exit(7, true) end
        assert(fork.wait(id) == 7)
        version:await()
        pull:await():delete { sync = true }
      ]], { ASAN_OPTIONS = "detect_leaks=0" })
      assert_clean()
    end)

    it("is a process like any other if its parent connects later, as the parent is", function()
      run_with_fork [[
        local id = fork.fork()
        local client = containerd.connect()
        local future = client:version_async()
        assert(client:version().version == future:await().version)
        if id == 0 then os.exit(7, true) end
        assert(fork.wait(id) == 7)
      ]]
    end)
  end)
end)
