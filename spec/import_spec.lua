-- Importing: what archives become, as ctr has it, and each way in which one is refused.
local containerd = require "containerd"
local archives = require "spec.support.archives"
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
    assert.is_true(daemon:is_clean(namespace))
    daemon:clean(namespace)
  end)

  -- A reader that gives a string in pieces.
  local function pieces(bytes)
    local at = 1
    return function()
      local piece = bytes:sub(at, at + 99999)
      at = at + #piece
      return piece ~= "" and piece or nil
    end
  end

  local function import(bytes, opts)
    return client:import(pieces(bytes), opts)
  end

  local function names(images)
    local list = {}
    for i, image in ipairs(images) do list[i] = image:name() end
    table.sort(list)
    return list
  end

  local function skopeo(destination)
    local output, status = lab.sh(("skopeo copy --src-tls-verify=false docker://%s/library/busybox:latest %s"):format(
      lab.registry, destination))
    assert.equal(0, status, output)
  end

  -- Blobs with their labels, of what the collector leaves.
  local function blobs(of)
    local content, found = client:with_namespace(of):content(), {}
    for info in content:walk() do found[info.digest] = info.labels end
    return found
  end

  -- The daemon's collector removes what nothing holds when the lease is gone.
  local function collected(of)
    daemon:ctr("leases create --id collect", { namespace = of })
    client:with_namespace(of):leases():delete("collect", { sync = true })
    return blobs(of)
  end

  local function assert_nothing()
    assert.same({}, client:images())
    assert.same({}, client:content():statuses())
    lab.eventually(function() return next(collected(namespace)) == nil end, 20, "blobs are collected")
  end

  -- An import must leave what one by ctr leaves.
  local function assert_as_ctr(path)
    local other = daemon:namespace()
    local image = client:import(path, { unpack = false })[1]
    daemon:ctr("images import --no-unpack " .. path, { namespace = other })
    local theirs = client:with_namespace(other):image(image:name())
    assert.same(theirs:target(), image:target())
    assert.same(theirs:labels(), image:labels())
    assert.same(collected(other), collected(namespace))
    daemon:clean(other)
    return image
  end

  describe("takes", function()
    it("what skopeo writes as oci-archive", function()
      local path = lab.tempdir() .. "/a.tar"
      skopeo("oci-archive:" .. path .. ":docker.io/library/box:1")
      local image = client:import(path)[1]
      assert.equal("docker.io/library/box:1", image:name())
      assert.is_true(image:is_unpacked())
      assert.same({}, image:check()[1].missing_blobs)
    end)

    it("what skopeo writes as docker-archive, with links to layers, as ctr does", function()
      local path = lab.tempdir() .. "/a.tar"
      skopeo("docker-archive:" .. path .. ":library/box:1")
      local image = assert_as_ctr(path)
      assert.equal("docker.io/library/box:1", image:name())
      image:unpack()
      local container = image:new_container("c", { args = { "/bin/true" } })
      container:delete { snapshot = true }
    end)

    it("what ctr exports, as ctr does", function()
      local path, source = lab.tempdir() .. "/a.tar", daemon:namespace()
      daemon:pull("docker.io/library/busybox:latest", source)
      local place = daemon.version == "2.1" and "--local " or "" -- else ctr may end before it has written all
      daemon:ctr("images export " .. place .. path .. " docker.io/library/busybox:latest", { namespace = source })
      assert_as_ctr(path)
      daemon:clean(source)
    end)

    it("Docker's format without names, by index_name", function()
      local images = import(archives.tar(archives.docker { tags = "null" }), { index_name = "all:1" })
      assert.same({ "all:1" }, names(images))
      assert.equal("application/vnd.oci.image.index.v1+json", images[1]:target().media_type)
    end)

    for _, tool in ipairs { "gzip", "zstd" } do
      it("archives compressed with " .. tool, function()
        local path = archives.save(archives.tar(archives.docker { tags = '["box:1"]' }))
        lab.sh(("%s -c %s >%s.z"):format(tool, path, path))
        assert.same({ "docker.io/library/box:1" }, names(client:import(path .. ".z")))
      end)
    end

    it("layers compressed, and tells so", function()
      local files = archives.docker { tags = '["box:1"]' }
      local path = archives.save(files[1][2])
      files[1][2] = lab.sh("gzip -nc " .. path)
      local image = import(archives.tar(files))[1]
      assert.equal("application/vnd.docker.image.rootfs.diff.tar.gzip", image:manifest().layers[1].mediaType)
      assert.is_true(image:is_unpacked())
    end)

    it("a compressed layer that the daemon has in place of an uncompressed one", function()
      local files = archives.docker { tags = '["box:1"]' }
      local digest = archives.digest(files[1][2])
      local compressed = lab.sh("gzip -nc " .. archives.save(files[1][2]))
      local stored = client:content():ingest(pieces(compressed), {
        labels = { ["containerd.io/uncompressed"] = digest, ["containerd.io/gc.root"] = "1" },
      })
      local image = import(archives.tar(files))[1]
      assert.equal(stored, image:manifest().layers[1].digest)
      assert.is_true(image:is_unpacked())
    end)

    it("Lua files, file descriptors and objects with read", function()
      local path = archives.save(archives.tar(archives.docker { tags = '["box:1"]' }))
      local file <close> = assert(io.open(path, "rb"))
      assert.equal(1, #client:import(file))
      local read = pieces(archives.tar(archives.docker { tags = '["box:2"]' }))
      assert.equal("docker.io/library/box:2", client:import({ read = function() return read() end })[1]:name())
    end)

    it("an archive again, with what it changes", function()
      local bytes = archives.tar(archives.docker { tags = '["box:1"]' })
      import(bytes, { labels = { a = "b" } })
      assert.same({ a = "b" }, import(bytes)[1]:labels())
      assert.same({ c = "d" }, import(bytes, { labels = { c = "d" } })[1]:labels())
    end)

    it("paths with superfluous parts", function()
      local files = archives.docker { tags = '["box:1"]' }
      for _, file in ipairs(files) do file[1] = "./x/..//" .. file[1] end
      assert.equal(1, #import(archives.tar(files)))
    end)
  end)

  describe("names images", function()
    local bytes

    before_each(function()
      local layout = archives.layout()
      local image = layout:image()
      bytes = layout:tar(archives.named(image, "latest"), archives.named(image, "docker.io/lib/a:1"),
        archives.named(image, "docker.io/libs/b:1"), archives.named(image, "x", "docker.io/any/c:1"))
    end)

    it("as the archive does", function()
      assert.same({ "docker.io/any/c:1", "docker.io/lib/a:1", "docker.io/libs/b:1", "latest" }, names(import(bytes)))
    end)

    it("as a function says", function()
      local asked = {}
      local translate = {
        ["docker.io/lib/a:1"] = "docker.io/lib/z:1",
        ["docker.io/libs/b:1"] = false,
      }
      local found = names(import(bytes, {
        prefix = "docker.io/lib",
        names = function(name)
          asked[#asked + 1] = name
          return translate[name]
        end,
      }))
      table.sort(asked)
      assert.same({ "docker.io/any/c:1", "docker.io/lib/a:1", "docker.io/lib:latest", "docker.io/libs/b:1" }, asked)
      assert.same({ "docker.io/any/c:1", "docker.io/lib/z:1", "docker.io/lib:latest" }, found)
      assert.same({}, import(bytes, { names = function() return false end }))
    end)

    it("not at all when the function fails or gives no name", function()
      local before = #client:images()
      for _, bad in ipairs { 5, "" } do
        local err = raises("invalid_argument", import, bytes, { names = function() return bad end })
        assert.matches("neither a name nor false", err.message)
      end
      assert.has_error(function() import(bytes, { names = function() error("no name", 0) end }) end, "no name")
      assert.equal(before, #client:images())
    end)

    it("with a prefix, only by it, and by digests", function()
      local digest = import(bytes)[1]:digest()
      local found = names(import(bytes, { prefix = "docker.io/lib" }))
      assert.same({ "docker.io/any/c:1", "docker.io/lib/a:1", "docker.io/lib:latest", "docker.io/libs/b:1" }, found)
      found = names(import(bytes, { prefix = "docker.io/lib", only_prefix = true, digests = true }))
      local expected = { "docker.io/any/c:1", "docker.io/lib/a:1", "docker.io/lib:latest", "docker.io/lib@" .. digest }
      assert.same(expected, found)
    end)
  end)

  describe("of several platforms", function()
    local bytes

    before_each(function()
      local layout = archives.layout()
      local list = {}
      for i, architecture in ipairs { "amd64", "arm64" } do
        list[i] = ('%s,"platform":{"os":"linux","architecture":"%s"}}'):format(layout:image {
          architecture = architecture }, architecture)
      end
      bytes = layout:tar(archives.named(layout:blob("index.v1+json", archives.index(list[1], list[2])), "box:1"))
    end)

    local function kept()
      local found = {}
      for _, each in ipairs(client:image("box:1"):check()) do
        if #each.missing_blobs == 0 then found[#found + 1] = each.platform end
      end
      return found
    end

    it("keeps the daemon's, one that is named, or all", function()
      import(bytes)
      collected(namespace)
      assert.same({ "linux/amd64" }, kept())
      client:image("box:1"):delete { sync = true }
      import(bytes, { platform = "linux/arm64" })
      collected(namespace)
      assert.same({ "linux/arm64" }, kept())
      import(bytes, { all_platforms = true })
      collected(namespace)
      assert.same({ "linux/amd64", "linux/arm64" }, kept())
    end)

    it("refuses an archive that has nothing for the platform", function()
      local err = raises("unsupported_platform", import, bytes, { platform = "linux/s390x" })
      assert.matches("linux/s390x", err.message, 1, true)
      assert_nothing()
    end)
  end)

  it("leaves layers to the collector when told to", function()
    local image = import(archives.tar(archives.docker { tags = '["box:1"]' }), { discard_unpacked_layers = true })[1]
    local layer = image:manifest().layers[1].digest
    assert.is_nil(collected(namespace)[layer])
    assert.is_true(image:is_unpacked())
  end)

  describe("refuses, and leaves nothing of,", function()
    local function refused(code, text, bytes, opts)
      local err = raises(code, import, bytes, opts)
      assert.matches(text, err.message, 1, true)
      assert.equal("import", err.op)
      assert_nothing()
    end

    it("what is no archive", function()
      refused("invalid_argument", "can't be read", ("x"):rep(2000))
      refused("invalid_argument", "oci-layout", archives.tar { { "a", "b" } })
    end)

    it("an archive that is cut", function()
      local bytes = archives.tar(archives.docker { tags = '["box:1"]' })
      refused("invalid_argument", "runcated", bytes:sub(1, 1000))
    end)

    it("a compressed archive that is cut", function()
      local path = archives.save(archives.tar(archives.docker { tags = '["box:1"]' }))
      local bytes = lab.sh("gzip -nc " .. path)
      refused("invalid_argument", "runcated", bytes:sub(1, #bytes - 50))
    end)

    it("a blob with another digest than its name", function()
      local layout = archives.layout()
      local image = layout:image()
      layout.files[3][2] = layout.files[3][2]:gsub("world", "wörld")
      refused("digest_mismatch", layout.files[3][1]:sub(14), layout:tar(archives.named(image, "box:1")))
    end)

    it("an archive that lacks a blob", function()
      local layout = archives.layout()
      refused("not_found", "is not in the archive",
        layout:tar(archives.named(layout:image { absent = "layer" }, "box:1")))
    end)

    it("faulty JSON", function()
      refused("invalid_argument", "manifest.json", archives.tar { { "manifest.json", "[{" } })
      refused("invalid_argument", "manifest.json", archives.tar { { "manifest.json", '{"Config":"a"}' } })
      refused("invalid_argument", "index", archives.tar { archives.layout().files[1], { "index.json", "[]" } })
      refused("invalid_argument", "version", archives.tar { { "oci-layout", '{"imageLayoutVersion":"2.0.0"}' } })
    end)

    it("JSON that is too long", function()
      refused("out_of_range", "manifest.json", archives.tar { { "manifest.json", (" "):rep(2 ^ 20 * 20 + 1) } })
    end)

    it("paths that lead out of the archive", function()
      refused("invalid_argument", "leads out", archives.tar { { "../a", "b" } })
      refused("invalid_argument", "leads out", archives.tar { { "/etc/a", "b" } })
      refused("invalid_argument", "leads out", archives.tar { { "a", link = "../b" } })
    end)

    it("links in a circle", function()
      local files = archives.docker { tags = '["box:1"]' }
      files[1] = { "bd76/layer.tar", link = "other" }
      files[4] = { "bd76/other", link = "layer.tar" }
      refused("invalid_argument", "bd76/layer.tar", archives.tar(files))
    end)

    it("images without names", function()
      refused("invalid_argument", "index_name", archives.tar(archives.docker { tags = "null" }))
      refused("invalid_argument", "prefix", archives.tar(archives.docker { tags = "null" }), { digests = true })
    end)

    it("names that are none", function()
      refused("invalid_argument", "Box", archives.tar(archives.docker { tags = '["Box:1"]' }))
    end)

    it("a file that isn't there", function()
      local err = raises("not_found", client.import, client, "/nonexistent/a.tar")
      assert.matches("/nonexistent/a.tar", err.message, 1, true)
      assert_nothing()
    end)

    it("an archive whose reader fails", function()
      local ok, err = pcall(client.import, client, function() error("no more", 0) end)
      assert.is_false(ok)
      assert.equal("no more", err)
      assert_nothing()
    end)

    it("an archive that doesn't come in time", function()
      local bytes = archives.tar(archives.docker { tags = '["box:1"]' })
      local fifo = lab.tempdir() .. "/fifo"
      lab.sh("mkfifo " .. fifo)
      local file <close> = assert(io.open(fifo, "r+b"))
      file:write(bytes:sub(1, 3000))
      file:flush()
      raises("deadline_exceeded", client.import, client, file, { timeout = 1 })
      assert_nothing()
    end)
  end)

  it("puts records back when one of them fails", function()
    local files = archives.docker { tags = '["box:1"]' }
    import(archives.tar(files), { labels = { a = "b" } })
    local before = client:image("docker.io/library/box:1"):digest()
    local layout = archives.layout()
    local image = layout:image()
    local bytes = layout:tar(archives.named(image, "docker.io/library/box:1"), archives.named(image, "new:1"),
      archives.named(image, ("a"):rep(40000)))
    local ok = pcall(import, bytes)
    assert.is_false(ok)
    assert.same({ "docker.io/library/box:1" }, names(client:images()))
    assert.equal(before, client:image("docker.io/library/box:1"):digest())
    assert.same({ a = "b" }, client:image("docker.io/library/box:1"):labels())
  end)
end)
