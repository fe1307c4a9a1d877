-- Errors: objects that are raised, or returned by the safe module; misuse raises in both.
local containerd = require "containerd"
local safe = require "containerd.safe"
local lab = require "spec.support.lab"

describe("an error", function()
  local function failure()
    return select(2, pcall(containerd.connect, "/no/such.sock"))
  end

  it("has code, message and op, and what it doesn't have is nil", function()
    local err = failure()
    assert.equal("no_such_socket", err.code)
    assert.equal("connect", err.op)
    assert.equal("connect to /no/such.sock: No such file or directory", err.message)
    assert.is_nil(err.status)
    assert.is_nil(err.details)
    assert.is_nil(err.anything)
    assert.is_nil(err[1])
  end)

  it("is its message as a string, also in a concatenation", function()
    local err = failure()
    assert.equal(err.message, tostring(err))
    assert.equal("failed: " .. err.message .. "!", "failed: " .. err .. "!")
  end)

  it("is known to is_error", function()
    local err = failure()
    assert.is_true(containerd.is_error(err))
    assert.is_true(safe.is_error(err, "no_such_socket"))
    assert.is_false(containerd.is_error(err, "not_found"))
    for _, other in ipairs { "text", 1, {}, io.stdout } do assert.is_false(containerd.is_error(other)) end
    assert.is_false(containerd.is_error(nil))
  end)

  it("has one of the module's codes", function()
    local codes = {}
    for _, code in ipairs(containerd.codes) do codes[code] = true end
    assert.is_true(codes[failure().code])
  end)

  it("ends a script with its message alone", function()
    local output, status = lab.lua "require('containerd').connect '/no/such.sock'"
    assert.equal(1, status)
    local message = output:gsub("stack traceback:.*", "") -- which LuaJIT adds to whatever message
    assert.matches("^%S*" .. lab.interpreter .. ": connect to /no/such.sock: No such file or directory\n$", message)
  end)

  it("can't be written to", function()
    local err = failure()
    assert.has_error(function() err.code = "other" end)
  end)
end)

lab.each_daemon(function(daemon)
  local namespace

  setup(function() namespace = daemon:namespace() end)

  it("names the operation, the object and the namespace", function()
    local client = containerd.connect { address = daemon.address, namespace = namespace }
    local ok, err = pcall(client.container, client, "absent")
    assert.is_false(ok)
    assert.equal("not_found", err.code)
    assert.equal("container", err.op)
    assert.equal(5, err.status)
    assert.matches("absent", err.message)
    assert.matches(namespace, err.message, 1, true)
    client:close()
  end)

  it("is returned by the safe module, its clients and what comes from them", function()
    local client = safe.connect { address = daemon.address, namespace = namespace }
    local other = client:with_namespace(namespace .. "-b")
    for _, each in ipairs { client, other } do
      local value, err, code = each:image "absent"
      assert.is_nil(value)
      assert.is_true(safe.is_error(err, "not_found"))
      assert.equal("not_found", code)
    end
    local value, err, code = client:with_namespace ".."
    assert.is_nil(value)
    assert.equal("invalid_argument", err.code)
    assert.equal("invalid_argument", code)
    client:close()
    other:close()
  end)

  it("is returned by the futures of the safe module", function()
    local client = safe.connect { address = daemon.address, namespace = namespace }
    local future = client:image_async "absent"
    for _ = 1, 2 do
      local value, err, code = future:await()
      assert.is_nil(value)
      assert.equal(err.code, code)
      assert.equal("not_found", code)
    end
    local all, _, code = safe.all { client:image_async "absent" }
    assert.is_nil(all)
    assert.equal("not_found", code)
    client:close()
  end)

  it("doesn't stand for misuse, which raises in both", function()
    for _, module in ipairs { containerd, safe } do
      local client = module.connect { address = daemon.address, namespace = namespace }
      local ok, message = pcall(function() client:images { timeout = 1, filtre = "x" } end)
      assert.is_false(ok)
      assert.matches('error_spec.lua:%d+: images: unknown option "filtre"', message)
      client:close()
      ok, message = pcall(function() client:images() end)
      assert.is_false(ok)
      assert.matches("images: the containerd.client is closed", message)
    end
  end)

  it("of the client raises nothing when all is well", function()
    local client = safe.connect { address = daemon.address, namespace = namespace }
    assert.same({}, assert(client:images()))
    assert.is_true(client:close())
  end)
end)
