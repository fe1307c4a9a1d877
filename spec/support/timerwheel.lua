-- What copas 4 asks of the module timerwheel, which Debian's package of copas lacks: timers, called once.
local timerwheel = {}
timerwheel.__index = timerwheel

function timerwheel.new(opts)
  return setmetatable({ now = opts.now, timers = {}, last = 0 }, timerwheel)
end

function timerwheel:set(delay, callback, argument)
  self.last = self.last + 1
  self.timers[self.last] = { at = self.now() + delay, callback = callback, argument = argument }
  return self.last
end

function timerwheel:cancel(id)
  self.timers[id] = nil
end

function timerwheel:count()
  local count = 0
  for _ in pairs(self.timers) do
    count = count + 1
  end
  return count
end

function timerwheel:step()
  local due = {}
  for id, timer in pairs(self.timers) do
    if timer.at <= self.now() then
      due[id] = timer
    end
  end
  for id, timer in pairs(due) do
    self.timers[id] = nil
    timer.callback(timer.argument)
  end
end

return timerwheel
