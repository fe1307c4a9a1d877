-- The argument is the file's path and its digest.
local bench = require "bench.ours.harness"

local path, digest = bench.argument:match "^(%S+) (%S+)$"
local content = bench.client:content()
local options = { digest = digest, ref = "bench", labels = { ["containerd.io/gc.root"] = "bench" } }

bench.measure(function()
  local made, size = content:ingest(path, options)
  return made .. "," .. size
end)
