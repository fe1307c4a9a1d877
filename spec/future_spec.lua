-- Futures: operations that go on meanwhile.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"
local socket = require "socket"

lab.each_daemon(function(daemon)
  local namespace, client, image

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    image = client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
  end)

  teardown(function() client:close() end)

  -- A container whose process waits for its input to end, and a wait for that: the slowest operation there is.
  local function with_wait(fn)
    local container <close> = image:new_container("wait", { args = { "/bin/cat" }, auto_delete = true })
    local task <close> = container:new_task { stdio = "pipe", auto_delete = true }
    local exit = task:wait_async()
    task:start()
    fn(exit, task)
  end

  it("gives the results, as often as asked", function()
    local future = client:version_async()
    local version = future:await()
    assert.equal(client:version().version, version.version)
    assert.equal(version, future:await())
    assert.is_true(future:done())
    assert.matches("containerd.future %(version, done%)", tostring(future))
  end)

  it("gives several results", function()
    with_wait(function(exit, task)
      task.stdin:close()
      local code, exited_at = exit:await()
      assert.equal(0, code)
      assert.is_number(exited_at)
    end)
  end)

  it("raises its error, as often as asked", function()
    local future = client:image_async "absent"
    local err = raises("not_found", future.await, future)
    assert.equal(err, raises("not_found", future.await, future))
  end)

  it("goes on when an await has timed out", function()
    with_wait(function(exit, task)
      local start = socket.gettime()
      local err = raises("deadline_exceeded", exit.await, exit, 0.2)
      assert.is_true(socket.gettime() - start < 2)
      assert.equal("await", err.op)
      assert.is_false(exit:done())
      assert.matches("running", tostring(exit))
      task.stdin:close()
      assert.equal(0, (exit:await(20)))
    end)
  end)

  it("waits no longer than it should, however short that is", function()
    with_wait(function(exit)
      local began = socket.gettime()
      for _ = 1, 100 do raises("deadline_exceeded", exit.await, exit, 0.001) end
      assert.is_true(socket.gettime() - began < 5)
    end)
  end)

  it("ends at the deadline of its own timeout option", function()
    with_wait(function(_, task)
      raises("deadline_exceeded", task.wait, task, { timeout = 0.2 })
      local future = task:wait_async { timeout = 0.2 }
      raises("deadline_exceeded", future.await, future)
    end)
  end)

  it("ends when it's cancelled", function()
    with_wait(function(_, task)
      local future = task:wait_async()
      future:cancel()
      raises("cancelled", future.await, future)
      future:cancel()
    end)
  end)

  it("is closed once, and raises then", function()
    with_wait(function(_, task)
      local future = task:wait_async()
      future:close()
      future:close()
      assert.equal("containerd.future (closed)", tostring(future))
      local ok, message = pcall(function() future:await() end)
      assert.is_false(ok)
      assert.matches("future_spec.lua:%d+: the containerd.future is closed", message)
    end)
  end)

  it("is cancelled when it's collected", function()
    with_wait(function(_, task)
      for _ = 1, 50 do task:wait_async() end
      collectgarbage()
      collectgarbage()
      assert.matches("%d", client:version().version)
    end)
  end)

  it("undoes a container that nobody has asked for", function()
    image:new_container_async("unasked", { auto_delete = true })
    collectgarbage()
    collectgarbage()
    lab.eventually(function() return daemon:is_clean(namespace) == true end, 20, "the container is gone")
  end)

  it("of which a thousand run at once", function()
    local futures = {}
    for i = 1, 1000 do futures[i] = client:version_async() end
    local results = containerd.all(futures)
    assert.equal(1000, #results)
    assert.equal(1, results[1000].n)
    assert.matches("%d", results[1000][1].version)
  end)

  describe("all", function()
    it("gives all results, in the order of the futures", function()
      local results = containerd.all { client:images_async(), client:version_async() }
      assert.equal("docker.io/library/busybox:latest", results[1][1][1]:name())
      assert.is_string(results[2][1].version)
      assert.same({}, containerd.all {})
    end)

    it("raises the first error, when the others have been cancelled", function()
      with_wait(function(_, task)
        local waiting = task:wait_async()
        raises("not_found", containerd.all, { waiting, client:image_async "absent" })
        raises("cancelled", waiting.await, waiting)
      end)
    end)

    it("refuses what are no futures", function()
      for _, wrong in ipairs { 1, { 1 }, { client } } do
        assert.has_error(function() containerd.all(wrong) end)
        assert.has_error(function() containerd.any(wrong) end)
      end
      assert.has_error(function() containerd.any {} end)
    end)
  end)

  it("any: gives the first that is done", function()
    with_wait(function(exit)
      local version = client:version_async()
      assert.equal(version, containerd.any { exit, version })
      assert.is_false(exit:done())
    end)
  end)

  it("reads that wait end at their deadline, and when they are cancelled", function()
    with_wait(function(exit, task)
      local late = task.stdout:read_async("l", { timeout = 0.3 })
      raises("failed_precondition", task.stdout.read, task.stdout)
      assert.equal(late, containerd.any { exit, late })
      raises("deadline_exceeded", late.await, late)

      local hub = containerd.hub()
      late = task.stdout:read_async("l", { timeout = 0.3 })
      hub:step()
      assert.is_false(late:done())
      local pollable = { getfd = function() return hub:pollfd() end }
      repeat -- others may have news, too
        assert.equal(pollable, socket.select({ pollable }, nil, 20)[1])
        hub:step()
      until late:done()

      local line = task.stdout:read_async()
      raises("deadline_exceeded", line.await, line, 0.1)
      line:cancel()
      raises("cancelled", line.await, line)
      line = task.stdout:read_async()
      line:close()
      line = task.stdout:read_async()
      local all = containerd.all { line, task.stdin:write_async "there\n" }
      assert.equal("there", all[1][1])
      task.stdin:close()
    end)
  end)

  it("reads go on while the script waits for something else", function()
    local container <close> = image:new_container("zeros", {
      args = { "/bin/head", "-c", "4000000", "/dev/zero" }, auto_delete = true,
    })
    local task <close> = container:new_task { stdio = "pipe", auto_delete = true }
    local zeros, errors = task.stdout:read_async "a", task.stderr:read_async "a"
    task:start()
    assert.equal(0, (task:wait { timeout = 20 }))
    assert.equal(("\0"):rep(4000000), zeros:await(20))
    assert.equal("", errors:await(20))
  end)

  it("hub: tells a host's loop when to look, and step delivers", function()
    local hub = containerd.hub()
    assert.equal(hub, containerd.hub())
    assert.equal("r", hub:events())
    assert.is_nil(hub:timeout())
    local future = client:version_async()
    local pollable = { getfd = function() return hub:pollfd() end }
    assert.equal(pollable, socket.select({ pollable }, nil, 10)[1])
    lab.eventually(function() return future:done() end)
    hub:step()
    assert.same({}, { (socket.select({ pollable }, nil, 0)[1]) })
  end)

  it("hub: has a socket for a host that can't watch the descriptor", function()
    local hub = containerd.hub()
    local unix = require "socket.unix"
    local function connect()
      local host = unix.stream()
      assert(host:connect(hub:listen()))
      return host
    end
    local host = connect()
    local mode = lab.sh(("stat -c %%a $(dirname %s)"):format(hub:listen()))
    assert.equal("700\n", mode)
    assert.equal("failed_precondition", select(2, pcall(hub.accept, hub)).code)
    host:close()

    host = connect()
    hub:accept()
    host:settimeout(10)
    local futures = {}
    for i = 1, 5 do futures[i] = client:version_async() end
    assert.equal("\0", host:receive(1))
    for _, future in ipairs(futures) do future:await(20) end
    host:settimeout(0)
    local _, _, rest = host:receive(10)
    assert.is_true(#rest <= 1)
    hub:hang_up()
    assert.equal("closed", select(2, host:receive(1)))
    host:close()
  end)

  it("calls a script's functions wherever it waits", function()
    local states = {}
    local future = client:pull_async("multi:latest", {
      hosts_dir = daemon.hosts_dir,
      progress = function(step) states[#states + 1] = step end,
    })
    while not future:done() do containerd.sleep(0.01) end
    containerd.sleep(0.01)
    assert.is_true(#states > 0)
    assert.matches("^sha256:", states[1].digest)
    assert.is_string(states[1].state)
    assert.is_number(states[1].size)
    future:await():delete()
  end)

  it("ends with the error of a script's function", function()
    local mine = {}
    for _, function_name in ipairs { "edit" } do
      local ok, err = pcall(image.new_container, image, "mine", { [function_name] = function() error(mine) end })
      assert.is_false(ok)
      assert.equal(mine, err)
    end
    local ok, err = pcall(client.pull, client, "multi:latest", {
      hosts_dir = daemon.hosts_dir,
      progress = function() error(mine) end,
    })
    assert.is_false(ok)
    assert.equal(mine, err)
    assert.is_true(daemon:is_clean(namespace))
  end)

  it("answers are taken by who awaits them, without another thread", function()
    local output = lab.lua([[
      local client = require("containerd").connect()
      local futures = {}
      for i = 1, 100 do futures[i] = client:version_async() end
      for _, future in ipairs(futures) do assert(future:await().version) end
      local asked, unwanted = client:version_async(), client:version_async()
      unwanted:cancel()
      repeat until asked:done()
      local late = client:version_async { timeout = 1e-9 }
      print(select(2, pcall(late.await, late)).code)
      print(select(2, pcall(unwanted.await, unwanted)).code)
      print(io.open("/proc/self/status"):read("*a"):match "Threads:%s*(%d+)")
    ]], { daemon = daemon })
    assert.equal("deadline_exceeded\ncancelled\n1\n", output)
  end)

  it("a large request goes its way while nobody awaits it", function()
    local output = lab.lua([[
      local containerd = require "containerd"
      local client = containerd.connect()
      local events = containerd.connect():events 'topic=="/large"'
      local text = ("x"):rep(1000000)
      local future = client:publish_async("/large", "containerd.events.TaskDelete", { container_id = text })
      print(events:next({ timeout = 60 }).event.container_id == text, (pcall(future.await, future, 10)))
    ]], { daemon = daemon })
    assert.equal("true\ttrue\n", output)
  end)

  it("lets a closed Lua state go while calls are under way", function()
    local output, status = lab.lua(([[
      local client = require("containerd").connect { namespace = %q }
      local container = client:image("docker.io/library/busybox:latest"):new_container("going", {
        args = { "/bin/cat" }, auto_delete = true,
      })
      local task = container:new_task { stdio = "pipe", auto_delete = true }
      waits = {}
      for i = 1, 20 do waits[i] = task:wait_async() end
      read = task.stdout:read_async()
      task:start()
      pull = client:pull_async("redis:alpine")
      os.exit(true, true)
    ]]):format(namespace), { daemon = daemon })
    assert.equal(0, status, output)
    assert.equal("", output)
    local left = client:container "going"
    left:task():delete { kill = true }
    left:delete { snapshot = true }
    assert.is_true(daemon:is_clean(namespace))
  end)
end)
