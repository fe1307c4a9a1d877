-- usage: lua5.4 check.lua OURS VERSION=THEIRS...
-- Compares our protocol files with those of upstream's versions. OURS and THEIRS are FileDescriptorSets as text, as
-- `protoc --decode` writes them. What a version has, we must have with the same numbers, labels and types; what we
-- have, some version must have.

-- A type that moved to another package between versions; its bytes are the same.
local MOVED = { [".containerd.services.events.v1.Envelope"] = ".containerd.types.Envelope" }

-- Packages and messages of which no version ships a file.
local UNCHECKED = { "grpc.health.v1", "containerd.services.mounts.v1", "containerd.types.ActiveMount",
  "containerd.types.ActivationInfo" }

local parse = dofile(arg[0]:match("^(.*/)") .. "text.lua")

local function moved(type)
  return MOVED[type] or type
end

-- An item is known by its kind and full name, and told by what the wire depends on.
local function read(path)
  local items = {}
  local counts = { message = 0, field = 0, value = 0, method = 0, enum = 0, service = 0 }

  local function item(kind, scope, name, told)
    local full = moved(scope .. "." .. name)
    items[kind .. " " .. full:sub(2)] = told
    counts[kind] = counts[kind] + 1
    return full
  end

  local function enum(scope, block)
    local full = item("enum", scope, block.name[1], "an enum")
    for _, value in ipairs(block.value) do
      item("value", full, value.name[1], value.number[1])
    end
  end

  local function message(scope, block, syntax)
    local full = item("message", scope, block.name[1], syntax)
    for _, field in ipairs(block.field) do
      local type = moved(field.type_name[1] or field.type[1]:match("TYPE_(.*)"):lower())
      local explicit = field.proto3_optional[1]
      local oneof = field.oneof_index[1] and not explicit
      -- Whether a message is there always shows, so `optional` adds something only to the other types.
      local label = explicit and field.type[1] ~= "TYPE_MESSAGE" and "explicitly optional" or
        field.label[1]:match("LABEL_(.*)"):lower()
      item("field", full, field.name[1],
        ("%s = %s, %s%s"):format(type, field.number[1], label, oneof and ", in a oneof" or ""))
    end
    for _, nested in ipairs(block.nested_type) do message(full, nested, syntax) end
    for _, nested in ipairs(block.enum_type) do enum(full, nested) end
  end

  local function service(scope, block)
    local full = item("service", scope, block.name[1], "a service")
    for _, method in ipairs(block.method) do
      local function side(streaming, type)
        return (streaming[1] == "true" and "stream " or "") .. moved(type[1])
      end
      item("method", full, method.name[1], side(method.client_streaming, method.input_type) .. " -> " ..
        side(method.server_streaming, method.output_type))
    end
  end

  for _, file in ipairs(parse(io.lines(path)).file) do
    local scope, syntax = "." .. file.package[1], file.syntax[1] or "proto2"
    for _, block in ipairs(file.message_type) do message(scope, block, syntax) end
    for _, block in ipairs(file.enum_type) do enum(scope, block) end
    for _, block in ipairs(file.service) do service(scope, block) end
  end
  return items, counts
end

local function sorted(items)
  local keys = {}
  for key in pairs(items) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

local function unchecked(key)
  for _, name in ipairs(UNCHECKED) do
    if (key .. "."):find(" " .. name .. ".", 1, true) then return true end
  end
end

local differences = 0
local function differ(...)
  differences = differences + 1
  io.stderr:write("check-proto: ", string.format(...), "\n")
end

local ours = read(arg[1])
local known = {}
for i = 2, #arg do
  local version, path = arg[i]:match("^(.-)=(.*)$")
  local theirs, counts = read(path)
  for _, key in ipairs(sorted(theirs)) do
    known[key] = true
    if not ours[key] then
      differ("%s: %s (%s) is missing", version, key, theirs[key])
    elseif ours[key] ~= theirs[key] then
      differ("%s: %s is %s, ours %s", version, key, theirs[key], ours[key])
    end
  end
  print(("check-proto: %d messages, %d fields, %d methods compared with %s"):format(counts.message, counts.field,
    counts.method, version))
end
for _, key in ipairs(sorted(ours)) do
  if not known[key] and not unchecked(key) then differ("no version has %s (%s)", key, ours[key]) end
end
os.exit(differences == 0)
