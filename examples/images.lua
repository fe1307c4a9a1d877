-- Prints the images of a namespace as `ctr images ls` does. Arguments: [NAMESPACE]
local containerd = require "containerd"

local units = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" }

local function format_size(bytes)
  local unit = 1
  while bytes >= 1024 and unit < #units do
    bytes, unit = bytes / 1024, unit + 1
  end
  return ("%.1f %s"):format(bytes, units[unit])
end

local function format_list(list)
  return #list > 0 and table.concat(list, ",") or "-"
end

local function format_labels(labels)
  local list = {}
  for name, value in pairs(labels) do
    list[#list + 1] = name .. "=" .. value
  end
  table.sort(list)
  return format_list(list)
end

local function count_characters(text)
  return select(2, text:gsub("[^\128-\191]", ""))
end

-- Each column is as wide as its widest cell and one space.
local function print_table(rows)
  local widths = {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do
      widths[i] = math.max(widths[i] or 0, count_characters(cell))
    end
  end
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do
      io.write(cell, (" "):rep(widths[i] - count_characters(cell) + 1))
    end
    io.write "\n"
  end
end

local client <close> = containerd.connect { namespace = arg[1] or "example" }
local rows = { { "REF", "TYPE", "DIGEST", "SIZE", "PLATFORMS", "LABELS" } }
for _, image in ipairs(client:images()) do
  rows[#rows + 1] = {
    image:name(),
    image:target().media_type,
    image:digest(),
    format_size(image:size()),
    format_list(image:platforms()),
    format_labels(image:labels()),
  }
end
print_table(rows)
