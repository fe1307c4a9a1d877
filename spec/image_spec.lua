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

  it("deletes an image, and with sync what only it needed", function()
    local scratch = client:with_namespace(daemon:namespace())
    local image = scratch:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
    image:delete { sync = true }
    raises("not_found", scratch.image, scratch, image:name())
    raises("not_found", image.delete, image)
    scratch:close()
  end)
end)
