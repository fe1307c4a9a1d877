-- Tasks: their streams, their exit, and what they leave when things go wrong.
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

  -- A shell script's container; deleted after each case, so that each shows that nothing keeps it.
  local function shell(script, opts)
    opts = opts or {}
    opts.args = { "/bin/sh", "-c", script }
    container = image:new_container("shell", opts)
    return container
  end

  after_each(function()
    if container then
      container:delete { snapshot = true }
      container = nil
      assert.is_true(daemon:is_clean(namespace))
      assert.same({}, lab.leftovers())
    end
  end)

  it("keeps what nobody has read of a pipe until after delete", function()
    local task = shell("head -c 3000000 /dev/zero"):new_task { stdio = "pipe" }
    task:start()
    local reader = task:delete_async { kill = false, timeout = 30 }
    reader:cancel()
    local size = 0
    for _ = 1, 3 do size = size + #task.stdout:read(1000000) end
    assert.equal(3000000, size)
    task:wait()
    task:delete()
    assert.is_nil(task.stdout:read(1))
  end)

  it("feeds stdin and ends it", function()
    local task = shell("cat; echo end"):new_task { stdio = "pipe" }
    task:start()
    task.stdin:write("hello ", "world\n")
    task.stdin:close()
    assert.equal("hello world\nend\n", task.stdout:read "a")
    task:wait()
    task:delete()
  end)

  it("writes a log with the shim, so that it outlives the script", function()
    local path = os.tmpname()
    local task = shell("echo to the log"):new_task { stdio = "log:" .. path }
    task:start()
    task:wait()
    task:delete()
    local file = assert(io.open(path))
    assert.equal("to the log\n", file:read "a")
    file:close()
    os.remove(path)
  end)

  it("copies to Lua files", function()
    local file = io.tmpfile()
    local task = shell("echo out; echo err >&2"):new_task { stdio = { stdout = file, stderr = file } }
    task:start()
    task:wait()
    task:delete()
    file:seek "set"
    local text = file:read "a"
    assert.matches("out\n", text)
    assert.matches("err\n", text)
    file:close()
  end)

  it("refuses a second task and keeps the first", function()
    local task = shell("sleep 1000"):new_task()
    task:start()
    raises("already_exists", container.new_task, container, { stdio = "pipe" })
    assert.equal(task:pid(), container:task():pid())
    task:delete { kill = true }
  end)

  it("auto_delete kills, waits and deletes; a second close does nothing", function()
    local task = shell("trap '' TERM; sleep 1000"):new_task { auto_delete = true, stdio = "pipe" }
    task:start()
    task:close()
    task:close()
    raises("not_found", container.task, container)
    assert.matches("closed", tostring(task))
  end)

  it("waits no longer than its timeout", function()
    local task = shell("sleep 1000"):new_task()
    task:start()
    local err = raises("deadline_exceeded", task.wait, task, { timeout = 0.2 })
    assert.matches("wait", err.message)
    local future = task:wait_async()
    raises("deadline_exceeded", future.await, future, 0.1)
    future:cancel()
    raises("cancelled", future.await, future)
    task:delete { kill = true }
  end)

  it("waits for many at once", function()
    local task = shell("sleep 1; exit 3"):new_task()
    local waits = {}
    for i = 1, 20 do waits[i] = task:wait_async() end
    task:start()
    local first = containerd.any(waits)
    assert.equal(3, (first:await()))
    for _, results in ipairs(containerd.all(waits)) do assert.equal(3, results[1]) end
    task:delete()
  end)

  it("runs a container with a tty on a terminal", function()
    local task = shell("tty; [ -t 1 ] && [ -t 2 ] && echo is a tty", { tty = true }):new_task {
      terminal = true,
      stdio = "pipe",
    }
    task:start()
    assert.matches("/dev/pts/0\r\nis a tty", (task.stdout:read "a"))
    task:wait()
    task:delete()
  end)

  it("answers not_found for a task that isn't there", function()
    shell("true")
    local err = raises("not_found", container.task, container)
    assert.matches("shell", err.message)
    assert.matches(namespace, err.message, 1, true)
  end)

  it("refuses what it can't do before anything happens", function()
    shell("true")
    assert.is_false(pcall(container.new_task, container, { stdio = "nonsense" }))
    assert.is_false(pcall(container.new_task, container, { stdoi = "null" }))
    local task = container:new_task()
    assert.is_false(pcall(task.kill, task, "SIGNONSENSE"))
    task:delete()
  end)
end)
