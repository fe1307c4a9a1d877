-- Exporting: archives that ctr, skopeo and we ourselves read again, and each way in which one fails.
local containerd = require "containerd"
local archives = require "spec.support.archives"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

local busybox = "docker.io/library/busybox:latest"

lab.each_daemon(function(daemon)
  local namespace, client, image, dir

  setup(function()
    local output, status = lab.sh("spec/support/platforms " .. lab.registry)
    assert.equal(0, status, output)
  end)

  local function pull(ref, opts)
    opts = opts or {}
    opts.hosts_dir = daemon.hosts_dir
    return client:pull(ref, opts)
  end

  before_each(function()
    namespace, dir = daemon:namespace(), lab.tempdir()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    image = pull "busybox"
  end)

  after_each(function()
    client:close()
    assert.is_true(daemon:is_clean(namespace))
    daemon:clean(namespace)
  end)

  local function sh(command)
    local output, status = lab.sh(("cd %s && %s"):format(dir, command))
    assert.equal(0, status, output)
    return output
  end

  local function read(path)
    local file <close> = assert(io.open(path, "rb"))
    return file:read "a"
  end

  local function export(images, opts)
    client:export(dir .. "/a.tar", images, opts)
    return sh "tar tf a.tar"
  end

  local function has_blob(list, digest)
    return list:find("blobs/sha256/" .. digest:sub(8), 1, true) ~= nil
  end

  -- Without --local ctr 2.1 may end before it has written all that the daemon sends.
  local function ctr_export(options, name)
    local place = daemon.version == "2.1" and "--local" or ""
    daemon:ctr(("images export %s %s %s/b.tar %s"):format(place, options, dir, name), { namespace = namespace })
  end

  -- What ctr wrote to b.tar is what we wrote to a.tar. Before 1.7 its index.json didn't say where images come from.
  local function assert_as_ctr()
    local except = daemon.version == "1.6" and "-x index.json" or ""
    sh("rm -rf a b && mkdir a b && tar xf a.tar -C a && tar xf b.tar -C b && diff -r a b " .. except)
    if except == "" then
      assert.equal(sh "tar tvf b.tar", sh "tar tvf a.tar")
    end
  end

  describe("writes", function()
    it("what ctr writes", function()
      export(image)
      ctr_export("", busybox)
      assert_as_ctr()
    end)

    it("what ctr and skopeo import", function()
      export { image, image:tag "docker.io/library/other:2" }
      local other = daemon:namespace()
      daemon:ctr("images import " .. dir .. "/a.tar", { namespace = other })
      local list = daemon:ctr("images ls", { namespace = other })
      assert.matches(busybox, list, 1, true)
      assert.matches("docker.io/library/other:2", list, 1, true)
      assert.matches(image:digest(), list, 1, true)
      daemon:clean(other)
      sh "skopeo copy docker-archive:a.tar:other:2 dir:docker"
      sh "skopeo copy oci-archive:a.tar:2 dir:oci"
    end)

    it("the same bytes each time, whatever it writes to", function()
      export(image)
      local expected = read(dir .. "/a.tar")
      local file <close> = assert(io.open(dir .. "/file", "w+b"))
      file:write "before"
      client:export(file, image)
      file:seek("set", 0)
      assert.is_true("before" .. expected == file:read "a")
      local parts, ended = {}, false
      client:export(function(part)
        ended = part == nil
        parts[#parts + 1] = part
      end, busybox)
      assert.is_true(ended)
      assert.is_true(expected == table.concat(parts))
      parts = {}
      client:export({ write = function(_, part) parts[#parts + 1] = part end }, { busybox })
      assert.is_true(expected == table.concat(parts))
    end)

    it("to a pipe", function()
      sh "mkfifo fifo"
      local reader = lab.spawn(("cat %s/fifo >%s/copy"):format(dir, dir))
      client:export(dir .. "/fifo", image)
      reader:wait(20)
      reader:close()
      export(image)
      sh "cmp copy a.tar"
    end)

    it("over what has the path, which stays until all is there", function()
      sh "echo old >a.tar"
      local ok = pcall(client.export, client, dir .. "/a.tar", "docker.io/library/none:1")
      assert.is_false(ok)
      assert.equal("old\n", read(dir .. "/a.tar"))
      export(image)
      assert.equal("a.tar\n", sh "ls")
    end)

    it("no manifest.json when told so", function()
      local list = export(image, { skip_docker_manifest = true })
      assert.is_nil(list:find("manifest.json", 1, true))
      assert.matches("index.json", list, 1, true)
    end)
  end)

  it("writes no layers that registries may not hold, if told so or if they aren't there", function()
    local layout = archives.layout()
    local config = layout:blob("config.v1+json", archives.config("linux", "amd64"))
    local layer, digest = layout:blob("layer.nondistributable.v1.tar", "any")
    local _, absent = layout:blob("layer.nondistributable.v1.tar", "other", { absent = true })
    local other = layer:gsub("sha256:%x+", absent)
    local manifest = ('{"schemaVersion":2,"config":%s},"layers":[%s},%s}]}'):format(config, layer, other)
    local bytes = layout:tar(archives.named(layout:blob("manifest.v1+json", manifest), "foreign:1"))
    local foreign = client:import(archives.save(bytes), { unpack = false })[1]
    local list = export(foreign)
    assert.is_true(has_blob(list, digest))
    assert.is_false(has_blob(list, absent))
    assert.is_false(has_blob(export(foreign, { skip_non_distributable = true }), digest))
  end)

  describe("of an image for several platforms, writes", function()
    local platforms

    before_each(function()
      platforms = pull("platforms", { all_platforms = true, unpack = false })
    end)

    local function manifests()
      local found = {}
      for _, node in ipairs(platforms:content_tree().children) do found[#found + 1] = node.digest end
      return found
    end

    it("the daemon's, one that is named, or all", function()
      local all = manifests()
      local list = export(platforms)
      assert.is_true(has_blob(list, all[1]))
      assert.is_false(has_blob(list, all[2]))
      local other = containerd.connect { address = daemon.address, namespace = daemon:namespace() }
      assert.equal(platforms:digest(), other:import(dir .. "/a.tar")[1]:digest())
      other:close()
      list = export(platforms, { platform = "linux/arm64" })
      assert.is_true(has_blob(list, all[2]))
      assert.is_false(has_blob(list, all[1]))
      list = export(platforms, { all_platforms = true })
      for _, digest in ipairs(all) do assert.is_true(has_blob(list, digest)) end
      assert.matches("manifest.json", list, 1, true)
    end)

    it("as ctr does", function()
      for ours, theirs in pairs { ["linux/arm64"] = "--platform linux/arm64", all = "--all-platforms" } do
        export(platforms, ours == "all" and { all_platforms = true } or { platform = ours })
        ctr_export(theirs, platforms:name())
        assert_as_ctr()
      end
    end)

    it("what the daemon has of one that was pulled in part, if told so", function()
      client:image(platforms:name()):delete { sync = true }
      local partly = pull("platforms", { unpack = false })
      local list = export(partly)
      assert.matches("manifest.json", list, 1, true)
      local err = raises("not_found", client.export, client, dir .. "/b.tar", partly, { all_platforms = true })
      assert.matches("sha256:%x+", err.message)
      assert.matches(partly:name(), err.message, 1, true)
      assert.equal("a.tar\n", sh "ls")
      assert.equal(list, export(partly, { all_platforms = true, skip_missing = true }))
      assert.equal(platforms:digest(), client:import(dir .. "/a.tar", { skip_missing = true })[1]:digest())
      raises("not_found", client.import, client, dir .. "/a.tar", { all_platforms = true })
    end)

    it("nothing for a platform that it isn't for", function()
      local err = raises("unsupported_platform", client.export, client, dir .. "/a.tar", platforms,
        { platform = "linux/riscv64" })
      assert.matches("linux/riscv64", err.message, 1, true)
      assert.equal("", sh "ls")
    end)
  end)

  describe("fails, and leaves no file, when", function()
    it("the image isn't there", function()
      local err = raises("not_found", client.export, client, dir .. "/a.tar", { image, "docker.io/library/none:1" })
      assert.matches("docker.io/library/none:1", err.message, 1, true)
      assert.equal("export", err.op)
      assert.equal("", sh "ls")
    end)

    it("a blob isn't there", function()
      local layer = image:manifest().layers[1].digest
      client:content():delete(layer)
      local err = raises("not_found", client.export, client, dir .. "/a.tar", image)
      assert.matches(layer, err.message, 1, true)
      local list = export(image, { skip_missing = true })
      assert.is_true(has_blob(list, image:digest()))
      assert.is_false(has_blob(list, image:manifest().config.digest))
    end)

    it("the folder isn't there", function()
      raises("not_found", client.export, client, dir .. "/none/a.tar", image)
    end)

    it("the disk is full", function()
      local err = raises("resource_exhausted", client.export, client, "/dev/full", image)
      assert.matches("No space left", err.message, 1, true)
    end)

    it("nobody reads the pipe any more", function()
      local file <close> = assert(io.popen("head -c 10 >/dev/null", "w"))
      local err = raises("aborted", function()
        while true do client:export(file, image) end
      end)
      assert.matches("Broken pipe", err.message, 1, true)
    end)

    it("nobody reads the pipe for long", function()
      sh "mkfifo fifo"
      local file <close> = assert(io.open(dir .. "/fifo", "r+b"))
      raises("deadline_exceeded", client.export, client, file, image, { timeout = 1 })
    end)

    it("the writer fails", function()
      local ok, err = pcall(client.export, client, function() error("no more", 0) end, image)
      assert.is_false(ok)
      assert.equal("no more", err)
      ok, err = pcall(client.export, client, { write = function() return nil, "no room" end }, image)
      assert.is_false(ok)
      assert.equal("no room", err)
    end)

    it("misused", function()
      for _, images in ipairs { {}, { {} }, 1, { image, false } } do
        local ok, err = pcall(client.export, client, dir .. "/a.tar", images)
        assert.is_false(ok)
        assert.matches("images", err, 1, true)
      end
      assert.equal("", sh "ls")
    end)
  end)
end)
