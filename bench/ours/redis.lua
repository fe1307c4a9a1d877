-- The example with redis: instead of for three seconds it runs until it's ready.
local bench = require "bench.ours.harness"

bench.measure(function()
  local image = bench.client:pull(bench.argument)
  local container <close> = image:new_container("redis-server", { auto_delete = true })
  local task <close> = container:new_task { stdio = { stdout = "pipe", stderr = "null" }, auto_delete = true }
  local exit = task:wait_async()
  task:start()
  for line in task.stdout:lines() do
    if line:find("Ready to accept", 1, true) then
      break
    end
  end
  task:kill "SIGTERM"
  return (exit:await())
end)
