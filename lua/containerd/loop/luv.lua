-- The driver of luv (https://github.com/luvit/luv), libuv's binding.
local uv = require "luv"

local luv_loop = {}

function luv_loop.can_yield()
  local thread, is_main = coroutine.running()
  return thread ~= nil and not is_main
end

local waiter = {}
waiter.__index = waiter

-- Those that have yielded: the loop itself doesn't know its coroutines, so nobody else keeps them.
local yielded = {}

function luv_loop.new_waiter()
  return setmetatable({ thread = coroutine.running(), woken = false }, waiter)
end

-- libuv counts milliseconds, and what is shorter than one isn't to become none.
function waiter:resume_after(seconds)
  self.timer = self.timer or uv.new_timer()
  self.timer:start(math.ceil(math.min(seconds, 2 ^ 31) * 1000), 0, function()
    local ok, err = coroutine.resume(self.thread)
    if not ok then
      error(debug.traceback(self.thread, tostring(err)), 0) -- luv shows strings only
    end
  end)
end

function waiter:wait(seconds)
  if not self.woken then
    if seconds < math.huge then
      self:resume_after(seconds)
    end
    yielded[self] = true
    coroutine.yield()
    yielded[self] = nil
    self.timer:close()
    self.timer = nil
  end
  self.woken = false
end

function waiter:wake()
  if yielded[self] and not self.woken then
    self:resume_after(0)
  end
  self.woken = true
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
