-- Inside other hosts: whatever waits yields to their event loop. nginx has a spec of its own.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local process = require "spec.support.process"

local prologue = [[
local containerd = require "containerd"
local host = require "spec.support.host"(%q)
local unpack = table.unpack or unpack -- LuaJIT
local function pack(...) return { n = select("#", ...), ... } end
local ticks, going = 0, true
host.spawn(function()
  while going do
    host.sleep(0.005)
    ticks = ticks + 1
  end
end)
-- Whether the loop went on while fn ran.
local function yields(fn, ...)
  local before = ticks
  local results = pack(fn(...))
  assert(ticks > before, "the loop stood still")
  return unpack(results, 1, results.n)
end
local function fails(code, fn, ...)
  local ok, err = pcall(fn, ...)
  assert(not ok and containerd.is_error(err, code), tostring(err))
  return err
end
-- Waits until nobody waits for the next event any more.
local function is_free(events)
  local deadline, ok, err = os.time() + 20
  repeat
    collectgarbage()
    host.sleep(0.01)
    ok, err = pcall(events.next, events, { timeout = 0.01 })
  until err.code == "deadline_exceeded" or os.time() > deadline
  assert(not ok and err.code == "deadline_exceeded", err)
end
local function threads()
  for line in io.lines "/proc/self/status" do
    local count = line:match "^Threads:%%s*(%%d+)"
    if count then return tonumber(count) end
  end
end
host.spawn(function()
  local client = containerd.connect()
  %s
  client:close()
  going = false
end)
host.run()
print "the loop has ended"
]]

