-- Pulls images at once in copas, and shows meanwhile what happens in their namespace. Arguments: [IMAGE…]
local containerd = require "containerd"
local copas = require "copas"

containerd.use "copas"
local names = #arg > 0 and arg or { "redis:alpine", "busybox:latest", "alpine:latest" }
local progress = containerd.progress(io.stderr)
local running = 2 -- copas before 4 has no end of its own

copas.addthread(function()
  local client <close> = containerd.connect { namespace = "example" }
  local events = client:events 'namespace=="example",topic~="/images/"'
  copas.addthread(function()
    for _ = 1, #names do
      local event = events:next()
      print("event", event.topic, event.event.name)
    end
    events:close()
    running = running - 1
  end)
  local pulls = {}
  for i, name in ipairs(names) do
    pulls[i] = client:pull_async(name, { progress = progress })
  end
  for _, results in ipairs(containerd.all(pulls)) do
    print("pulled", results[1]:name(), results[1]:digest())
  end
  running = running - 1
end)
while running > 0 do
  copas.step(1)
end
