-- Connecting, what goes wrong then, and the client itself.
local containerd = require "containerd"
local safe = require "containerd.safe"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"
local socket = require "socket"
local unix = require "socket.unix"

-- An address that doesn't answer as it should gives its code, in one line with the address, in time.
local function fails_to_connect(code, address, opts)
  opts = opts or {}
  opts.address = address
  local start = socket.gettime()
  local err = raises(code, containerd.connect, opts)
  assert.is_true(socket.gettime() - start < 2)
  assert.equal("connect", err.op)
  assert.matches(address, err.message, 1, true)
  assert.is_nil(err.message:find "\n")
end

describe("connect", function()
  local dir

  setup(function() dir = lab.tempdir() end)
  teardown(function() lab.sh("rm -r " .. dir) end)

  it("to a socket that doesn't exist", function() fails_to_connect("no_such_socket", dir .. "/none.sock") end)

  it("to one that refuses", function()
    local server = unix()
    assert(server:bind(dir .. "/refuses.sock"))
    server:close()
    fails_to_connect("connection_refused", dir .. "/refuses.sock")
  end)

  it("to one that accepts and never answers", function()
    local server = unix()
    assert(server:bind(dir .. "/silent.sock"))
    assert(server:listen())
    fails_to_connect("deadline_exceeded", dir .. "/silent.sock", { timeout = 0.5 })
    server:close()
  end)

  it("to a peer that isn't containerd", function()
    local address = dir .. "/redis.sock"
    local process = lab.spawn("redis-server --port 0 --save '' --dir " .. dir .. " --unixsocket " .. address)
    lab.eventually(function() return process:output():match(address) end, 10)
    fails_to_connect("unavailable", address)
    process:kill "TERM"
    process:wait(10)
  end)

  it("without the permission", function()
    local server = unix()
    local address = dir .. "/private.sock"
    assert(server:bind(address))
    assert(server:listen())
    lab.sh(("chmod 755 %s && chmod 600 %s"):format(dir, address))
    local code = ("local _, err = pcall(require(%q).connect, %q) print(err.code, err)"):format("containerd", address)
    local nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups "
    local output = lab.sh(nobody .. lab.interpreter .. " -e '" .. code .. "'")
    assert.matches("^permission_denied", output)
    assert.matches(address, output, 1, true)
    server:close()
  end)

  it("takes its address from the environment, or is told that it's rootless", function()
    local function address(code, env)
      return lab.lua("local ok, err = pcall(require('containerd').connect, " .. code .. ") print(err)", { env = env })
    end
    assert.matches("/from/environment", address("nil", { CONTAINERD_ADDRESS = "/from/environment" }), 1, true)
    assert.matches("/given:", address("'unix:///given'", { CONTAINERD_ADDRESS = "/from/environment" }), 1, true)
    local rootless = address("'rootless'", { XDG_RUNTIME_DIR = "/run/me" })
    assert.matches("/run/me/containerd/containerd.sock", rootless, 1, true)
    assert.matches("/run/user/%d+/containerd/containerd.sock", address("'rootless'", { XDG_RUNTIME_DIR = "" }))
  end)

  it("refuses misuse before anything happens", function()
    for _, each in ipairs {
      { { adress = "/x" }, 'unknown option "adress" %(did you mean "address"%?%)' },
      { { address = 1 }, '"address": string expected, got number' },
      { { timeout = "1" }, '"timeout": number of seconds expected, got string' },
      { { timeout = -1 }, '"timeout": number of seconds expected, got number' },
      { 1, "table of options expected, got number" },
      { { "x" }, "names of options are strings, one is a number" },
    } do
      for _, module in ipairs { containerd, safe } do
        local ok, message = pcall(function() module.connect(each[1]) end)
        assert.is_false(ok)
        assert.matches("client_spec.lua:%d+: connect: " .. each[2], message)
      end
    end
  end)

  it("refuses a namespace that can't be one", function()
    raises("invalid_argument", containerd.connect, { namespace = "no/slash" })
  end)
end)

lab.each_daemon(function(daemon)
  it("tells the daemon's version", function()
    local client = containerd.connect(daemon.address)
    local version = client:version()
    assert.matches("^v?%d+%.%d+", version.version)
    assert.is_true(version.revision == nil or #version.revision > 0)
    client:close()
  end)

  it("shows what it is, and that it's closed", function()
    local client = containerd.connect { address = "unix://" .. daemon.address, namespace = "spec" }
    assert.equal(("containerd.client (%s, namespace spec)"):format(daemon.address), tostring(client))
    assert.is_true(client:close())
    assert.equal("containerd.client (closed)", tostring(client))
    assert.is_true(client:close())
    local ok, message = pcall(function() client:version() end)
    assert.is_false(ok)
    assert.matches("client_spec.lua:%d+: version: the containerd.client is closed", message)
  end)

  it("works in other namespaces on the same connection, which outlives it", function()
    local client = containerd.connect { address = daemon.address, namespace = "one" }
    local other = client:with_namespace "other"
    client:close()
    assert.matches("namespace other", tostring(other))
    assert.matches("%d", other:version().version)
    raises("invalid_argument", other.with_namespace, other, "..")
    other:close()
  end)

  it("takes namespace and address from the environment", function()
    local output = lab.lua("print(require('containerd').connect())", {
      env = { CONTAINERD_ADDRESS = daemon.address, CONTAINERD_NAMESPACE = "from-environment" },
    })
    assert.matches(daemon.address .. ", namespace from-environment", output, 1, true)
  end)

  it("answers a thousand calls from coroutines, and closes itself with its variable", function()
    local output = lab.lua([[
      local containerd = require "containerd"
      do
        local client <close> = containerd.connect()
        for _ = 1, 1000 do
          coroutine.wrap(function() assert(client:version().version) end)()
        end
      end
      print "done"
    ]], { daemon = daemon })
    assert.equal("done\n", output)
  end)
end)
