-- The module's functions and each type's methods, the typed stubs in library/containerd.d.lua and the headings of the
-- manual (doc/<noun>.md: "### noun:method(…)", in doc/containerd.md "### containerd.name(…)") name the same things.
-- The twin m_async of a method has a type of its own there, and shares the method's heading. And each is called by the
-- sweep over failing allocations.
local core = require "containerd.core"
local containerd = require "containerd"

local stubs_path = "library/containerd.d.lua"
local findings = 0

local function finding(format, ...)
  findings = findings + 1
  print(format:format(...))
end

-- noun -> set of names; the module itself is the noun "containerd".
local function read_code()
  local code = { containerd = {} }
  for name, value in pairs(containerd) do
    if type(value) == "function" then
      code.containerd[name] = true
    end
  end
  for noun, names in pairs(core.methods) do
    noun = noun:gsub("^containerd%.", "")
    code[noun] = {}
    for _, name in ipairs(names) do
      code[noun][name] = true
    end
  end
  return code
end

local function add(set, noun, name)
  set[noun] = set[noun] or {}
  set[noun][name] = true
end

local function read_stubs()
  local stubs = {}
  for line in io.lines(stubs_path) do
    local noun, name = line:match "^function ([%w_]+)[.:]([%w_]+)%("
    if noun then
      add(stubs, noun, name)
    end
  end
  return stubs
end

local function read_page(noun)
  local page = {}
  local file = io.open(("doc/%s.md"):format(noun))
  if not file then
    return page
  end
  local separator = noun == "containerd" and "%." or ":"
  for line in file:lines() do
    if line:find "^### " then
      for name in line:gmatch("%f[%w_]" .. noun .. separator .. "([%w_]+)") do
        page[name] = true
      end
    end
  end
  file:close()
  return page
end

local sweep_paths = { "spec/c/lua/client_cases.lua", "spec/c/lua/container_cases.lua" }

-- A call there is only known by its name, so it counts for each noun that has such a method.
local function read_sweep(names)
  local text = ""
  for _, path in ipairs(sweep_paths) do
    local file = assert(io.open(path))
    text = text .. file:read "a"
    file:close()
  end
  local called = {}
  for name in pairs(names) do
    called[name] = text:find("[.:]" .. name .. "%f[^%w_]") and true
    called[name] = called[name] or text:find("[.:]" .. name .. "_async%f[^%w_]") and true
  end
  return called
end

local function sorted(set)
  local names = {}
  for name in pairs(set or {}) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

local function is_twin(names, name)
  return names[name:match "^(.+)_async$" or ""]
end

local function check(noun, code, documented, where, twins)
  for _, name in ipairs(sorted(code)) do
    if not documented[name] and (twins or not is_twin(code, name)) then
      finding("%s: %s.%s is missing", where, noun, name)
    end
  end
  for _, name in ipairs(sorted(documented)) do
    if not code[name] then
      finding("%s: %s.%s doesn't exist", where, noun, name)
    end
  end
end

local code, stubs = read_code(), read_stubs()
for _, noun in ipairs(sorted(code)) do
  check(noun, code[noun], stubs[noun] or {}, stubs_path, true)
  check(noun, code[noun], read_page(noun), ("doc/%s.md"):format(noun), false)
  check(noun, code[noun], read_sweep(code[noun]), table.concat(sweep_paths, ", "), false)
end
for _, noun in ipairs(sorted(stubs)) do
  if not code[noun] then
    finding("%s: there is no type %s", stubs_path, noun)
  end
end
os.exit(findings == 0)
