-- The Go client's own tests of images (integration/client), by their names there.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

local busybox = "docker.io/library/busybox:latest"
local platforms = "docker.io/library/platforms:latest"

lab.each_daemon(function(daemon)
  local namespace, client

  setup(function()
    local output, status = lab.sh("spec/support/platforms " .. lab.registry)
    assert.equal(0, status, output)
  end)

  before_each(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
  end)

  after_each(function()
    client:close()
    assert.is_true(daemon:is_clean(namespace))
    daemon:clean(namespace)
  end)

  local function pull(ref, opts)
    opts = opts or {}
    opts.hosts_dir = daemon.hosts_dir
    return client:pull(ref, opts)
  end

  local function visit(node, fn)
    fn(node)
    for _, child in ipairs(node.children or {}) do visit(child, fn) end
  end

  -- The platforms of an index whose manifests the daemon has, and of those that it hasn't.
  local function manifests(image)
    local present, absent = {}, {}
    for _, node in ipairs(image:content_tree().children) do
      local list = node.present and present or absent
      list[#list + 1] = node.platform
    end
    return present, absent
  end

  it("TestImagePull", function()
    local image = pull "busybox"
    assert.equal(busybox, image:name())
    assert.is_true(image:is_unpacked())
  end)

  it("TestImagePullAllPlatforms", function()
    local image = pull("platforms", { all_platforms = true, unpack = false })
    local blobs = 0
    visit(image:content_tree(), function(node)
      blobs = blobs + 1
      assert.is_true(node.present, node.digest)
      assert.is_true(#daemon:ctr("content get " .. node.digest, { namespace = namespace }) > 0)
    end)
    assert.equal(1 + 5 * 3, blobs)
  end)

  it("TestImagePullSomePlatforms", function()
    local image = pull("platforms", { platform = { "linux/amd64", "linux/arm64", "linux/arm/v7" }, unpack = false })
    local present, absent = manifests(image)
    assert.same({ "linux/amd64", "linux/arm64", "linux/arm/v7" }, present)
    assert.same({ "linux/s390x", "unknown/unknown" }, absent)
    local err = raises("unsupported_platform", pull, "platforms", { platform = { "linux/amd64", "linux/ppc64le" } })
    assert.matches("linux/ppc64le", err.message)
  end)

  it("TestImagePullWithConcurrencyLimit", function()
    local faulty = lab.faulty_registry { rules = { { path = "/blobs/", delay = 0.1 } } }
    finally(function() faulty:close() end)
    local loading, most = {}, 0
    client:pull("layers", {
      hosts_dir = faulty.hosts_dir,
      max_concurrent = 2,
      progress = function(step)
        loading[step.digest] = step.state == "downloading" or nil
        local count = 0
        for _ in pairs(loading) do count = count + 1 end
        most = math.max(most, count)
      end,
    })
    assert.is_true(most >= 1 and most <= 2, most)
  end)

  it("TestImageIsUnpacked", function()
    local image = pull("busybox", { unpack = false })
    for _, snapshotter in ipairs { "overlayfs", "native" } do
      assert.is_false(image:is_unpacked(snapshotter))
      image:unpack(snapshotter)
      assert.is_true(image:is_unpacked(snapshotter))
      image:unpack(snapshotter)
    end
    assert.is_true(image:is_unpacked())
    assert.is_true(image:is_unpacked { timeout = 20 })
    assert.is_true(image:unpack { platform_check = true })
    raises("invalid_argument", image.unpack, image, "no-such-snapshotter")
    raises("unsupported_platform", function() pull("multi"):unpack(nil, { platform = "linux/s390x" }) end)
    raises("not_found", function() pull("multi"):unpack { platform = "linux/arm64" } end)
  end)

  it("TestImagePullWithDistSourceLabel", function()
    local image = pull "busybox"
    visit(image:content_tree(), function(node)
      local row = daemon:ctr("content ls digest==" .. node.digest, { namespace = namespace })
      assert.matches("containerd.io/distribution.source.docker.io=[^%s]*library/busybox", row)
    end)
  end)

  it("TestImageUsage", function()
    local image = pull("platforms", { unpack = false })
    local own = image:usage { manifest_limit = 1 }.size
    raises("not_found", image.usage, image, { manifest_limit = 0, manifests = true })
    assert.equal(0, image:usage().snapshots)
    image = pull("platforms", { all_platforms = true, unpack = false })
    local all = image:usage({ manifest_limit = 0, manifests = true }).size
    assert.is_true(own < all)
    local stored = image:usage { manifest_limit = 0 }
    assert.equal(all, stored.size)
    image:unpack()
    local unpacked = image:usage { snapshots = true }
    assert.is_true(unpacked.size > all)
    assert.equal(unpacked.size, unpacked.content + unpacked.snapshots)
  end)

  it("TestImageSupportedBySnapshotter_Error", function()
    local err = raises("unsupported_platform", pull, "foreign", { platform_check = true })
    assert.matches("windows/amd64", err.message)
    assert.same({}, client:images())
    local image = pull("foreign", { platform_check = true, unpack = false })
    raises("unsupported_platform", image.unpack, image, nil, { platform_check = true })
  end)

  it("TestImagePullAllPlatforms, unpacked, for any snapshotter", function()
    local image = pull("platforms", { all_platforms = true, snapshotter = "native" })
    for _, item in ipairs(image:check { snapshotter = "native" }) do
      assert.is_true(item.complete)
      if item.platform == "unknown/unknown" then
        assert.is_nil(item.unpacked)
      else
        assert.is_true(item.unpacked)
        assert.is_true(image:is_unpacked("native", { platform = item.platform }))
      end
    end
    assert.is_false(image:is_unpacked "overlayfs")
    assert.same({ platforms }, { client:images()[1]:name() })
  end)
end)
