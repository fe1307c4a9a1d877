-- Pulls images at once in luv, and shows meanwhile what happens in their namespace. Arguments: [IMAGE…]
local containerd = require "containerd"
local uv = require "luv"

containerd.use "luv"
local names = #arg > 0 and arg or { "redis:alpine", "busybox:latest", "alpine:latest" }
local progress = containerd.progress(io.stderr)

coroutine.wrap(function()
  local client <close> = containerd.connect { namespace = "example" }
  local events = client:events 'namespace=="example",topic~="/images/"'
  coroutine.wrap(function()
    for _ = 1, #names do
      local event = events:next()
      print("event", event.topic, event.event.name)
    end
    events:close()
  end)()
  local pulls = {}
  for i, name in ipairs(names) do
    pulls[i] = client:pull_async(name, { progress = progress })
  end
  for _, results in ipairs(containerd.all(pulls)) do
    print("pulled", results[1]:name(), results[1]:digest())
  end
end)()
uv.run()
