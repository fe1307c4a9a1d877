local bench = require "bench.ours.harness"

local client, futures = bench.client, {}

bench.measure(function()
  for i = 0, bench.count - 1 do
    local slot = i % 8 + 1
    if futures[slot] then
      futures[slot]:await()
    end
    futures[slot] = client:version_async()
  end
  for _, future in ipairs(futures) do
    future:await()
  end
  return bench.count
end)
