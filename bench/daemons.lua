--- The daemons that rows run on, which bench/run has started: $BENCH_DAEMONS has "NAME=PORT" for each, of its metrics.
local containerd = require "containerd"
local process = require "spec.support.process"

local function new(name, port)
  local environment = process.line("spec/support/lab env " .. name)
  local address = environment:match "CONTAINERD_ADDRESS=(%S+)"
  local client <close> = containerd.connect { address = address }
  return {
    name = name,
    address = address,
    --- For the programs of a row.
    variables = {
      CONTAINERD_ADDRESS = address,
      PATH = environment:match "PATH=([^:%s]+)" .. ":" .. os.getenv "PATH",
      BENCH_DAEMON = client:server().pid,
      BENCH_METRICS = ("http://127.0.0.1:%d/v1/metrics"):format(port),
    },
  }
end

local daemons = {}
for name, port in os.getenv("BENCH_DAEMONS"):gmatch "(%S+)=(%d+)" do
  daemons[name] = new(name, port)
end
return daemons
