-- The driver of copas (https://lunarmodules.github.io/copas/), any version.
--
-- A coroutine there yields by receiving from a socket, and luasocket's select takes any object for one that has
-- `getfd` (−1 leaves it out) and `dirty` (true: readable, whatever the descriptor says). So the hub and the waiters are
-- such objects: they "receive" an empty string once there is news, and until then time out, as a socket does.
local copas = require "copas"
local core = require "containerd.core"

local copas_loop = {}

function copas_loop.can_yield()
  local thread, is_main = coroutine.running()
  return thread ~= nil and not is_main
end

local pollable = {}
pollable.__index = pollable

local function new_pollable(fd)
  return setmetatable({ fd = fd, yielded = false, is_ready = false }, pollable)
end

function pollable:getfd()
  return self.fd
end

function pollable:dirty()
  return self.is_ready
end

function pollable.settimeout() end

-- What a coroutine has waited for last is closed when it ends.
function pollable.close() end

-- Copas asks once before it yields, and again each time that select has found the object readable.
function pollable:receive()
  if self.is_ready or self.yielded then
    return ""
  end
  self.yielded = true
  return nil, "timeout"
end

-- Yields until the object is ready, or its descriptor readable.
function pollable:await()
  self.yielded = false
  copas.receive(self)
  self.is_ready = false
end

local hub_fd

local waiter = setmetatable({}, pollable)
waiter.__index = waiter

function copas_loop.new_waiter()
  return setmetatable(new_pollable(-1), waiter)
end

function waiter:wait(seconds)
  local alarm = seconds < math.huge and core.alarm(seconds)
  self.fd = alarm and alarm:getfd() or -1
  self:await()
  if alarm then
    alarm:close()
  end
end

function waiter:wake()
  self.is_ready = true
  if self.fd < 0 then
    self.fd = hub_fd -- select looks at `dirty` only where there is a descriptor
  end
end

local watching = false

function copas_loop.watch(hub)
  hub_fd = hub:pollfd()
  if watching then
    return
  end
  watching = true
  copas.addthread(function()
    local news = new_pollable(hub_fd)
    while hub:step() do
      news:await()
    end
    watching = false
  end)
end

return copas_loop
