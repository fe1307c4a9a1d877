local bench = require "bench.ours.harness"

bench.measure(function()
  local reader = bench.client:content():reader(bench.argument)
  local size = 0
  for piece in reader:lines(1048576) do
    size = size + #piece
  end
  return size
end)
