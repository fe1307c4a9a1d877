-- The Go client's own tests of the transfer service (integration/client), by their names there.
local containerd = require "containerd"
local archives = require "spec.support.archives"
local lab = require "spec.support.lab"

lab.each_daemon(function(daemon)
  if daemon.version == "1.6" then return end -- it has no such service

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

  describe("TestTransferEcho", function()
    for name, bytes in pairs { Big = ("somecontent"):rep(17 * 1024), Small = "somecontent", Empty = "" } do
      it("ImportExportEcho" .. name, function()
        local path, parts = archives.save(bytes), {}
        client:transfer({ type = "archive", reader = path, media_type = "application/octet-stream" }, {
          type = "archive",
          writer = function(part) parts[#parts + 1] = part end,
          media_type = "application/octet-stream",
        })
        assert.is_true(bytes == table.concat(parts))
      end)
    end
  end)

  -- An archive of one image, which has a name or a tag (or neither), imported under a name for its index (or none) and
  -- by a reference. The result: the names that came to be, without what is behind "@", and what has them.
  local function imported(opts)
    local layout = archives.layout()
    local image, digest = layout:image()
    local has_name = opts.named or opts.tagged
    image = has_name and archives.named(image, opts.tagged or "", opts.named) or image .. "}"
    local index = archives.digest(archives.index(image))
    local bytes, kinds = layout:tar(image), { [digest] = "image", [index] = "index" }
    local images = client:transfer({ type = "archive", reader = archives.save(bytes) },
      { type = "image", name = opts.index, unpack = false, references = opts.reference and { opts.reference } or nil })
    local names = {}
    for _, each in ipairs(images) do
      local name = each:name():gsub("@" .. digest .. "$", "@")
      names[name] = kinds[each:digest()]
    end
    return names
  end

  local function prefix(name, fields)
    local reference = { name = name, prefix = true }
    for key in (fields or ""):gmatch "[%w_]+" do reference[key] = true end
    return reference
  end

  describe("TestTransferImport", function()
    local all, one = "registry.test/all-refs:index", "registry.test/all-refs:1"

    it("Basic", function()
      local name = "registry.test/basic:latest"
      assert.same({ [name] = "image" }, imported { named = name, reference = prefix("unused", "overwrite") })
    end)

    it("IndexRef", function()
      assert.same({ ["registry.test/index:1"] = "index" }, imported { index = "registry.test/index:1" })
    end)

    it("AllRefs", function()
      assert.same({ [all] = "index", [one] = "image" },
        imported { index = all, named = one, reference = prefix "registry.test/all-refs" })
    end)

    it("DigestRefs", function()
      assert.same({ [all] = "index", [one] = "image", ["registry.test/all-refs@"] = "image" },
        imported { index = all, named = one, reference = prefix("registry.test/all-refs", "add_digest") })
    end)

    it("DigestRefsSkipNamed", function()
      assert.same({ [all] = "index", [one] = "image" },
        imported { index = all, named = one, reference = prefix("registry.test/all-refs", "add_digest skip_named") })
    end)

    it("DigestOnly", function()
      assert.same({ ["imported-image@"] = "image" },
        imported { reference = prefix("imported-image", "add_digest skip_named") })
    end)

    it("OverwriteDigestRefs", function()
      assert.same({ [all] = "index", [one] = "image", ["someimportname@"] = "image" },
        imported { index = all, named = one, reference = prefix("someimportname", "add_digest overwrite") })
    end)

    it("TagOnlyRef", function()
      assert.same({ ["registry.test/myimage:thebest"] = "image" },
        imported { tagged = "thebest", reference = prefix "registry.test/myimage" })
    end)

    it("TagOnlyOverwriteDigestRefs", function()
      local name = "registry.test/basename"
      assert.same({ [all] = "index", [name .. ":latest"] = "image", [name .. "@"] = "image" },
        imported { index = all, tagged = "latest", reference = prefix(name, "add_digest overwrite") })
    end)
  end)
end)
