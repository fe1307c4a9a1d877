-- Measures an nginx with one worker whose requests wait for tasks: the latency of a location beside them, and what the
-- worker takes for each. What nginx itself takes for a request that waits, others tell, which wait for a semaphore of
-- nginx's own: they sleep.
local containerd = require "containerd"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"
local socket = require "socket"
local statistics = require "bench.statistics"
local unix = require "socket.unix"

local TASKS = 5 -- each request waits for one of these
local BESIDE = 500 -- requests beside the location whose latency is measured
local ROUNDS, SAMPLES = 9, 20000
local MANY = 2000 -- requests where memory and threads are measured
local REPETITIONS = 3 -- of that, in a new nginx each

local client = containerd.connect { namespace = "bench" }

local containers = {}
do
  local image = client:pull "busybox"
  for i = 1, TASKS do
    containers[i] = image:new_container("task-" .. i, { args = { "sleep", "100000" } })
  end
end

-- Calls fn with an nginx that ends in any case, and returns what that does.
local function with_nginx(fn, ...)
  local http = process.read "bench/nginx.conf"
  local server = nginx.start {
    workers = 1,
    main = "user root; worker_rlimit_nofile 8192;",
    http = http:gsub("@(%u+)@", { ADDRESS = os.getenv "CONTAINERD_ADDRESS", TASKS = TASKS }),
  }
  local _ <close> = setmetatable({}, { __close = function() server:close() end })
  return fn(server, ...)
end

local function ask(server, request)
  local connection = assert(unix())
  connection:settimeout(60)
  assert(connection:connect(server.dir .. "/socket"))
  assert(connection:send(request))
  return connection
end

local function call(server, path)
  local body, status = server:get(path)
  assert(status == 200, body)
  return body
end

-- What the worker shares with nobody, in KiB, and how many threads it has.
local function usage(server)
  local proc = ("/proc/%d/"):format(server:workers()[1])
  local memory = process.read(proc .. "smaps_rollup"):match "Private_Dirty: +(%d+)"
  local threads = process.read(proc .. "status"):match "Threads:%s+(%d+)"
  return tonumber(memory), tonumber(threads)
end

-- Until so many requests wait, and the worker has nothing else to do.
local function settle(server, count)
  local before
  process.eventually(function()
    local waiting, memory = tonumber(call(server, "/count")), usage(server)
    local settled = waiting == count and memory == before
    before = memory
    return settled or socket.sleep(0.5)
  end, 60, "so many requests that wait")
end

-- Has so many requests wait while `measure` runs, and returns what that does.
local function beside(server, count, path, measure)
  for _, container in ipairs(containers) do
    container:new_task():start()
  end
  call(server, "/find")
  local requests = {}
  for i = 1, count do
    requests[i] = ask(server, ("GET /%s HTTP/1.0\r\n\r\n"):format(path))
  end
  settle(server, count)
  local results = table.pack(measure(server))
  for _, container in ipairs(containers) do
    container:task():kill "KILL"
  end
  call(server, "/wake")
  for _, request in ipairs(requests) do
    local answer = request:receive "*a"
    assert(answer and answer:find "ended by 9$", answer)
    request:close()
  end
  for _, container in ipairs(containers) do
    container:task():delete { kill = true }
  end
  return table.unpack(results)
end

-- The bare location's median and 99th percentile, in seconds, over one connection.
local function latency(server)
  local request = "GET /bare HTTP/1.1\r\nHost: bench\r\n\r\n"
  local connection = ask(server, request)
  local size = #"bare"
  repeat
    local line = assert(connection:receive "*l")
    size = size + #line + #"\r\n"
  until line == ""
  assert(connection:receive(#"bare") == "bare")
  local list = {}
  for i = 1, SAMPLES do
    local began = socket.gettime()
    connection:send(request)
    assert(connection:receive(size))
    list[i] = socket.gettime() - began
  end
  connection:close()
  table.sort(list)
  return list[SAMPLES // 2], list[SAMPLES * 99 // 100]
end

local function measure_latency(server)
  local medians, tails = { idle = {}, sleep = {}, wait = {} }, { idle = {}, sleep = {}, wait = {} }
  for round = 1, ROUNDS do
    for _, state in ipairs { "idle", "sleep", "wait" } do
      local count = state == "idle" and 0 or BESIDE
      medians[state][round], tails[state][round] = beside(server, count, state, latency)
    end
  end
  return medians, tails
end

-- What each request beyond the first takes, in KiB, and the threads that there are with one and with many.
local function measure_usage(server, path)
  local memory_of_one, threads_of_one = beside(server, 1, path, usage)
  local memory, threads = beside(server, MANY, path, usage)
  return (memory - memory_of_one) / (MANY - 1), threads_of_one, threads
end

local function print_row(...)
  print("| " .. table.concat({ ... }, " | ") .. " |")
end

local function goal(text, is_met)
  return text .. (is_met and " met" or " **not met**")
end

local function print_latency(name, lists, most)
  local function time(state)
    return ("%.0f µs"):format(1e6 * statistics.median(lists[state]))
  end
  local ratios = statistics.ratios(lists.wait, lists.idle)
  local ratio = statistics.median(ratios)
  local text = ("%.2f (%.2f–%.2f)"):format(ratio, statistics.spread(ratios))
  print_row(name, time "idle", time "sleep", time "wait", text, most and goal("≤ " .. most, ratio <= most) or "")
end

local function print_usage()
  local memory, one, many = { sleep = {}, wait = {} }, { sleep = {}, wait = {} }, { sleep = {}, wait = {} }
  local more = 0
  for i = 1, REPETITIONS do
    for path in pairs(memory) do
      memory[path][i], one[path][i], many[path][i] = with_nginx(measure_usage, path)
    end
    more = math.max(more, many.wait[i] - one.wait[i])
  end
  local sleep, wait = statistics.median(memory.sleep), statistics.median(memory.wait)
  local function kib(value)
    return ("%.1f KiB"):format(value)
  end
  local function threads(path)
    return ("%.0f / %.0f"):format(statistics.median(one[path]), statistics.median(many[path]))
  end
  local beyond = ("%s (%.2f times as much)"):format(kib(wait - sleep), wait / sleep)
  print_row("memory of each", kib(sleep), kib(wait), beyond, goal("≤ 16 KiB", wait - sleep <= 16))
  print_row("threads, of 1 / of all", threads "sleep", threads "wait", more .. " more", goal("none more", more == 0))
end

local medians, tails = with_nginx(measure_latency)
print_row("a bare location's", "idle", "500 sleep", "500 wait", "wait / idle (quartiles)", "goal")
print_row("---", "---", "---", "---", "---", "---")
print_latency("median latency", medians, 1.5)
print_latency("99th percentile", tails)
print ""
print_row("the worker's", "2,000 sleep", "2,000 wait", "wait beyond sleep", "goal")
print_row("---", "---", "---", "---", "---")
print_usage()
