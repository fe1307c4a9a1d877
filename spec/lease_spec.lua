-- Leases: made whole or not at all, kept from the collector what they name, gone when they're deleted.
local containerd = require "containerd"
local safe = require "containerd.safe"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

lab.each_daemon(function(daemon)
  local namespace, client

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
  end)

  teardown(function()
    client:close()
    daemon:clean(namespace)
  end)

  after_each(function()
    for _, lease in ipairs(client:leases():list()) do lease:delete() end
    assert.is_true(daemon:is_clean(namespace))
  end)

  local function expiry(lease)
    local year, month, day, hour, min, sec = lease:labels()["containerd.io/gc.expire"]:match(
      "^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)Z$")
    local utc = os.time { year = year, month = month, day = day, hour = hour, min = min, sec = sec, isdst = false }
    return utc - os.time(os.date "!*t") -- seconds from now
  end

  it("makes one, and finds it again", function()
    local lease = client:lease { id = "mine", labels = { app = "web" }, expires = 3600 }
    assert.equal("mine", lease:id())
    assert.equal("web", lease:labels().app)
    assert.is_true(math.abs(expiry(lease) - 3600) <= 5)
    assert.is_true(math.abs(lease:created() - os.time()) < 60)
    assert.equal("containerd.lease (mine)", tostring(lease))
    assert.same({ lease }, client:leases():list { app = "web" })
    assert.same({ lease }, client:leases():list('id=="nothing"', "id==mine"))
    assert.same({}, client:leases():list 'id=="nothing"')
    assert.matches("mine", daemon:ctr("leases ls -q", { namespace = namespace }))
    lease:delete()
    assert.same({}, client:leases():list())
    assert.equal("not_found", raises("not_found", lease.delete, lease).code)
  end)

  it("gives an id and a day's life to one that says nothing, and no end where it's told so", function()
    local lease, other = client:lease(), client:lease { expires = math.huge }
    assert.matches("^%d+%-....$", lease:id())
    assert.not_equal(lease, other)
    assert.is_true(math.abs(expiry(lease) - 86400) <= 5)
    assert.same({}, other:labels())
    assert.same({}, client:leases():create():labels())
    raises("invalid_argument", client.lease, client, { expires = 1e15 })
  end)

  it("refuses an id that is taken, or that no header can carry", function()
    client:leases():create { id = "taken" }
    local err = raises("already_exists", client.lease, client, { id = "taken" })
    assert.matches("lease taken in namespace " .. namespace, err.message, 1, true)
    assert.equal(1, #client:leases():list())
    for _, id in ipairs { "", "a b", "a\nb", "é" } do
      raises("invalid_argument", client.lease, client, { id = id })
      raises("invalid_argument", client.with_lease, client, id)
    end
    local nothing, failure, code = safe.connect({ address = daemon.address, namespace = namespace }):lease { id = "" }
    assert.is_nil(nothing)
    assert.equal("invalid_argument", code)
    assert.equal("lease", failure.op)
  end)

  it("keeps what is added to it, by containerd's type names", function()
    local lease = client:lease { id = "keeper" }
    local digest = "sha256:" .. ("a"):rep(64)
    assert.same({}, lease:resources())
    lease:add { id = digest, type = "content" }
    lease:add { id = "key", type = "snapshots/overlayfs" }
    lease:add { id = "ref", type = "ingests" }
    local resources = lease:resources()
    table.sort(resources, function(a, b) return a.type < b.type end)
    assert.same({
      { id = digest, type = "content" },
      { id = "ref", type = "ingests" },
      { id = "key", type = "snapshots/overlayfs" },
    }, resources)
    lease:remove { id = "key", type = "snapshots/overlayfs" }
    lease:remove { id = "key", type = "snapshots/overlayfs" }
    assert.equal(2, #lease:resources())
    local err = raises("unimplemented", lease.add, lease, { id = "key", type = "nonsense" })
    assert.matches("nonsense key to lease keeper", err.message)
    lease:delete { sync = true }
    raises("not_found", lease.resources, lease)
    raises("not_found", lease.add, lease, { id = digest, type = "content" })
    raises("not_found", client:leases().delete, client:leases(), "keeper")
  end)

  it("tells misuse before it does anything", function()
    local lease = client:lease()
    for _, wrong in ipairs { {}, { id = "x" }, { type = "content" } } do
      local ok, message = pcall(function() lease:add(wrong) end)
      assert.is_false(ok)
      assert.matches('lease_spec.lua:%d+: add: "id" and "type"', message)
    end
    local ok, message = pcall(client.lease, client, { expire = 1 })
    assert.is_false(ok)
    assert.matches('did you mean "expires"', message)
    assert.is_false(pcall(client.lease, client, { expires = -1 }))
    lease:close()
    assert.is_false(pcall(lease.id, lease))
    assert.is_false(pcall(client.with_lease, client, lease))
    assert.equal(1, #client:leases():list())
  end)

  it("is deleted when one with auto_delete is closed", function()
    do
      local _ <close> = client:lease { id = "short", auto_delete = true }
      assert.equal(1, #client:leases():list())
    end
    assert.same({}, client:leases():list())
  end)

  it("puts every call of a client under it, and no operation makes another", function()
    local lease = client:lease()
    local leased = client:with_lease(lease)
    local image = leased:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
    assert.equal(1, #client:leases():list())
    local kept = {}
    for _, resource in ipairs(lease:resources()) do kept[resource.type] = (kept[resource.type] or 0) + 1 end
    assert.is_true(kept.content >= 3)
    assert.is_true(kept["snapshots/overlayfs"] >= 1)
    image:delete { sync = true }
    assert.equal(kept.content + kept["snapshots/overlayfs"], #lease:resources())
    lease:delete { sync = true }
    assert.equal("", (daemon:ctr("content ls -q", { namespace = namespace })))
    raises("not_found", leased.pull, leased, "busybox:latest", { hosts_dir = daemon.hosts_dir })
    leased:close()
    local other = client:with_namespace(daemon:namespace())
    assert.is_false(pcall(other.with_lease, other, lease))
    other:close()
  end)

  it("leaves none behind when its making is broken off, or nobody takes it", function()
    for delay = 0, 20 do
      local future = client:lease_async { id = "half" .. delay }
      containerd.sleep(delay / 10000)
      future:cancel()
      local ok, lease = pcall(future.await, future)
      if ok then lease:delete() end -- the cancel came too late
    end
    raises("deadline_exceeded", client.lease, client, { timeout = 0 })
    local future = client:lease_async { id = "forgotten" }
    lab.eventually(function() return future:done() end, 10)
    future:close()
    containerd.sleep(0.01)
    local left = {}
    for _, lease in ipairs(client:leases():list()) do left[#left + 1] = lease:id() end
    assert.same({}, left)
  end)
end)
