-- Receives what the daemon holds back: what is published before anybody reads.
local bench = require "bench.ours.harness"

local client = bench.client
local events = client:events 'topic=="/bench/exit"'
local event = { container_id = "bench", id = "bench", pid = 1, exit_status = 3, exited_at = os.time() }
for _ = 1, bench.count do
  client:publish("/bench/exit", "containerd.events.TaskExit", event)
end

bench.measure(function()
  local received
  for _ = 1, bench.count do
    received = events:next()
  end
  return bench.count .. "," .. received.event.exit_status
end)
