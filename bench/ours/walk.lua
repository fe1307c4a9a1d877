local bench = require "bench.ours.harness"

bench.measure_list(function()
  local count = 0
  for _ in bench.client:content():walk() do
    count = count + 1
  end
  return count
end)