lab.each_daemon(function(daemon)
  local namespace, client

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
  end)

  teardown(function() client:close() end)

  local function run(script)
    local env = { CONTAINERD_NAMESPACE = namespace, LUA_PATH = lab.loop_path }
    local output, status = lab.lua(script, { daemon = daemon, env = env })
    assert.equal(0, status, output)
    return output
  end

  -- What a script prints in a coroutine of the host, with `client`, `host` and the helpers above.
  local function output_of(name, body)
    local output = run(prologue:format(name, body))
    assert.matches("the loop has ended\n$", output)
    return (output:gsub("the loop has ended\n$", ""))
  end

  for _, name in ipairs { "cqueues", "luv", "copas", "copas4" } do
    it(name .. ": calls, compound operations and their functions yield", function()
      local output = output_of(name, [[
        local me, steps = coroutine.running(), 0
        local image = yields(client.pull, client, "multi:latest", {
          progress = function()
            assert(coroutine.running() == me)
            steps = steps + 1
            if steps == 1 then host.sleep(0.01) end
          end,
        })
        assert(steps > 0)
        image:delete()
        yields(containerd.sleep, 0.1)
        print(#client:images(), fails("not_found", client.image, client, "absent").message)
      ]])
      assert.equal(('1\timage absent in namespace %s: image "absent": not found\n'):format(namespace), output)
    end)

    it(name .. ": waits, streams and events yield, and many need no more threads than one", function()
      output_of(name, [[
        local image = client:image "docker.io/library/busybox:latest"
        local container = image:new_container("looped", { args = { "/bin/cat" }, auto_delete = true })
        local task = container:new_task { stdio = "pipe", auto_delete = true }
        local mine = ('namespace==%q,topic=="/tasks/exit"'):format(os.getenv "CONTAINERD_NAMESPACE")
        local events = client:events(mine)
        task:start()
        local done, code = 0
        host.spawn(function() assert(task.stdout:read "l" == "one") end)
        host.spawn(function() assert(events:next().event.container_id == "looped"); done = done + 1 end)
        host.sleep(0.1)
        local before = threads()
        for _ = 1, 100 do
          host.spawn(function()
            code = task:wait()
            done = done + 1
          end)
        end
        yields(host.sleep, 0.2)
        assert(done == 0)
        assert(threads() <= before + 1, ("%d threads, then %d"):format(before, threads()))
        task.stdin:write "one\n"
        task.stdin:close()
        local deadline = os.time() + 20
        while done < 101 and os.time() < deadline do host.sleep(0.01) end
        assert(done == 101 and code == 0)
        events:close()
        task:close()
        container:close()
      ]])
    end)

    it(name .. ": reads that wait need no thread, end in time, and go on", function()
      output_of(name, [[
        local image = client:image "docker.io/library/busybox:latest"
        local container = image:new_container("read", { args = { "/bin/cat" }, auto_delete = true })
        local task = container:new_task { stdio = "pipe", auto_delete = true }
        local processes, ended = {}, 0
        for i = 1, 50 do
          processes[i] = task:exec("p" .. i, { args = { "/bin/echo", "beside" }, stdio = "pipe", auto_delete = true })
        end
        local function expect(count)
          local deadline = os.time() + 20
          while ended < count and os.time() < deadline do host.sleep(0.01) end
          assert(ended == count, ended)
        end
        local function read(stream)
          host.spawn(function()
            fails("deadline_exceeded", stream.read, stream, "l", { timeout = 1 })
            ended = ended + 1
          end)
        end
        read(task.stderr)
        host.sleep(0.05)
        local before = threads()
        for _, process in ipairs(processes) do
          read(process.stdout)
          read(process.stderr)
        end
        host.sleep(0.05)
        assert(threads() <= before + 1, ("%d threads, then %d"):format(before, threads()))
        fails("failed_precondition", task.stderr.read, task.stderr)
        expect(101)

        local late = processes[1].stdout:read_async("l", { timeout = 0.1 })
        while not late:done() do host.sleep(0.01) end
        fails("deadline_exceeded", late.await, late)
        local line = processes[1].stdout:read_async()
        processes[1]:start()
        assert(line:await() == "beside" and processes[1].stdout:read() == nil)
        host.spawn(function()
          assert(processes[2].stdout:read "a" == "")
          ended = ended + 1
        end)
        local stream = processes[2].stdout
        processes[2]:delete()
        expect(102)
        local cancelled, closed = processes[3].stdout:read_async(), processes[4].stdout:read_async()
        host.spawn(function()
          fails("cancelled", cancelled.await, cancelled)
          ended = ended + 1
        end)
        host.sleep(0.01)
        cancelled:cancel()
        closed:close()
        expect(103)
        fails("deadline_exceeded", stream.read, processes[4].stdout, "l", { timeout = 0.01 })

        local zeros = task:exec("zeros", { args = { "/bin/head", "-c", "3000000", "/dev/zero" }, stdio = "pipe" })
        zeros:start()
        assert(#zeros.stdout:read "a" == 3000000)
        zeros:wait()
        zeros:delete()

        local cat = task:exec("cat", { args = { "/bin/cat" }, stdio = "pipe" })
        cat:start()
        local echo = cat.stdout:read_async "a"
        cat.stdin:write(("x"):rep(4000000))
        cat.stdin:close() -- which waits for the process, and that for the reader
        assert(#echo:await(20) == 4000000)
        cat:wait()
        cat:delete()
        for i, process in ipairs(processes) do
          if i % 2 == 0 then process.stdout:read_async() end
          process:close()
        end
        task:close()
        container:close()
      ]])
    end)

    it(name .. ": streams of messages that wait need no thread, end in time, and go on", function()
      output_of(name, [[
        local waiting, ended = {}, 0
        for i = 1, 20 do
          waiting[i] = client:events('topic=="/hosts/awaited"')
          waiting[20 + i] = client:stream("containerd.services.events.v1.Events/Subscribe",
            { filters = { 'topic=="/hosts/awaited"' } })
        end
        local function next_of(stream) return stream.next or stream.recv end
        host.sleep(0.05)
        local before = threads()
        for _, stream in ipairs(waiting) do
          host.spawn(function()
            fails("deadline_exceeded", next_of(stream), stream, { timeout = 1 })
            ended = ended + 1
          end)
        end
        host.sleep(0.05)
        assert(threads() <= before + 1, ("%d threads, then %d"):format(before, threads()))
        local deadline = os.time() + 20
        while ended < 40 and os.time() < deadline do host.sleep(0.01) end
        assert(ended == 40, ended)
        for _, stream in ipairs(waiting) do
          host.spawn(function()
            assert(next_of(stream)(stream).topic == "/hosts/awaited")
            ended = ended + 1
          end)
        end
        host.sleep(0.05)
        deadline = os.time() + 20
        while ended < 80 and os.time() < deadline do -- a subscription of a stream doesn't say when it stands
          client:publish("/hosts/awaited", "containerd.events.TaskOOM", { container_id = "x" })
          host.sleep(0.05)
        end
        assert(ended == 80, ended)
        for _, stream in ipairs(waiting) do stream:close() end

        local content, blobs = client:content(), 0
        for info in content:walk() do
          local bytes, reader = 0, content:reader(info.digest)
          repeat
            local part = reader:read(1000)
            bytes = bytes + #(part or "")
          until not part
          assert(bytes == info.size)
          reader:close()
          blobs = blobs + 1
        end
        assert(blobs > 2)
      ]])
    end)

    it(name .. ": futures: all, any, await with a timeout, cancel and close", function()
      output_of(name, [[
        local results = containerd.all({ client:version_async(), client:images_async() })
        assert(results[1][1].version and #results[2][1] == 1)
        local events = client:events 'topic=="/never"'
        local quiet = client:events 'topic=="/never"'
        local never = quiet:next_async()
        local version = client:version_async()
        assert(containerd.any { never, version } == version)
        assert(yields(fails, "deadline_exceeded", never.await, never, 0.1).op == "await")
        yields(fails, "deadline_exceeded", events.next, events, { timeout = 0.1 })
        for i, method in ipairs { "cancel", "close" } do
          local future, result = events:next_async()
          host.spawn(function() result = pack(pcall(future.await, future)) end)
          host.sleep(0.02)
          future[method](future)
          local deadline = os.time() + 20
          while not result and os.time() < deadline do host.sleep(0.01) end
          assert(not result[1] and tostring(result[2]):find(({ "cancelled", "closed" })[i]), result[2])
        end
        fails("not_found", containerd.all, { client:image_async "absent", client:version_async() })
        assert(client:version_async():await().version)
        never:close() -- or the loop would go on with it
        is_free(quiet)
        is_free(events)
        events:close()
      ]])
    end)

    it(name .. ": where nothing can yield a method fails, unless it's told to block", function()
      run(([[
        local containerd, safe = require "containerd", require "containerd.safe"
        local host = require "spec.support.host"(%q)
        local function refused(fn, ...)
          local ok, err = pcall(fn, ...)
          assert(not ok and containerd.is_error(err, "failed_precondition"), err)
          assert(err.message:find "can't wait where nothing can yield to the event loop", err.message)
        end
        refused(containerd.connect)
        refused(containerd.sleep, 0.1)
        local client = containerd.connect { block = true }
        refused(client.version, client)
        local value, err, code = safe.connect()
        assert(value == nil and code == "failed_precondition" and err.op == "connect")
        assert(client:version { block = true }.version)
        assert(#client:images({ block = true }) == 1)
        local steps = 0
        local function progress() steps = steps + 1 end
        client:pull("multi:latest", { block = true, progress = progress }):delete { block = true }
        assert(steps > 0)
        local never = client:events('topic=="/never"', { block = true }):next_async()
        refused(never.await, never)
        refused(containerd.all, { never })
        never:close()
        local future = client:version_async()
        host.spawn(function() assert(future:await().version) end)
        host.run()
      ]]):format(name))
    end)
  end

  for _, name in ipairs { "cqueues", "copas", "copas4" } do
    it(name .. ": a coroutine that is thrown away takes its operation with it", function()
      output_of(name, [[
        local events = client:events 'topic=="/never"'
        local function is_busy()
          local ok, err = pcall(events.next, events, { timeout = 0.01 })
          return not ok and err.code == "failed_precondition"
        end
        repeat
          host.abandon(function() events:next() end)
          host.sleep(0.02)
        until is_busy()
        is_free(events)
        events:close()
      ]])
    end)
  end

  it("runs the manual's examples", function()
    local page = process.read "doc/hosts.md"
    local version = client:version().version
    for _, name in ipairs { "cqueues", "luv", "copas" } do
      local example = page:match("\n## " .. name .. "\n.-\n```lua\n(.-)```")
      assert.equal(version .. "\n", run(example))
    end
  end)

  it("tells which loops there are", function()
    local ok, err = pcall(function() containerd.use "libev" end)
    assert.is_false(ok)
    assert.matches('hosts_spec.lua:%d+: use: one of "copas", "cqueues", "luv", "nginx" expected, got libev', err)
    assert.matches("got nil", select(2, pcall(containerd.use)))
  end)
end)
