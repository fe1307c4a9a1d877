-- The daemon pulls by itself.
local bench = require "bench.ours.harness"

bench.measure(function()
  local image = bench.client:pull(bench.argument, { transfer = true })
  return image:name() .. "," .. image:digest()
end)
