-- Transfers by the daemon: what each pair leaves, and each way in which one fails. Nothing of one stays under way.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local process = require "spec.support.process"
local raises = require "spec.support.raises"
local unix = require "socket.unix"

lab.each_daemon(function(daemon)
  local namespace, client
  local tls, auth -- registries; containerd 1.7 speaks to none without TLS
  local has_transfer = daemon.version ~= "1.6"

  setup(function()
    tls, auth = lab.tls_registry(), lab.tls_registry_with_auth()
  end)

  before_each(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
  end)

  -- The stacks of all that the daemon is about.
  local function stacks()
    local connection = assert(unix())
    assert(connection:connect((daemon.address:gsub("containerd.sock$", "debug.sock"))))
    connection:settimeout(20)
    assert(connection:send "GET /debug/pprof/goroutine?debug=1 HTTP/1.0\r\nHost: daemon\r\n\r\n")
    local text = assert(connection:receive "*a")
    connection:close()
    assert(text:find "goroutine profile")
    return text
  end

  local function streams_are_closed()
    return not stacks():find("streaming.(*service).Stream", 1, true)
  end

  after_each(function()
    client:close()
    lab.eventually(streams_are_closed, 20, "end of all streams")
    assert.is_true(daemon:is_clean(namespace))
    daemon:clean(namespace)
  end)

  if not has_transfer then
    it("lacks the service, which shows as unimplemented", function()
      local from, to = { type = "image", name = "a" }, { type = "image", name = "b" }
      local err = raises("unimplemented", client.transfer, client, from, to)
      assert.equal("transfer", err.op)
      assert.matches("^transfer a to b in namespace .*: unknown service", err.message)
    end)
    return
  end

  local function busybox(registry)
    return registry.host .. "/library/busybox:latest"
  end

  local function pulled()
    return client:pull(lab.registry .. "/library/busybox:latest")
  end

  -- The two ends of a pipe in one file, at which nobody else is.
  local function idle_pipe()
    local path = lab.tempdir() .. "/pipe"
    lab.sh("mkfifo " .. path)
    return assert(io.open(path, "r+"))
  end

  -- What fails with the code, and says of what.
  local function refused(code, source, destination, opts)
    local err = raises(code, client.transfer, client, source, destination, opts or { timeout = 60 })
    assert.equal("transfer", err.op)
    assert.matches(namespace, err.message, 1, true)
    return err
  end

  local function names(images)
    local list = {}
    for i, image in ipairs(images) do list[i] = image:name() end
    table.sort(list)
    return list
  end

  -- Gives a string in pieces of that size.
  local function pieces(bytes, size)
    local at = 1
    return function()
      local piece = bytes:sub(at, at + (size or 99999) - 1)
      at = at + #piece
      return piece ~= "" and piece or nil
    end
  end

  local function export(source, opts)
    local parts, ended = {}, false
    opts = opts or {}
    opts.type = "archive"
    function opts.writer(part)
      ended = not part
      parts[#parts + 1] = part
    end
    assert.is_true(client:transfer(source, opts))
    assert.is_true(ended)
    return table.concat(parts)
  end

  describe("from a registry to the image store", function()
    it("pulls, unpacks and tells progress as pull does", function()
      local seen = {}
      local images = client:transfer({ type = "registry", ref = busybox(tls) },
        { type = "image", name = "here/busybox:1", labels = { a = "b" } }, {
          progress = function(p)
            assert.matches("^sha256:", p.digest)
            assert.is_true(p.offset <= p.size)
            seen[p.state] = true
          end,
        })
      assert.same({ "here/busybox:1" }, names(images))
      assert.equal("b", images[1]:labels().a)
      assert.is_true(images[1]:is_unpacked())
      assert.is_true(seen.downloaded or seen.exists)
      local output = daemon:ctr("run --rm here/busybox:1 hello echo hello from ctr", { namespace = namespace })
      assert.equal("hello from ctr\n", output)
    end)

    it("only fetches without unpack, and for a platform", function()
      local images = client:transfer({ type = "registry", ref = tls.host .. "/library/multi:latest" },
        { type = "image", name = "multi", unpack = false, platform = "linux/arm64", manifest_limit = 1 })
      assert.equal("arm64", images[1]:config({ platform = "linux/arm64" }).architecture)
      raises("not_found", images[1].config, images[1], { platform = "linux/amd64" })
      assert.is_false(images[1]:is_unpacked { platform = "linux/arm64" })
    end)

    it("answers when the daemon asks who we are", function()
      local asked
      client:transfer({
        type = "registry",
        ref = busybox(auth),
        auth = function(host)
          asked = host
          return { username = auth.username, password = auth.password }
        end,
      }, { type = "image", name = "a:1" })
      assert.equal(auth.host, asked)
      client:transfer({ type = "registry", ref = busybox(auth), auth = { username = "lab", password = "secret" } },
        { type = "image", name = "a:2" })
    end)

    it("answers with what Docker's config.json says", function()
      local dir = lab.tempdir()
      local basic = lab.sh(("printf '%s:%s' | base64"):format(auth.username, auth.password)):gsub("%s", "")
      local file = assert(io.open(dir .. "/config.json", "w"))
      file:write(('{"auths":{%q:{"auth":%q}}}'):format(auth.host, basic))
      file:close()
      local output, status = lab.lua(([[
        local client = require("containerd").connect { namespace = %q }
        print(client:transfer({ type = "registry", ref = %q }, { type = "image", name = "a:1" })[1]:name())
      ]]):format(namespace, busybox(auth)), { daemon = daemon, env = { DOCKER_CONFIG = dir } })
      assert.equal(0, status, output)
      assert.equal("a:1\n", output)
    end)

    it("fails for an absent image, and without credentials or with wrong ones", function()
      local to = { type = "image", name = "a:1" }
      local absent = refused("not_found", { type = "registry", ref = tls.host .. "/library/absent:1" }, to)
      assert.matches("library/absent:1", absent.message, 1, true)
      refused("unauthenticated", { type = "registry", ref = busybox(auth), docker_config = false }, to)
      refused("unauthenticated", {
        type = "registry",
        ref = busybox(auth),
        auth = { username = auth.username, password = "wrong" },
      }, to)
      refused("invalid_argument", { type = "registry", ref = "Not a reference" }, to)
      assert.same({}, client:images())
    end)

    it("ends when the credentials, or the progress, raise", function()
      local reason = {}
      local function fail() error(reason) end
      local ok, err = pcall(client.transfer, client, { type = "registry", ref = busybox(auth), auth = fail },
        { type = "image", name = "a:1" })
      assert.is_false(ok)
      assert.equal(reason, err)
      ok, err = pcall(client.transfer, client, { type = "registry", ref = busybox(tls) },
        { type = "image", name = "a:1" }, { progress = fail })
      assert.is_false(ok)
      assert.equal(reason, err)
    end)

    it("ends when it's cancelled while the daemon waits for an answer", function()
      local future
      local function auth_cancels() future:cancel() end
      future = client:transfer_async({ type = "registry", ref = busybox(auth), auth = auth_cancels },
        { type = "image", name = "a:1" })
      raises("cancelled", future.await, future)
      assert.same({}, client:images())
    end)

    it("takes hosts_dir and plain_http from 2.x on", function()
      local to = { type = "image", name = "a:1" }
      local from = { type = "registry", ref = "busybox", hosts_dir = daemon.hosts_dir }
      local plain = { type = "registry", ref = lab.registry .. "/library/busybox:latest", plain_http = true }
      if daemon.version:match "^1" then
        assert.matches("hosts_dir", refused("unimplemented", from, to).message)
        assert.matches("plain_http", refused("unimplemented", plain, to).message)
      else
        assert.same({ "a:1" }, names(client:transfer(from, to)))
        assert.same({ "a:1" }, names(client:transfer(plain, to)))
      end
    end)

    if not daemon.version:match "^1" then
      it("has the daemon send headers", function()
        local faulty = lab.faulty_registry()
        finally(function() faulty:close() end)
        local headers = { ["X-Lab"] = "yes" }
        client:transfer({ type = "registry", ref = "busybox", hosts_dir = faulty.hosts_dir, headers = headers },
          { type = "image", name = "a:1" })
        assert.equal("yes", faulty:requests()[1].headers["x-lab"])
      end)

      it("ends at the timeout, and when it's cancelled, in the middle of a download", function()
        local faulty = lab.faulty_registry { rules = { { path = "/blobs/", method = "GET", stall = 10 } } }
        finally(function() faulty:close() end)
        local from = { type = "registry", ref = "busybox", hosts_dir = faulty.hosts_dir }
        local to = { type = "image", name = "a:1" }
        refused("deadline_exceeded", from, to, { timeout = 1 })
        local future = client:transfer_async(from, to)
        lab.eventually(function() return #faulty:requests("GET", "/blobs/") > 0 end, 20, "request of a blob")
        future:cancel()
        raises("cancelled", future.await, future)
        assert.same({}, client:images())
      end)
    end
  end)

  describe("from the image store to a registry", function()
    it("pushes", function()
      local image = pulled()
      local ref = ("%s/%s/pushed:1"):format(tls.host, namespace)
      local seen = {}
      assert.is_true(client:transfer({ type = "image", name = image:name() }, { type = "registry", ref = ref },
        { progress = function(p) seen[p.state] = true end }))
      assert.is_true(seen.uploaded or seen.exists)
      local pushed = client:pull(("%s/%s/pushed:1"):format(lab.registry, namespace))
      assert.equal(image:digest(), pushed:digest())
    end)

    it("fails for an absent image, and with wrong credentials", function()
      local image = pulled()
      local ref = auth.host .. "/" .. namespace .. "/pushed:1"
      refused("not_found", { type = "image", name = "absent:1" }, { type = "registry", ref = ref })
      refused("unauthenticated", { type = "image", name = image:name() },
        { type = "registry", ref = ref, auth = { username = "lab", password = "wrong" } })
    end)

    if not daemon.version:match "^1" then
      it("ends at the timeout, and when it's cancelled, while the registry takes its time", function()
        local faulty = lab.faulty_registry { rules = { { path = "/blobs/uploads/", delay = 10 } } }
        finally(function() faulty:close() end)
        local from = { type = "image", name = pulled():name() }
        local ref = ("%s/%s/pushed:1"):format(faulty.host, namespace)
        local to = { type = "registry", ref = ref, plain_http = true }
        refused("deadline_exceeded", from, to, { timeout = 1 })
        local future = client:transfer_async(from, to)
        lab.eventually(function() return not streams_are_closed() end, 20, "streams")
        future:cancel()
        raises("cancelled", future.await, future)
      end)
    end
  end)

  describe("from an archive to the image store", function()
    it("imports what a reader of any kind gives", function()
      local image = pulled()
      local archive = export { type = "image", name = image:name() }
      local dir = lab.tempdir()
      local file = assert(io.open(dir .. "/archive.tar", "w+"))
      file:write(archive)
      file:seek "set"
      for i, reader in ipairs { pieces(archive), { read = pieces(archive, 700000) }, dir .. "/archive.tar", file } do
        local name = ("imported:%d"):format(i)
        local images = client:transfer({ type = "archive", reader = reader }, { type = "image", name = name })
        assert.same({ name }, names(images))
      end
      file:close()
    end)

    it("names what is in it by references", function()
      local image = pulled()
      local archive = export { type = "image", name = image:name() }
      local by_digest = "by/digest@" .. image:digest()
      local function prefix(name, reference)
        reference.name, reference.prefix = name, true
        return reference
      end
      for _, case in ipairs {
        { prefix("by/digest", { add_digest = true }), { by_digest } },
        { prefix("by/digest", { add_digest = true, overwrite = true }), { image:name(), by_digest } },
        { prefix("by/digest", { add_digest = true, overwrite = true, skip_named = true }), { image:name() } },
        { prefix(lab.registry, {}), { image:name() } },
        { prefix("none/of/it", {}), {} },
      } do
        local images = client:transfer({ type = "archive", reader = pieces(archive) },
          { type = "image", references = { case[1] } })
        assert.same(case[2], names(images))
        for _, each in ipairs(images) do assert.equal(image:digest(), each:digest()) end
      end
    end)

    it("fails with a reader that raises or fails, and with what is no archive", function()
      local to = { type = "image", name = "a:1" }
      local reason = {}
      local ok, err = pcall(client.transfer, client, { type = "archive", reader = function() error(reason) end }, to)
      assert.is_false(ok)
      assert.equal(reason, err)
      ok, err = pcall(client.transfer, client, { type = "archive", reader = function() return nil, "broken" end }, to)
      assert.is_false(ok)
      assert.equal("broken", err)
      refused("not_found", { type = "archive", reader = "/no/such/archive.tar" }, to)
      refused("invalid_argument", { type = "archive", reader = pieces(("no archive"):rep(1000), 512) }, to)
      assert.same({}, client:images())
    end)

    it("ends at the timeout, and when it's cancelled, while the reader has nothing to give", function()
      local idle <close> = idle_pipe()
      local from, to = { type = "archive", reader = idle }, { type = "image", name = "a:1" }
      refused("deadline_exceeded", from, to, { timeout = 1 })
      local future = client:transfer_async(from, to)
      lab.eventually(function() return not streams_are_closed() end, 20, "streams")
      future:cancel()
      raises("cancelled", future.await, future)
    end)
  end)

  describe("from the image store to an archive", function()
    it("exports what can be imported, whole", function()
      local image = pulled()
      local archive = export({ type = "image", name = image:name() }, { platform = "linux/amd64" })
      local dir = lab.tempdir()
      client:transfer({ type = "image", name = image:name() },
        { type = "archive", writer = dir .. "/archive.tar", skip_docker_manifest = true })
      assert.equal("0", lab.sh(("tar tf %s/archive.tar | grep -c manifest.json"):format(dir)):match "%d+")
      image:delete { sync = true }
      local images = client:import(pieces(archive))
      assert.same({ image:name() }, names(images))
    end)

    it("fails for an absent image, with a writer that raises or fails, and leaves no file", function()
      local dir = lab.tempdir()
      local path = dir .. "/archive.tar"
      refused("not_found", { type = "image", name = "absent:1" }, { type = "archive", writer = path })
      assert.equal("", lab.sh("ls " .. dir))
      local from, reason = { type = "image", name = pulled():name() }, {}
      local ok, err = pcall(client.transfer, client, from, { type = "archive", writer = function() error(reason) end })
      assert.is_false(ok)
      assert.equal(reason, err)
      refused("resource_exhausted", from, { type = "archive", writer = "/dev/full" })
    end)

    it("ends when it's cancelled in the middle, or its writer takes nothing till the timeout", function()
      local from = { type = "image", name = pulled():name() }
      local future
      future = client:transfer_async(from, { type = "archive", writer = function() future:cancel() end })
      raises("cancelled", future.await, future)
      local idle <close> = idle_pipe()
      refused("deadline_exceeded", from, { type = "archive", writer = idle }, { timeout = 1 })
    end)
  end)

  describe("within the image store", function()
    it("tags", function()
      local image = pulled()
      local images = client:transfer({ type = "image", name = image:name() }, { type = "image", name = "tagged:1" })
      assert.same({ "tagged:1" }, names(images))
      assert.equal(image:digest(), images[1]:digest())
    end)

    it("fails for an absent image", function()
      refused("not_found", { type = "image", name = "absent:1" }, { type = "image", name = "tagged:1" })
    end)
  end)

  describe("from an archive to an archive", function()
    it("echoes, whatever the size of the pieces", function()
      local bytes = ("what it is\n"):rep(30000)
      for _, size in ipairs { 1000, 70000, 1000000 } do
        local parts = {}
        client:transfer({ type = "archive", reader = pieces(bytes, size) },
          { type = "archive", writer = function(part) parts[#parts + 1] = part end })
        assert.is_true(bytes == table.concat(parts))
      end
    end)

    -- A gibibyte takes half a minute, so one daemon has to do for it.
    local mebibytes = daemon.version:match "^2" and 1024 or 64

    it(("takes %d MiB without more memory for them"):format(mebibytes), function()
      local function peak()
        return tonumber(process.read("/proc/self/status"):match "VmHWM:%s*(%d+)")
      end
      local dir = lab.tempdir()
      lab.sh("truncate -s " .. mebibytes .. "M " .. dir .. "/zeros")
      local counter = assert(io.popen("wc -c >" .. dir .. "/count", "w"))
      process.write("/proc/self/clear_refs", "5") -- the peak counts from here
      local before = peak()
      client:transfer({ type = "archive", reader = dir .. "/zeros" }, { type = "archive", writer = counter })
      local after = peak()
      counter:close()
      assert.equal(("%d\n"):format(mebibytes * 2 ^ 20), process.read(dir .. "/count"))
      local is_sanitized = (os.getenv "CTD_OUT" or ""):find("/san", 1, true) ~= nil -- and keeps what is freed
      assert.is_true(is_sanitized or after - before < 16 * 1024, ("%d KiB more"):format(after - before))
    end)

    it("is cancelled by either side's failure", function()
      local reason = {}
      local function fail() error(reason) end
      local ok, err = pcall(client.transfer, client, { type = "archive", reader = "/dev/zero" },
        { type = "archive", writer = fail })
      assert.is_false(ok)
      assert.equal(reason, err)
      ok, err = pcall(client.transfer, client, { type = "archive", reader = fail },
        { type = "archive", writer = "/dev/null" })
      assert.is_false(ok)
      assert.equal(reason, err)
    end)
  end)

  it("goes between no two registries", function()
    local end_of_both = { type = "registry", ref = busybox(tls) }
    refused("unimplemented", end_of_both, end_of_both)
  end)

  it("is under the client's own lease, if it has one", function()
    local lease = client:lease { auto_delete = true }
    local leased = client:with_lease(lease)
    leased:transfer({ type = "registry", ref = busybox(tls) }, { type = "image", name = "a:1" })
    assert.is_true(#lease:resources() > 0)
    assert.equal(1, #client:leases():list())
    leased:close()
    lease:close()
  end)

  it("refuses ends that can't be meant", function()
    local image = { type = "image", name = "a" }
    local function misused(text, ...)
      local ok, err = pcall(client.transfer, client, ...)
      assert.is_false(ok)
      assert.matches(text, err, 1, true)
    end
    misused('"source": table expected, got string', "busybox", image)
    misused('"destination": type = "registry", "image" or "archive" expected', image, { type = "tape" })
    misused('"source": ref expected', { type = "registry" }, image)
    misused('"source": name or references expected', { type = "image" }, image)
    misused('"source": reader expected', { type = "archive", writer = "/dev/null" }, image)
    misused("writer", { type = "archive", reader = "/dev/null", writer = "/dev/null" }, image)
    misused('"references": each needs a name', image, { type = "image", references = { {} } })
    misused("unpakc", image, { type = "image", name = "b", unpakc = true })
  end)
end)
