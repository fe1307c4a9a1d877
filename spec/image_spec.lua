-- Images: their records, and what can be read from them.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

lab.each_daemon(function(daemon)
  local namespace, client

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir, labels = { app = "web" } })
    client:pull("multi:latest", { hosts_dir = daemon.hosts_dir })
  end)

  teardown(function()
    client:close()
    daemon:clean(namespace)
  end)

  it("gives one by its name", function()
    local image = client:image "docker.io/library/busybox:latest"
    assert.equal("docker.io/library/busybox:latest", image:name())
    assert.matches("^sha256:%x+$", image:digest())
    assert.equal(image:digest(), image:target().digest)
    assert.matches("^application/vnd", image:target().media_type)
    assert.is_true(image:target().size > 0)
    assert.same({ app = "web" }, image:labels())
    assert.is_true(math.abs(image:created() - os.time()) < 600)
    assert.is_true(image:updated() >= image:created())
    assert.equal(image, client:image "docker.io/library/busybox:latest")
  end)

  it("lists them, with filters", function()
    local names = {}
    for _, image in ipairs(client:images()) do names[#names + 1] = image:name() end
    table.sort(names)
    assert.same({ "docker.io/library/busybox:latest", "docker.io/library/multi:latest" }, names)
    assert.equal(1, #client:images { app = "web" })
    assert.equal(2, #client:images('name~="busybox"', 'name~="multi"'))
    assert.same({}, client:images 'name=="nothing"')
    raises("invalid_argument", client.images, client, "name==")
  end)

  it("tells sizes and platforms as ctr does", function()
    local image = client:image "docker.io/library/multi:latest"
    assert.is_true(image:size() > 0)
    assert.same({ "linux/amd64", "linux/arm64" }, image:platforms())
  end)

  it("answers not_found, with the names", function()
    local err = raises("not_found", client.image, client, "docker.io/library/absent:1")
    assert.matches("docker.io/library/absent:1", err.message, 1, true)
    assert.matches(namespace, err.message, 1, true)
    assert.equal(5, err.status)
  end)

  it("keeps namespaces apart", function()
    local other = client:with_namespace(daemon:namespace())
    raises("not_found", other.image, other, "docker.io/library/busybox:latest")
    assert.same({}, other:images())
    other:close()
    assert.equal("docker.io/library/multi:latest", client:image("docker.io/library/multi:latest"):name())
  end)

  it("reads manifest, config, diff ids and chain id, of any platform that is there", function()
    local image = client:image "docker.io/library/multi:latest"
    local config, manifest = image:config(), image:manifest()
    assert.same({ "cat", "/platform" }, config.config.Cmd)
    assert.equal("amd64", config.architecture)
    assert.equal(#manifest.layers, #image:diff_ids())
    assert.same(config.rootfs.diff_ids, image:diff_ids())
    local stat = daemon:ctr("snapshots info " .. image:rootfs_chain_id(), { namespace = namespace })
    assert.matches("Committed", stat)
    for _, method in ipairs { "config", "manifest", "diff_ids", "rootfs_chain_id", "is_unpacked" } do
      local first, second = { platform = "linux/arm64" }, nil
      if method == "is_unpacked" then
        first, second = second, first
      end
      local err = raises("not_found", image[method], image, first, second)
      assert.matches(namespace, err.message, 1, true)
    end
    raises("unsupported_platform", image.config, image, { platform = "linux/s390x" })
    raises("invalid_argument", image.manifest, image, { platform = "a/b/c/d" })
  end)

  it("tells what is missing, per platform", function()
    local image = client:image "docker.io/library/multi:latest"
    local amd64, arm64 = (unpack or table.unpack)(image:check())
    assert.equal("linux/amd64", amd64.platform)
    assert.is_true(amd64.complete and amd64.unpacked)
    assert.same({}, amd64.missing_blobs)
    assert.equal("linux/arm64", arm64.platform)
    assert.is_false(arm64.complete)
    assert.equal(arm64.digest, arm64.missing_blobs[1].digest)
    assert.is_nil(arm64.unpacked)
    local other = image:check({ snapshotter = "native" })[1]
    assert.is_true(other.complete)
    assert.is_false(other.unpacked)
    assert.same(image:rootfs_chain_id(), other.missing_snapshots[#other.missing_snapshots])
    raises("invalid_argument", image.check, image, { snapshotter = "no-such-snapshotter" })
  end)

  it("shows its blobs as a tree", function()
    local image = client:image "docker.io/library/multi:latest"
    local tree = image:content_tree()
    assert.equal(image:digest(), tree.digest)
    assert.is_true(tree.present)
    assert.is_true(tree.children[1].children[1].present)
    assert.is_false(tree.children[2].present)
    assert.is_nil(tree.children[2].children)
    assert.equal(image:size(), image:usage({ manifest_limit = 1 }).size)
    raises("deadline_exceeded", image.content_tree, image, { timeout = 0 })
    raises("deadline_exceeded", image.usage, image, { timeout = 0 })
  end)

  it("tags, once or by force", function()
    local image = client:image "docker.io/library/busybox:latest"
    local tagged = image:tag "registry.example/copy:1"
    finally(function() tagged:delete() end)
    assert.equal("registry.example/copy:1", tagged:name())
    assert.equal(image:digest(), client:image("registry.example/copy:1"):digest())
    assert.same(image:labels(), tagged:labels())
    local other = client:image "docker.io/library/multi:latest"
    local err = raises("already_exists", other.tag, other, "registry.example/copy:1")
    assert.matches("registry.example/copy:1", err.message, 1, true)
    assert.equal("tag", err.op)
    assert.equal(other:digest(), other:tag("registry.example/copy:1", { force = true }):digest())
  end)

  it("sets some labels and leaves the others", function()
    local image = client:image("docker.io/library/busybox:latest"):tag "labelled"
    assert.same({ app = "web", tier = "front" }, image:set_labels { tier = "front" })
    assert.same({ tier = "back" }, image:set_labels { app = false, tier = "back" })
    assert.same({ tier = "back" }, client:image("labelled"):labels())
    assert.same({ tier = "back" }, image:set_labels {})
    assert.is_false(pcall(image.set_labels, image, { tier = 1 }))
    assert.is_false(pcall(image.set_labels, image))
    raises("invalid_argument", image.set_labels, image, { key = ("x"):rep(5000) })
    image:delete()
    raises("not_found", image.set_labels, image, { a = "b" })
    raises("not_found", image.set_labels, image, {})
  end)

  it("deletes an image, and with sync what only it needed", function()
    local scratch = client:with_namespace(daemon:namespace())
    local image = scratch:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
    image:delete { sync = true }
    raises("not_found", scratch.image, scratch, image:name())
    raises("not_found", image.delete, image)
    scratch:close()
  end)
end)
