-- Containers: what new_container makes, compared with what ctr makes, and what its failures leave.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

lab.each_daemon(function(daemon)
  local namespace, client, image

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    image = client:pull("redis:alpine", { hosts_dir = daemon.hosts_dir })
  end)

  teardown(function()
    client:close()
    daemon:clean(namespace)
  end)

  local function spec_of(opts)
    local container = image:new_container("spec-of", opts)
    local spec = container:spec()
    container:delete { snapshot = true }
    return spec
  end

  it("makes the spec that the Go client makes of the same image", function()
    local theirs = daemon:ctr("container create docker.io/library/redis:alpine theirs", { namespace = namespace })
    assert.is_string(theirs)
    local their_spec = client:container("theirs"):spec()
    daemon:ctr("container rm theirs", { namespace = namespace })
    local our_spec = spec_of()
    -- The command adds to the client's default what its own flags stand for: the rules of the usual devices.
    their_spec.linux.resources.devices = our_spec.linux.resources.devices
    -- The version of the specification is that of the library which the command was built with, not the daemon's.
    their_spec.ociVersion = our_spec.ociVersion
    their_spec.linux.cgroupsPath = their_spec.linux.cgroupsPath:gsub("theirs", "spec-of")
    assert.same(their_spec, our_spec)
  end)

  it("makes a container that ctr can run", function()
    local container = image:new_container("for-ctr", { args = { "/bin/sh", "-c", "echo from ctr; exit 4" } })
    local output, status = daemon:ctr("task start for-ctr", { namespace = namespace, may_fail = true })
    assert.equal(4, status)
    assert.matches("from ctr", output)
    container:delete { snapshot = true }
  end)

  it("makes containers of images that ctr pulled", function()
    daemon:pull("docker.io/library/busybox:latest", namespace)
    local theirs = client:image "docker.io/library/busybox:latest"
    local container = theirs:new_container("from-ctr", { args = { "sh", "-c", "echo $0; exit 5" }, auto_delete = true })
    local task = container:new_task { stdio = "pipe", auto_delete = true }
    task:start()
    assert.equal("sh\n", task.stdout:read "a")
    assert.equal(5, (task:wait()))
    task:close()
    container:close()
  end)

  it("applies its options to the spec", function()
    local spec = spec_of {
      command = { "redis-cli", "--help" },
      env = { GREETING = "hello", EMPTY = "" },
      cwd = "/tmp",
      user = "redis",
      hostname = "here",
      mounts = { "/etc/hostname:/mnt/name:ro", { type = "tmpfs", source = "tmpfs", destination = "/scratch" } },
      memory = "64M",
      cpus = 0.5,
      pids_limit = 50,
      cap_add = { "NET_ADMIN" },
      cap_drop = { "CAP_KILL" },
      readonly = true,
    }
    local args = spec.process.args
    assert.same({ "redis-cli", "--help" }, { args[#args - 1], args[#args] })
    assert.equal("/tmp", spec.process.cwd)
    assert.equal("here", spec.hostname)
    assert.is_true(spec.root.readonly)
    assert.equal(64 * 1024 * 1024, spec.linux.resources.memory.limit)
    assert.equal(100000, spec.linux.resources.cpu.period)
    assert.equal(50000, spec.linux.resources.cpu.quota)
    assert.equal(50, spec.linux.resources.pids.limit)
    local env, caps = {}, {}
    for _, entry in ipairs(spec.process.env) do env[entry] = true end
    for _, cap in ipairs(spec.process.capabilities.bounding) do caps[cap] = true end
    assert.is_true(env["GREETING=hello"] and env["EMPTY="])
    assert.is_true(caps.CAP_NET_ADMIN)
    assert.is_nil(caps.CAP_KILL)
    local last = spec.mounts[#spec.mounts]
    assert.equal("/scratch", last.destination)
    assert.same({ "rbind", "ro" }, spec.mounts[#spec.mounts - 1].options)
    assert.is_true(spec.process.user.uid > 0)
  end)

  it("gives edit the last word", function()
    local spec = spec_of {
      hostname = "before",
      edit = function(spec)
        spec.hostname = "after"
        spec.annotations = { ["com.example"] = "yes" }
      end,
    }
    assert.equal("after", spec.hostname)
    assert.equal("yes", spec.annotations["com.example"])
  end)

  it("leaves nothing when edit raises", function()
    local ok, err = pcall(image.new_container, image, "edited", { edit = function() error "no, thanks" end })
    assert.is_false(ok)
    assert.matches("no, thanks", tostring(err))
    raises("not_found", client.container, client, "edited")
    assert.is_true(daemon:is_clean(namespace))
  end)

  it("looks users and groups up in the container's own snapshot", function()
    local busybox = client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
    for user, want in pairs { ["www-data"] = { 33, 33 }, ["1234"] = { 1234, 0 }, ["7:8"] = { 7, 8 } } do
      local container = busybox:new_container("user", { user = user })
      local process = container:spec().process
      assert.same(want, { process.user.uid, process.user.gid }, user)
      container:delete { snapshot = true }
    end
    local err = raises("not_found", busybox.new_container, busybox, "user", { user = "nobody-of-that-name" })
    assert.matches("nobody%-of%-that%-name", tostring(err))
    assert.is_true(daemon:is_clean(namespace))
  end)

  it("refuses an id that is taken and leaves the other container alone", function()
    local container = image:new_container "taken"
    local err = raises("already_exists", image.new_container, image, "taken", { snapshot = "another" })
    assert.matches("taken", err.message)
    assert.matches(namespace, err.message, 1, true)
    assert.equal("taken", client:container("taken"):id())
    container:delete { snapshot = true }
    assert.is_true(daemon:is_clean(namespace))
  end)

  it("refuses a snapshot that is taken and doesn't remove it", function()
    local container = image:new_container("first", { snapshot = "shared" })
    raises("already_exists", image.new_container, image, "second", { snapshot = "shared" })
    local snapshots = daemon:ctr("snapshots ls", { namespace = namespace })
    assert.matches("\nshared ", snapshots)
    raises("not_found", client.container, client, "second")
    container:delete { snapshot = true }
    assert.is_true(daemon:is_clean(namespace))
  end)

  it("raises on misuse before anything has happened", function()
    for option, pattern in pairs { argz = "args", memroy = "memory" } do
      local ok, err = pcall(image.new_container, image, "misuse", { [option] = "x" })
      assert.is_false(ok)
      assert.is_false(containerd.is_error(err))
      assert.matches(option, tostring(err))
      assert.matches(pattern, tostring(err))
    end
    assert.is_false(pcall(image.new_container, image, "misuse", { memory = {} }))
    assert.is_false(pcall(image.new_container, image))
    raises("invalid_argument", image.new_container, image, "not an id")
    raises("invalid_argument", image.new_container, image, "caps", { cap_add = { "CAP_FLY" } })
    assert.is_true(daemon:is_clean(namespace))
  end)

  it("copies the image's labels except containerd's own", function()
    local container = image:new_container("labels", { labels = { mine = "yes" } })
    local labels = container:labels()
    assert.equal("yes", labels.mine)
    for key in pairs(labels) do
      assert.is_true(key == "containerd.io/restart" or not key:match "^containerd%.io/", key)
      assert.is_nil(key:match "^io%.cri%-containerd", key)
    end
    container:delete { snapshot = true }
  end)

  it("lists containers, with filters", function()
    local one = image:new_container("one", { labels = { app = "web" } })
    local two = image:new_container("two", { labels = { app = "db" } })
    local ids = {}
    for _, container in ipairs(client:containers()) do ids[#ids + 1] = container:id() end
    table.sort(ids)
    assert.same({ "one", "two" }, ids)
    local web = client:containers 'labels."app"==web'
    assert.equal(1, #web)
    assert.equal("one", web[1]:id())
    assert.equal(1, #client:containers { app = "db" })
    one:delete { snapshot = true }
    two:delete { snapshot = true }
    assert.same({}, client:containers())
  end)

  it("answers not_found for a container that isn't there", function()
    local err = raises("not_found", client.container, client, "absent")
    assert.matches("absent", err.message)
    assert.equal(5, err.status)
    assert.is_nil(err.message:match "\n")
    local container = image:new_container "brief"
    assert.is_true(container:exists())
    container:delete { snapshot = true }
    assert.is_false(container:exists())
    raises("not_found", container.delete, container)
  end)

  it("deletes an auto_delete container with close, once", function()
    local container = image:new_container("auto", { auto_delete = true })
    container:close()
    container:close()
    raises("not_found", client.container, client, "auto")
    assert.is_true(daemon:is_clean(namespace))
    assert.matches("closed", tostring(container))
    assert.is_false(pcall(container.spec, container))
  end)
end)
