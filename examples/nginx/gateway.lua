-- A gateway that starts a service's container when somebody asks for it, and stops it when nobody has for a while.
local containerd = require "containerd"
local services = require "services"

containerd.use "nginx"

-- How long a service may take to start and to stop, in seconds.
local START, STOP = 30, 5

local gateway = {}
local shared = ngx.shared.gateway
local busy = {} -- of each service, how many requests this worker has under way

local connection
local function connect()
  connection = connection or containerd.connect { namespace = "gateway" }
  return connection
end

-- What `fn` gives, nil where there is no such thing.
local function find(fn, ...)
  local ok, value = pcall(fn, ...)
  if not ok and not containerd.is_error(value, "not_found") then
    error(value, 0)
  end
  return ok and value or nil
end

local function running_task(name)
  local client = connect()
  local container = find(client.container, client, name)
  local task = container and find(container.task, container)
  if task and task:status().status == "running" then
    return task, container
  end
  return nil, container, task
end

local function answers(service)
  local socket = ngx.socket.tcp()
  local ok = socket:connect("127.0.0.1", service.port)
  socket:close()
  return ok
end

local function create(name, service)
  local client = connect()
  local image = find(client.image, client, service.image) or client:pull(service.image)
  return image:new_container(name, {
    args = service.args,
    memory = service.memory,
    namespaces = { network = "host" },
    labels = { ["gateway/service"] = name },
  })
end

local function start(name, service)
  local task, container, ended = running_task(name)
  if not task then
    if ended then
      ended:delete { kill = true }
    end
    container = container or create(name, service)
    container:new_task():start()
    shared:incr("starts " .. name, 1, 0)
  end
  local deadline = ngx.now() + START
  while not answers(service) do
    if ngx.now() > deadline then
      error(("%s doesn't answer on port %d"):format(name, service.port), 0)
    end
    ngx.sleep(0.05)
  end
end

local function stop(name)
  local task = running_task(name)
  if task then
    task:kill "TERM"
    pcall(task.wait, task, { timeout = STOP })
    task:delete { kill = true }
  end
end

-- One worker at a time; one that dies meanwhile loses its lock soon.
local function lock(name)
  return shared:add("lock " .. name, true, START + 2 * STOP)
end

local function unlock(name)
  shared:delete("lock " .. name)
end

local function start_alone(name, service)
  while not lock(name) do
    ngx.sleep(0.05)
  end
  local ok, err = pcall(start, name, service)
  unlock(name)
  if not ok then
    error(err, 0)
  end
end

local function touch(name)
  shared:set("used " .. name, ngx.now())
end

-- access_by_lua: holds the request until its service answers.
function gateway.access()
  local name = ngx.var.service
  local service = services[name]
  if not service then
    return ngx.exit(ngx.HTTP_NOT_FOUND)
  end
  touch(name)
  busy[name] = (busy[name] or 0) + 1
  ngx.ctx.service = name
  if shared:get("lock " .. name) or not answers(service) then
    local ok, err = pcall(start_alone, name, service)
    if not ok then
      ngx.log(ngx.ERR, "gateway: ", tostring(err))
      return ngx.exit(ngx.HTTP_SERVICE_UNAVAILABLE)
    end
  end
  ngx.var.upstream = "127.0.0.1:" .. service.port
end

-- log_by_lua
function gateway.log()
  local name = ngx.ctx.service
  if name then
    busy[name] = busy[name] - 1
    touch(name)
  end
end

local function is_idle(name, service)
  local used = shared:get("used " .. name)
  if not used then
    touch(name) -- it ran before this gateway did
  end
  return used and ngx.now() - used > service.idle
end

-- A request says that it uses a service before it looks for the lock, and this has the lock before it looks for that.
local function stop_if_idle(name, service)
  if is_idle(name, service) and lock(name) then
    local ok, err = true, nil
    if is_idle(name, service) then
      ok, err = pcall(stop, name)
    end
    unlock(name)
    if not ok then
      ngx.log(ngx.ERR, "gateway: ", tostring(err))
    end
  end
end

-- init_worker_by_lua: each worker tells what it uses; the first stops what nobody does.
function gateway.watch()
  ngx.timer.every(1, function(is_ending)
    for name, count in pairs(busy) do
      if count > 0 then
        touch(name)
      end
    end
    for name, service in pairs(ngx.worker.id() == 0 and not is_ending and services or {}) do
      stop_if_idle(name, service)
    end
  end)
end

-- What /status shows, sorted by name.
function gateway.status()
  local list = {}
  for name, service in pairs(services) do
    local task, container = running_task(name)
    local metrics = task and task:metrics()
    list[#list + 1] = {
      name = name,
      port = service.port,
      image = service.image,
      container = container and container:id(),
      state = task and "running" or "stopped",
      pid = task and task:pid(),
      memory = metrics and metrics.memory.usage,
      cpu = metrics and metrics.cpu.usage,
      starts = shared:get("starts " .. name) or 0,
    }
  end
  table.sort(list, function(a, b)
    return a.name < b.name
  end)
  return list
end

return gateway
