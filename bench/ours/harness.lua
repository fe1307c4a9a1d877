--- Measures a row, as peer/harness.go does. A row prepares what isn't measured and calls `bench.measure` with what is.
local socket = require "socket"
local http = require "socket.http"
local containerd = require "containerd"

local bench = {
  count = tonumber(os.getenv "BENCH_COUNT"),
  argument = os.getenv "BENCH_ARGUMENT", -- an image's reference, a file's path or a blob's digest
  client = containerd.connect(), -- $CONTAINERD_ADDRESS, $CONTAINERD_NAMESPACE
}

local laps = {}

--- Measures one of many; their median is the row's time then.
function bench.lap(work, ...)
  local began = socket.gettime()
  local result = work(...)
  laps[#laps + 1] = socket.gettime() - began
  return result
end

-- What the daemon has used, summed over its threads, which stay.
local function daemon_cpu()
  local seconds = 0
  local files = io.popen("cat /proc/" .. os.getenv "BENCH_DAEMON" .. "/task/*/schedstat")
  for line in files:lines() do
    seconds = seconds + tonumber(line:match "%d+") / 1e9
  end
  files:close()
  return seconds
end

-- How many calls the daemon has been asked for.
local function daemon_rpcs()
  local calls = 0
  for count in assert(http.request(os.getenv "BENCH_METRICS")):gmatch "\ngrpc_server_started_total{[^\n]* (%S+)" do
    calls = calls + math.tointeger(tonumber(count))
  end
  return calls
end

local function own_memory()
  local file = assert(io.open "/proc/self/status")
  local text = file:read "a"
  file:close()
  return text:match "VmHWM:%s*(%d+)", text:match "Threads:%s*(%d+)"
end

--- Runs `work`, which returns what it did, and prints what it took.
function bench.measure(work)
  local rpcs = daemon_rpcs()
  local daemon, cpu, began = daemon_cpu(), os.clock(), socket.gettime()
  local did = work()
  local seconds = socket.gettime() - began
  cpu, daemon = os.clock() - cpu, daemon_cpu() - daemon
  if #laps > 0 then
    table.sort(laps)
    seconds = laps[#laps // 2 + 1]
  end
  local rss, threads = own_memory()
  print(
    ("seconds=%.9f cpu=%.6f daemon=%.6f rss=%d threads=%d rpcs=%d did=%s"):format(
      seconds, cpu, daemon, rss, threads, daemon_rpcs() - rpcs, did
    )
  )
end

--- Measures a list that is made several times.
function bench.measure_list(list)
  bench.measure(function()
    local count
    for _ = 1, 15 do
      count = bench.lap(list)
    end
    return count
  end)
end

return bench
