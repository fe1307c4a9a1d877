-- Layers made of what differs between mounts, and applied to others.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

local TAR = "application/vnd.oci.image.layer.v1.tar"
local GZIP = TAR .. "+gzip"
local EMPTY = "sha256:" .. ("0"):rep(64)

lab.each_daemon(function(daemon)
  local namespace, client, diff, content, lease, dir

  setup(function()
    namespace = daemon:namespace()
    local plain = containerd.connect { address = daemon.address, namespace = namespace }
    lease = plain:lease()
    client = plain:with_lease(lease)
    diff, content, dir = client:diff(), client:content(), lab.tempdir()
  end)

  teardown(function()
    lab.sh("rm -r " .. dir)
    lease:delete()
    client:close()
    daemon:clean(namespace)
  end)

  local function shell(command)
    local output, status = lab.sh(command .. " 2>&1")
    assert.equal(0, status, output)
    return output
  end

  -- What tar says of what ctr prints; options of tar.
  local function tar(arguments, options)
    local file = dir .. "/layer"
    daemon:ctr(arguments .. " >" .. file, { namespace = namespace })
    return shell("TZ=UTC tar " .. options .. "f " .. file .. " | sort")
  end

  -- The directory that is written to when the mounts are.
  local function directory(mounts)
    for _, option in ipairs(mounts[1].options) do
      if option:find "^upperdir=" then return (option:gsub("^upperdir=", "")) end
    end
    return mounts[1].source
  end

  for _, name in ipairs { "overlayfs", "native" } do
    describe(name, function()
      local snapshots, lower, upper

      setup(function()
        snapshots = client:snapshots(name)
        local base = directory(snapshots:prepare "base-active")
        shell("cd " .. base .. " && mkdir etc && echo old >etc/changed && echo same >etc/kept")
        snapshots:commit("base", "base-active")
        lower = snapshots:view("lower", "base")
        upper = snapshots:prepare("upper", "base")
        shell("cd " .. directory(upper) .. [[ && mkdir -p etc bin && echo new >etc/changed &&
          echo script >bin/tool && chmod 4755 bin/tool && chown 5:6 bin/tool && ln -s tool bin/link]])
      end)

      it("makes a layer of changes, which applied elsewhere gives the same", function()
        local layer = diff:compare(lower, upper, { media_type = GZIP, ref = "changes", labels = { app = "spec" } })
        assert.equal(GZIP, layer.media_type)
        assert.equal(layer.size, content:info(layer.digest).size)
        assert.equal("spec", content:info(layer.digest).labels.app)
        local files = tar("content get " .. layer.digest, "-tz")
        assert.equal("bin/\nbin/link\nbin/tool\netc/\netc/changed\n", files)

        local copy = snapshots:prepare("copy-" .. name, "base")
        local applied = diff:apply(layer, copy)
        assert.equal(TAR, applied.media_type)
        assert.equal(content:info(layer.digest).labels["containerd.io/uncompressed"], applied.digest)
        shell(("diff -r --no-dereference %s %s"):format(directory(upper), directory(copy)))
        local stat = " && stat -c '%a %u:%g %F' bin/tool bin/link etc"
        assert.equal(shell("cd " .. directory(upper) .. stat), shell("cd " .. directory(copy) .. stat))
        snapshots:commit("copied-" .. name, "copy-" .. name)
        local list = daemon:ctr("snapshots --snapshotter " .. name .. " ls", { namespace = namespace })
        assert.matches("copied%-" .. name .. "%s+base%s+Committed", list)
      end)

      it("makes the layer that ctr makes", function()
        local layer = diff:compare(lower, upper, { media_type = TAR })
        assert.equal(TAR, layer.media_type)
        local theirs = tar(("snapshots --snapshotter %s diff --media-type %s upper"):format(name, TAR), "-tv")
        assert.equal(theirs, tar("content get " .. layer.digest, "-tv"))
      end)
    end)
  end

  it("makes the same layer twice, whose times are of the given moment at the latest", function()
    local snapshots = client:snapshots "native"
    local mounts = snapshots:prepare "epoch"
    shell("echo x >" .. directory(mounts) .. "/file")
    local opts = { media_type = TAR, source_date_epoch = 1000000000 }
    if daemon.version == "1.6" then
      local err = raises("unimplemented", diff.compare, diff, {}, mounts, opts)
      return assert.matches("source_date_epoch needs containerd 1.7", err.message)
    end
    local layer = diff:compare({}, mounts, opts)
    assert.equal(layer.digest, diff:compare({}, mounts, opts).digest)
    assert.matches("2001%-09%-09.*file", tar("content get " .. layer.digest, "-tv"))
  end)

  it("compresses with gzip unless told otherwise", function()
    local snapshots = client:snapshots "native"
    local layer = diff:compare({}, snapshots:prepare "default")
    assert.equal(GZIP, layer.media_type)
    local payloads = { one = { type_url = "spec.Payload", value = "bytes" } }
    local applied = diff:apply(layer, snapshots:prepare "target", { payloads = payloads, timeout = 30 })
    assert.equal(applied.digest, diff:apply_async(layer, snapshots:prepare "again"):await(30).digest)
    if daemon.version == "1.6" then
      raises("unimplemented", diff.apply, diff, layer, snapshots:prepare "synced", { sync_fs = true })
    else
      assert.equal(applied.digest, diff:apply(layer, snapshots:prepare "synced", { sync_fs = true }).digest)
    end
  end)

  it("fails with clear errors", function()
    local mounts = client:snapshots("native"):prepare "failing"
    local absent = { media_type = GZIP, digest = EMPTY, size = 10 }
    local err = raises("not_found", diff.apply, diff, absent, mounts)
    assert.equal("apply", err.op)
    assert.matches(EMPTY, err.message, 1, true)
    assert.matches(namespace, err.message, 1, true)
    err = raises("unimplemented", diff.compare, diff, {}, mounts, { media_type = "text/plain" })
    assert.equal("compare", err.op)
    local digest, size = content:ingest(io.open "/proc/self/cmdline")
    assert.is_false((pcall(diff.apply, diff, { media_type = GZIP, digest = digest, size = size }, mounts)))
    local none = { { type = "bind", source = "/proc/absent", options = { "rbind" } } }
    assert.is_false((pcall(diff.compare, diff, {}, none)))
  end)

  it("raises misuse", function()
    local layer = { media_type = GZIP, digest = EMPTY, size = 10, platform = "linux/amd64", urls = { "http://x" } }
    assert.error_matches(function() diff:apply() end, 'apply: "descriptor": descriptor expected, got nothing')
    assert.error_matches(function() diff:apply({ digets = "x" }, {}) end, 'unknown option "digets"')
    assert.error_matches(function() diff:apply({ size = "1" }, {}) end, '"size": integer in its range expected')
    assert.error_matches(function() diff:apply(layer) end, '"mounts": table expected, got nothing')
    assert.error_matches(function() diff:apply(layer, { { tipe = "bind" } }) end, 'did you mean "type"')
    assert.error_matches(function() diff:compare({}, 1) end, '"upper": table expected, got number')
    assert.error_matches(function() diff:compare({}, {}, { labels = { a = 1 } }) end, '"labels.a": string expected')
    assert.error_matches(function() diff:compare({}, {}, { mediatype = GZIP }) end, 'did you mean "media_type"')
    assert.error_matches(function() diff:apply(layer, {}, { payloads = { a = 1 } }) end, '"payloads.a": table expected')
  end)
end)
