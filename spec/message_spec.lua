-- Messages as tables and as bytes, compared with what protoc makes of them.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local process = require "spec.support.process"
local raises = require "spec.support.raises"
local random_message = require "spec.support.random_message"

local PER_TYPE = 4

describe("messages", function()
  local directory, names, samples

  -- A message whose n-th field is repeated and of the n-th type, so that protoc converts all messages at once.
  local function write_schema()
    local lines = { 'syntax = "proto3";', "package spec;" }
    for file in lab.sh("ls proto/*.proto"):gmatch "[^\n]+" do lines[#lines + 1] = ("import %q;"):format(file:sub(7)) end
    for _, name in ipairs { "any", "duration", "empty", "field_mask", "timestamp", "wrappers" } do
      lines[#lines + 1] = ('import "google/protobuf/%s.proto";'):format(name)
    end
    lines[#lines + 1] = "message All {"
    for i, name in ipairs(names) do lines[#lines + 1] = ("  repeated .%s m%d = %d;"):format(name, i, i) end
    lines[#lines + 1] = "}"
    process.write(directory .. "/all.proto", table.concat(lines, "\n"))
  end

  local function protoc(action, input)
    process.write(directory .. "/input", input)
    local command = "protoc -Iproto -I%s -I$(pkg-config --variable=includedir protobuf) --%s=spec.All all.proto"
      .. " <%s/input >%s/output 2>%s/errors"
    local _, status = lab.sh(command:format(directory, action, directory, directory, directory))
    assert.equal(0, status, process.read(directory .. "/errors"):sub(1, 2000))
    return process.read(directory .. "/output")
  end

  local function encode_varint(number)
    local bytes = ""
    while number >= 128 do
      bytes = bytes .. string.char(number % 128 + 128)
      number = math.floor(number / 128)
    end
    return bytes .. string.char(number)
  end

  local function decode_varint(bytes, position)
    local number, shift = 0, 0
    while true do
      local byte = bytes:byte(position)
      number, shift, position = number + byte % 128 * 2 ^ shift, shift + 7, position + 1
      if byte < 128 then return number, position end
    end
  end

  local function field(number, bytes)
    return encode_varint(number * 8 + 2) .. encode_varint(#bytes) .. bytes
  end

  -- Calls fn(number, bytes) for each field.
  local function each_field(bytes, fn)
    local position = 1
    while position <= #bytes do
      local tag, size
      tag, position = decode_varint(bytes, position)
      size, position = decode_varint(bytes, position)
      fn(math.floor(tag / 8), bytes:sub(position, position + size - 1))
      position = position + size
    end
  end

  setup(function()
    math.randomseed(tonumber(os.getenv "CTD_SEED" or 1))
    directory = lab.tempdir()
    names = random_message.load(directory)
    write_schema()
    samples = {}
    for i, name in ipairs(names) do
      for _ = 1, PER_TYPE do
        local text, value = random_message.generate(name)
        samples[#samples + 1] = { number = i, name = name, text = text, value = value }
      end
    end
  end)

  teardown(function()
    lab.sh("rm -r " .. process.quote(directory))
  end)

  it("are decoded from what protoc encodes", function()
    local text = {}
    for i, sample in ipairs(samples) do text[i] = ("m%d { %s }"):format(sample.number, sample.text) end
    local count = 0
    each_field(protoc("encode", table.concat(text, "\n")), function(number, bytes)
      count = count + 1
      local sample = samples[count]
      assert.equal(sample.number, number)
      assert.same(sample.value, containerd.decode(sample.name, bytes), sample.name .. ": " .. sample.text)
    end)
    assert.equal(#samples, count)
  end)

  it("are encoded to what protoc decodes", function()
    local ours, text = {}, {}
    for i, sample in ipairs(samples) do
      ours[i] = field(sample.number, containerd.encode(sample.name, sample.value))
      text[i] = ("m%d { %s }"):format(sample.number, sample.text)
    end
    local expected = protoc("decode", protoc("encode", table.concat(text, "\n")))
    assert.is_true(#expected > 1000)
    assert.equal(expected, protoc("decode", table.concat(ours)))
  end)

  it("that aren't of their type are an error", function()
    local err = raises("data_loss", containerd.decode, "containerd.events.TaskExit", "\255")
    assert.equal("decode: the bytes are no containerd.events.TaskExit", err.message)
    local result, returned, code = require "containerd.safe".decode("containerd.events.TaskExit", "\255")
    assert.same({ nil, "data_loss", "data_loss" }, { result, returned.code, code })
  end)

  -- What is wrong -> type, value, what the message says.
  local misuses = {
    ["an unknown type"] = { "containerd.events.Task", {}, 'there is no message type "containerd.events.Task"' },
    ["an unknown field"] = {
      "containerd.events.TaskExit", { exit_statu = 1 },
      '"value.exit_statu": containerd.events.TaskExit has no such field (did you mean "exit_status"?)',
    },
    ["an unknown field further in"] = {
      "containerd.events.TaskCreate", { rootfs = { { typ = "bind" } } },
      '"value.rootfs[1].typ": containerd.types.Mount has no such field (did you mean "type"?)',
    },
    ["an unknown value of an enum"] = {
      "containerd.services.snapshots.v1.Info", { kind = "comitted" },
      '"value.kind": containerd.services.snapshots.v1.Kind has no value "comitted" (did you mean "committed"?)',
    },
    ["a value of an enum that nothing is near to"] = {
      "containerd.services.snapshots.v1.Info", { kind = "xyzzyxyzzy" }, 'Kind has no value "xyzzyxyzzy"',
    },
    ["a wrong type"] = { "containerd.events.TaskExit", { id = 1 }, '"value.id": string expected, got number' },
    ["a number out of its range"] = {
      "containerd.events.TaskExit", { pid = -1 }, '"value.pid": integer in its range expected',
    },
    ["a fraction"] = { "containerd.events.TaskExit", { pid = 1.5 }, "integer in its range expected" },
    ["an array that is none"] = { "containerd.events.TaskCreate", { rootfs = "x" }, "table expected, got string" },
    ["a key that is no string"] = { "containerd.services.images.v1.Image", { labels = { 1 } }, "string expected" },
    ["a time that is none"] = { "containerd.events.TaskExit", { exited_at = "now" }, "number of seconds expected" },
    ["a value without a type"] = {
      "containerd.services.events.v1.PublishRequest", { event = { value = "x" } }, '"value.event": the type is missing',
    },
    ["a table of an unknown type"] = {
      "containerd.services.events.v1.PublishRequest", { event = { type_url = "x.Y", value = {} } },
      "the type x.Y is unknown here",
    },
  }

  for what, case in pairs(misuses) do
    it("refuse " .. what, function()
      local ok, message = pcall(function() containerd.encode(case[1], case[2]) end)
      assert.is_false(ok)
      assert.matches("^spec/message_spec.lua:%d+: encode: ", message)
      assert.matches(case[3], message, 1, true)
    end)
  end
end)
