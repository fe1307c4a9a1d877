-- Tasks, under the names of the official client's tests.
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

  local function shell(script, opts)
    opts = opts or {}
    opts.args = { "/bin/sh", "-c", script }
    container = image:new_container("parity", opts)
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

  -- Runs the container's task to its end; output and exit code.
  local function run(script, opts)
    local task = shell(script, opts):new_task { stdio = "pipe", terminal = opts and opts.tty }
    task:start()
    local output = task.stdout:read "a"
    local code = task:wait()
    task:delete()
    return output, code
  end

  local function fds()
    return select(2, lab.sh("ls /proc/" .. lab.pid() .. "/fd"):gsub("\n", "\n"))
  end

  it("TestContainerStart: waits for the exit and tells its code, which delete tells again", function()
    local task = shell("exit 7"):new_task()
    local exit = task:wait_async()
    task:start()
    assert.is_true(task:pid() >= 1)
    local code, exited_at = exit:await()
    assert.equal(7, code)
    assert.is_true(math.abs(os.time() - exited_at) < 60)
    assert.equal(7, (task:wait()))
    assert.equal("stopped", task:status().status)
    assert.equal(7, task:status().exit_status)
    assert.equal(7, (task:delete()))
  end)

  it("TestContainerOutput: has read all output when delete returns", function()
    local task = shell("seq 200000; echo oops >&2"):new_task { stdio = "pipe" }
    task:start()
    local lines, last = 0, nil
    for line in task.stdout:lines() do lines, last = lines + 1, line end
    task:wait()
    assert.equal(0, (task:delete()))
    assert.equal(200000, lines)
    assert.equal("200000", last)
    assert.equal("oops\n", task.stderr:read "a")
  end)

  it("TestContainerCloseIO: cat ends after close_stdin", function()
    local task = shell("cat"):new_task { stdio = "pipe" }
    local exit = task:wait_async()
    task:start()
    task:close_stdin()
    assert.equal(0, (exit:await(30)))
    task:delete()
    raises("not_found", task.close_stdin, task)
  end)

  it("TestContainerKill: kills, and a second kill finds nothing", function()
    local task = shell("sleep 1000"):new_task()
    local exit = task:wait_async()
    task:start()
    assert.equal("running", task:status().status)
    task:kill "KILL"
    assert.equal(137, (exit:await(30)))
    raises("not_found", task.kill, task, "SIGKILL")
    task:delete()
  end)

  it("TestDeleteRunningContainer: refuses to delete what runs, and names it", function()
    local task = shell("sleep 1000"):new_task()
    task:start()
    local err = raises("failed_precondition", task.delete, task)
    assert.matches("parity", err.message)
    raises("failed_precondition", container.delete, container, { snapshot = true })
    assert.equal(137, (task:delete { kill = true }))
  end)

  it("TestTaskForceDelete: a created task can be deleted", function()
    local task = shell("sleep 1000"):new_task()
    assert.equal("created", task:status().status)
    task:delete { kill = true }
    raises("not_found", task.status, task)
  end)

  it("TestContainerNoBinaryExists: leaves no FIFO and no open file when create fails", function()
    container = image:new_container("parity", { args = { "/no/such/program" } })
    local function create()
      local err = select(2, pcall(container.new_task, container, { stdio = "pipe" }))
      assert.is_true(containerd.is_error(err), tostring(err))
      assert.matches("/no/such/program", err.message)
    end
    create() -- opens what is opened once for the whole process
    collectgarbage()
    local before = fds()
    for _ = 1, 5 do create() end
    raises("not_found", container.task, container)
    collectgarbage()
    lab.eventually(function() return fds() < before + 5 end, 20, "closed files")
  end)

  it("TestWaitStoppedTask: tells the exit code after the exit", function()
    local task = shell("exit 7"):new_task()
    task:start()
    task:wait()
    assert.equal(7, (task:wait()))
    assert.equal(7, (container:task():wait()))
    task:delete()
  end)

  it("TestContainerExitedAtSet: delete tells when", function()
    local task = shell("true"):new_task()
    local before = os.time() - 1
    task:start()
    local _, waited = task:wait()
    local _, deleted = task:delete()
    assert.equal(waited, deleted)
    assert.is_true(deleted >= before and deleted <= os.time() + 1)
  end)

  it("TestShortRunningTaskPid: has a pid, however short it runs", function()
    local task = shell("true"):new_task()
    task:start()
    assert.is_true(task:pid() > 0)
    task:wait()
    task:delete()
  end)

  it("TestContainerNoSTDIN: runs with outputs alone", function()
    local task = shell("echo out"):new_task { stdio = { stdout = "pipe" } }
    task:start()
    assert.equal("out\n", task.stdout:read "a")
    assert.is_nil(task.stdin)
    task:wait()
    assert.equal(0, (task:delete()))
  end)

  it("TestContainerHostname, TestContainerUsername, TestContainerUserID, TestUIDNoGID", function()
    for opts, want in pairs {
      [{ hostname = "host-of-its-own" }] = "host-of-its-own",
      [{ user = "www-data" }] = "33:33",
      [{ user = "33" }] = "33:33",
      [{ user = "1234" }] = "1234:0",
    } do
      local script = opts.hostname and "hostname" or "echo $(id -u):$(id -g)"
      assert.equal(want .. "\n", (run(script, opts)))
      container:delete { snapshot = true }
      container = nil
    end
  end)

  it("copies from and to Lua files and file descriptors", function()
    local path = lab.tempdir() .. "/input"
    local file = assert(io.open(path, "w"))
    file:write "skipped\nread\n"
    file:close()
    shell "cat; echo error >&2"
    local script = [[
      local client = require "containerd".connect { namespace = "%s" }
      local input = io.open "%s"
      input:seek("set", 8)
      local task = client:container "parity":new_task { stdio = { stdin = input, stdout = 1, stderr = io.stderr } }
      input:close()
      io.write "before\n"
      task:start()
      task:wait()
      task:delete()
    ]]
    local output = lab.lua(script:format(namespace, path), { daemon = daemon })
    assert.matches("read\n", output, 1, true)
    assert.matches("error\n", output, 1, true)
    assert.is_nil(output:find "skipped")
    for _, stream in ipairs { 1000, -1, 1.5, true, {}, file } do
      assert.is_false(pcall(container.new_task, container, { stdio = { stdin = stream } }))
    end
  end)

  it("TestContainerPTY: output of a terminal is whole", function()
    local output, code = run("seq 1000; exit 3", { tty = true })
    assert.equal(4893, #output)
    assert.equal(3, code)
  end)

  it("TestTaskResize: gives a terminal its size", function()
    local task = shell("read x; stty size", { tty = true }):new_task { terminal = true, stdio = "pipe" }
    task:start()
    task:resize(12, 34)
    task.stdin:write "\n"
    assert.matches("34 12\r\n$", (task.stdout:read "a"))
    task:wait()
    task:delete()
  end)

  it("pauses and resumes", function()
    local task = shell("sleep 1000"):new_task()
    task:start()
    task:pause()
    assert.equal("paused", task:status().status)
    raises("failed_precondition", task.delete, task)
    task:resume()
    assert.equal("running", task:status().status)
    assert.is_false(pcall(task.resume, task))
    task:delete { kill = true }
  end)

  it("TestContainerMetrics: in one shape for both versions of cgroups", function()
    local task = shell("while :; do :; done", { memory = "64M", pids_limit = 30 }):new_task()
    task:start()
    local metrics
    lab.eventually(function()
      metrics = task:metrics()
      return metrics.cpu.usage > 0.05
    end)
    assert.is_true(metrics.cgroup == 1 or metrics.cgroup == 2)
    assert.equal(64 * 1024 * 1024, metrics.memory.limit)
    assert.is_true(metrics.memory.usage > 0 and metrics.memory.usage < metrics.memory.limit)
    assert.is_true(metrics.cpu.usage < 60)
    assert.equal(30, metrics.pids.limit)
    assert.equal(1, metrics.pids.current)
    assert.equal("number", type(metrics.io.read_bytes))
    assert.is_true(math.abs(os.time() - metrics.timestamp) < 60)
    assert.equal(30, metrics.raw.pids.limit)
    assert.is_table(metrics.raw.memory)
    task:delete { kill = true }
  end)

  it("tells no limit where there is none", function()
    local task = shell("sleep 1000"):new_task()
    task:start()
    assert.is_nil(task:metrics().memory.limit)
    assert.is_nil(task:metrics().pids.limit)
    task:delete { kill = true }
  end)

  it("TestDeletedContainerMetrics: answers not_found", function()
    local task = shell("true"):new_task()
    task:start()
    task:wait()
    task:delete()
    local err = raises("not_found", task.metrics, task)
    assert.matches("parity", err.message)
  end)

  it("TestTaskUpdate: changes limits that the kernel has", function()
    local task = shell("sleep 1000", { memory = "32M", pids_limit = 20 }):new_task()
    task:start()
    assert.equal(32 * 1024 * 1024, task:metrics().memory.limit)
    task:update { memory = "64M" }
    assert.equal(64 * 1024 * 1024, task:metrics().memory.limit)
    assert.equal(20, task:metrics().pids.limit)
    task:update { cpus = 0.5, cpu_shares = 256, pids_limit = 40, resources = { cpu = { shares = 512 } } }
    assert.equal(40, task:metrics().pids.limit)
    task:update { memory_reservation = "16M", cpuset = "0", pids_limit = -1 }
    assert.is_nil(task:metrics().pids.limit)
    assert.equal(64 * 1024 * 1024, task:metrics().memory.limit)
    assert.is_false(pcall(task.update, task, { memory = 0 }))
    assert.is_false(pcall(task.update, task, { memry = "1M" }))
    assert.is_true(containerd.is_error(select(2, pcall(task.update, task, { resources = { memory = "much" } }))))
    raises("invalid_argument", task.update, task, { cpus = 0.001 })
    raises("invalid_argument", task.update, task, { cpu_shares = 1 })
    task:delete { kill = true }
  end)

  it("TestContainerKillAll: kills all processes of a container in the host's pid namespace", function()
    local function edit(spec)
      for i, each in ipairs(spec.linux.namespaces) do
        if each.type == "pid" then return table.remove(spec.linux.namespaces, i) and spec end
      end
    end
    local task = shell("sleep 1000 & sleep 1000 & wait", { edit = edit }):new_task()
    local exit = task:wait_async()
    task:start()
    lab.eventually(function() return #task:pids() == 3 end)
    task:kill("KILL", { all = true })
    assert.equal(137, (exit:await(30)))
    task:delete()
  end)

  it("TestContainerKillInitKillsChildWhenNotHostPid: the pid namespace goes with its first process", function()
    local task = shell("sleep 1000 & sleep 1000 & wait"):new_task { stdio = "pipe" }
    task:start()
    lab.eventually(function() return #task:pids() == 3 end)
    task:kill "KILL"
    assert.equal(137, (task:wait { timeout = 30 }))
    task:delete()
  end)

  it("TestContainerAttach: a task of a process that is gone goes on with its streams", function()
    shell "while read line; do echo got $line; done; echo end"
    local first = [[
      local client = require "containerd".connect { namespace = "%s" }
      local task = client:container "parity":new_task { stdio = "pipe" }
      task:start()
      task.stdin:write "one\n"
      print(task.stdout:read "l")
    ]]
    local output, status = lab.lua(first:format(namespace), { daemon = daemon })
    assert.equal(0, status, output)
    assert.equal("got one\n", output)
    local task = container:task()
    assert.is_nil(task.stdin)
    assert.equal(task, task:attach())
    raises("failed_precondition", task.attach, task)
    task.stdin:write "two\n"
    assert.equal("got two", task.stdout:read "l")
    task.stdin:close()
    assert.equal("end\n", task.stdout:read "a")
    task:wait()
    assert.equal(0, (task:delete()))
  end)

  it("attaches to a terminal, and copies to a file", function()
    shell("read x; echo got $x", { tty = true }):new_task({ terminal = true, stdio = "pipe" }):start()
    collectgarbage() -- the streams above would get a part of the output
    collectgarbage()
    local file = io.tmpfile()
    local task = container:task():attach { stdio = { stdin = "pipe", stdout = file } }
    task.stdin:write "it\n"
    task:wait()
    task:delete()
    file:seek "set"
    assert.matches("got it", (file:read "a"))
    file:close()
  end)

  it("attaches to the streams that are asked for, and leaves the others", function()
    local first = shell("cat"):new_task { stdio = "pipe" }
    first:start()
    local second = container:task():attach { stdio = { stdin = "pipe" } }
    second.stdin:write "from the second\n"
    assert.equal("from the second", first.stdout:read "l")
    assert.is_nil(second.stdout)
    first:delete { kill = true }
  end)

  it("runs on the mounts that are given in place of the snapshot's", function()
    local snapshots = client:snapshots()
    snapshots:prepare("other", image:rootfs_chain_id(), { labels = { ["containerd.io/gc.root"] = "spec" } })
    local mounts = snapshots:mounts "other"
    local upper = table.concat(mounts[1].options, ","):match "upperdir=([^,]*)"
    local file = assert(io.open(upper .. "/marker", "w"))
    file:write "other\n"
    file:close()
    local task = shell("cat /marker"):new_task { rootfs = mounts, stdio = "pipe" }
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

  it("doesn't attach where there are no streams, nor to what has ended", function()
    local task = shell("sleep 1000"):new_task()
    task:start()
    local err = raises("failed_precondition", function() container:task():attach() end)
    assert.matches("stdin", err.message)
    raises("invalid_argument", function() container:task():attach { stdio = "log:/tmp/x" } end)
    task:kill "KILL"
    task:wait()
    raises("failed_precondition", function() container:task():attach() end)
    task:delete()
  end)

  it("removes the FIFOs of whoever made them with the task", function()
    local id = "fifos-" .. namespace
    container = image:new_container(id, { args = { "sleep", "1000" } })
    container:new_task({ stdio = "pipe" }):start()
    collectgarbage()
    collectgarbage()
    local function fifos() return lab.sh(("find /run/containerd/fifo -name '%s-*'"):format(id)) end
    assert.is_true(#fifos() > 0)
    container:task():delete { kill = true }
    assert.equal("", fifos())
  end)

  it("hands its output to a program of the host", function()
    local dir = lab.tempdir()
    local program, log = dir .. "/logger", dir .. "/log"
    local file = assert(io.open(program, "w"))
    -- Descriptors: 3 and 4 are the outputs, 5 is to be closed when it's ready.
    local script = "#!/bin/sh\nexec 5>&-\necho $CONTAINER_ID $1 $2 >%s\ncat <&3 >>%s & cat <&4 >>%s &\nwait\n"
    file:write(script:format(log, log, log .. ".errors"))
    file:close()
    lab.sh("chmod +x " .. program)
    local task = shell("echo out; echo err >&2"):new_task { stdio = ("binary:%s?key=value"):format(program) }
    task:start()
    task:wait()
    task:delete()
    lab.eventually(function()
      return lab.sh(("cat %s %s.errors"):format(log, log)) == "parity key value\nout\nerr\n"
    end)
    assert.is_false(pcall(container.new_task, container, { stdio = "binary:relative" }))
    raises("unknown", container.new_task, container, { stdio = "binary:/no/such/logger" })
  end)
end)
