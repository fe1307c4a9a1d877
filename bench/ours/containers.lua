local bench = require "bench.ours.harness"

bench.measure_list(function()
  return #bench.client:containers()
end)
