-- The driver of nginx's Lua (https://github.com/openresty/lua-nginx-module): each worker has its own.
--
-- That can't watch a descriptor of somebody else's. So a timer's coroutine, the reader, connects to the hub's wake-up
-- socket, and goes away when nothing has been under way for a while: a worker that is to end waits for it.
local core = require "containerd.core"
local loop = require "containerd.loop"
local semaphore = require "ngx.semaphore"

-- How often the reader looks after those that wait, and how long it stays without any, in seconds.
local TICK = 0.25
local IDLE = 1
-- How many looks a coroutine may be away, in a function that it gave to an operation, before it may have been killed.
local PATIENCE = 8
-- nginx counts milliseconds, in an int.
local LONGEST = 1e6
-- How often a coroutine looks itself where there can't be a reader, in seconds.
local WITHOUT_READER = 0.1

local YIELDING = {
  access = true,
  content = true,
  rewrite = true,
  server_rewrite = true,
  ssl_cert = true,
  ssl_client_hello = true,
  ssl_session_fetch = true,
  timer = true,
}

local nginx_loop = {}

function nginx_loop.can_yield()
  return YIELDING[ngx.get_phase()] or false
end

local has_reader = false
local is_collection_due = false

local waiter = {}
waiter.__index = waiter

function nginx_loop.new_waiter()
  return setmetatable({ semaphore = semaphore.new(), is_waiting = false, absences = 0 }, waiter)
end

function waiter:wait(seconds)
  self.is_waiting, self.absences = true, 0
  self.semaphore:wait(math.min(seconds, has_reader and LONGEST or WITHOUT_READER))
  self.is_waiting = false
end

function waiter:wake()
  if self.semaphore:count() < 1 then
    self.semaphore:post()
  end
end

-- The semaphore of a coroutine that was killed, since its client is gone or for another reason, has nobody in its queue
-- any more. One that was woken hasn't either, but goes on before the next look. Whether one that doesn't wait here was
-- killed the collector alone can tell.
function waiter:has_vanished()
  if self.is_waiting and self.semaphore:count() < 0 then
    return false
  end
  self.absences = self.absences + 1
  if not self.is_waiting and (self.absences == PATIENCE or ngx.worker.exiting()) then
    is_collection_due = true
  end
  return self.is_waiting and self.absences > 1
end

-- What a request waited for that is gone, and what may never come when the worker is to end.
local function is_over(op, waiters)
  local is_blocking, is_endless = core.traits(op)
  if is_endless and ngx.worker.exiting() then
    return true
  end
  for each in pairs(waiters) do
    if not (each:has_vanished() and is_blocking) then
      return false
    end
  end
  return is_blocking
end

local function connect(hub)
  local socket = ngx.socket.tcp()
  socket:settimeout(LONGEST * 1000)
  assert(socket:connect("unix:" .. hub:listen()))
  hub:accept()
  return socket
end

local function receive(socket, hub)
  repeat
    hub:step()
  until not socket:receive(1)
  socket:close()
end

local function look_after(hub)
  local idle = 0
  repeat
    ngx.sleep(TICK)
    loop.cancel(is_over)
    if is_collection_due then
      is_collection_due = false
      collectgarbage()
    end
    idle = hub:step() and 0 or idle + TICK
  until idle >= IDLE or idle > 0 and ngx.worker.exiting()
end

local function read(_, hub)
  local ok, socket = pcall(connect, hub)
  if ok then
    ngx.thread.spawn(receive, socket, hub)
  else
    ngx.log(ngx.ERR, "containerd: looking for news from time to time only: ", tostring(socket))
  end
  look_after(hub)
  has_reader = false
  hub:hang_up()
end

function nginx_loop.watch(hub)
  if not has_reader and ngx.get_phase() ~= "init" then
    has_reader = ngx.timer.at(0, read, hub) or false
  end
end

return nginx_loop
