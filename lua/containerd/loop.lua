-- The host's event loop: which one is used, and which of its coroutines wait for which operations.
--
-- What containerd knows of a loop is its driver, the module containerd.loop.NAME, a table of these functions:
--   can_yield()    whether the code that runs can yield to the loop
--   new_waiter()   a waiter of the running coroutine: waiter:wait(seconds) yields until waiter:wake() is called, or was
--                  before, or the time is up; wake never resumes the coroutine by itself, but has the loop do so
--   watch(hub)     has the loop call hub:step() soon after the hub's descriptor has become readable, until that gives
--                  false: nothing is under way any more. Called with each operation that is under way when it was
--                  started, and each wait meanwhile.

local NAMES = { "copas", "cqueues", "luv", "nginx" }

local loop = {}

local driver
-- Of each operation a set. Both are weak: a host may kill a coroutine, and then nobody waits any more.
local waiters = setmetatable({}, { __mode = "k" })
local weak = { __mode = "k" }

function loop.use(name)
  for _, known in ipairs(NAMES) do
    if name == known then
      driver = require("containerd.loop." .. name)
      return
    end
  end
  error(('use: one of "%s" expected, got %s'):format(table.concat(NAMES, '", "'), tostring(name)), 2)
end

function loop.is_used()
  return driver ~= nil
end

function loop.can_yield()
  return driver.can_yield()
end

function loop.watch(hub)
  if driver then
    driver.watch(hub)
  end
end

-- A waiter that is woken by the news of these operations.
function loop.attend(ops)
  local waiter = driver.new_waiter()
  for _, op in ipairs(ops) do
    waiters[op] = waiters[op] or setmetatable({}, weak)
    waiters[op][waiter] = true
  end
  return waiter
end

function loop.leave(ops, waiter)
  for _, op in ipairs(ops) do
    waiters[op][waiter] = nil
  end
end

-- Whether anybody was there to be woken.
function loop.wake(op)
  local woken = false
  for waiter in pairs(waiters[op] or {}) do
    waiter:wake()
    woken = true
  end
  return woken
end

-- Cancels the operations somebody waits for of which `is_over(op, waiters)` says so; waiters is a set.
function loop.cancel(is_over)
  for op, set in pairs(waiters) do
    if next(set) and is_over(op, set) then
      op:cancel()
    end
  end
end

return loop
