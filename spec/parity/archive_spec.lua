-- The Go client's own tests of import and export (integration/client), by their names there.
local containerd = require "containerd"
local archives = require "spec.support.archives"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

lab.each_daemon(function(daemon)
  local namespace, client, dir

  setup(function()
    local output, status = lab.sh("spec/support/platforms " .. lab.registry)
    assert.equal(0, status, output)
  end)

  before_each(function()
    namespace, dir = daemon:namespace(), lab.tempdir()
    client = containerd.connect { address = daemon.address, namespace = namespace }
  end)

  after_each(function()
    client:close()
    assert.is_true(daemon:is_clean(namespace))
    daemon:clean(namespace)
  end)

  local function pull(ref, opts)
    opts = opts or {}
    opts.hosts_dir = daemon.hosts_dir
    return client:pull(ref, opts)
  end

  local function collect()
    client:leases():create { id = "collect" }
    client:leases():delete("collect", { sync = true })
  end

  local function import(bytes, opts)
    return client:import(archives.save(bytes), opts)
  end

  local function names(images)
    local list = {}
    for i, image in ipairs(images) do list[i] = image:name() end
    table.sort(list)
    return list
  end

  it("TestExportAndImport", function()
    local image = pull "busybox"
    client:export(dir .. "/a.tar", image)
    image:delete { sync = true }
    assert.same({}, client:images())
    local imported = client:import(dir .. "/a.tar", { unpack = false })
    assert.same({ image:name() }, names(imported))
    assert.equal(image:digest(), imported[1]:digest())
  end)

  it("TestExportAndImportMultiLayer", function()
    local image = pull "busybox"
    assert.is_true(#image:manifest().layers > 1)
    client:export(dir .. "/a.tar", image)
    image:delete { sync = true }
    local imported = client:import(dir .. "/a.tar", { unpack = false })[1]
    imported:unpack()
    collect()
    local container = imported:new_container("imported", { args = { "/bin/true" } })
    container:delete { snapshot = true }
  end)

  describe("TestImport", function()
    it("OCI-IndexWithoutAnyManifest", function()
      local layout = archives.layout()
      local manifest = layout:image { absent = "manifest" } .. ',"platform":{"os":"linux","architecture":"amd64"}}'
      local index = layout:blob("index.v1+json", archives.index(manifest))
      local bytes = layout:tar(archives.named(index, "docker.io/library/index:1"))
      assert.same({ "docker.io/library/index:1" }, names(import(bytes, { skip_missing = true })))
      raises("not_found", import, bytes)
    end)

    it("DockerV2.0", function()
      local files = archives.docker { tags = '["any:1"]' }
      files[3] = { "repositories", '{"any":{"1":"bd76"}}' }
      raises("invalid_argument", import, archives.tar(files))
    end)

    it("DockerV2.1", function()
      local images = import(archives.tar(archives.docker { tags = '["test-import:notlatest","another/repo:tag"]' }))
      assert.same({ "docker.io/another/repo:tag", "docker.io/library/test-import:notlatest" }, names(images))
      assert.equal("linux/amd64", images[1]:platforms()[1])
    end)

    it("DockerV2.1-BadOSArch", function()
      for _, config in ipairs { archives.config("", ""), archives.config("linux", "") } do
        raises("invalid_argument", import, archives.tar(archives.docker { tags = '["any:1"]', config = config }))
      end
      local bytes = archives.tar(archives.docker { tags = '["any:1"]', config = archives.config("bados", "badarch") })
      raises("unsupported_platform", import, bytes)
      assert.same({}, client:images())
    end)

    it("OCI-BadFormat", function()
      raises("invalid_argument", import, archives.tar { { "oci-layout", '{"imageLayoutVersion":"2.0.0"}' } })
    end)

    it("OCI", function()
      local layout = archives.layout()
      local image = layout:image()
      local bytes = layout:tar(archives.named(image, "latest"), archives.named(image, "docker.io/lib/img:ok"))
      assert.same({ "docker.io/lib/img:ok", "latest" }, names(import(bytes)))
    end)

    it("OCI-Labels", function()
      local layout = archives.layout()
      local labels = { ["hello.label"] = "ok" }
      local images = import(layout:tar(archives.named(layout:image(), "latest")), { labels = labels })
      assert.same(labels, images[1]:labels())
    end)

    it("OCIPrefixName", function()
      local layout = archives.layout()
      local image = layout:image()
      local bytes = layout:tar(archives.named(image, "latest"), archives.named(image, "docker.io/lib/img:ok"))
      local images = import(bytes, { prefix = "localhost:5000/myimage" })
      assert.same({ "docker.io/lib/img:ok", "localhost:5000/myimage:latest" }, names(images))
    end)

    it("OCIPrefixName2", function()
      local layout = archives.layout()
      local image = layout:image()
      local bytes = layout:tar(archives.named(image, "latest"), archives.named(image, "localhost:5000/myimage:old"),
        archives.named(image, "docker.io/lib/img:ok"))
      local images = import(bytes, { prefix = "localhost:5000/myimage", only_prefix = true })
      assert.same({ "localhost:5000/myimage:latest", "localhost:5000/myimage:old" }, names(images))
    end)

    it("OCI-MissingManifestDescendants", function()
      for _, absent in ipairs { "config", "layer" } do
        local layout = archives.layout()
        local bytes = layout:tar(archives.named(layout:image { absent = absent }, "docker.io/lib/img:1"))
        raises("not_found", import, bytes)
        assert.same({ "docker.io/lib/img:1" }, names(import(bytes, { skip_missing = true })))
        client:image("docker.io/lib/img:1"):delete { sync = true }
      end
    end)
  end)

  describe("TestExportAllCases", function()
    local function export(image, opts)
      client:export(dir .. "/a.tar", image, opts)
      return lab.sh("tar tf " .. dir .. "/a.tar")
    end

    local function has(list, digest)
      return list:find(digest:sub(8), 1, true) ~= nil
    end

    it("export an index whose manifests aren't all there", function()
      local image = pull("platforms", { unpack = false })
      raises("not_found", export, image, { all_platforms = true })
      local list = export(image, { all_platforms = true, skip_missing = true })
      assert.is_true(has(list, image:digest()))
      for _, node in ipairs(image:content_tree().children) do
        assert.equal(node.present, has(list, node.digest))
      end
    end)

    it("export an index alone, of whose manifests none is there", function()
      local image = pull("platforms", { unpack = false })
      for _, node in ipairs(image:content_tree().children) do
        if node.present then client:content():delete(node.digest) end
      end
      local list = export(image, { skip_missing = true })
      assert.is_true(has(list, image:digest()))
      local _, blobs = list:gsub("blobs/sha256/%x", "")
      assert.equal(1, blobs)
      assert.is_nil(list:find("manifest.json", 1, true))
    end)

    it("export an image with everything below it", function()
      local image = pull "busybox"
      local list = export(image)
      assert.is_true(has(list, image:manifest().config.digest))
      for _, layer in ipairs(image:manifest().layers) do assert.is_true(has(list, layer.digest)) end
      assert.matches("manifest.json", list, 1, true)
    end)

    it("export all platforms", function()
      local image = pull("platforms", { all_platforms = true, unpack = false })
      local list = export(image, { all_platforms = true })
      for _, node in ipairs(image:content_tree().children) do
        assert.is_true(has(list, node.digest))
        for _, child in ipairs(node.children) do assert.is_true(has(list, child.digest)) end
      end
    end)

    it("export without the Docker manifest", function()
      assert.is_nil(export(pull "busybox", { skip_docker_manifest = true }):find("manifest.json", 1, true))
    end)

    it("names images by what the grammar of ref.name allows", function()
      local tag = pull("busybox"):tag "docker.io/library/other:1.2_3-x"
      export(tag)
      local index = lab.sh("tar xOf " .. dir .. "/a.tar index.json")
      assert.matches('"org.opencontainers.image.ref.name":"1.2_3-x"', index, 1, true)
      assert.matches('"io.containerd.image.name":"docker.io/library/other:1.2_3-x"', index, 1, true)
    end)
  end)
end)
