-- Checkpoints of tasks, under the names of the official client's tests. The runtime here has no CRIU: a wrapper around
-- it, spec/support/runc-wrapper, tells what it was asked for, and begins anew what it's to restore.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

local MEMORY = "application/vnd.containerd.container.criu.checkpoint.criu.tar"

lab.each_daemon(function(daemon)
  local namespace, client, image, dir
  local made = {}

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    image = client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
    dir = lab.tempdir()
    lab.sh(("cp spec/support/runc-wrapper %s/runc"):format(dir))
  end)

  teardown(function()
    lab.sh("rm -r " .. dir)
    client:close()
    daemon:clean(namespace)
  end)

  after_each(function()
    for i = #made, 1, -1 do
      pcall(function() made[i]:task():delete { kill = true } end)
      pcall(made[i].delete, made[i], { snapshot = true })
      made[i] = nil
    end
    for _, one in ipairs(client:images 'labels."containerd.io/checkpoint"==true') do one:delete { sync = true } end
    for _, one in ipairs(client:images 'name~="^spec.local/"') do one:delete { sync = true } end
    lab.sh("rm -f " .. dir .. "/runc.log")
    assert.is_true(daemon:is_clean(namespace))
    assert.same({}, lab.leftovers())
  end)

  local function keep(container)
    made[#made + 1] = container
    return container
  end

  -- A container whose task runs until it's killed.
  local function new_container(id, opts)
    opts = opts or {}
    opts.args = opts.args or { "/bin/sh", "-c", "echo running; exec sleep 1000" }
    opts.runtime_options = opts.runtime_options or { binary_name = dir .. "/runc" }
    return keep(image:new_container(id, opts))
  end

  local function started(container, opts)
    local task = container:new_task(opts)
    task:start()
    return task
  end

  -- The last call of the wrapper with this word.
  local function asked(word)
    local call
    for line in io.lines(dir .. "/runc.log") do
      if (" " .. line .. " "):find(" " .. word .. " ", 1, true) then call = line end
    end
    return assert(call, "the runtime wasn't asked to " .. word)
  end

  local function part(checkpoint, media_type)
    for _, child in ipairs(checkpoint:content_tree().children) do
      if child.media_type == media_type then return child end
    end
  end

  it("TestCheckpointRestore: a task ends with its checkpoint, and another goes on from there", function()
    local container = new_container "first"
    local task = started(container)
    local checkpoint = task:checkpoint { exit = true, name = "spec.local/checkpoint:1" }
    assert.equal(137, (task:wait()))
    task:delete()
    assert.equal("true", checkpoint:labels()["containerd.io/checkpoint"])
    assert.is_not_nil(part(checkpoint, MEMORY))
    assert.is_not_nil(part(checkpoint, image:target().media_type))
    assert.is_not_nil(part(checkpoint, "application/vnd.oci.image.layer.v1.tar+gzip"))
    assert.matches('"image.name":"' .. image:name() .. '"', client:content():read(checkpoint:digest()), 1, true)
    assert.is_nil(asked("checkpoint"):find("--leave-running", 1, true))
    local again = container:new_task { checkpoint = checkpoint }
    again:start()
    assert.matches("--image-path", asked("restore"), 1, true)
    assert.equal("running", again:status().status)
  end)

  it("TestCheckpointRestorePTY: also with a terminal", function()
    local container = new_container("pty", { tty = true })
    local task = started(container, { terminal = true, stdio = "pipe" })
    local checkpoint = task:checkpoint { exit = true, terminal = true }
    assert.matches("^containerd.io/checkpoint/pty:%d%d%-%d%d%-%d%d%d%d%-%d%d:%d%d:%d%d$", checkpoint:name())
    assert.matches("--shell-job", asked("checkpoint"), 1, true)
    task:wait()
    task:delete()
    local again = container:restore(checkpoint, { terminal = true, stdio = "pipe" })
    again:start()
    assert.equal("running\r", again.stdout:read "l")
  end)

  it("TestCheckpointRestoreNewContainer: a checkpoint of container and task is run by another container", function()
    local container = new_container "original"
    local task = started(container)
    local checkpoint = container:checkpoint("spec.local/checkpoint:2", { task = true, exit = true })
    task:wait()
    task:delete()
    container:delete { snapshot = true }
    local call = asked "checkpoint"
    assert.matches("--file-locks", call, 1, true)
    assert.is_nil(call:find("--leave-running", 1, true))
    local other = keep(client:restore("other", checkpoint))
    assert.same({ binary_name = dir .. "/runc" }, other:runtime().options)
    local again = other:new_task { checkpoint = checkpoint, stdio = { stdout = "pipe" } }
    again:start()
    assert.equal("running", again.stdout:read "l")
    assert.matches("other", asked("restore"))
  end)

  it("TestCheckpointLeaveRunning: a task goes on after its checkpoint", function()
    local task = started(new_container "left")
    local unusual = { open_tcp = true, external_unix_sockets = true, file_locks = true }
    unusual.empty_namespaces = { "network" }
    task:checkpoint(unusual)
    assert.equal("running", task:status().status)
    local call = asked "checkpoint"
    for _, word in ipairs { "--leave-running", "--tcp-established", "--ext-unix-sk", "--file-locks",
      "--empty-ns network" } do
      assert.matches(word, call, 1, true)
    end
    assert.matches("pause", asked "pause")
    assert.matches("resume", asked "resume")
  end)

  it("TestCheckpointRestoreWithImagePath: the runtime leaves its files where it's told", function()
    local container = new_container "path"
    local task = started(container)
    local path = dir .. "/files"
    assert.is_true(task:checkpoint { image_path = path, exit = true })
    task:wait()
    task:delete()
    assert.equal("memory of path\n", (lab.sh("cat " .. path .. "/memory")):gsub(" +", " "))
    local again = container:new_task { checkpoint = path }
    again:start()
    assert.matches("--image-path " .. path, asked("restore"), 1, true)
    assert.equal("running", again:status().status)
    lab.sh("rm -r " .. path)
  end)

  it("TestCheckpointOnPauseStatus: a paused task stays so", function()
    local task = started(new_container "paused")
    task:pause()
    task:checkpoint()
    assert.equal("paused", task:status().status)
    task:resume()
  end)

  it("tells what the runtime says that can't make checkpoints", function()
    local task = started(new_container("unable", { runtime_options = { binary_name = "runc" } }))
    local err = raises("unknown", task.checkpoint, task, { name = "spec.local/checkpoint:3" })
    assert.equal("checkpoint", err.op)
    assert.matches("task unable", err.message)
    assert.matches("criu", err.message)
    assert.equal("running", task:status().status)
    raises("not_found", client.image, client, "spec.local/checkpoint:3")
    local other = new_container("other", { runtime_options = { binary_name = "runc" } })
    local restored = other:new_task { checkpoint = dir }
    err = raises("unknown", restored.start, restored)
    assert.equal("start", err.op)
    assert.matches("criu", err.message)
  end)
end)
