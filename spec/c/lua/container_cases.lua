-- What alloc_sweep runs of containers and what runs in them: every method, blocking and asynchronous.
local containerd = require "containerd"
local sweep = dofile "spec/c/lua/sweep.lua"

local case, connect, connect_with_image = sweep.case, sweep.connect, sweep.connect_with_image

-- A container that goes when it's closed or its state is; what an earlier run left would be in its way.
local function new_container(opts)
  local client, image = connect_with_image()
  opts = opts or {}
  opts.args, opts.auto_delete = opts.args or { "/bin/cat" }, true
  return client, image:new_container("sweep", opts)
end

local function close_both(_, container)
  container:close()
end

local function new_task()
  local client, container = new_container()
  local task = container:new_task { stdio = "pipe", auto_delete = true }
  return client, container, task
end

local function started_task()
  local client, container, task = new_task()
  task:start()
  return client, container, task
end

local function ended_task()
  local client, container, task = started_task()
  task.stdin:write("one\ntwo\n")
  task.stdin:close()
  task:wait()
  return client, container, task
end

local function close_all(_, container, task)
  task:close()
  container:close()
end

case("new_container", connect_with_image, function(_, image)
  local container = image:new_container("sweep", {
    auto_delete = true,
    args = { "/bin/cat" },
    env = { A = "b" },
    mounts = { "/tmp:/mnt:ro" },
    memory = "64M",
    labels = { a = "b" },
    edit = function(spec) spec.hostname = "edited" end,
  })
  container:close()
end)

case("client:new_container", connect, function(client)
  local container = client:new_container("sweep", {
    auto_delete = true,
    rootfs = "/",
    runtime_options = { binary_name = "runc", io_uid = 0 },
    restart = "no",
    extensions = { one = { type_url = "x", value = "y" } },
    additional_groups = { 7 },
    rlimits = { { type = "RLIMIT_CORE", soft = 0, hard = 0 } },
    namespaces = { network = "host", cgroup = true },
    uid_maps = { "0:0:1" },
    gid_maps = { "0:0:1" },
    tmpfs = "/tmp:size=1m",
    capabilities = "KILL",
    devices = { "/dev/null" },
    device_rules = { "c 1:3 r" },
    sysctls = { ["kernel.domainname"] = "x" },
    hugepages = { ["2MB"] = 0 },
  })
  container:close()
end)

case("container", new_container, function(client, container)
  container:info()
  container:exists()
  container:image()
  container:spec()
  return client:container "sweep", container:id(), container:labels(), container:runtime(), container:snapshot_key(),
    container:created(), container:updated(), tostring(container)
end, close_both)

case("container update", new_container, function(_, container)
  container:update {
    labels = { a = "b" },
    extensions = { one = { type_url = "x", value = "y" } },
    spec = container:spec(),
  }
  return container:set_labels { c = "d", a = false }, container:extensions()
end, close_both)

-- What an earlier run left of a checkpoint would be in the way.
local function without_checkpoint(client, ...)
  pcall(function() client:image "sweep.local/checkpoint":delete() end)
  pcall(function() client:container "restored":delete { snapshot = true } end)
  return client, ...
end

case("container checkpoint", function() return without_checkpoint(new_container()) end, function(client, container)
  local checkpoint = container:checkpoint("sweep.local/checkpoint", { image = true, task = false })
  local restored = client:restore("restored", checkpoint)
  pcall(restored.restore, restored, checkpoint, { stdio = "null" })
  restored:delete { snapshot = true }
  checkpoint:delete()
end, function(client, container)
  without_checkpoint(client)
  container:close()
end)

case("container close", new_container, function(_, container) container:close() end, close_both)

case("new_task", new_container, function(_, container)
  local task = container:new_task {
    stdio = { stdin = "pipe", stdout = io.stdout, stderr = 2 },
    runtime_options = { no_new_keyring = true },
    auto_delete = true,
  }
  task:close()
end, close_both)

case("task", new_task, function(_, container, task)
  local exit = task:wait_async()
  task:start()
  task:status()
  container:task()
  task:kill("SIGKILL", { all = true })
  return exit:await(), task:wait(), task:pid(), tostring(task)
end, close_all)

case("task checkpoint", started_task, function(_, _, task)
  local opts = { name = "a", empty_namespaces = { "network" }, image_path = "/proc/absent" }
  local ok, err = pcall(task.checkpoint, task, opts)
  if not ok and not containerd.is_error(err, "unknown") then error(err, 0) end
end, close_all)

case("task delete", started_task, function(_, _, task) task:delete { kill = true } end, close_all)
case("task rest", started_task, function(_, _, task)
  task:pause()
  task:resume()
  task:update { memory = "32M", hugepages = {}, annotations = { a = "b" }, resources = { pids = { limit = 10 } } }
  return task:pids(), task:metrics()
end, close_all)

case("task attach", started_task, function(_, container)
  local task = container:task()
  task:attach { stdio = { stdout = "pipe" } }
  return task.stdout
end, close_all)

case("new_task on a terminal", function()
  local client, container = new_container { tty = true }
  return client, container, client:snapshots():mounts "sweep"
end, function(_, container, mounts)
  local task = container:new_task {
    terminal = true,
    stdio = "pipe",
    rootfs = mounts,
    runtime_options = { binary_name = "runc" },
    auto_delete = true,
  }
  task:resize(80, 24)
  task:close()
end, close_both)

case("exec", started_task, function(_, _, task)
  local process = task:exec("beside", {
    args = { "/bin/cat" },
    env = { A = "b" },
    user = "0",
    rlimits = { { type = "RLIMIT_CORE", soft = 0, hard = 0 } },
    stdio = "pipe",
    auto_delete = true,
  })
  process:close()
end, close_all)

local function added_process()
  local client, container, task = started_task()
  return client, container, task, task:exec("beside", { args = { "/bin/cat" }, stdio = "pipe", auto_delete = true })
end

local function close_process(_, container, task, process)
  process:close()
  task:close()
  container:close()
end

case("process", added_process, function(_, _, _, process)
  process:start()
  process:status()
  process:kill "KILL"
  process:wait()
  return process:id(), process:pid(), process.stdout, tostring(process), process:delete()
end, close_process)

case("task process", added_process, function(_, _, task, process)
  process:start()
  local found <close> = task:process "beside"
  found:attach { stdio = "null" }
end, close_process)

case("stream write", started_task, function(_, _, task) task.stdin:write("one\n", 2, "\n"):close() end, close_all)
case("task close_stdin", started_task, function(_, _, task) task:close_stdin() end, close_all)

case("stream read", ended_task, function(_, _, task)
  local line = task.stdout:read(1, "L")
  for each in task.stdout:lines() do line = each end
  return line, task.stdout:read "a"
end, close_all)

case("stream read_async", ended_task, function(_, _, task) task.stdout:read_async("a"):await() end, close_all)

return sweep.cases
