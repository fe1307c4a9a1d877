-- Pulls images at once in cqueues, and shows meanwhile what happens in their namespace. Arguments: [IMAGE…]
local containerd = require "containerd"
local cqueues = require "cqueues"

containerd.use "cqueues"
local names = #arg > 0 and arg or { "redis:alpine", "busybox:latest", "alpine:latest" }
local progress = containerd.progress(io.stderr)
local controller = cqueues.new()

controller:wrap(function()
  local client <close> = containerd.connect { namespace = "example" }
  local events = client:events 'namespace=="example",topic~="/images/"'
  controller:wrap(function()
    for _ = 1, #names do
      local event = events:next()
      print("event", event.topic, event.event.name)
    end
    events:close()
  end)
  local pulls = {}
  for i, name in ipairs(names) do
    pulls[i] = client:pull_async(name, { progress = progress })
  end
  for _, results in ipairs(containerd.all(pulls)) do
    print("pulled", results[1]:name(), results[1]:digest())
  end
end)
assert(controller:loop())
