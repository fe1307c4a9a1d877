-- The Go client's tests of the client and of pulling, by their names there: what isn't in image_spec.lua.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

lab.each_daemon(function(daemon)
  local namespace, client

  before_each(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
  end)

  after_each(function()
    client:close()
    daemon:clean(namespace)
  end)

  local function pull(ref, opts)
    opts = opts or {}
    opts.hosts_dir = daemon.hosts_dir
    return client:pull(ref, opts)
  end

  it("TestNewClient", function()
    local other = containerd.connect { address = daemon.address }
    assert.matches("^[12]%.", other:version().version)
    assert.is_true(other:close())
  end)

  -- The manifest then refers to its config alone, as the Go client's filter of child labels has it from the start.
  it("TestImagePullWithDiscardContent: layers go, and the snapshots made of them stay", function()
    local lease = client:lease()
    local leased <close> = client:with_lease(lease)
    local digest = leased:pull("layers", { hosts_dir = daemon.hosts_dir }):digest()
    local content, labels = client:content(), {}
    for key in pairs(content:info(digest).labels) do
      if key:find("containerd.io/gc.ref.content.l.", 1, true) then labels[key] = false end
    end
    content:update(digest, labels)
    lease:delete { sync = true }
    local image = client:image "docker.io/library/layers:latest"
    local manifest = image:manifest()
    assert.is_true(#manifest.layers > 6)
    for _, layer in ipairs(manifest.layers) do raises("not_found", content.info, content, layer.digest) end
    assert.equal(manifest.config.digest, content:info(manifest.config.digest).digest)
    assert.is_true(image:is_unpacked())
    local container <close> = image:new_container("whole", { args = { "/bin/true" }, auto_delete = true })
    local task <close> = container:new_task { auto_delete = true }
    task:start()
    assert.equal(0, (task:wait { timeout = 30 }))
  end)

  it("TestImagePullWithConcurrentUnpacks: three pulls unpack at once", function()
    local futures = {}
    for i, snapshotter in ipairs { "overlayfs", "native", "overlayfs" } do
      futures[i] = client:pull_async(i == 3 and "redis:alpine" or "layers", {
        hosts_dir = daemon.hosts_dir,
        snapshotter = snapshotter,
      })
    end
    for i, results in ipairs(containerd.all(futures)) do
      assert.is_true(results[1]:is_unpacked(i == 2 and "native" or "overlayfs"))
    end
    assert.is_true(daemon:is_clean(namespace))
  end)

  it("fetches each layer once for all pulls of this process, of which the others wait", function()
    local name = "once-" .. namespace
    local output, status = lab.sh(("spec/support/platforms %s %s"):format(lab.registry, name))
    assert.equal(0, status, output)
    local faulty = lab.faulty_registry { rules = { { path = "/blobs/", method = "GET", delay = 0.5 } } }
    finally(function() faulty:close() end)
    local other <close> = client:with_namespace(namespace)
    local futures = {}
    for i, each in ipairs { client, other, client } do
      futures[i] = each:pull_async(name, { hosts_dir = faulty.hosts_dir })
    end
    local images = containerd.all(futures)
    for _, results in ipairs(images) do assert.is_true(results[1]:is_unpacked()) end
    assert.equal(1, #faulty:requests("GET", images[1][1]:manifest().layers[1].digest))
    assert.is_true(daemon:is_clean(namespace))
  end)

  it("TestIssue13030: what higher layers remove isn't there, whoever unpacked them", function()
    local image = pull "busybox"
    local container <close> = image:new_container("whiteouts", {
      args = { "/bin/sh", "-c", "cat /etc/motd; ls /etc/removed /opt/replaced 2>/dev/null" },
      auto_delete = true,
    })
    local task <close> = container:new_task { stdio = "pipe", auto_delete = true }
    task:start()
    assert.equal("second\n/opt/replaced:\nsecond\n", task.stdout:read "a")
  end)

  -- Earlier daemons can't be asked.
  if daemon.version:match "^2" then
    it("TestRuntimeInfo: tells what the runtime can do", function()
      local info = client:call("containerd.services.introspection.v1.Introspection/PluginInfo", {
        type = "io.containerd.runtime.v2",
        id = "task",
        options = { ["@type"] = "containerd.types.RuntimeRequest", runtime_path = "io.containerd.runc.v2" },
      }).extra
      assert.equal("io.containerd.runc.v2", info.name)
      local options = {}
      for _, option in ipairs(info.features.mountOptions) do options[option] = true end
      assert.is_true(options.rro)
    end)
  end

  it("TestDefaultRuntimeWithNamespaceLabels", function()
    local shim = daemon.ctr_path:gsub("ctr$", "containerd-shim-runc-v2")
    client:namespaces():create(namespace, { ["containerd.io/defaults/runtime"] = shim })
    local image = pull "busybox"
    local container <close> = image:new_container("labelled", { args = { "/bin/true" }, auto_delete = true })
    assert.equal(shim, container:runtime().name)
    local other <close> = image:new_container("given", { runtime = "io.containerd.runc.v2", auto_delete = true })
    assert.equal("io.containerd.runc.v2", other:runtime().name)
    local task <close> = container:new_task { auto_delete = true }
    task:start()
    assert.equal(0, (task:wait { timeout = 30 }))
  end)
end)
