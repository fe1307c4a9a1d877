-- A warm pull is this row on what an earlier pull left.
local bench = require "bench.ours.harness"

bench.measure(function()
  local image = bench.client:pull(bench.argument)
  return image:name() .. "," .. image:digest()
end)
