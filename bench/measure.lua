--- Measures a row: ours and the peer in turn, each run a process, and checks that both did the same.
local socket = require "socket"
local containerd = require "containerd"
local daemons = require "bench.daemons"
local process = require "spec.support.process"

local measure = {}

local quote = process.quote

-- What a namespace holds, one thing a line, sorted.
local function objects(daemon, namespace)
  local client <close> = containerd.connect { address = daemon.address, namespace = namespace }
  local list = {}
  local function add(kind, name)
    list[#list + 1] = kind .. " " .. name
  end
  for _, image in ipairs(client:images()) do
    add("image", image:name() .. " " .. image:digest())
  end
  for _, container in ipairs(client:containers()) do
    add("container", container:id())
  end
  for blob in client:content():walk() do
    add("blob", blob.digest)
  end
  for _, snapshot in ipairs(client:snapshots():list()) do
    add("snapshot", ("%s on %s"):format(snapshot.key, snapshot.parent))
  end
  add("leases", #client:leases():list())
  table.sort(list)
  return table.concat(list, "\n")
end

local function clean(daemon, namespace)
  process.line(("spec/support/lab clean %s %s"):format(daemon.name, namespace))
end

local function command(row, side)
  if side == "bound" then
    return row.bound
  elseif side == "ours" then
    return ("lua5.4 bench/ours/%s.lua"):format(row.ours or row.program)
  end
  return '"$BENCH_OUT/peer" ' .. row.program
end

local function daemon_of(row)
  return daemons[row.daemon or "1.7-bench"]
end

-- One process. Returns what it measured, by name, and what it did.
local function run_program(row, side, namespace, argument)
  local env = {
    CONTAINERD_NAMESPACE = namespace,
    BENCH_COUNT = not row.once and row.count or 1,
    BENCH_ARGUMENT = argument or "",
  }
  for name, value in pairs(daemon_of(row).variables) do
    env[name] = value
  end
  local began = socket.gettime()
  local pipe = assert(io.popen(process.assignments(env) .. "sh -c " .. quote("exec " .. command(row, side)), "r"))
  local first = row.first_line and pipe:read "l"
  local until_first = socket.gettime() - began
  local text = pipe:read "a"
  local until_end = socket.gettime() - began
  if not pipe:close() then
    error(("%s of %s failed: %s"):format(row.name, side, text))
  end
  local values = {}
  for name, value in text:gmatch "(%w+)=(%S+)" do
    values[name] = tonumber(value) or value
  end
  values.seconds = first and until_first or values.seconds or until_end
  for _, name in ipairs { "cpu", "daemon", "rpcs" } do
    values[name] = values[name] and values[name] / (row.per or 1)
  end
  return values
end

local function namespace_of(row, side, pair)
  if row.fresh then
    return ("bench-%s-%s-%d"):format(row.name, side, pair)
  end
  return ("bench-%s-%d"):format(row.name, row.count or 1)
end

local function prepared(row, namespace)
  if not row.prepare then
    return nil
  end
  local client <close> = containerd.connect { address = daemon_of(row).address, namespace = namespace }
  return row.prepare(client, row.count)
end

-- What is compared, of the first run of each side for each; then forgotten.
local function outcome(row, values, namespace)
  local did = tostring(values.did)
  if row.fresh then
    did = did .. "\n" .. objects(daemon_of(row), namespace)
    clean(daemon_of(row), namespace)
  end
  return did
end

local function run_bound(row, pair, argument)
  local namespace = namespace_of(row, "bound", pair)
  local values = run_program(row, "bound", namespace, argument)
  if row.fresh then
    clean(daemon_of(row), namespace)
  end
  return values
end

local function check(row, outcomes)
  if outcomes.ours ~= outcomes.peer then
    error(("%s: not the same work.\nOurs:\n%s\nThe peer's:\n%s"):format(row.name, outcomes.ours, outcomes.peer))
  end
end

local function keep(results, values)
  for name, value in pairs(values) do
    results[name] = results[name] or {}
    table.insert(results[name], value)
  end
end

--- Returns {ours = {seconds = {…}, cpu = {…}, …}, peer = …, bound = …}, lists of one number for each pair.
function measure.row(row)
  local results = { ours = {}, peer = {}, bound = {} }
  local argument
  for pair = 1, row.pairs or 7 do
    local outcomes = {}
    for _, side in ipairs { "ours", "peer" } do
      local namespace = namespace_of(row, side, pair)
      if pair == 1 and side == "ours" or row.fresh or row.every_time then
        argument = prepared(row, namespace)
      end
      local values = run_program(row, side, namespace, argument)
      keep(results[side], values)
      outcomes[side] = outcome(row, values, namespace)
    end
    check(row, outcomes)
    if row.bound then
      keep(results.bound, run_bound(row, pair, argument))
    end
  end
  if not row.fresh then
    clean(daemon_of(row), namespace_of(row)) -- what one row has, another wouldn't fetch
  end
  return results
end

return measure
