-- driver.lua [ROW…]: measures rows, by default all, or curves, `growth-NAME`; `growth` is all of these. Prints tables;
-- plots go to $BENCH_OUT.
local measure = require "bench.measure"
local plot = require "bench.plot"
local process = require "spec.support.process"
local report = require "bench.report"
local rows = require "bench.rows"
local statistics = require "bench.statistics"

io.stdout:setvbuf "line"

local function run_rows(list)
  print(report.head)
  for _, row in ipairs(list) do
    print(report.line(row, measure.row(row)))
  end
end

local function run_curve(curve)
  local counts, seconds = {}, { ours = {}, peer = {} }
  print(report.head)
  for i, point in ipairs(curve.points) do
    local results = measure.row(point)
    print(report.line(point, results))
    counts[i] = point.count
    for side, list in pairs(seconds) do
      list[i] = statistics.median(results[side].seconds)
    end
  end
  process.write(("%s/%s.svg"):format(os.getenv "BENCH_OUT", curve.name), plot.svg(curve.title, counts, seconds))
  print ""
end

local function named(list, name)
  for _, each in ipairs(list) do
    if each.name == name then
      return each
    end
  end
end

if #arg == 0 then
  run_rows(rows.rows)
end
local chosen = {}
for _, name in ipairs(arg) do
  local row, curve = named(rows.rows, name), named(rows.curves, name:match "^growth%-(.+)$")
  if row then
    chosen[#chosen + 1] = row
  elseif curve then
    run_curve(curve)
  elseif name == "growth" then
    for _, each in ipairs(rows.curves) do
      run_curve(each)
    end
  else
    error("no such row: " .. name)
  end
end
if #chosen > 0 then
  run_rows(chosen)
end
