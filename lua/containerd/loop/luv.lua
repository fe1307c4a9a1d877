-- The driver of luv (https://github.com/luvit/luv), libuv's binding.
local uv = require "luv"

local luv_loop = {}

function luv_loop.can_yield()
  local thread, is_main = coroutine.running()
  return thread ~= nil and not is_main
end

local waiter = {}
waiter.__index = waiter

function luv_loop.new_waiter()
  return setmetatable({ thread = coroutine.running(), woken = false }, waiter)
end

local function resume(thread)
  local ok, err = coroutine.resume(thread)
  if not ok then
    error(err, 0)
  end
end

-- libuv counts milliseconds, and what is shorter than one isn't to become none.
local function milliseconds(seconds)
  return math.ceil(math.min(seconds, 2 ^ 31) * 1000)
end

function waiter:wait(seconds)
  if not self.woken then
    self.timer = uv.new_timer()
    self.timer:start(milliseconds(seconds), 0, function()
      resume(self.thread)
    end)
    coroutine.yield()
    self.timer:close()
    self.timer = nil
  end
  self.woken = false
end

function waiter:wake()
  self.woken = true
  if self.timer then
    self.timer:stop()
    self.timer:start(0, 0, function()
      resume(self.thread)
    end)
  end
end

local poll

-- An active handle keeps the loop alive: this one is while something is under way.
function luv_loop.watch(hub)
  poll = poll or uv.new_poll(hub:pollfd())
  if poll:is_active() then
    return
  end
  poll:start("r", function(err)
    assert(not err, err)
    if not hub:step() then
      poll:stop()
    end
  end)
end

return luv_loop
