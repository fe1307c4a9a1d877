-- Checkpoints of containers, and containers made of them.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

local INDEX = "application/vnd.oci.image.index.v1+json"
local LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
local PART = "application/vnd.containerd.container."

lab.each_daemon(function(daemon)
  local namespace, client, image
  local made = {}

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    image = client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
  end)

  teardown(function()
    client:close()
    daemon:clean(namespace)
  end)

  local function keep(container)
    made[#made + 1] = container
    return container
  end

  after_each(function()
    for i = #made, 1, -1 do
      pcall(function() made[i]:task():delete { kill = true } end)
      pcall(made[i].delete, made[i], { snapshot = true })
      made[i] = nil
    end
    for _, one in ipairs(client:images 'name~="^spec.local/"') do one:delete { sync = true } end
    assert.is_true(daemon:is_clean(namespace))
    assert.same({}, lab.leftovers())
  end)

  -- Runs a container's task to its end, and gives its output.
  local function run(container)
    local task = container:new_task { stdio = "pipe" }
    task:start()
    local output = task.stdout:read "a"
    assert.equal(0, (task:wait()))
    task:delete()
    return output
  end

  -- One that has written to its file system.
  local function written(id, opts)
    opts = opts or {}
    opts.args = { "/bin/sh", "-c", "cat /etc/note 2>/dev/null; echo noted >/etc/note; rm -f /bin/vi; ls /bin/vi; true" }
    local container = keep(image:new_container(id, opts))
    assert.equal("", run(container))
    return container
  end

  local function index_of(checkpoint)
    local types = {}
    local tree = checkpoint:content_tree()
    for i, child in ipairs(tree.children) do types[i] = child.media_type end
    return types, tree
  end

  it("makes an image of a container, of which another is made on the same files", function()
    local container = written "first"
    local checkpoint = container:checkpoint "spec.local/checkpoint:1"
    assert.equal("spec.local/checkpoint:1", checkpoint:name())
    assert.equal(INDEX, checkpoint:target().media_type)
    local types = index_of(checkpoint)
    assert.same({ image:target().media_type, PART .. "checkpoint.config.v1+proto", LAYER }, types)
    local spec = container:spec()
    container:delete { snapshot = true }

    local restored = keep(client:restore("second", checkpoint))
    assert.equal("second", restored:id())
    assert.equal(image:name(), restored:image():name())
    assert.equal("second", restored:snapshot_key())
    assert.equal("noted\n", run(restored))
    spec.linux.cgroupsPath = "/" .. namespace .. "/second"
    assert.same(spec, restored:spec())
  end)

  it("has the annotations, labels and parts that the Go client's have", function()
    local opts = { snapshotter = "native", runtime_options = { binary_name = "runc" } }
    image:unpack "native"
    local checkpoint = written("annotated", opts):checkpoint "spec.local/checkpoint:1"
    local index = client:content():read(checkpoint:digest())
    local _, tree = index_of(checkpoint)
    assert.matches('"org.opencontainers.image.ref.name":"' .. image:name() .. '"', index, 1, true)
    assert.matches('"io.containerd.checkpoint.runtime":"io.containerd.runc.v2"', index, 1, true)
    assert.matches('"io.containerd.checkpoint.snapshotter":"native"', index, 1, true)
    assert.matches('"platform":{"architecture":"[%w]+","os":"linux"', index)
    local labels = client:content():info(checkpoint:digest()).labels
    for i, child in ipairs(tree.children) do
      assert.equal(child.digest, labels["containerd.io/gc.ref.content." .. i - 1])
    end
    assert.equal(PART .. "checkpoint.runtime.options+proto", tree.children[3].media_type)
    assert.equal(LAYER, tree.children[4].media_type)
    local restored = keep(client:restore("copy", checkpoint))
    assert.equal("native", restored:snapshotter())
    assert.equal("runc", restored:runtime().options.binary_name)
    assert.equal("noted\n", run(restored))
  end)

  it("leaves out what isn't asked for", function()
    local container = written "partial"
    local checkpoint = container:checkpoint("spec.local/checkpoint:1", { image = false, rw = false, runtime = false })
    assert.same({ PART .. "checkpoint.config.v1+proto" }, (index_of(checkpoint)))
    assert.equal("", run(keep(client:restore("bare", checkpoint))))
  end)

  it("gives ctr what it restores, and restores what ctr gives", function()
    local container = written "ours"
    container:checkpoint "spec.local/checkpoint:1"
    container:delete { snapshot = true }
    daemon:ctr("containers restore --rw theirs spec.local/checkpoint:1", { namespace = namespace })
    local theirs = keep(client:container "theirs")
    pcall(function() theirs:task():delete { kill = true } end)
    assert.equal("noted\n", run(theirs))
    daemon:ctr("containers checkpoint --rw --image theirs spec.local/checkpoint:2", { namespace = namespace })
    local back = keep(client:restore("back", client:image "spec.local/checkpoint:2"))
    assert.equal(image:name(), back:image():name())
    local view = back:snapshotter() == "overlayfs" and "etc/note" or error "another snapshotter"
    local mounts, upper = client:snapshots():mounts "back", nil
    for _, option in ipairs(mounts[1].options) do upper = upper or option:match "^upperdir=(.*)" end
    assert.equal("noted\n", (lab.sh("cat " .. upper .. "/" .. view)))
  end)

  it("fails with clear errors, and leaves nothing", function()
    local container = written "failing"
    container:checkpoint "spec.local/checkpoint:1"
    local err = raises("already_exists", container.checkpoint, container, "spec.local/checkpoint:1")
    assert.equal("checkpoint", err.op)
    assert.matches("container failing.*spec.local/checkpoint:1", err.message)
    raises("invalid_argument", container.checkpoint, container, "spec.local/checkpoint:2", { exit = true })
    raises("not_found", container.checkpoint, container, "spec.local/checkpoint:2", { task = true })
    raises("deadline_exceeded", container.checkpoint, container, "spec.local/checkpoint:2", { timeout = 0 })
    local bare = keep(client:new_container("bare", { rootfs = "/tmp", args = { "true" } }))
    err = raises("failed_precondition", bare.checkpoint, bare, "spec.local/checkpoint:2")
    assert.matches("no image", err.message)
    local view = keep(image:new_container("view", { snapshot_view = true, args = { "true" } }))
    err = raises("failed_precondition", view.checkpoint, view, "spec.local/checkpoint:2")
    assert.matches("read%-only", err.message)
    raises("not_found", client.image, client, "spec.local/checkpoint:2")

    local checkpoint = client:image "spec.local/checkpoint:1"
    raises("already_exists", client.restore, client, "failing", checkpoint)
    err = raises("invalid_argument", client.restore, client, "other", image)
    assert.equal("restore", err.op)
    raises("invalid_argument", client.restore, client, "no/id", checkpoint)
    err = raises("invalid_argument", container.restore, container, checkpoint)
    assert.matches("no checkpoint of a task", err.message)
    local blobs = checkpoint:content_tree().children
    client:content():delete(blobs[#blobs].digest)
    raises("not_found", client.restore, client, "other", checkpoint)
    raises("not_found", client.container, client, "other")
    assert.error_matches(function() client:restore("x", "y") end, '"checkpoint": image expected')
    assert.error_matches(function() container:checkpoint("x", { rv = true }) end, 'did you mean "rw"')
    assert.error_matches(function() container:new_task { checkpoint = 1 } end, '"checkpoint": image expected')
  end)
end)
