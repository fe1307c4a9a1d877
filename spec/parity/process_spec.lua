-- Processes beside a container's first, under the names of the official client's tests; and what they leave behind.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

lab.each_daemon(function(daemon)
  local namespace, client, image, container, task

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    image = client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
  end)

  teardown(function()
    client:close()
    daemon:clean(namespace)
  end)

  before_each(function()
    container = image:new_container("beside", { args = { "sleep", "1000" }, env = { FROM = "container" } })
    task = container:new_task()
    task:start()
  end)

  after_each(function()
    pcall(task.delete, task, { kill = true })
    container:delete { snapshot = true }
    assert.is_true(daemon:is_clean(namespace))
    assert.same({}, lab.leftovers())
  end)

  -- Runs a shell script beside the task; its output and exit code.
  local function run(script, opts)
    opts = opts or {}
    opts.args, opts.stdio = { "/bin/sh", "-c", script }, opts.stdio or "pipe"
    local process = task:exec("script", opts)
    process:start()
    local output = process.stdout:read "a"
    local code = process:wait()
    process:delete()
    return output, code
  end

  it("TestContainerExec: its exit code comes from wait and from delete", function()
    local process = task:exec("six", { args = { "/bin/sh", "-c", "exit 6" } })
    assert.equal("six", process:id())
    assert.equal(0, process:pid())
    assert.equal("created", process:status().status)
    local exit = process:wait_async()
    process:start()
    assert.is_true(process:pid() > 0)
    local code, exited_at = exit:await(30)
    assert.equal(6, code)
    assert.is_true(math.abs(os.time() - exited_at) < 60)
    assert.equal("stopped", process:status().status)
    assert.equal(6, process:status().exit_status)
    assert.equal(6, (process:delete()))
    assert.equal("running", task:status().status)
  end)

  it("TestContainerAttachProcess: a process of somebody who is gone goes on with its streams", function()
    local output, status = lab.lua(([[
      local client = require "containerd".connect { namespace = "%s" }
      local process = client:container "beside":task():exec("left", { args = { "cat" }, stdio = "pipe" })
      process:start()
      process.stdin:write "one\n"
      print(process.stdout:read "l")
    ]]):format(namespace), { daemon = daemon })
    assert.equal(0, status, output)
    assert.equal("one\n", output)
    local process = task:process "left"
    assert.equal("left", process:id())
    assert.equal("running", process:status().status)
    assert.is_nil(process.stdin)
    assert.equal(process, process:attach())
    process.stdin:write "two\n"
    assert.equal("two", process.stdout:read "l")
    process:close_stdin()
    assert.equal(0, (process:wait()))
    assert.equal(0, (process:delete()))
  end)

  it("TestContainerLoadUnexistingProcess", function()
    local err = raises("not_found", task.process, task, "none")
    assert.matches("process none of task beside in namespace", err.message)
    raises("invalid_argument", task.process, task, "")
    raises("not_found", function() task:process_async("none"):await(20) end)
  end)

  it("TestContainerLargeExecArgs: passes an argument of 20000 bytes", function()
    local process = task:exec("large", { args = { "echo", ("x"):rep(20000) }, stdio = "pipe" })
    process:start()
    assert.equal(20001, #process.stdout:read "a")
    assert.equal(0, (process:wait()))
    process:delete()
  end)

  it("TestContainerPids: lists the task's process and the other's, by its id", function()
    local process = task:exec("second", { args = { "sleep", "1000" } })
    process:start()
    local of_pid = {}
    for _, each in ipairs(task:pids()) do of_pid[each.pid] = each.info or {} end
    assert.same({ [task:pid()] = {}, [process:pid()] = { exec_id = "second" } }, of_pid)
    process:delete { kill = true }
    assert.equal(1, #task:pids())
  end)

  it("TestContainerExecNoBinaryExists: exec succeeds, start fails, and nothing stays", function()
    local process = task:exec("absent", { args = { "/no/such/program" }, stdio = "pipe" })
    local err = raises("unknown", process.start, process)
    assert.matches("/no/such/program", err.message)
    assert.matches("process absent of container beside", err.message)
    process:delete()
    raises("not_found", process.status, process)
  end)

  it("TestWaitStoppedProcess: tells the exit code after the exit", function()
    local process = task:exec("stopped", { args = { "/bin/sh", "-c", "exit 5" } })
    process:start()
    assert.equal(5, (process:wait()))
    assert.equal(5, (process:wait()))
    process:delete()
  end)

  it("TestProcessForceDelete: refuses to delete what runs, unless it may kill", function()
    local process = task:exec("forced", { args = { "sleep", "1000" }, stdio = "pipe" })
    process:start()
    raises("failed_precondition", process.delete, process)
    assert.equal(137, (process:delete { kill = true }))
    assert.equal("running", task:status().status)
  end)

  it("TestDeleteContainerExecCreated: deletes what was never started", function()
    local process = task:exec("created", { args = { "sleep", "1000" }, stdio = "pipe" })
    assert.equal(0, (process:delete()))
    raises("not_found", process.start, process)
  end)

  it("TestContainerExecLargeOutputWithTTY: loses no byte of 100 MB", function()
    local rounds, size = 13, 7888896 -- seq 1000000 with "\r\n"
    local script = ("seq 1000000 >/tmp/lines; for i in $(seq %d); do cat /tmp/lines; done"):format(rounds)
    local process = task:exec("tty", { args = { "/bin/sh", "-c", script }, terminal = true, stdio = "pipe" })
    process:start()
    local total, last = 0, ""
    for chunk in process.stdout:lines(1048576) do
      total, last = total + #chunk, (last .. chunk):sub(-9)
    end
    assert.equal(0, (process:wait()))
    process:delete()
    assert.equal(rounds * size, total)
    assert.equal("1000000\r\n", last)
  end)

  it("gives 100 MB through pipes, both ways", function()
    local process = task:exec("cat", { args = { "cat" }, stdio = "pipe" })
    process:start()
    local chunk = ("0123456789abcdef"):rep(65536)
    local reader = process.stdout:read_async(100 * #chunk)
    for _ = 1, 100 do process.stdin:write(chunk) end
    process.stdin:close()
    assert.equal(100 * #chunk, #reader:await(60))
    assert.is_nil(process.stdout:read(1))
    process:wait()
    process:delete()
  end)

  it("has output complete when delete returns", function()
    for i = 1, 5 do
      local process = task:exec("whole" .. i, { args = { "seq", "20000" }, stdio = "pipe" })
      process:start()
      process:wait()
      process:delete()
      assert.equal(108894, #process.stdout:read "a")
    end
  end)

  it("CloseIO: cat ends after close_stdin, and after stdin's close", function()
    local process = task:exec("cat", { args = { "cat" }, stdio = "pipe" })
    local exit = process:wait_async()
    process:start()
    process.stdin:write "to the end"
    process:close_stdin()
    assert.equal(0, (exit:await(30)))
    assert.equal("to the end", process.stdout:read "a")
    process:delete()
    raises("not_found", process.close_stdin, process)
  end)

  it("takes from the container what isn't given", function()
    assert.equal("container / 0\n", (run "echo $FROM $PWD $(id -u)"))
    local output, code = run("echo $FROM $MORE $PWD $(id -u):$(id -g); tty; exit 9", {
      env = { FROM = "exec", MORE = "yes" },
      cwd = "/tmp",
      user = "www-data",
    })
    assert.equal("exec yes /tmp 33:33\nnot a tty\n", output)
    assert.equal(9, code)
    assert.equal("xterm\r\n", (run("echo $TERM", { terminal = true })))
  end)

  it("adds groups to the user that is asked for, or to the container's", function()
    assert.equal("0 33 1234\n", (run("id -G", { additional_groups = { 1234, "www-data" } })))
    assert.equal("33:33 33 50 1234\n",
      (run("echo $(id -u):$(id -g) $(id -G)", { user = "www-data", additional_groups = { 1234 } })))
    local err = raises("not_found", task.exec, task, "none", { additional_groups = { "nobodies" } })
    assert.matches("additional_groups: .*nobodies", err.message)
  end)

  it("TestContainerUser: by name and by number", function()
    for user, want in pairs { ["www-data"] = "33:33", ["7:8"] = "7:8", ["1234"] = "1234:0" } do
      assert.equal(want .. "\n", (run("echo $(id -u):$(id -g)", { user = user })), user)
    end
  end)

  it("adds and drops capabilities", function()
    local function effective(opts)
      return tonumber(run("grep CapEff /proc/self/status", opts):match "%x+\n$", 16)
    end
    assert.equal(effective() + 2 ^ 12, effective { cap_add = "NET_ADMIN" })
    assert.equal(0, effective { cap_drop = "ALL" })
  end)

  it("takes the rest of what a process has", function()
    local path = lab.tempdir() .. "/env"
    local file = assert(io.open(path, "w"))
    file:write "FROM=file\nMORE=file\n"
    file:close()
    local output = run("echo $FROM $MORE $(ulimit -n); grep -e NoNewPrivs -e CapEff /proc/self/status", {
      env_file = path,
      env = { MORE = "env" },
      rlimits = { { type = "RLIMIT_NOFILE", soft = 100, hard = 100 } },
      no_new_privileges = false,
      capabilities = "KILL",
    })
    assert.equal("file env 100\nCapEff:\t0000000000000020\nNoNewPrivs:\t0\n", output)
    raises("invalid_argument", task.exec, task, "x", { args = { "true" }, capabilities = "CAP_NONE" })
    raises("not_found", task.exec, task, "x", { args = { "true" }, env_file = "/no/such/file" })
  end)

  it("resizes a terminal", function()
    local script = { "/bin/sh", "-c", "read x; stty size" }
    local process = task:exec("sized", { args = script, terminal = true, stdio = "pipe" })
    process:start()
    process:resize(12, 34)
    process.stdin:write "\n"
    assert.matches("34 12\r\n$", (process.stdout:read "a"))
    process:wait()
    process:delete()
  end)

  it("kills", function()
    local process = task:exec("killed", { args = { "sleep", "1000" } })
    process:start()
    process:kill "TERM"
    assert.equal(143, (process:wait { timeout = 30 }))
    raises("not_found", process.kill, process, "TERM")
    process:delete()
  end)

  it("auto_delete kills and deletes with close, also what never started", function()
    local process = task:exec("auto", { args = { "sleep", "1000" }, stdio = "pipe", auto_delete = true })
    process:start()
    process:close()
    task:exec("auto", { args = { "sleep", "1000" }, auto_delete = true }):close()
    assert.equal(1, #task:pids())
    assert.matches("closed", tostring(process))
    assert.is_false(pcall(process.status, process))
  end)

  it("refuses an id that is taken, and one that is none", function()
    local process = task:exec("taken", { args = { "sleep", "1000" } })
    local err = raises("already_exists", task.exec, task, "taken", { args = { "true" }, stdio = "pipe" })
    assert.matches("taken in container beside in namespace " .. namespace, err.message, 1, true)
    process:delete()
    raises("invalid_argument", task.exec, task, "no id", { args = { "true" } })
  end)

  it("refuses what it can't do before anything happens", function()
    assert.is_false(pcall(task.exec, task))
    assert.is_false(pcall(task.exec, task, "x", { argz = { "true" } }))
    assert.is_false(pcall(task.exec, task, "x", { args = {}, env = { 1 } }))
    raises("invalid_argument", task.exec, task, "x", { args = { "true" }, cwd = "relative" })
    raises("not_found", task.exec, task, "x", { args = { "true" }, user = "nobody-of-that-name" })
    raises("deadline_exceeded", task.exec, task, "x", { args = { "true" }, timeout = 0 })
  end)

  it("answers not_found when the task is gone", function()
    task:delete { kill = true }
    raises("not_found", task.exec, task, "late", { args = { "true" }, stdio = "pipe" })
    raises("not_found", task.process, task, "late")
    raises("not_found", task.pids, task)
    raises("not_found", task.pause, task)
    raises("not_found", task.resume, task)
    raises("not_found", task.resize, task, 80, 24)
    raises("not_found", task.update, task, { memory = "32M" })
  end)

  it("TestIssue10589: many execs that start and end at the same time", function()
    local running = {}
    for i = 1, 16 do
      local process = task:exec("race" .. i, { args = { "/bin/sh", "-c", "exit " .. i } })
      running[i] = { process = process, exit = process:wait_async(), start = process:start_async() }
    end
    for i, each in ipairs(running) do
      each.start:await(30)
      assert.equal(i, (each.exit:await(30)))
      each.process:delete()
    end
  end)
end)
