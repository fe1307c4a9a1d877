-- A file includes only headers of its own floor or of a lower one, by their path under src/; Lua's headers are known to
-- src/lua alone, and its version to src/lua/compat.h. Arguments: the files.
local floors = { base = 1, rpc = 2, oci = 3, registry = 4, client = 5, lua = 6 }
local lua_headers = { ["lua.h"] = true, ["lauxlib.h"] = true, ["lualib.h"] = true, ["luajit.h"] = true }
local findings = 0

local function finding(path, number, format, ...)
  findings = findings + 1
  print(("%s:%d: " .. format):format(path, number, ...))
end

local function check_include(path, number, floor, quote, header)
  if lua_headers[header] then
    if floor ~= "lua" then
      finding(path, number, "only src/lua includes %s", header)
    end
  elseif quote == '"' and not header:find "%.pb%-c%.h$" then
    local other = header:match "^(%l+)/[%w_]+%.h$"
    if not floors[other] then
      finding(path, number, 'include "%s" by its path under src/', header)
    elseif floors[other] > floors[floor] then
      finding(path, number, "%s is above %s: %s", other, floor, header)
    end
  end
end

local function check_file(path)
  local floor = path:match "^src/(%l+)/"
  if not floors[floor] then
    return finding(path, 1, "no such floor: %s", floor)
  end
  local number = 0
  for line in io.lines(path) do
    number = number + 1
    local quote, header = line:match '^%s*#%s*include%s*([<"])([^>"]+)'
    if header then
      check_include(path, number, floor, quote, header)
    elseif line:find "LUA_VERSION_NUM" and path ~= "src/lua/compat.h" then
      finding(path, number, "LUA_VERSION_NUM belongs to src/lua/compat.h")
    end
  end
end

for _, path in ipairs(arg) do
  check_file(path)
end
os.exit(findings == 0)
