--- What is measured. A row's fields:
--   name, program   the name in the table, and of the program in bench/ours and the peer
--   count           how often, or how many
--   once            the count isn't the program's: it does its work once
--   goals           by measure, the most that ours divided by the peer's may be; of `rpcs` and `threads` the most that
--                   there may be
--   per             the measures cpu, daemon and rpcs are divided by this
--   first_line      the time is that until the first line of output
--   fresh           each run gets a namespace of its own, whose objects are compared and which is removed then
--   prepare         makes what the row needs in its namespace, with a client, and returns the program's argument
--   every_time      it's prepared for each run, although the namespace stays
--   pairs           instead of seven
--   ours            the program in bench/ours, where it is named otherwise than the peer's
--   daemon          instead of a containerd 1.7
--   bound           a command that does the same, or what nobody can do without, in some other way; its time is what it
--                   prints, or else all that it takes
--   bound_name      what it's called in the table
local prepare = require "bench.prepare"

local function frames(count, method)
  return ('"$BENCH_OUT/frames" "$CONTAINERD_ADDRESS" call %d /containerd.services.%s'):format(count, method)
end

local alone = "frames alone"
local unpack_alone = "lua5.4 bench/ours/unpack.lua"
local load_alone = "lua5.4 bench/ours/load.lua"

local rows = {
  {
    name = "version",
    title = "one Version call",
    program = "version",
    count = 3000,
    per = 3000,
    goals = { seconds = 0.72, cpu = 0.5 },
    bound = frames(3000, "version.v1.Version/Version"),
    bound_name = alone,
  },
  {
    name = "inflight",
    title = "8 calls in flight",
    program = "inflight",
    count = 16000,
    per = 16000,
    goals = { seconds = 1 / 1.3 },
  },
  {
    name = "ingest",
    title = "ingest 256 MiB",
    program = "ingest",
    fresh = true,
    prepare = prepare.file,
    goals = { seconds = 0.48 },
    bound = '"$BENCH_OUT/frames" "$CONTAINERD_ADDRESS" ingest $BENCH_ARGUMENT',
    bound_name = alone,
  },
  {
    name = "read",
    title = "read 256 MiB",
    program = "read",
    prepare = prepare.blob,
    goals = { seconds = 0.4 },
    bound = frames(1, "content.v1.Content/Read $BENCH_ARGUMENT"),
    bound_name = alone,
  },
  {
    name = "list",
    title = "list 1,000 containers",
    program = "containers",
    count = 1000,
    per = 15,
    prepare = prepare.containers,
    goals = { seconds = 0.85 },
    bound = frames(15, "containers.v1.Containers/List"),
    bound_name = alone,
  },
  {
    name = "pull",
    title = "pull, 13 layers of 12 MiB",
    program = "pull",
    fresh = true,
    prepare = prepare.reference "thirteen",
    goals = { seconds = 0.82, rss = 0.7 },
    bound = unpack_alone,
    bound_name = "unpacking alone",
  },
  {
    name = "pull-one",
    title = "pull, 1 layer",
    program = "pull",
    fresh = true,
    prepare = prepare.reference "one",
    goals = { seconds = 0.97, cpu = 0.5 },
    bound = unpack_alone,
    bound_name = "unpacking alone",
  },
  {
    name = "transfer",
    title = "pull, 13 layers, by the daemon itself (containerd 2.1)",
    program = "pull",
    ours = "transfer",
    daemon = "2.1-bench",
    fresh = true,
    prepare = prepare.reference "thirteen",
    goals = { seconds = 0.82, rss = 0.7 },
    bound = "ctr images pull --plain-http $BENCH_ARGUMENT >/dev/null",
    bound_name = "ctr",
  },
  {
    name = "pull-warm",
    title = "warm pull",
    program = "pull",
    prepare = prepare.pulled "thirteen",
    goals = { seconds = 0.6 },
    bound = load_alone,
    bound_name = "loading libcurl alone",
  },
  {
    name = "pull-again",
    title = "warm pulls after a process's first",
    program = "pull",
    count = 15,
    per = 15,
    prepare = prepare.pulled "thirteen",
    goals = { seconds = 0.6 },
  },
  {
    name = "pull-far",
    title = "pull, 13 layers, from afar",
    program = "pull",
    fresh = true,
    prepare = prepare.far,
    goals = { seconds = 0.5 },
  },
  {
    name = "new-container",
    title = "new_container with a user to look up",
    program = "new_container",
    count = 10,
    per = 10,
    fresh = true,
    prepare = prepare.pulled "redis",
    goals = { seconds = 0.6, rpcs = 8 },
  },
  {
    name = "lifecycle",
    title = "lifecycle of true",
    program = "lifecycle",
    count = 5,
    per = 5,
    prepare = prepare.pulled "busybox",
    goals = { seconds = 0.97 },
  },
  {
    name = "redis",
    title = "the redis example without its 3 s",
    program = "redis",
    prepare = prepare.pulled "redis",
    goals = { seconds = 0.95 },
    bound = load_alone,
    bound_name = "loading libcurl alone",
  },
  {
    name = "start",
    title = "start of the script to the first answer",
    program = "start",
    first_line = true,
    pairs = 15,
    goals = { seconds = 1.0, rss = 0.7 },
    bound = "lua5.4 -e 'print()'",
    bound_name = "Lua alone",
  },
  {
    name = "await",
    title = "1,000 tasks awaited",
    program = "await",
    count = 1000,
    prepare = prepare.task,
    every_time = true,
    goals = { rss = 0.3, threads = 16 },
  },
  {
    name = "events",
    title = "20,000 events",
    program = "events",
    count = 20000,
    per = 20000,
    goals = { seconds = 1.0, cpu = 0.5 },
  },
}

-- Growth: a curve's points are rows.
local function curve(name, title, template, counts)
  local points = {}
  for i, count in ipairs(counts) do
    local point = { name = name, title = ("%s: %d"):format(title, count), count = count, goals = {}, pairs = 5 }
    for key, value in pairs(template) do
      point[key] = value
    end
    point.prepare = template.prepare_counted and template.prepare_counted(count) or template.prepare
    points[i] = point
  end
  return { name = name, title = title, points = points }
end

local many = { 10, 100, 1000, 5000 }

local function list_curve(program, title, make, method)
  local bound = frames(15, method)
  return curve(program, title, { program = program, prepare = make, per = 15, bound = bound, bound_name = alone }, many)
end

local curves = {
  list_curve("containers", "containers listed", prepare.containers, "containers.v1.Containers/List"),
  list_curve("images", "images listed", prepare.images, "images.v1.Images/List"),
  list_curve("walk", "blobs walked", prepare.blobs, "content.v1.Content/List"),
  curve("await", "tasks awaited", { program = "await", prepare = prepare.task, every_time = true }, many),
  curve("layers", "layers pulled", {
    program = "pull",
    once = true,
    fresh = true,
    prepare_counted = function(count)
      return prepare.reference("layers" .. count)
    end,
  }, { 10, 100, 120 }),
}

return { rows = rows, curves = curves }
