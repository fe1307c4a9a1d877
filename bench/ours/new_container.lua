-- The image's user is a name; the containers stay.
local bench = require "bench.ours.harness"

local image = bench.client:image(bench.argument)

bench.measure(function()
  local container
  for i = 0, bench.count - 1 do
    container = bench.lap(image.new_container, image, "bench-" .. i)
  end
  return container:id()
end)
