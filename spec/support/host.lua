-- An event loop under one face, for specs that hold in several: host.spawn(fn) starts a coroutine, host.run()
-- runs the loop until nothing is left to do, host.sleep is its own;
-- host.abandon(fn), where it can be done, throws a coroutine away that waits.
local containerd = require "containerd"
local process = require "spec.support.process"

local hosts = {}

function hosts.cqueues()
  local cqueues = require "cqueues"
  local controller = cqueues.new()
  return {
    spawn = function(fn) controller:wrap(fn) end,
    run = function() assert(controller:loop()) end,
    sleep = cqueues.sleep,
    abandon = function(fn) cqueues.new():wrap(fn):step(0) end,
  }
end

function hosts.luv()
  local uv = require "luv"
  return {
    spawn = function(fn) coroutine.wrap(fn)() end,
    run = function() uv.run() end,
    sleep = function(seconds)
      local thread, timer = coroutine.running(), uv.new_timer()
      timer:start(seconds * 1000, 0, function()
        timer:close()
        assert(coroutine.resume(thread))
      end)
      coroutine.yield()
    end,
  }
end

-- Debian's has neither timers nor an end.
function hosts.copas()
  local copas = require "copas"
  local running = 0
  return {
    spawn = function(fn)
      running = running + 1
      copas.addthread(function()
        local ok, err = xpcall(fn, debug.traceback)
        running = running - 1
        if not ok then
          print(err)
          os.exit(1)
        end
      end)
    end,
    run = function()
      while running > 0 do
        copas.step(0.1)
      end
    end,
    sleep = containerd.sleep,
    abandon = function(fn) coroutine.resume(coroutine.create(fn)) end,
  }
end

-- Of today, as far as Debian has packed it: without timerwheel, and what it ends by.
function hosts.copas4()
  local shared = process.dir .. "/debs/copas/usr/share/lua/"
  package.path = ("%s5.4/?.lua;%s5.3/?.lua;%s"):format(shared, shared, package.path)
  package.preload.timerwheel = function() return require "spec.support.timerwheel" end
  return hosts.copas()
end

return function(name)
  local host = hosts[name]()
  containerd.use((name:gsub("%d$", "")))
  return host
end
