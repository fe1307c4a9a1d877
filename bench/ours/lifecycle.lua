local bench = require "bench.ours.harness"

local image = bench.client:image(bench.argument)

local function once()
  local container <close> = image:new_container("bench", { args = "true", auto_delete = true })
  local task <close> = container:new_task { auto_delete = true }
  local exit = task:wait_async()
  task:start()
  return (exit:await())
end

bench.measure(function()
  local code
  for _ = 1, bench.count do
    code = bench.lap(once)
  end
  return code
end)
