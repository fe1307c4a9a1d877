-- TestSnapshotterClient: the Go client's suite for snapshotters, its cases under their names.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

local ROOT = { ["containerd.io/gc.root"] = "spec" }

lab.each_daemon(function(daemon)
  for _, name in ipairs { "overlayfs", "native" } do
    describe("TestSnapshotterClient " .. name, function()
      local namespace, client, snapshotter, dir
      local made, mounted = {}, {}

      setup(function()
        namespace = daemon:namespace()
        client = containerd.connect { address = daemon.address, namespace = namespace }
        snapshotter = client:snapshots(name)
        dir = lab.tempdir()
      end)

      teardown(function()
        client:close()
        daemon:clean(namespace)
      end)

      local function shell(command)
        local output, status = lab.sh("cd " .. dir .. " && " .. command)
        assert.equal(0, status, output)
        return output
      end

      local function mount(key)
        local path = dir .. "/" .. #mounted + 1
        shell("mkdir -p " .. path)
        snapshotter:mount(key, path)
        mounted[#mounted + 1] = path
        return path
      end

      local function unmount()
        for i = #mounted, 1, -1 do
          snapshotter:unmount(mounted[i])
          mounted[i] = nil
        end
      end

      local function prepare(key, parent)
        made[#made + 1] = key
        snapshotter:prepare(key, parent, { labels = ROOT })
        return key
      end

      local function view(key, parent)
        made[#made + 1] = key
        snapshotter:view(key, parent, { labels = ROOT })
        return key
      end

      -- A committed snapshot in whose mount the command ran.
      local function layer(key, parent, command)
        snapshotter:prepare(key .. "-active", parent, { labels = ROOT })
        local path = mount(key .. "-active")
        shell("cd " .. path .. " && " .. command)
        unmount()
        snapshotter:commit(key, key .. "-active", { labels = ROOT })
        made[#made + 1] = key
        return key
      end

      local function look(key, command)
        local path = mount(view(key .. "-look", key))
        local output = shell("cd " .. path .. " && " .. command)
        unmount()
        return output
      end

      after_each(function()
        unmount()
        for i = #made, 1, -1 do
          pcall(snapshotter.remove, snapshotter, made[i])
          made[i] = nil
        end
        assert.same({}, snapshotter:list())
      end)

      it("Basic", function()
        layer("one", nil, "echo 1 >foo && mkdir -p a/b/c")
        layer("two", "one", "echo 2 >bar && echo new >foo")
        assert.equal("new\n2\n", look("two", "cat foo bar && test -d a/b/c"))
        assert.equal("one", snapshotter:stat("two").parent)
        assert.equal("committed", snapshotter:stat("two").kind)
      end)

      it("StatActive", function()
        layer("one", nil, "true")
        prepare("active", "one")
        local info = snapshotter:stat "active"
        assert.same({ "active", "active", "one" }, { info.name, info.kind, info.parent })
      end)

      it("StatCommitted", function()
        layer("one", nil, "true")
        layer("two", "one", "true")
        local info = snapshotter:stat "two"
        assert.same({ "two", "committed", "one" }, { info.name, info.kind, info.parent })
      end)

      it("Transitivity", function()
        layer("one", nil, "touch a")
        layer("two", "one", "touch b")
        layer("three", "two", "touch c")
        assert.equal("two", snapshotter:stat("three").parent)
        assert.equal("one", snapshotter:stat("two").parent)
        assert.equal("a\nb\nc\n", look("three", "ls"))
      end)

      it("PrepareViewFailing", function()
        raises("not_found", snapshotter.prepare, snapshotter, "x", "absent")
        raises("not_found", snapshotter.view, snapshotter, "x", "absent")
        prepare "active"
        raises("invalid_argument", snapshotter.prepare, snapshotter, "x", "active")
        raises("invalid_argument", snapshotter.view, snapshotter, "x", "active")
        raises("already_exists", snapshotter.prepare, snapshotter, "active")
        raises("already_exists", snapshotter.view, snapshotter, "active")
      end)

      it("Update", function()
        layer("one", nil, "true")
        local first = snapshotter:stat "one"
        local info = snapshotter:update("one", { l1 = "v1", l2 = "v2" })
        assert.same({ "v1", "v2" }, { info.labels.l1, info.labels.l2 })
        assert.equal(first.created_at, info.created_at)
        assert.is_true(info.updated_at >= first.updated_at)
        info = snapshotter:update("one", { l1 = "v3" })
        assert.same({ "v3", "v2" }, { info.labels.l1, info.labels.l2 })
        info = snapshotter:update("one", { l1 = false, l2 = false })
        assert.same(ROOT, info.labels)
      end)

      it("Remove", function()
        layer("one", nil, "true")
        layer("two", "one", "true")
        raises("failed_precondition", snapshotter.remove, snapshotter, "one")
        snapshotter:remove "two"
        snapshotter:remove "one"
        raises("not_found", snapshotter.remove, snapshotter, "one")
        prepare "again"
        snapshotter:remove "again"
        raises("not_found", snapshotter.mounts, snapshotter, "again")
      end)

      it("Walk, StatInWalk", function()
        layer("one", nil, "true")
        layer("two", "one", "true")
        prepare("active", "two")
        view("view", "two")
        local seen = {}
        for _, info in ipairs(snapshotter:list()) do
          seen[info.name] = info.kind
          assert.same(info, snapshotter:stat(info.name))
        end
        assert.same({ one = "committed", two = "committed", active = "active", view = "view" }, seen)
      end)

      it("LayerFileupdate", function()
        layer("one", nil, "echo hello >foo && mkdir etc && echo x >etc/hosts")
        layer("two", "one", "echo 'hello 2' >foo")
        layer("three", "two", "echo y >>etc/hosts")
        assert.equal("hello 2\nx\ny\n", look("three", "cat foo etc/hosts"))
        assert.equal("hello\nx\n", look("one", "cat foo etc/hosts"))
      end)

      it("RemoveDirectoryInLower", function()
        layer("one", nil, "mkdir dir && touch dir/a")
        layer("two", "one", "rm -r dir")
        layer("three", "two", "mkdir dir && touch dir/b")
        assert.equal("b\n", look("three", "ls dir"))
      end)

      it("Chown", function()
        layer("one", nil, "mkdir opt && touch opt/a && chown 1:1 opt opt/a")
        layer("two", "one", "chown 2:2 opt && chown 0:0 opt/a")
        assert.equal("2 2\n0 0\n", look("two", "stat -c '%u %g' opt opt/a"))
      end)

      it("DirectoryPermissionOnCommit", function()
        layer("one", nil, "mkdir a b && chmod 700 a && chown 5:5 b")
        layer("two", "one", "touch a/x b/x")
        assert.equal("700 0\n755 5\n", look("two", "stat -c '%a %u' a b"))
      end)

      it("RemoveIntermediateSnapshot", function()
        layer("base", nil, "true")
        layer("middle", "base", "true")
        view("top", "middle")
        raises("failed_precondition", snapshotter.remove, snapshotter, "middle")
        for _, key in ipairs { "top", "middle", "base" } do snapshotter:remove(key) end
      end)

      it("DeletedFilesInChild", function()
        layer("one", nil, "touch foo a b && mkdir d && touch d/x")
        layer("two", "one", "rm foo d/x && touch new")
        assert.equal("a\nb\nd\nnew\n0\n", look("two", "ls && ls d | wc -l"))
      end)

      it("MoveFileFromLower, Rename", function()
        layer("one", nil, "mkdir dir1 && echo hello >dir1/f1 && mkdir dir2 && touch dir2/f2")
        layer("two", "one", "mkdir dir3 && mv dir1/f1 dir3/f2 && mv dir2 dir4")
        assert.equal("hello\ndir1\ndir3\ndir4\nf2\n", look("two", "cat dir3/f2 && ls && ls dir4"))
      end)

      it("ViewReadonly", function()
        layer("one", nil, "touch foo")
        local path = mount(view("view", "one"))
        assert.not_equal(0, (select(2, lab.sh("touch " .. path .. "/bar"))))
        assert.not_equal(0, (select(2, lab.sh("echo x >" .. path .. "/foo"))))
      end)

      it("CloseTwice", function()
        local other = client:snapshots(name)
        assert.is_true(other:close())
        assert.is_true(other:close())
      end)

      it("RootPermission", function()
        local path = mount(prepare "active")
        assert.equal("755\n", shell("stat -c %a " .. path))
      end)

      it("128LayersMount", function()
        local parent
        for i = 1, 128 do
          prepare(i .. "-active", parent)
          if i % 32 == 1 then
            shell(("echo %d >%s/file-%d"):format(i, mount(i .. "-active"), i))
            unmount()
          end
          snapshotter:commit("layer-" .. i, i .. "-active", { labels = ROOT })
          parent = "layer-" .. i
          made[#made] = parent
        end
        assert.equal("1\n33\n65\n97\n", look(parent, "cat file-1 file-33 file-65 file-97"))
        local path = mount(prepare("top", parent))
        shell(("rm %s/file-1 && echo x >%s/file-2"):format(path, path))
        assert.equal("file-2\nfile-33\nfile-65\nfile-97\n", shell("ls " .. path))
      end)
    end)
  end
end)
