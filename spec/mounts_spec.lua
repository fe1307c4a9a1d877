-- Mounts that the daemon keeps. None of the lab's daemons has them, so their messages are held against the protocol's
-- file.
local containerd = require "containerd"
local safe = require "containerd.safe"
local lab = require "spec.support.lab"
local process = require "spec.support.process"
local raises = require "spec.support.raises"

local PACKAGE = "containerd.services.mounts.v1."

lab.each_daemon(function(daemon)
  local client, mounts

  setup(function()
    client = containerd.connect { address = daemon.address, namespace = "mounts" }
    mounts = client:mounts()
  end)

  teardown(function()
    mounts:close()
    client:close()
  end)

  local erofs = { { type = "erofs", source = "/layer", options = { "ro", "loop" } } }

  -- method -> its arguments, its error's object.
  local calls = {
    activate = { { "one", erofs, { labels = { a = "b" }, temporary = true } }, "mounts one in namespace mounts" },
    deactivate = { { "one" }, "mounts one in namespace mounts" },
    info = { { "one" }, "mounts one in namespace mounts" },
    update = { { "one", { a = "c", b = false } }, "mounts one in namespace mounts" },
    list = { { 'labels."a"==b', { a = "b" } }, "mounts in namespace mounts" },
  }

  it("is unimplemented where the daemon doesn't have it", function()
    for name, call in pairs(calls) do
      local err = raises("unimplemented", mounts[name], mounts, table.unpack(call[1]))
      assert.equal(name, err.op)
      assert.matches(name .. " " .. call[2], err.message, 1, true)
      raises("unimplemented", function() mounts[name .. "_async"](mounts, table.unpack(call[1])):await(20) end)
    end
    local nothing, _, code = safe.connect(daemon.address):mounts():list()
    assert.is_nil(nothing)
    assert.equal("unimplemented", code)
  end)

  it("raises misuse before it asks", function()
    local function misuse(text, name, ...)
      local ok, err = pcall(mounts[name], mounts, ...)
      assert.is_false(ok)
      assert.matches(text, err, 1, true)
    end
    misuse('"name"', "activate")
    misuse('"mounts"', "activate", "one", "mount")
    misuse('"mounts[1].path": containerd.types.Mount has no such field', "activate", "one", { { path = "x" } })
    misuse('unknown option "tempory" (did you mean "temporary"?)', "activate", "one", erofs, { tempory = true })
    misuse('"labels"', "update", "one")
    local closed = client:mounts()
    assert.equal("containerd.mounts (namespace mounts)", tostring(closed))
    closed:close()
    for name, call in pairs(calls) do
      local ok, err = pcall(closed[name], closed, table.unpack(call[1]))
      assert.is_false(ok)
      assert.matches("the containerd.mounts is closed", err, 1, true)
    end
  end)
end)

describe("messages of mounts", function()
  local directory

  setup(function() directory = lab.tempdir() end)

  teardown(function() lab.sh("rm -r " .. process.quote(directory)) end)

  local function protoc(action, type, input)
    process.write(directory .. "/input", input)
    local command = "protoc -Iproto -I$(pkg-config --variable=includedir protobuf) --%s=%s%s proto/mounts.proto <%s"
    return (lab.sh(command:format(action, PACKAGE, type, process.quote(directory .. "/input"))))
  end

  it("are what the protocol file says", function()
    local requests = {
      ActivateRequest = {
        { name = "one", mounts = { { type = "erofs", source = "/layer", options = { "ro", "loop" } } },
          labels = { a = "b" }, temporary = true },
        'name: "one" mounts { type: "erofs" source: "/layer" options: "ro" options: "loop" } ' ..
          'labels { key: "a" value: "b" } temporary: true',
      },
      UpdateRequest = {
        { info = { name = "one", labels = { a = "c" } }, update_mask = { paths = { "labels.a" } } },
        'info { name: "one" labels { key: "a" value: "c" } } update_mask { paths: "labels.a" }',
      },
      ListRequest = { { filters = { "name==one" } }, 'filters: "name==one"' },
    }
    for type, pair in pairs(requests) do
      assert.equal(protoc("encode", type, pair[2]), containerd.encode(PACKAGE .. type, pair[1]))
    end
    local answer = protoc("encode", "InfoResponse", 'info { name: "one" labels { key: "a" value: "b" } ' ..
      'active { mount { type: "erofs" source: "/layer" target: "/m" } mounted_at { seconds: 7 nanos: 500000000 } ' ..
      'mount_point: "/run/m/1" data { key: "loop" value: "/dev/loop0" } } ' ..
      'system { type: "bind" source: "/run/m/1" options: "ro" } }')
    assert.same({
      name = "one",
      labels = { a = "b" },
      active = {
        { mount = { type = "erofs", source = "/layer", target = "/m", options = {} }, mounted_at = 7.5,
          mount_point = "/run/m/1", data = { loop = "/dev/loop0" } },
      },
      system = { { type = "bind", source = "/run/m/1", options = { "ro" } } },
    }, containerd.decode(PACKAGE .. "InfoResponse", answer).info)
  end)
end)
