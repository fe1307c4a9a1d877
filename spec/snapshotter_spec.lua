-- Snapshotters: snapshots by themselves.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

-- Keeps the daemon's garbage collector off.
local ROOT = { ["containerd.io/gc.root"] = "spec" }

local function rooted(labels)
  local all = { ["containerd.io/gc.root"] = "spec" }
  for key, value in pairs(labels or {}) do all[key] = value end
  return all
end

lab.each_daemon(function(daemon)
  local namespace, client

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
  end)

  teardown(function()
    client:close()
    daemon:clean(namespace)
  end)

  it("takes the default snapshotter, or the one that is named", function()
    assert.equal("containerd.snapshotter (overlayfs)", tostring(client:snapshots()))
    assert.equal("containerd.snapshotter (native)", tostring(client:snapshots "native"))
    local none = client:snapshots "none"
    local err = raises("invalid_argument", none.stat, none, "x")
    assert.equal("stat", err.op)
    assert.matches("snapshot x of none", err.message)
  end)

  for _, name in ipairs { "overlayfs", "native" } do
    describe(name, function()
      local snapshotter

      setup(function() snapshotter = client:snapshots(name) end)

      -- What the Go client's suite calls its base snapshots.
      local function committed(key, parent, labels)
        snapshotter:prepare(key .. "-active", parent, { labels = ROOT })
        snapshotter:commit(key, key .. "-active", { labels = rooted(labels) })
        return key
      end

      it("Basic: prepares, commits and views, and says how to mount", function()
        local mounts = snapshotter:prepare("basic-active", nil, { labels = ROOT })
        assert.equal(1, #mounts)
        assert.equal("bind", mounts[1].type)
        assert.is_string(mounts[1].source)
        assert.same(mounts, snapshotter:mounts "basic-active")
        table.sort(mounts[1].options)
        assert.same({ "rbind", "rw" }, mounts[1].options)
        assert.equal(0, select(2, lab.sh("echo hello >" .. mounts[1].source .. "/hello")))
        assert.is_true(snapshotter:commit("basic", "basic-active", { labels = ROOT }))
        assert.is_true(snapshotter:usage("basic").size > 0)
        assert.is_true(snapshotter:usage("basic").inodes > 0)
        local view = snapshotter:view("basic-view", "basic", { labels = ROOT })
        assert.equal("hello\n", (lab.sh("cat " .. view[1].source .. "/hello")))
        raises("failed_precondition", snapshotter.remove, snapshotter, "basic")
        snapshotter:remove "basic-view"
        snapshotter:remove "basic"
      end)

      it("StatActive, StatCommitted: tells what a snapshot is", function()
        committed("stat", nil, { app = "x" })
        snapshotter:prepare("stat-child", "stat", { labels = rooted { one = "1" } })
        local base, child = snapshotter:stat "stat", snapshotter:stat "stat-child"
        assert.equal("committed", base.kind)
        assert.equal("stat", base.name)
        assert.is_nil(base.parent)
        assert.same(rooted { app = "x" }, base.labels)
        assert.is_true(math.abs(base.created_at - os.time()) < 60)
        assert.equal("active", child.kind)
        assert.equal("stat", child.parent)
        assert.same(rooted { one = "1" }, child.labels)
        snapshotter:remove "stat-child"
        snapshotter:remove "stat"
      end)

      it("PrepareViewFailing: refuses what can't be", function()
        committed "failing"
        raises("not_found", snapshotter.prepare, snapshotter, "a", "absent")
        raises("not_found", snapshotter.view, snapshotter, "a", "absent")
        raises("already_exists", snapshotter.prepare, snapshotter, "failing")
        snapshotter:prepare("failing-active", "failing", { labels = ROOT })
        raises("invalid_argument", snapshotter.prepare, snapshotter, "a", "failing-active")
        raises("already_exists", snapshotter.commit, snapshotter, "failing", "failing-active")
        raises("not_found", snapshotter.commit, snapshotter, "b", "absent")
        for _, method in ipairs { "stat", "mounts", "usage", "remove" } do
          local err = raises("not_found", snapshotter[method], snapshotter, "absent")
          assert.equal(method, err.op)
          assert.matches(namespace, err.message, 1, true)
        end
        raises("not_found", snapshotter.update, snapshotter, "absent", { a = "b" })
        snapshotter:remove "failing-active"
        snapshotter:remove "failing"
      end)

      it("Update: sets labels and removes them, and leaves the others", function()
        committed("update", nil, { kept = "1", changed = "1", removed = "1" })
        local info = snapshotter:update("update", { changed = "2", added = "3", removed = false })
        assert.same(rooted { kept = "1", changed = "2", added = "3" }, info.labels)
        assert.same(info, snapshotter:stat "update")
        snapshotter:remove "update"
      end)

      it("Walk: lists, with filters", function()
        local count = 0
        for i = 1, 30 do snapshotter:view("walk-" .. i, nil, { labels = rooted { walk = "yes" } }) end
        committed("walk", nil, { walk = "base" })
        for _, info in ipairs(snapshotter:list()) do
          count = count + (info.name:find "^walk" and 1 or 0)
        end
        assert.equal(31, count)
        assert.equal(30, #snapshotter:list("kind==view"))
        assert.equal(30, #snapshotter:list { walk = "yes" })
        assert.equal(31, #snapshotter:list("kind==view", "name==walk"))
        local failed = raises("invalid_argument", snapshotter.list, snapshotter, "kind==")
        assert.equal("list", failed.op)
        for i = 1, 30 do snapshotter:remove("walk-" .. i) end
        snapshotter:remove "walk"
        assert.same({}, snapshotter:list())
      end)

      it("mounts and unmounts, and leaves no mount behind", function()
        local dir = lab.tempdir()
        committed "mounted"
        snapshotter:prepare("mounted-active", "mounted", { labels = ROOT })
        assert.is_true(snapshotter:mount("mounted-active", dir))
        assert.equal(0, (select(2, lab.sh("echo hello >" .. dir .. "/hello"))))
        assert.is_true(snapshotter:unmount(dir))
        assert.equal("", (lab.sh("ls " .. dir)))
        snapshotter:commit("mounted-child", "mounted-active", { labels = ROOT })
        snapshotter:view("mounted-view", "mounted-child", { labels = ROOT })
        lab.sh(("cd %s && mkdir sub && ln -s sub link"):format(dir))
        snapshotter:mount("mounted-view", dir .. "/link")
        assert.equal("hello\n", (lab.sh("cat " .. dir .. "/sub/hello")))
        local output, status = lab.sh("touch " .. dir .. "/sub/new 2>&1")
        assert.not_equal(0, status)
        assert.matches("Read%-only", output)
        snapshotter:unmount(dir .. "/link")
        for _, key in ipairs { "mounted-view", "mounted-child", "mounted" } do snapshotter:remove(key) end
        assert.equal(0, (select(2, lab.sh("rm -r " .. dir))))
      end)

      it("unmounts nothing but what it has mounted and nobody uses", function()
        local dir = lab.tempdir()
        snapshotter:prepare("own", nil, { labels = ROOT })
        raises("not_found", snapshotter.mount, snapshotter, "absent", dir)
        local err = raises("not_found", snapshotter.mount, snapshotter, "own", dir .. "/absent")
        assert.equal("mount", err.op)
        assert.matches("snapshot own of " .. name, err.message, 1, true)
        raises("not_found", snapshotter.unmount, snapshotter, dir .. "/absent")
        err = raises("failed_precondition", snapshotter.unmount, snapshotter, dir)
        assert.equal("unmount", err.op)
        assert.matches(dir .. ".*this process has mounted no snapshot there", err.message)
        raises("failed_precondition", snapshotter.unmount, snapshotter, "/proc")
        snapshotter:mount("own", dir)
        local file = io.open(dir .. "/file", "w")
        err = raises("failed_precondition", snapshotter.unmount, snapshotter, dir)
        assert.matches("busy", err.message)
        file:close()
        lab.sh("mount -t tmpfs none " .. dir)
        err = raises("failed_precondition", snapshotter.unmount, snapshotter, dir)
        assert.matches("isn't the snapshot", err.message, 1, true)
        lab.sh("umount " .. dir)
        client:snapshots "native":unmount(dir)
        raises("failed_precondition", snapshotter.unmount, snapshotter, dir)
        raises("deadline_exceeded", snapshotter.mount, snapshotter, "own", dir, { timeout = 0 })
        assert.is_nil((lab.sh "cat /proc/self/mountinfo"):find(dir, 1, true))
        snapshotter:remove "own"
        lab.sh("rmdir " .. dir)
      end)

      it("cleans up", function()
        local ok, err = pcall(snapshotter.cleanup, snapshotter)
        assert.is_true(ok or err.code == "unimplemented", tostring(err))
      end)
    end)
  end

  it("answers as a future, and in time", function()
    local snapshotter = client:snapshots_async("native"):await()
    local futures = {}
    for i = 1, 5 do futures[i] = snapshotter:prepare_async("future-" .. i, nil, { labels = ROOT }) end
    for _, result in ipairs(containerd.all(futures)) do assert.equal("bind", result[1][1].type) end
    for i = 1, 5 do snapshotter:remove("future-" .. i) end
    raises("deadline_exceeded", snapshotter.list, snapshotter, { timeout = 0 })
    raises("deadline_exceeded", snapshotter.cleanup, snapshotter, { timeout = 0 })
    assert.has_error(function() snapshotter:update("x", { a = true }) end)
  end)
end)
