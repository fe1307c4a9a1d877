--- Growth as SVG: time over number, both axes logarithmic, one curve for each side.
local plot = {}

local width, height, margin = 480, 300, 55
local colours = { ours = "#1f6feb", peer = "#d1570b" }
local names = { ours = "lua-containerd", peer = "Go client" }

local function scale(low, high, from, to)
  low, high = math.log(low, 10), math.log(high, 10)
  return function(value)
    return from + (math.log(value, 10) - low) / math.max(high - low, 1e-9) * (to - from)
  end
end

-- The powers of ten around some values.
local function decades(values)
  local low, high = math.huge, 0
  for _, value in ipairs(values) do
    low, high = math.min(low, value), math.max(high, value)
  end
  return 10 ^ math.floor(math.log(low, 10)), 10 ^ math.ceil(math.log(high, 10))
end

local function time_label(seconds)
  if seconds >= 1 then
    return ("%g s"):format(seconds)
  elseif seconds >= 1e-3 then
    return ("%g ms"):format(seconds * 1e3)
  end
  return ("%g µs"):format(seconds * 1e6)
end

local function axes(svg, counts, x, y, low, high)
  for _, count in ipairs(counts) do
    svg(('<text x="%.1f" y="%d" text-anchor="middle">%d</text>'):format(x(count), height - margin + 18, count))
  end
  local value = low
  while value <= high * 1.01 do
    local line = '<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ccc"/>'
    svg(line:format(margin, width - margin, y(value), y(value)))
    svg(('<text x="%d" y="%.1f" text-anchor="end">%s</text>'):format(margin - 6, y(value) + 4, time_label(value)))
    value = value * 10
  end
end

local function curve(svg, counts, seconds, x, y, side, row)
  local points = {}
  for i, count in ipairs(counts) do
    points[i] = ("%.1f,%.1f"):format(x(count), y(seconds[i]))
    svg(('<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>'):format(x(count), y(seconds[i]), colours[side]))
  end
  local line = '<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>'
  svg(line:format(table.concat(points, " "), colours[side]))
  local name = '<text x="%d" y="%d" fill="%s">%s</text>'
  svg(name:format(margin + 10, margin + 4 + row * 16, colours[side], names[side]))
end

--- `seconds` is {ours = {…}, peer = {…}}, one for each count.
function plot.svg(title, counts, seconds)
  local lines = {}
  local function svg(line)
    lines[#lines + 1] = line
  end
  local all = table.move(seconds.ours, 1, #seconds.ours, 1, {})
  local low, high = decades(table.move(seconds.peer, 1, #seconds.peer, #all + 1, all))
  local x = scale(counts[1], counts[#counts], margin + 10, width - margin)
  local y = scale(low, high, height - margin, margin - 10)
  local head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">'
  svg(head:format(width, height))
  svg(('<rect width="%d" height="%d" fill="white"/>'):format(width, height))
  svg(('<text x="%d" y="22" font-size="14" text-anchor="middle">%s</text>'):format(width // 2, title))
  axes(svg, counts, x, y, low, high)
  curve(svg, counts, seconds.ours, x, y, "ours", 0)
  curve(svg, counts, seconds.peer, x, y, "peer", 1)
  svg "</svg>\n"
  return table.concat(lines, "\n")
end

return plot
