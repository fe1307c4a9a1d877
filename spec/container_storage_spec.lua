-- What a new container stands on, and how it's run: snapshots and directories, ready specs, extensions, runtimes, the
-- daemon's monitor.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local new_container = require "spec.support.new_container"
local raises = require "spec.support.raises"

lab.each_daemon(function(daemon)
  local namespace, client, image
  local here = { daemon = daemon }
  local asks = new_container(here)
  local spec_of, refuses, misuse = asks.spec_of, asks.refuses, asks.misuse

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    image = client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
    here.namespace, here.client, here.image = namespace, client, image
  end)

  teardown(function() client:close() end)

  describe("storage", function()
    it("makes a read-only view of the image", function()
      local container = image:new_container("view", { snapshot_view = true, auto_delete = true })
      assert.is_true(container:spec().root.readonly)
      assert.matches("\nview .* View", daemon:ctr("snapshots ls", { namespace = namespace }))
      -- The image has no directory for it, and the runtime can't make one.
      local ok, err = pcall(container.new_task, container)
      container:close()
      assert.is_false(ok)
      assert.matches("/proc: read%-only file system", err.message)
      assert.is_true(daemon:is_clean(namespace))
    end)

    it("uses a directory of the host as rootfs", function()
      local rootfs = lab.tempdir()
      lab.sh(("mkdir -p %s/bin %s/etc && cp /bin/busybox %s/bin && echo 'app:x:70:71::/:' >%s/etc/passwd"):format(
        rootfs, rootfs, rootfs, rootfs))
      for _, owner in ipairs { image, client } do
        local container = owner:new_container("rootfs", { rootfs = rootfs, user = "app", auto_delete = true,
          args = { "/bin/busybox", "id", "-u" } })
        assert.equal(rootfs, container:spec().root.path)
        assert.is_nil(container:snapshot_key())
        local task = container:new_task { stdio = "pipe", auto_delete = true }
        task:start()
        assert.equal("70\n", task.stdout:read "a")
        task:close()
        container:close()
      end
      refuses("invalid_argument", { rootfs = "relative" }, "rootfs")
      refuses("invalid_argument", { rootfs = "/x", snapshot = "y" }, "rootfs")
      lab.sh("rm -r " .. rootfs)
    end)

    it("takes a ready spec, as a table or as JSON", function()
      local spec = spec_of { args = { "echo", "ready" } }
      spec.hostname = "ready"
      local container = image:new_container("ready", { spec = spec, auto_delete = true, hostname = "ignored",
        edit = function(it) it.domainname = "edited" end })
      assert.equal("ready", container:spec().hostname)
      assert.equal("edited", container:spec().domainname)
      container:close()
      local bare = client:new_container("bare", { spec = '{"ociVersion": "1.0.2", "root": {"path": "/nowhere"}}' })
      assert.same({ ociVersion = "1.0.2", root = { path = "/nowhere" } }, bare:spec())
      assert.is_nil(bare:info().image)
      bare:delete()
      misuse({ spec = "{" }, '"spec": JSON: line 1')
      misuse({ spec = "[]" }, '"spec": a JSON object expected')
      misuse({ spec = { 1 } }, '"spec": table by names')
    end)

    it("stands on a snapshot that exists, without an image", function()
      daemon:ctr("snapshots prepare mine " .. daemon:ctr("snapshots ls", { namespace = namespace })
        :match "\n(sha256:%x+)", { namespace = namespace })
      local container = client:new_container("existing", { snapshot = "mine", args = { "echo", "there" } })
      assert.equal("mine", container:snapshot_key())
      local task = container:new_task { stdio = "pipe", auto_delete = true }
      task:start()
      assert.equal("there\n", task.stdout:read "a")
      task:close()
      container:delete { snapshot = true }
      assert.is_true(daemon:is_clean(namespace))
      local err = raises("not_found", client.new_container, client, "existing", { snapshot = "absent" })
      assert.matches("absent", err.message)
      raises("not_found", client.container, client, "existing")
    end)

    it("needs something to stand on", function()
      raises("invalid_argument", client.new_container, client, "nothing")
      raises("invalid_argument", client.new_container, client, "nothing", { snapshot_view = true })
      assert.is_true(daemon:is_clean(namespace))
    end)

    it("leaves a snapshot alone that it didn't make", function()
      local first = image:new_container("first", { snapshot = "kept" })
      local ok = pcall(client.new_container, client, "second", { snapshot = "kept", cwd = "relative" })
      assert.is_false(ok)
      assert.matches("\nkept ", daemon:ctr("snapshots ls", { namespace = namespace }))
      first:delete { snapshot = true }
    end)
  end)

  describe("runtime", function()
    it("keeps extensions as they are", function()
      local extensions = {
        one = { type_url = "com.example/One", value = "\0\1\255" },
        two = { type_url = "x", value = "" },
      }
      local container = image:new_container("extended", { extensions = extensions, auto_delete = true })
      assert.same(extensions, container:extensions())
      assert.same(extensions, client:container("extended"):extensions())
      container:close()
      misuse({ extensions = { one = "x" } }, '"extensions": {type_url, value}')
      misuse({ extensions = { one = { type_url = 1, value = "" } } }, 'strings expected for "one"')
    end)

    it("passes options to the runtime", function()
      local container = image:new_container("options", { auto_delete = true, runtime = "io.containerd.runc.v2",
        runtime_options = { binary_name = "no-runc", io_uid = 5, no_pivot_root = true } })
      local expected = { name = "io.containerd.runc.v2",
        options = { binary_name = "no-runc", io_uid = 5, no_pivot_root = true } }
      assert.same(expected, container:runtime())
      assert.same(expected, client:container("options"):info().runtime)
      local ok, err = pcall(container.new_task, container)
      assert.is_false(ok)
      assert.matches("no%-runc", err.message)
      container:close()
      local config = image:new_container("config", { auto_delete = true, runtime_options = { config_path = "/x" } })
      assert.same({ config_path = "/x" }, config:runtime().options)
      config:close()
      misuse({ runtime_options = { binary = "x" } }, '"runtime_options": unknown field "binary"')
      misuse({ runtime_options = { binaryname = "x" } }, 'did you mean "binary_name"')
      misuse({ runtime_options = { io_uid = -1 } }, '"io_uid": want an id')
      misuse({ runtime_options = { no_pivot_root = "x" } }, '"no_pivot_root": want a boolean')
      misuse({ runtime_options = { config_path = 1 } }, '"config_path": want a string')
    end)

    it("names the policy of the daemon's monitor", function()
      assert.equal("on-failure:3",
        image:new_container("policy", { restart = "on-failure:3" }):labels()["containerd.io/restart.policy"])
      client:container("policy"):delete { snapshot = true }
      refuses("invalid_argument", { restart = "sometimes" }, 'restart "sometimes"')
      refuses("invalid_argument", { restart = "on-failure:x" }, "restart")
    end)
  end)
end)
