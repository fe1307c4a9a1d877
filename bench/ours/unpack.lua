-- What a pull leaves to the daemon when all bytes are there, which nobody can do for it.
local bench = require "bench.ours.harness"

local image = bench.client:pull(bench.argument, { unpack = false })

bench.measure(function()
  image:unpack()
  return image:name()
end)
