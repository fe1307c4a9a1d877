-- Waiting: how a blocking method waits for its operation, and what futures can do. The core calls this with its
-- functions when it is loaded, and makes all methods from `blocking` and `async`.
--
-- Ctrl-C, in the interpreter, is a hook that raises an error in whatever Lua function runs next. Hence waiting is a
-- loop in Lua over short waits in C, and whatever raises in it, the operation is cancelled and waited for before the
-- error goes on: a script that goes on, or unwinds, has nothing half-done behind its back.
--
-- Under an event loop it is the calling coroutine alone that waits, and yields. The functions that an operation wants
-- called are called by the coroutine that waits for it.

local loop = require "containerd.loop"

-- How long one wait in C lasts at most, in seconds.
local SLICE = 0.1

return function(core)
  local new, start, poll, result = core.new, core.start, core.poll, core.result
  local now = core.now
  local wait = {}

  local function answer(op, call, argument, is_question)
    local value = call(argument)
    if is_question then
      if value == nil then
        value = argument
      end
      core.answer(op, value)
    end
  end

  local function serve(op)
    local call, argument, is_question = core.upcall(op)
    while call do
      local ok, err = pcall(answer, op, call, argument, is_question)
      if not ok then
        core.raise(op, err)
      end
      call, argument, is_question = core.upcall(op)
    end
  end

  -- Takes the news of operations: wakes who waits for them, or calls the functions that they want called. Whether any
  -- are still under way. What has news again meanwhile comes in the next step, after the host's other business.
  local function step()
    local left = core.news()
    local op
    repeat
      op, left = core.take(), left - 1
      if op and not loop.wake(op) then
        serve(op)
      end
    until op == nil or left <= 0
    return core.expected() > 0
  end

  local function pause(seconds)
    core.pause(seconds < SLICE and seconds or SLICE)
    step()
  end

  -- Waits until the operation is done or the time is up; whether it is done.
  local function settle_blocking(op, deadline)
    local left = deadline - now()
    local done, elsewhere = poll(op, left < SLICE and left or SLICE) -- at once where others complete it
    while not done do
      left = deadline - now()
      if left <= 0 then
        return false
      end
      if elsewhere then
        pause(left)
      else
        step()
      end
      done, elsewhere = poll(op, left < SLICE and left or SLICE)
    end
    return true
  end

  -- A loop that watched while nothing is under way would have no end.
  local function watch()
    if core.expected() > 0 then
      loop.watch(wait.hub())
    end
  end

  local function attend(ops)
    watch()
    return loop.attend(ops)
  end

  -- The same, and only the coroutine waits.
  local function settle_yielding(op, deadline)
    local ops = { op }
    local waiter = attend(ops)
    while not poll(op) do
      local left = deadline - now()
      if left <= 0 then
        break
      end
      serve(op)
      waiter:wait(left)
    end
    loop.leave(ops, waiter)
    return (poll(op))
  end

  local function settle(op, deadline)
    local yields = loop.is_used() and select(3, poll(op))
    return (yields and settle_yielding or settle_blocking)(op, deadline)
  end

  -- What an operation that is done has given; its last steps of progress come before.
  local function outcome(op)
    serve(op)
    return result(op)
  end

  local function begin(op, yields)
    start(op, yields)
    watch()
  end

  -- Futures that nobody but this thread completes, when it waits for them; and whether the host watches the hub.
  local own = setmetatable({}, { __mode = "k" })
  local is_observed = false

  -- Whether this thread, when it waits for one operation, has no others to hear of.
  local function is_alone()
    return not is_observed and not loop.is_used() and core.expected() == 0
  end

  local function observe()
    is_observed = true
    for op in pairs(own) do
      core.hand_over(op)
    end
    own = {}
  end

  -- Whether it was allowed to wait. While others are under way this thread has to hear of them, and doesn't drive it.
  local function drive(op, ...)
    local block = core.read(op, ...)
    local yields = loop.is_used() and not block
    if yields and not loop.can_yield() then
      return false
    end
    begin(op, yields or not loop.is_used() and core.expected() > 0)
    return settle(op, math.huge)
  end

  local function conclude(op, ok, err)
    if ok then
      local is_done = err
      return (is_done and outcome or core.refuse)(op)
    end
    core.cancel(op)
    settle(op, now() + core.undo_seconds)
    core.close(op)
    error(err, 0)
  end

  -- `take`, of some methods, gives at once what has come already, if anything has.
  function wait.blocking(method, type, safe, take)
    local function operate(...)
      local op = new(method, safe, true)
      return conclude(op, pcall(drive, op, type, ...))
    end
    if not take then
      return operate
    end
    return function(...)
      local value = take(...)
      if value ~= nil then
        return value
      end
      return operate(...)
    end
  end

  function wait.async(method, type, safe)
    return function(...)
      local future = new(method, safe, false)
      core.read(future, type, ...)
      local alone = is_alone()
      begin(future, not alone)
      own[future] = alone or nil
      return future
    end
  end

  local future = {}

  function future:cancel()
    core.cancel(self)
  end

  function future:close()
    core.close(self)
    loop.wake(self)
  end

  function future:done()
    return (poll(self))
  end

  function future:await(timeout)
    if timeout ~= nil and type(timeout) ~= "number" then
      error("await: number of seconds expected, got " .. type(timeout), 2)
    end
    core.check(self) -- where the position is still the caller's
    if not is_alone() then
      core.hand_over(self)
    end
    if loop.is_used() and not loop.can_yield() and not poll(self) then
      return core.refuse(self)
    end
    if settle(self, now() + (timeout or math.huge)) then
      return outcome(self)
    end
    return core.expire(self, timeout)
  end

  -- As with Lua's own files, a failure of an iterator raises in either habit: a loop has no place to look at one that
  -- is returned.
  local function check(value, err)
    if value == nil and err ~= nil then
      error(err, 0)
    end
    return value
  end

  -- What calling an object does, made from its `next`: it is its own iterator.
  function wait.iterator(next)
    return function(object)
      return check(next(object))
    end
  end

  -- A stream's `lines`, made from its `read`.
  function wait.lines(read)
    return function(stream, format)
      return function()
        return check(read(stream, format or "l"))
      end
    end
  end

  -- What an operation calls for the next bytes, made from a script's reader: a function, or an object with `read`. As
  -- Lua's files do, both may fail by nil and a message.
  function wait.reader(source)
    local function check_string(value, err)
      check(value, err)
      if value ~= nil and type(value) ~= "string" then
        error("the reader gave a " .. type(value) .. " instead of a string", 0)
      end
      return value
    end
    if type(source) == "function" then
      return function(size)
        return check_string(source(size))
      end
    end
    return function(size)
      return check_string(source:read(size))
    end
  end

  -- What an operation calls with bytes, and with false at their end, made from a script's writer: a function, which
  -- then gets nil, or an object with `write`. As Lua's files do, both may fail by nil and a message.
  function wait.writer(sink)
    if type(sink) == "function" then
      return function(bytes)
        check(sink(bytes or nil))
        return true
      end
    end
    return function(bytes)
      if bytes then
        check(sink:write(bytes))
      end
      return true
    end
  end

  local function check_list(name, futures)
    if type(futures) ~= "table" then
      error(("%s: array of futures expected, got %s"):format(name, type(futures)), 3)
    end
    for _, each in ipairs(futures) do
      core.check(each)
      core.hand_over(each)
    end
    if loop.is_used() and not loop.can_yield() then
      core.refuse(name)
    end
  end

  -- The first that is done, with its index; the first that has failed before all others.
  local function find(futures, finished)
    local found
    for i, each in ipairs(futures) do
      if not finished[i] and poll(each) then
        if core.failed(each) then
          return i
        end
        found = found or i
      end
    end
    return found
  end

  local function await_next_blocking(futures, finished)
    local found = find(futures, finished)
    while not found do
      pause(SLICE)
      found = find(futures, finished)
    end
    return found
  end

  local function await_next_yielding(futures, finished)
    local waiter = attend(futures)
    local found = find(futures, finished)
    while not found do
      for _, each in ipairs(futures) do
        serve(each)
      end
      waiter:wait(math.huge)
      found = find(futures, finished)
    end
    loop.leave(futures, waiter)
    return found
  end

  local function await_next(futures, finished)
    return (loop.is_used() and await_next_yielding or await_next_blocking)(futures, finished)
  end

  local function pack(...)
    return { n = select("#", ...), ... }
  end

  function wait.all(futures)
    check_list("all", futures)
    local results, finished = {}, {}
    for _ = 1, #futures do
      local i = await_next(futures, finished)
      finished[i] = true
      if core.failed(futures[i]) then
        for _, each in ipairs(futures) do
          core.cancel(each)
        end
        return outcome(futures[i])
      end
      results[i] = pack(outcome(futures[i]))
    end
    return results
  end

  function wait.any(futures)
    check_list("any", futures)
    if #futures == 0 then
      error("any: there is no future in the array", 2)
    end
    return futures[await_next(futures, {})]
  end

  function wait.sleep(seconds)
    if type(seconds) ~= "number" or seconds ~= seconds then
      error("sleep: number of seconds expected, got " .. type(seconds), 2)
    end
    local rest = pause
    if loop.is_used() then
      local waiter = loop.can_yield() and attend {} or core.refuse "sleep"
      rest = function(left)
        waiter:wait(left)
      end
    end
    local deadline = now() + seconds
    while seconds > 0 do
      rest(seconds)
      seconds = deadline - now()
    end
  end

  wait.use = loop.use

  local hub = { step = step }

  function hub.pollfd()
    observe()
    return core.pollfd()
  end

  function hub.events()
    return "r"
  end

  function hub.timeout()
    return nil
  end

  function hub.listen()
    observe()
    return core.listen()
  end

  function hub.accept()
    core.accept()
  end

  function hub.hang_up()
    core.hang_up()
  end

  local the_hub = setmetatable({}, { __index = hub, __name = "containerd.hub" })

  function wait.hub()
    return the_hub
  end

  wait.future = future
  wait.types = { ["containerd.future"] = future, ["containerd.hub"] = hub }
  return wait
end
