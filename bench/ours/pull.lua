-- A warm pull is this row on what an earlier pull left.
local bench = require "bench.ours.harness"

bench.measure(function()
  local image
  for _ = 1, bench.count do
    image = bench.lap(bench.client.pull, bench.client, bench.argument)
  end
  return image:name() .. "," .. image:digest()
end)
