-- Waits, so many times, for a task that runs, which is ended then.
local bench = require "bench.ours.harness"

local task = bench.client:container(bench.argument):task()

bench.measure(function()
  local exits, code = {}, nil
  for i = 1, bench.count do
    exits[i] = task:wait_async()
  end
  task:kill "SIGKILL"
  for _, exit in ipairs(exits) do
    code = exit:await()
  end
  return #exits .. "," .. code
end)
