-- What the daemon says of itself.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

lab.each_daemon(function(daemon)
  local client

  setup(function()
    client = containerd.connect { address = daemon.address, namespace = daemon:namespace() }
  end)

  teardown(function()
    client:close()
  end)

  it("tells the server's identity", function()
    local server = client:server()
    assert.matches("^%x+%-%x+%-%x+%-%x+%-%x+$", server.uuid)
    assert.equal(server.uuid, client:server().uuid)
    assert.same({}, server.deprecations)
    if daemon.version == "1.6" then
      assert.equal(0, server.pid)
    else
      assert.matches("containerd", assert(io.open(("/proc/%d/cmdline"):format(server.pid))):read "a")
      assert.is_true(server.pidns > 0)
    end
  end)

  it("lists plugins, with filters", function()
    local all = client:plugins()
    local list = client:plugins("type==io.containerd.snapshotter.v1,id==overlayfs", "id==native")
    assert.is_true(#all > 20)
    assert.equal(2, #list)
    for _, plugin in ipairs(list) do
      assert.equal("io.containerd.snapshotter.v1", plugin.type)
      assert.matches("^linux/", plugin.platforms[1])
      assert.is_table(plugin.capabilities)
      assert.is_nil(plugin.init_err)
      assert.is_true(plugin.exports.root == nil or plugin.exports.root:find(plugin.id, 1, true) ~= nil)
    end
    local failed = 0
    for _, plugin in ipairs(all) do
      if plugin.init_err then
        failed = failed + 1
        assert.is_true(plugin.init_err.code > 0)
        assert.is_string(plugin.init_err.message)
      end
    end
    local listed = select(2, daemon:ctr("plugins ls"):gsub("%serror", ""))
    local skipped = select(2, daemon:ctr("plugins ls"):gsub("%sskip", ""))
    assert.equal(listed + skipped, failed)
    assert.same({}, client:plugins "id==nothing")
    assert.equal("plugins", raises("invalid_argument", client.plugins, client, "id==").op)
  end)

  it("tells whether it serves", function()
    assert.is_true(client:serving())
    local other <close> = containerd.connect { address = daemon.address }
    assert.is_true(other:serving { timeout = 10 })
  end)

  it("answers in time, as every call does", function()
    for _, name in ipairs { "server", "plugins", "serving" } do
      local err = raises("deadline_exceeded", client[name], client, { timeout = 0 })
      assert.equal(name, err.op)
    end
  end)
end)
