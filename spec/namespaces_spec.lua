-- Namespaces: their names and their labels.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

lab.each_daemon(function(daemon)
  local client, namespaces, name

  before_each(function()
    name = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = name }
    namespaces = client:namespaces()
  end)

  after_each(function() client:close() end)

  local function has(wanted)
    for _, each in ipairs(namespaces:list()) do
      if each == wanted then return true end
    end
    return false
  end

  it("makes one with labels, lists it and deletes it", function()
    assert.is_false(has(name))
    namespaces:create(name, { team = "web" })
    assert.is_true(has(name))
    assert.same({ team = "web" }, namespaces:labels(name))
    assert.is_truthy(daemon:ctr("namespaces ls"):find(name .. " team=web", 1, true))
    namespaces:delete(name)
    assert.is_false(has(name))
  end)

  it("changes the labels that are named and leaves the others alone", function()
    namespaces:create(name, { team = "web", tier = "front", keep = "it" })
    namespaces:set_labels(name, { team = "mobile", tier = false, new = "label" })
    assert.same({ team = "mobile", keep = "it", new = "label" }, namespaces:labels(name))
    namespaces:set_labels(name, {})
    assert.same({ team = "mobile", keep = "it", new = "label" }, namespaces:labels(name))
  end)

  it("gives operations the defaults that its labels name", function()
    namespaces:create(name, { ["containerd.io/defaults/snapshotter"] = "native" })
    client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
    assert.equal("", (daemon:ctr("snapshots --snapshotter overlayfs ls", { namespace = name })):match "\n(.*)$")
    assert.matches("Committed", (daemon:ctr("snapshots --snapshotter native ls", { namespace = name })))
  end)

  it("names what failed", function()
    namespaces:create(name)
    local err = raises("already_exists", namespaces.create, namespaces, name)
    assert.matches("create namespace " .. name, err.message, 1, true)
    raises("invalid_argument", namespaces.create, namespaces, "a/b")
    local absent = name .. "-absent"
    assert.same({}, namespaces:labels(absent))
    err = raises("not_found", namespaces.delete, namespaces, absent)
    assert.matches("delete namespace " .. absent, err.message, 1, true)
    local image = client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
    raises("failed_precondition", namespaces.delete, namespaces, name)
    image:delete { sync = true }
    namespaces:delete(name)
  end)

  it("tells misuse", function()
    local ok, message = pcall(namespaces.set_labels, namespaces, name, { a = true })
    assert.is_false(ok)
    assert.matches("values strings or false", message)
    assert.is_false(pcall(namespaces.create, namespaces, name, { a = false }))
    assert.is_false(pcall(namespaces.create, namespaces))
    assert.is_false(has(name))
  end)
end)
