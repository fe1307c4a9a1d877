-- Pushing: what arrives in the registry, what isn't sent again, and each way in which it fails.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"
local socket = require "socket"

local serial = 0

lab.each_daemon(function(daemon)
  local namespace, client, faulty

  setup(function()
    local output, status = lab.sh("spec/support/platforms " .. lab.registry)
    assert.equal(0, status, output)
  end)

  before_each(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
  end)

  after_each(function()
    client:close()
    if faulty then
      faulty:close()
      faulty = nil
    end
    assert.is_true(daemon:is_clean(namespace))
    daemon:clean(namespace)
  end)

  -- A repository that nobody has pushed to; its layers are mounted from others, unless told otherwise.
  local function fresh(host)
    serial = serial + 1
    return ("%s/%s/%d:1"):format(host or lab.registry, namespace, serial)
  end

  local function pull(ref, opts)
    opts = opts or {}
    opts.hosts_dir = daemon.hosts_dir
    return client:pull(ref, opts)
  end

  -- What stands behind a faulty registry is the lab's own.
  local function skopeo(command, ref)
    ref = ref:gsub("^[^/]*", lab.registry)
    local output, status = lab.sh(("skopeo %s --tls-verify=false docker://%s"):format(command, ref))
    assert.equal(0, status, output)
    return output
  end

  local function steps(ref, image, opts)
    local last = {}
    opts = opts or {}
    opts.progress = function(step) last[step.digest] = step.state end
    client:push(ref, image, opts)
    local counts = {}
    for _, state in pairs(last) do counts[state] = (counts[state] or 0) + 1 end
    return counts
  end

  describe("leaves", function()
    it("what skopeo and ctr take: an image", function()
      local image, ref = pull "busybox", fresh()
      local pushed = client:push(ref, image, { platform = "linux/amd64" })
      assert.equal(image:digest(), pushed.digest)
      assert.matches(image:digest(), skopeo("inspect", ref), 1, true)
      local dir = lab.tempdir()
      local output, status = lab.sh(("skopeo copy --src-tls-verify=false docker://%s oci:%s:1"):format(ref, dir))
      assert.equal(0, status, output)
      local other = daemon:namespace()
      daemon:ctr("images pull --plain-http " .. ref, { namespace = other })
      assert.matches(image:digest(), daemon:ctr("images ls", { namespace = other }), 1, true)
      daemon:clean(other)
    end)

    it("an index with everything below it, or one platform alone", function()
      local image = pull("platforms", { all_platforms = true, unpack = false })
      local ref = fresh()
      image:push(ref)
      local output, status =
        lab.sh(("skopeo copy --all --src-tls-verify=false docker://%s oci:%s:1"):format(ref, lab.tempdir()))
      assert.equal(0, status, output)
      ref = fresh()
      local pushed = image:push(ref, { platform = "linux/s390x" })
      assert.equal("application/vnd.oci.image.manifest.v1+json", pushed.media_type)
      assert.matches("s390x", skopeo("inspect --raw --config", ref))
    end)

    it("nothing to send for the next push", function()
      local image, ref = pull "layers", fresh()
      image:push(ref)
      assert.same({ exists = 1 + 1 + 7 }, steps(ref, image))
      local other = ref:gsub(":1$", ":2")
      assert.same({ exists = 1 + 7, uploaded = 1 }, steps(other, image))
    end)
  end)

  describe("sends", function()
    it("no blob that another repository of the registry has", function()
      local ref = lab.registry .. "/library/layers:latest"
      local image = client:pull(ref)
      assert.same({ mounted = 1 + 7, uploaded = 1 }, steps(fresh(), image))
    end)

    it("blobs whole, or in chunks", function()
      faulty = lab.faulty_registry()
      pull("layers"):push(fresh(faulty.host))
      assert.equal(8, #faulty:requests("PUT", "/blobs/"))
      assert.equal(0, #faulty:requests("PATCH", "/blobs/"))
      local image, ref = pull "layers", fresh(faulty.host)
      image:push(ref, { chunk_size = "512K" })
      assert.is_true(#faulty:requests("PATCH", "/blobs/") > 6 * 4)
      assert.matches(image:digest(), skopeo("inspect", ref), 1, true)
    end)

    it("with tokens for writing, for mounting and renewed", function()
      faulty = lab.faulty_registry { bearer = { username = "me", password = "mine", expires_in = 1 } }
      local ref = faulty.host .. "/library/layers:latest"
      local auth = { username = "me", password = "mine" }
      local image = client:pull(ref, { auth = auth })
      raises("unauthenticated", image.push, image, fresh(faulty.host))
      assert.same({ mounted = 1 + 7, uploaded = 1 }, steps(fresh(faulty.host), image, { auth = auth }))
      local bodies = {}
      for _, request in ipairs(faulty:requests("POST", "^/token")) do bodies[#bodies + 1] = request.body end
      assert.matches("pull%%2Cpush", table.concat(bodies, " "))
      assert.matches("library%%2Flayers%%3Apull", table.concat(bodies, " "))
    end)

    it("as a user, with basic authentication", function()
      local auth = lab.registry_with_auth()
      local image, ref = pull "busybox", fresh(auth.host)
      raises("unauthenticated", image.push, image, ref, { docker_config = false })
      image:push(ref, { auth = function() return { username = auth.username, password = auth.password } end })
    end)
  end)

  describe("goes on", function()
    it("where an upload was cut, as far as the registry has come", function()
      faulty = lab.faulty_registry {
        rules = { { method = "PUT", path = "/blobs/uploads/.*digest", keep = 1000, times = 1 } },
      }
      local ref = fresh(faulty.host)
      pull("layers"):push(ref, { max_concurrent = 1 })
      local resumed = faulty:requests("PATCH", "/blobs/")
      assert.equal(1, #resumed)
      assert.matches("^1000%-", resumed[1].headers["content-range"])
      skopeo("inspect", ref)
    end)

    it("at the chunk that was lost", function()
      faulty = lab.faulty_registry { rules = { { method = "PATCH", path = "/blobs/", close = true, times = 3 } } }
      local ref = fresh(faulty.host)
      pull("busybox"):push(ref, { chunk_size = "64K", max_concurrent = 2 })
      skopeo("inspect", ref)
    end)

    it("with a new upload when the registry has forgotten it", function()
      faulty = lab.faulty_registry {
        rules = {
          { method = "PUT", path = "/blobs/uploads/", keep = 10, times = 1 },
          { method = "GET", path = "/blobs/uploads/", status = 404, times = 1 },
        },
      }
      local ref = fresh(faulty.host)
      pull("busybox"):push(ref)
      skopeo("inspect", ref)
    end)

    it("without mounting where the registry refuses that", function()
      faulty = lab.faulty_registry { rules = { { method = "POST", path = "mount=", status = 403 } } }
      local image = client:pull(faulty.host .. "/library/busybox:latest")
      assert.is_true(steps(fresh(faulty.host), image).uploaded > 1)
    end)

    it("after failures that pass, and waits as long as the registry says", function()
      faulty = lab.faulty_registry {
        rules = {
          { method = "POST", status = 429, headers = { ["Retry-After"] = "1" }, times = 1 },
          { method = "PUT", path = "/blobs/", status = 503, times = 1 },
          { method = "PUT", path = "/manifests/", status = 500, times = 1 },
          { method = "HEAD", close = true, times = 1 },
        },
      }
      local image, ref, started = pull "busybox", fresh(faulty.host), socket.gettime()
      image:push(ref, { max_concurrent = 1 })
      assert.is_true(socket.gettime() - started >= 1)
      skopeo("inspect", ref)
    end)
  end)

  describe("fails with", function()
    -- Pushes, which must fail with the code.
    local function refused(code, image, ref, opts)
      local err = raises(code, image.push, image, ref, opts)
      assert.equal("push", err.op)
      assert.matches(namespace, err.message, 1, true)
      assert.is_nil(err.message:find "\n")
      return err
    end

    it("failed_precondition for an image that was pulled in part, and names the platform", function()
      faulty = lab.faulty_registry()
      local err = refused("failed_precondition", pull "multi", fresh(faulty.host))
      assert.matches("linux/arm64", err.message, 1, true)
      assert.same({}, faulty:requests())
      pull("multi"):push(fresh(faulty.host), { platform = "linux/amd64" })
    end)

    it("permission_denied, and says who and what", function()
      faulty = lab.faulty_registry { rules = { { method = "POST", status = 403 } } }
      local err = refused("permission_denied", pull "busybox", fresh(faulty.host))
      assert.equal(403, err.details[1].status)
      assert.equal(faulty.host, err.details[1].host)
      assert.matches("/blobs/uploads/", err.details[1].url)
    end)

    it("failed_precondition where no host may be pushed to", function()
      local dir = lab.tempdir()
      lab.sh("mkdir -p " .. dir .. "/docker.io")
      local file = assert(io.open(dir .. "/docker.io/hosts.toml", "w"))
      file:write(('server = "http://%s"\ncapabilities = ["pull", "resolve"]\n'):format(lab.registry))
      file:close()
      refused("failed_precondition", pull "busybox", "library/x:1", { hosts_dir = dir })
    end)

    it("connection_refused when the registry has gone", function()
      local gone, reserved = lab.refusing_registry()
      local err = refused("connection_refused", pull "busybox", gone .. "/library/x:1", { retries = 0 })
      assert.equal(gone, err.details[1].host)
      reserved:close()
    end)

    it("unavailable when it stays broken", function()
      faulty = lab.faulty_registry { rules = { { method = "PUT", path = "/manifests/", status = 500 } } }
      local err = refused("unavailable", pull "busybox", fresh(faulty.host), { retries = 1 })
      assert.matches("500", err.message)
    end)

    it("digest_mismatch for bytes that aren't what they are called, which are never committed", function()
      local name = "bytes-of-" .. namespace
      local output, status = lab.sh(("spec/support/platforms %s %s"):format(lab.registry, name))
      assert.equal(0, status, output)
      local image = pull(name, { unpack = false })
      local layer, dir = image:manifest().layers[1].digest, daemon.address:match "^(.*)/"
      local path = lab.sh(("find %s -path '*/blobs/sha256/%s'"):format(dir, layer:match ":(.*)")):match "[^\n]+"
      local file = assert(io.open(path, "r+b"))
      file:seek("set", 20)
      file:write "?"
      file:close()
      faulty = lab.faulty_registry()
      for _, chunk_size in ipairs { 0, 64 } do
        -- Where the labels say that it came from it's all right: nothing is mounted behind another name.
        local ref = "localhost" .. fresh(faulty.host):match ":.*"
        local err = refused("digest_mismatch", image, ref, { chunk_size = chunk_size, retries = 0 })
        assert.matches(layer, err.message, 1, true)
      end
      for _, request in ipairs(faulty:requests("PUT", "")) do assert.is_nil(request.path:find(layer, 1, true)) end
    end)

    it("deadline_exceeded and cancelled", function()
      faulty = lab.faulty_registry { rules = { { method = "PUT", path = "/blobs/", delay = 20 } } }
      local image = pull "busybox"
      refused("deadline_exceeded", image, fresh(faulty.host), { timeout = 1 })
      local future = image:push_async(fresh(faulty.host))
      lab.eventually(function() return #faulty:requests("POST", "/blobs/") > 0 end, 10, "the upload")
      future:cancel()
      raises("cancelled", future.await, future)
    end)

    it("nothing left of the uploads that were begun", function()
      faulty = lab.faulty_registry { rules = { { method = "PUT", path = "/blobs/", status = 403 } } }
      local image = pull "busybox"
      local function given_up() return #faulty:requests("DELETE", "/blobs/uploads/") end
      refused("permission_denied", image, fresh(faulty.host), { max_concurrent = 2 })
      assert.is_true(given_up() >= 1)
      for _, request in ipairs(faulty:requests("DELETE", "")) do assert.equal(204, request.status) end

      faulty:set { rules = { { method = "PUT", path = "/blobs/", delay = 20 } } }
      local before, begun = given_up(), #faulty:requests("POST", "/blobs/")
      local future = image:push_async(fresh(faulty.host))
      lab.eventually(function() return #faulty:requests("POST", "/blobs/") > begun end, 20, "the upload")
      future:cancel()
      raises("cancelled", future.await, future)
      lab.eventually(function() return given_up() > before end, 20, "the end of the upload")
    end)

    it("invalid_argument for what is no reference, or another digest", function()
      local image = pull "busybox"
      refused("invalid_argument", image, "library/UPPER")
      refused("invalid_argument", image, lab.registry .. "/x@sha256:" .. ("0"):rep(64))
    end)
  end)

  it("raises on misuse before anything has happened", function()
    local image = pull "busybox"
    assert.is_false(pcall(client.push, client, "x", "busybox"))
    assert.is_false(pcall(client.push, client, "x"))
    assert.is_false(pcall(image.push, image))
    local _, err = pcall(image.push, image, "x", { chunksize = 1 })
    assert.matches("chunk_size", tostring(err))
  end)
end)
