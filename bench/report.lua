--- Tables in Markdown of what was measured.
local statistics = require "bench.statistics"

local report = {}

local function pair_of(results, name, factor, format)
  local ours, peer = statistics.median(results.ours[name]), statistics.median(results.peer[name])
  return (format .. " / " .. format):format(ours * factor, peer * factor)
end

-- In the unit that suits the peer's.
local function times(results, name)
  local peer = statistics.median(results.peer[name])
  if peer >= 1 then
    return pair_of(results, name, 1, "%.2f") .. " s"
  elseif peer >= 1e-3 then
    return pair_of(results, name, 1e3, "%.1f") .. " ms"
  end
  return pair_of(results, name, 1e6, "%.0f") .. " µs"
end

local function ratio(results, name)
  return statistics.median(statistics.ratios(results.ours[name], results.peer[name]))
end

local labels = { seconds = "time", cpu = "CPU", rss = "RSS", rpcs = "RPCs", threads = "threads" }
local absolute = { rpcs = true, threads = true }
local order = { "seconds", "cpu", "rss", "rpcs", "threads" }

local function bound_ratio(results, name)
  return statistics.median(statistics.ratios(results.bound[name], results.peer[name]))
end

local function bounds(row, results)
  local text = ("%s: time %.2f"):format(row.bound_name, bound_ratio(results, "seconds"))
  return results.bound.cpu and ("%s, CPU %.2f"):format(text, bound_ratio(results, "cpu")) or text
end

local function goals(row, results)
  local texts = {}
  for _, name in ipairs(order) do
    local goal = row.goals[name]
    if goal then
      local value = absolute[name] and statistics.median(results.ours[name]) or ratio(results, name)
      local verdict = value <= goal and "met" or "**not met**"
      texts[#texts + 1] = ("%s %.2f ≤ %.2f %s"):format(labels[name], value, goal, verdict)
    end
  end
  if results.bound.seconds then
    texts[#texts + 1] = bounds(row, results)
  end
  return table.concat(texts, ", ")
end

report.head = [[
| row, ours / Go's | time | ratio (quartiles) | client CPU | daemon CPU | peak RSS, MiB | threads | RPCs | goals |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |]]

function report.line(row, results)
  local low, high = statistics.spread(statistics.ratios(results.ours.seconds, results.peer.seconds))
  local cells = {
    row.title,
    times(results, "seconds"),
    ("%.2f (%.2f–%.2f)"):format(ratio(results, "seconds"), low, high),
    times(results, "cpu"),
    times(results, "daemon"),
    pair_of(results, "rss", 1 / 1024, "%.1f"),
    pair_of(results, "threads", 1, "%.0f"),
    pair_of(results, "rpcs", 1, "%.0f"),
    goals(row, results),
  }
  return "| " .. table.concat(cells, " | ") .. " |"
end

return report
