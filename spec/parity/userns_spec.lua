-- Containers in user namespaces, under the names of the official client's tests.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

local UIDS, GIDS = { "0:100000:65536" }, { "0:200000:65536" }

lab.each_daemon(function(daemon)
  local namespace, client, image

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    image = client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
    image:unpack "native"
  end)

  teardown(function()
    client:close()
    daemon:clean(namespace)
  end)

  -- The directories of a snapshot, the topmost first.
  local function directories(snapshotter, key)
    local mount, dirs = client:snapshots(snapshotter):mounts(key)[1], {}
    for _, option in ipairs(mount.options) do
      if option:find "^upperdir=" then table.insert(dirs, 1, (option:gsub("^upperdir=", ""))) end
      for dir in (option:match "^lowerdir=(.*)" or ""):gmatch "[^:]+" do dirs[#dirs + 1] = dir end
    end
    return #dirs > 0 and dirs or { mount.source }
  end

  -- What a script in the container prints.
  local function run(id, opts, script)
    opts.args = { "/bin/sh", "-c", script }
    opts.uid_maps, opts.gid_maps = opts.uid_maps or UIDS, opts.gid_maps or GIDS
    local container = image:new_container(id, opts)
    local task = container:new_task { stdio = "pipe", auto_delete = true }
    task:start()
    local output = task.stdout:read "a"
    local code = task:wait()
    local errors = task.stderr:read "a"
    task:close()
    return container, output .. errors, code
  end

  after_each(function()
    for _, container in ipairs(client:containers()) do container:delete { snapshot = true } end
    assert.is_true(daemon:is_clean(namespace))
    assert.same({}, lab.leftovers())
  end)

  for _, name in ipairs { "overlayfs", "native" } do
    describe(name, function()
      -- Files for the image's own snapshot, which is this namespace's alone.
      setup(function()
        local snapshots = client:snapshots(name)
        snapshots:view("plant", image:rootfs_chain_id(), { labels = { ["containerd.io/gc.root"] = "spec" } })
        local output, status = lab.sh(("cd %s && %s"):format(directories(name, "plant")[1], [[
          mkdir -p planted proc dev sys run && cd planted && echo x >suid && chown 3:4 suid && chmod 6755 suid &&
          ln suid again && ln -s /etc/passwd link && echo x >a && chown 5:5 a && echo x >b && chown 90:90 b]]))
        assert.equal(0, status, output)
        snapshots:remove "plant"
      end)

      it("TestUserNamespaces: files are the namespace's, setuid bits stay, in a writable root", function()
        local container, output, code = run("writable", { snapshotter = name }, [[cat /proc/self/uid_map; cd /planted
          stat -c '%u:%g %a' suid again /bin / && stat -c '%u:%g' link && touch /new && stat -c %u:%g /new; exit 7]])
        assert.equal(7, code)
        assert.equal("0 100000 65536\n3:4 6755\n3:4 6755\n0:0 755\n0:0 755\n0:0\n0:0\n",
          (output:gsub("^ +", ""):gsub(" +", " ")))
        local file = directories(name, container:snapshot_key())[1] .. "/new"
        assert.equal("100000:200000\n", (lab.sh("stat -c %u:%g " .. file)))
        assert.equal("0:0\n", (lab.sh "stat -c %u:%g /etc/passwd"))
      end)

      it("TestUserNamespaces: and in a read-only one", function()
        local opts = { snapshotter = name, snapshot_view = true }
        local _, output, code = run("readonly", opts, "stat -c %u:%g /bin; touch /new; exit 7")
        assert.equal(7, code)
        assert.matches("^0:0\n.*Read%-only file system", output)
      end)

      it("has the same owners after a checkpoint", function()
        local container = run("first", { snapshotter = name }, "stat -c %u:%g /new /bin; echo x >/new; true")
        local checkpoint = container:checkpoint "spec.local/userns"
        local restored = client:restore("second", checkpoint)
        checkpoint:delete()
        local task = restored:new_task { stdio = "pipe", auto_delete = true }
        task:start()
        assert.equal("0:0\n0:0\n", task.stdout:read "a")
        task:wait()
        task:close()
      end)

      it("maps several ranges, and leaves alone what isn't mapped", function()
        local opts = { snapshotter = name }
        opts.uid_maps = { "0:300000:5", { containerID = 5, hostID = 400000, size = 5 } }
        opts.gid_maps = { "0:500000:10" }
        local _, output = run("ranges", opts, "cd /planted && stat -c %u:%g /bin a b")
        assert.equal("0:0\n5:5\n65534:65534\n", output)
      end)
    end)
  end

  it("TestIDMappedOverlay: what is written is the mapped id's, on files that aren't copied", function()
    local container, output = run("mapped", {}, "echo x >/new; stat -c %u:%g /new /bin")
    assert.equal("0:0\n0:0\n", output)
    local dirs = directories("overlayfs", container:snapshot_key())
    assert.equal("100000:200000\n", (lab.sh("stat -c %u:%g " .. dirs[1] .. "/new")))
    local labels = client:snapshots():stat(container:snapshot_key()).labels
    local lower = (lab.sh("stat -c %u:%g " .. dirs[#dirs] .. "/bin"))
    if daemon.version == "2.1" then
      assert.equal("0:100000:65536", labels["containerd.io/snapshot/uidmapping"])
      assert.equal("0:200000:65536", labels["containerd.io/snapshot/gidmapping"])
      assert.equal("0:0\n", lower)
    else
      assert.is_nil(labels["containerd.io/snapshot/uidmapping"])
      local parent = client:snapshots():stat(container:snapshot_key()).parent
      assert.equal(image:rootfs_chain_id() .. "-100000-200000", parent)
      assert.equal(image:rootfs_chain_id(), client:snapshots():stat(parent).parent)
    end
  end)

  it("fails clearly, and leaves nothing, where it may not mount", function()
    local output, status = lab.sh(([[setpriv --bounding-set=-sys_admin %s -e '
      local client = require "containerd".connect { address = "%s", namespace = "%s" }
      local image = client:image "docker.io/library/busybox:latest"
      local opts = { args = { "true" }, snapshotter = "native", uid_maps = { "0:7:65536" }, gid_maps = { "0:7:65536" } }
      local ok, err = pcall(image.new_container, image, "refused", opts)
      print(ok, err.code, err)' 2>&1]]):format(lab.interpreter, daemon.address, namespace))
    assert.equal(0, status, output)
    assert.matches("^false\tpermission_denied\tnew_container refused.*user namespace.*not permitted", output)
    raises("not_found", client.container, client, "refused")
    raises("not_found", function() client:snapshots("native"):stat(image:rootfs_chain_id() .. "-7-7") end)
    local opts = { args = { "true" }, snapshotter = "native", uid_maps = { "0:7:65536" }, gid_maps = {} }
    raises("invalid_argument", image.new_container, image, "refused", opts)
  end)
end)
