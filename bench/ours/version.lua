local bench = require "bench.ours.harness"

bench.measure(function()
  local answer
  for _ = 1, bench.count do
    answer = bench.lap(bench.client.version, bench.client)
  end
  return answer.version
end)
