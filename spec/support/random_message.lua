--- Random messages of every type of our protocol files: as protoc takes them in its text format, and as Lua has them.
local parse = require "proto.text"
local process = require "spec.support.process"

local random_message = {}

local FILES = "proto/*.proto"
for _, name in ipairs { "any", "duration", "empty", "field_mask", "timestamp", "wrappers" } do
  FILES = FILES .. " google/protobuf/" .. name .. ".proto"
end

-- full name, with a dot in front -> the descriptor as text has it
local messages, enums

local function collect(scope, block)
  for _, enum in ipairs(block.enum_type) do
    enums[scope .. "." .. enum.name[1]] = enum
  end
  for _, message in ipairs(block.nested_type or block.message_type) do
    messages[scope .. "." .. message.name[1]] = message
    collect(scope .. "." .. message.name[1], message)
  end
end

--- Reads the protocol files; protoc's products stand in `directory`. Returns the sorted names of all types.
function random_message.load(directory)
  local set, include = directory .. "/set", process.line "pkg-config --variable=includedir protobuf"
  process.line(("protoc -Iproto -I%s --descriptor_set_out=%s %s"):format(include, set, FILES))
  local decode = "protoc -I%s --decode=google.protobuf.FileDescriptorSet google/protobuf/descriptor.proto <%s"
  local text = process.line(decode:format(include, set))
  messages, enums = {}, {}
  for _, file in ipairs(parse(text:gmatch "[^\n]+").file) do
    local scope = "." .. file.package[1]
    for _, enum in ipairs(file.enum_type) do enums[scope .. "." .. enum.name[1]] = enum end
    for _, message in ipairs(file.message_type) do
      messages[scope .. "." .. message.name[1]] = message
      collect(scope .. "." .. message.name[1], message)
    end
  end
  local names = {}
  for name, message in pairs(messages) do
    if not message.options[1] then names[#names + 1] = name:sub(2) end -- else it's a map's entry
  end
  table.sort(names)
  return names
end

local random = math.random

local function chance(percent)
  return random(100) <= percent
end

local function pick(list)
  return list[random(#list)]
end

local function random_bytes()
  local bytes = {}
  for i = 1, random(0, 12) do bytes[i] = string.char(random(0, 255)) end
  return table.concat(bytes)
end

local function random_string()
  local characters = {}
  for i = 1, random(0, 8) do characters[i] = pick { "a", "Z", " ", '"', "\\", "\n", "é", "€", "\240\159\144\179" } end
  return table.concat(characters)
end

local function quote(bytes)
  return '"' .. bytes:gsub("[^%w]", function(byte) return ("\\%03o"):format(byte:byte()) end) .. '"'
end

local function text_of(value)
  return type(value) == "string" and quote(value) or ("%.17g"):format(value)
end

local function integer(low, high)
  local value = pick { low, high, 0, 1, random(low, high) }
  return ("%d"):format(value), value
end

-- Up to where integers are exact, which they are as numbers in LuaJIT.
local MAX, MIN = math.maxinteger or 2 ^ 53, math.mininteger or -2 ^ 53

-- type -> function that gives the text and the value; strings and bytes that are empty aren't told from unset ones.
local scalars = {
  TYPE_INT32 = function() return integer(-2147483648, 2147483647) end,
  TYPE_INT64 = function() return integer(MIN, MAX) end,
  TYPE_UINT32 = function() return integer(0, 4294967295) end,
  TYPE_UINT64 = function()
    if chance(20) then return "18446744073709551615", 2.0 ^ 64 end
    return integer(0, MAX)
  end,
  TYPE_DOUBLE = function()
    local value = pick { 0.0, 1e300, -2.5, random() }
    return text_of(value), value
  end,
  TYPE_FLOAT = function()
    local value = random(-1000, 1000) / 8
    return text_of(value), value
  end,
  TYPE_BOOL = function()
    local value = chance(50)
    return tostring(value), value
  end,
  TYPE_STRING = function()
    local value = random_string()
    return quote(value), value
  end,
  TYPE_BYTES = function()
    local value = random_bytes()
    return quote(value), value
  end,
}
scalars.TYPE_SINT32, scalars.TYPE_SFIXED32 = scalars.TYPE_INT32, scalars.TYPE_INT32
scalars.TYPE_SINT64, scalars.TYPE_SFIXED64 = scalars.TYPE_INT64, scalars.TYPE_INT64
scalars.TYPE_FIXED32, scalars.TYPE_FIXED64 = scalars.TYPE_UINT32, scalars.TYPE_UINT64

local generate

local function generate_value(field, depth)
  local kind, name = field.type[1], field.type_name[1]
  if kind == "TYPE_MESSAGE" then
    local text, value = generate(name, depth + 1)
    return "{ " .. text .. " }", value
  elseif kind == "TYPE_ENUM" then
    local value = pick(enums[name].value).name[1]
    return value, value:lower()
  end
  return scalars[kind]()
end

-- What a field has that isn't set.
local function default(field)
  local kind = field.type[1]
  if field.label[1] == "LABEL_REPEATED" then return {} end
  if kind == "TYPE_MESSAGE" or kind == "TYPE_STRING" or kind == "TYPE_BYTES" then return nil end
  if kind == "TYPE_ENUM" then return enums[field.type_name[1]].value[1].name[1]:lower() end
  if kind == "TYPE_BOOL" then return false end
  return 0
end

local function generate_map(entry, depth)
  local texts, map = {}, {}
  for _ = 1, random(3) do
    local key_text, key = generate_value(entry.field[1], depth)
    if map[key] == nil then
      local value_text, value = generate_value(entry.field[2], depth)
      texts[#texts + 1] = ("{ key: %s value: %s }"):format(key_text, value_text)
      map[key] = value
    end
  end
  return texts, map
end

local function generate_field(field, depth)
  local entry = messages[field.type_name[1] or ""]
  local texts, value = {}, {}
  if entry and entry.options[1] then
    texts, value = generate_map(entry, depth)
  elseif field.label[1] == "LABEL_REPEATED" then
    for i = 1, random(3) do texts[i], value[i] = generate_value(field, depth) end
  else
    texts[1], value = generate_value(field, depth)
    if value == "" then value = nil end
  end
  for i, text in ipairs(texts) do texts[i] = field.name[1] .. ": " .. text end
  return table.concat(texts, " "), value
end

local function generate_fields(name, depth)
  local texts, value = {}, {}
  for _, field in ipairs(messages[name].field) do
    local field_name = field.name[1]
    if chance(depth > 4 and 10 or 75) then
      texts[#texts + 1], value[field_name] = generate_field(field, depth)
    else
      value[field_name] = default(field)
    end
  end
  return table.concat(texts, " "), value
end

-- What a double has exactly.
local function seconds_and_nanos(low)
  return random(low, 8589934592), random(0, 3) * 250000000
end

local anys = {
  function()
    local bytes = random_bytes()
    return "example.Unknown", bytes, { type_url = "example.Unknown", value = bytes }
  end,
  function() return "containerd.events.TaskPaused", "\n\1x", { container_id = "x" } end,
  function() return "type.googleapis.com/google.protobuf.StringValue", "\n\2\"x", { value = '"x' } end,
  function() return "google.protobuf.Int64Value", "", { value = 0 } end,
  function() return "google.protobuf.Timestamp", "\8\5", { value = 5 } end,
  function() return "google.protobuf.Duration", "", { value = 0 } end,
  function() return "google.protobuf.Empty", "", {} end,
  function() return "", "", { type_url = "", value = "" } end,
}

-- The types that Lua has in another shape.
local shapes = {
  [".google.protobuf.Timestamp"] = function()
    local seconds, nanos = seconds_and_nanos(-8589934592)
    return ("seconds: %d nanos: %d"):format(seconds, nanos), seconds + nanos / 1e9
  end,
  [".google.protobuf.Duration"] = function()
    local seconds, nanos = seconds_and_nanos(0)
    local sign = pick { 1, -1 }
    return ("seconds: %d nanos: %d"):format(sign * seconds, sign * nanos), sign * (seconds + nanos / 1e9)
  end,
  [".google.protobuf.Any"] = function()
    local url, bytes, value = pick(anys)()
    if not value.type_url then value["@type"] = url end
    return ("type_url: %s value: %s"):format(quote(url), quote(bytes)), value
  end,
  [".containerd.types.Platform"] = function()
    if chance(50) then return 'os: "linux" architecture: "arm64"', "linux/arm64" end
    local version = pick { "1", "" }
    local value = { os = "linux", architecture = "x86_64", os_version = version ~= "" and version or nil }
    return ('os: "linux" architecture: "x86_64" os_version: %s'):format(quote(version)), value
  end,
}

function generate(name, depth)
  if shapes[name] then return shapes[name]() end
  local text, value = generate_fields(name, depth)
  if name:find "^%.google%.protobuf%.%w+Value$" then
    return text, value.value == nil and "" or value.value
  end
  return text, value
end

--- The text and the value of a random message.
function random_message.generate(name)
  return generate("." .. name, 1)
end

return random_message
