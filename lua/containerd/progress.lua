-- containerd.progress([file]): a `progress` function for pulls. On a terminal it draws a bar for each descriptor,
-- elsewhere it writes one line for each that is there.
local columns = require("containerd.core").columns

local units = { "B", "KiB", "MiB", "GiB", "TiB" }

local function format_size(bytes)
  local unit = 1
  while bytes >= 1024 and unit < #units do
    bytes, unit = bytes / 1024, unit + 1
  end
  return (unit == 1 and "%d %s" or "%.1f %s"):format(bytes, units[unit])
end

local function short(digest)
  return digest:sub(1, #"sha256:" + 12)
end

-- In the states that aren't listed something is still to come.
local arrived = { exists = "exists", downloaded = "downloaded", unpacking = "downloaded", unpacked = "downloaded" }

local function line_writer(file)
  local written = {}
  return function(step)
    local what = arrived[step.state]
    if what and not written[step.digest] then
      written[step.digest] = true
      file:write(("%s: %s, %s\n"):format(short(step.digest), what, format_size(step.size)))
      file:flush()
    end
  end
end

local function draw_bar(step, width)
  local share = arrived[step.state] and 1 or step.size > 0 and step.offset / step.size or 0
  local filled = math.floor(share * width)
  return "[" .. ("="):rep(filled) .. (" "):rep(width - filled) .. "]"
end

local function draw_line(step, width)
  local size = step.state == "downloading" and format_size(step.offset) .. " of " .. format_size(step.size)
    or format_size(step.size)
  local line = ("%s %-11s %s %s"):format(short(step.digest), step.state, draw_bar(step, 24), size)
  return line:sub(1, width - 1)
end

-- Redraws all lines over the old ones: cursor up, and each line cleared before it's written.
local function bar_drawer(file, width)
  local steps, places = {}, {}
  return function(step)
    local drawn = #steps
    if not places[step.digest] then
      places[step.digest] = drawn + 1
    end
    steps[places[step.digest]] = step
    local text = { drawn > 0 and ("\27[%dA"):format(drawn) or "" }
    for i, each in ipairs(steps) do
      text[i + 1] = "\27[2K" .. draw_line(each, width) .. "\n"
    end
    file:write(table.concat(text))
    file:flush()
  end
end

return function(file)
  file = file or io.stderr
  local width = columns(file)
  if not width then
    return line_writer(file)
  end
  return bar_drawer(file, width > 0 and width or 80)
end
