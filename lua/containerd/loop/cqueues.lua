-- The driver of cqueues (https://25thandclement.com/~william/projects/cqueues.html).
local condition = require "cqueues.condition"
local cqueues = require "cqueues"

local cqueues_loop = {}

function cqueues_loop.can_yield()
  local _, yieldable = cqueues.running()
  return yieldable
end

local waiter = {}
waiter.__index = waiter

function cqueues_loop.new_waiter()
  return setmetatable({ condition = condition.new(), woken = false }, waiter)
end

function waiter:wait(seconds)
  if not self.woken then
    self.condition:wait(seconds < math.huge and seconds or nil)
  end
  self.woken = false
end

function waiter:wake()
  self.woken = true
  self.condition:signal()
end

-- The controllers that have a coroutine for the hub. Several may: each is told, and whoever comes first takes the news.
local watched = setmetatable({}, { __mode = "k" })

function cqueues_loop.watch(hub)
  local controller = cqueues.running()
  if not controller or watched[controller] then
    return
  end
  watched[controller] = true
  controller:wrap(function()
    while hub:step() do
      cqueues.poll(hub)
    end
    watched[controller] = nil
  end)
end

return cqueues_loop
