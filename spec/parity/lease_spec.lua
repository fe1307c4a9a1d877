-- The Go client's integration test of leases, under its name.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

lab.each_daemon(function(daemon)
  it("TestLeaseResources: the leased snapshot outlives its image, the config doesn't", function()
    local namespace = daemon:namespace()
    local client = containerd.connect { address = daemon.address, namespace = namespace }
    local lease = client:leases():create()
    local image = client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
    local function exists(key)
      return select(2, daemon:ctr("snapshots info " .. key, { namespace = namespace, may_fail = true })) == 0
    end
    -- The first in the list, whatever its parents are.
    local chain_id = daemon:ctr("snapshots ls", { namespace = namespace }):match "(sha256:%x+) +Committed"
    assert.is_true(exists(chain_id))
    lease:add { id = chain_id, type = "snapshots/overlayfs" }
    assert.same({ { id = chain_id, type = "snapshots/overlayfs" } }, lease:resources())

    image:delete { sync = true }
    raises("not_found", client.image, client, image:name())
    assert.equal("", (daemon:ctr("content ls -q", { namespace = namespace })))
    assert.is_true(exists(chain_id))

    lease:delete { sync = true }
    assert.is_false(exists(chain_id))
    client:close()
    daemon:clean(namespace)
  end)
end)
