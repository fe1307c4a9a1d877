-- Pulling: what it leaves in the daemon, beside what the daemon's own client leaves, and each way in which it fails.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local list = require "spec.support.listing"
local raises = require "spec.support.raises"
local socket = require "socket"

local busybox = "docker.io/library/busybox:latest"

lab.each_daemon(function(daemon)
  local namespace, client, faulty

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
    assert.equal("", daemon:ctr("leases ls -q", { namespace = namespace }))
    daemon:clean(namespace)
    assert.same({}, lab.leftovers())
  end)

  local function pull(ref, opts)
    opts = opts or {}
    opts.hosts_dir = opts.hosts_dir or faulty and faulty.hosts_dir or daemon.hosts_dir
    return client:pull(ref, opts)
  end

  -- Pulls, which must fail with the code, and leave no image.
  local function refused(code, ref, opts)
    local err = raises(code, pull, ref, opts)
    assert.equal("pull", err.op)
    assert.matches(namespace, err.message, 1, true)
    assert.is_nil(err.message:find "\n")
    assert.same({}, client:images())
    return err
  end

  local function listing(of, command)
    return list(daemon, of, command)
  end

  local function labels_of(of, snapshot)
    local labels = {}
    local info = daemon:ctr("snapshots info " .. snapshot, { namespace = of })
    for key, value in (info:match '"Labels": (%b{})' or ""):gmatch '"(.-)": "(.-)"' do labels[key] = value end
    return labels
  end

  describe("leaves", function()
    -- The daemon's own client: with the transfer service from 2.x on, and itself before.
    for _, name in ipairs { busybox, "docker.io/library/multi:latest", "docker.io/library/redis:alpine" } do
      it("what ctr leaves of " .. name .. ", label for label", function()
        local theirs = daemon:namespace()
        finally(function() daemon:clean(theirs) end) -- blobs are shared; the next case wants to fetch them
        -- From 2.x on ctr takes what describes the other platforms too, unless told not to.
        local only = daemon.version:match "^1" and "" or "--skip-metadata "
        daemon:ctr("images pull --hosts-dir " .. daemon.hosts_dir .. " " .. only .. name, { namespace = theirs })
        pull(name)
        for _, command in ipairs { "content ls", "snapshots ls", "images ls" } do
          assert.same(listing(theirs, command), listing(namespace, command), command)
        end
        for key in daemon:ctr("snapshots ls", { namespace = namespace }):gmatch "(sha256:%x+)[^\n]*Committed" do
          -- Before 2.x ctr fetches and unpacks apart: its snapshots lack the label that the Go client's pull sets.
          local theirs_of = daemon.version:match "^1" and { ["containerd.io/snapshot.ref"] = key }
          assert.same(theirs_of or labels_of(theirs, key), labels_of(namespace, key))
        end
      end)
    end

    it("nothing to fetch for the next pull", function()
      pull "busybox"
      faulty = lab.faulty_registry()
      local image = pull "busybox"
      assert.equal(busybox, image:name())
      assert.same({}, faulty:requests("GET", "/blobs/"))
    end)

    it("an image that ctr can run", function()
      pull "busybox"
      local output = daemon:ctr("run --rm " .. busybox .. " hello echo hello from ctr", { namespace = namespace })
      assert.equal("hello from ctr\n", output)
    end)

    it("no snapshots without unpacking", function()
      pull("busybox", { unpack = false })
      assert.same({}, listing(namespace, "snapshots ls"))
      assert.is_true(#listing(namespace, "content ls") > 3)
    end)
  end)

  describe("asks the registry", function()
    it("by the normalised name, and tells progress", function()
      local states, done = {}, {}
      local image = pull("busybox", {
        progress = function(p)
          states[p.state] = true
          assert.matches("^sha256:", p.digest)
          assert.is_true(p.offset <= p.size)
          done[p.digest] = p.state
        end,
      })
      assert.equal(busybox, image:name())
      assert.is_true(states.downloaded and states.unpacked)
      for digest, state in pairs(done) do
        assert.is_true(state == "downloaded" or state == "unpacked", digest .. " " .. state)
      end
    end)

    it("by digest", function()
      local digest = pull("busybox"):digest()
      local image = pull("busybox@" .. digest)
      assert.equal("docker.io/library/busybox@" .. digest, image:name())
      assert.equal(digest, image:digest())
    end)

    it("as a user, with basic authentication", function()
      local auth = lab.registry_with_auth()
      local ref = auth.host .. "/library/busybox:latest"
      refused("unauthenticated", ref)
      refused("unauthenticated", ref, { auth = { username = auth.username, password = "wrong" } })
      pull(ref, { auth = { username = auth.username, password = auth.password } })
      local asked
      pull(ref, {
        auth = function(host)
          asked = host
          return { username = auth.username, password = auth.password }
        end,
      })
      assert.equal(auth.host, asked)
    end)

    it("with tokens that are renewed when they expire", function()
      faulty = lab.faulty_registry {
        bearer = { username = "me", password = "mine", expires_in = 1 },
        rules = { { path = "/blobs/", delay = 1.5, times = 1 } },
      }
      local ref = faulty.host .. "/library/busybox:latest"
      refused("unauthenticated", ref)
      pull(ref, { auth = { username = "me", password = "mine" }, max_concurrent = 1 })
      local token = faulty:requests("POST", "^/token")[1]
      assert.matches("scope=repository%%3Alibrary%%2Fbusybox%%3Apull", token.body)
      assert.is_nil(token.headers.authorization)
      assert.is_true(#faulty:requests("POST", "^/token") > 1)
    end)

    it("with what Docker's config.json and its helpers say", function()
      local auth = lab.registry_with_auth()
      local dir = lab.tempdir()
      local helper = assert(io.open(dir .. "/docker-credential-lab", "w"))
      helper:write(([[#!/bin/sh
printf '{"ServerURL":"%%s","Username":"%s","Secret":"%s"}' "$(cat)"
]]):format(auth.username, auth.password))
      helper:close()
      lab.sh("chmod +x " .. dir .. "/docker-credential-lab")
      local basic = lab.sh(("printf '%s:%s' | base64"):format(auth.username, auth.password)):gsub("%s", "")
      local script = ([[
        local client = require("containerd").connect { namespace = %q }
        print(client:pull("%s/library/busybox:latest"):name())
      ]]):format(namespace, auth.host)
      for _, config in ipairs {
        ('{"auths":{%q:{"auth":%q}}}'):format(auth.host, basic),
        ('{"credHelpers":{%q:"lab"}}'):format(auth.host),
        '{"credsStore":"lab"}',
      } do
        local file = assert(io.open(dir .. "/config.json", "w"))
        file:write(config)
        file:close()
        local env = { DOCKER_CONFIG = dir, PATH = dir .. ":" .. os.getenv "PATH" }
        local output, status = lab.lua(script, { daemon = daemon, env = env })
        assert.equal(0, status, output)
        assert.matches("busybox", output)
      end
    end)

    it("over TLS, with the authority that hosts.toml names", function()
      local tls = lab.tls_registry()
      local ref = tls.host .. "/library/busybox:latest"
      refused("unavailable", ref, { plain_http = false, retries = 0 })
      local dir = lab.tempdir()
      lab.sh(("mkdir -p %s/%s"):format(dir, tls.host))
      local file = assert(io.open(("%s/%s/hosts.toml"):format(dir, tls.host), "w"))
      file:write(('server = "https://%s"\nca = %q\n'):format(tls.host, tls.ca))
      file:close()
      assert.equal(ref, pull(ref, { hosts_dir = dir }):name())
    end)

    it("at the next mirror when one has gone", function()
      local gone, reserved = lab.refusing_registry()
      faulty = lab.faulty_registry()
      pull("busybox", { hosts_dir = lab.hosts_dir { gone, faulty.host } })
      assert.is_true(#faulty:requests("GET", "/blobs/") > 1)
      reserved:close()
    end)

    it("at the next mirror when one sends another manifest than it names", function()
      faulty = lab.faulty_registry { rules = { { path = "/manifests/", corrupt = true } } }
      pull("busybox", { hosts_dir = lab.hosts_dir { faulty.host, lab.registry } })
    end)

    it("without showing credentials to the host of a redirect", function()
      local elsewhere = lab.faulty_registry()
      faulty = lab.faulty_registry {
        bearer = { username = "me", password = "mine" },
        rules = { { path = "/blobs/", redirect = "http://" .. elsewhere.host, method = "GET" } },
      }
      pull(faulty.host .. "/library/busybox:latest", { auth = { username = "me", password = "mine" } })
      local requests = elsewhere:requests("GET", "/blobs/")
      assert.is_true(#requests > 1)
      for _, request in ipairs(requests) do assert.is_nil(request.headers.authorization) end
      elsewhere:close()
    end)
  end)

  describe("goes on", function()
    it("where a download was cut", function()
      faulty = lab.faulty_registry { rules = { { path = "/blobs/", method = "GET", cut = 1000, times = 4 } } }
      pull "layers"
      local resumed = 0
      for _, request in ipairs(faulty:requests("GET", "/blobs/")) do
        if request.headers.range == "bytes=1000-" then resumed = resumed + 1 end
      end
      assert.is_true(resumed >= 1)
    end)

    it("where a download stalled", function()
      faulty = lab.faulty_registry { rules = { { path = "/blobs/", method = "GET", stall = 2000, times = 1 } } }
      pull("busybox", { idle_timeout = 0.5 })
    end)

    it("with a registry that ignores ranges", function()
      faulty = lab.faulty_registry {
        rules = { { path = "/blobs/", cut = 1000, times = 1 }, { path = "/blobs/", ignore_range = true } },
      }
      pull "busybox"
    end)

    it("after failures that pass, and waits as long as the registry says", function()
      faulty = lab.faulty_registry {
        rules = {
          -- Twice: the registry is asked as a mirror and as the server.
          { path = "/manifests/", status = 429, headers = { ["Retry-After"] = "1" }, times = 2 },
          { path = "/manifests/", status = 503, times = 1 },
          { path = "/blobs/", status = 429, headers = { ["Retry-After"] = "1" }, times = 1 },
          { path = "/blobs/", close = true, times = 1 },
        },
      }
      local started = socket.gettime()
      pull "busybox"
      assert.is_true(socket.gettime() - started >= 1)
    end)
  end)

  describe("fails with", function()
    it("not_found, and says what each host answered", function()
      local err = refused("not_found", "absent:1")
      assert.matches("docker.io/library/absent:1", err.message, 1, true)
      assert.matches(lab.registry, err.message, 1, true)
      assert.matches("404", err.message)
      assert.equal(lab.registry, err.details[1].host)
      assert.equal(404, err.details[1].status)
    end)

    it("permission_denied", function()
      faulty = lab.faulty_registry { rules = { { status = 403 } } }
      assert.equal(403, refused("permission_denied", "busybox").details[1].status)
    end)

    it("unsupported_platform, and names it", function()
      assert.matches("linux/s390x", refused("unsupported_platform", "multi", { platform = "linux/s390x" }).message)
    end)

    it("digest_mismatch for other bytes than announced", function()
      faulty = lab.faulty_registry { rules = { { path = "/blobs/", method = "GET", corrupt = true } } }
      refused("digest_mismatch", "busybox", { retries = 0 })
    end)

    it("connection_refused when the registry has gone", function()
      local gone, reserved = lab.refusing_registry()
      local err = refused("connection_refused", "busybox", { hosts_dir = lab.hosts_dir { gone }, retries = 0 })
      assert.equal(gone, err.details[1].host)
      reserved:close()
    end)

    it("unavailable when the registry stays broken", function()
      faulty = lab.faulty_registry { rules = { { path = "/blobs/", status = 500 } } }
      assert.matches("500", refused("unavailable", "busybox", { retries = 1 }).message)
    end)

    it("resource_exhausted when the daemon's disk is full", function()
      local small = daemon:private { disk = "6m" }
      finally(function() small:close() end)
      local full <close> = containerd.connect { address = small.address, namespace = namespace }
      local err = raises("resource_exhausted", full.pull, full, "redis:alpine", { hosts_dir = daemon.hosts_dir })
      assert.matches("no space left on device", err.message)
      assert.same({}, full:images())
    end)

    it("deadline_exceeded at the timeout", function()
      faulty = lab.faulty_registry { rules = { { path = "/blobs/", method = "GET", stall = 10 } } }
      refused("deadline_exceeded", "busybox", { timeout = 1 })
    end)

    it("cancelled, and lets the lease go", function()
      faulty = lab.faulty_registry { rules = { { path = "/blobs/", method = "GET", stall = 10 } } }
      local future = client:pull_async("busybox", { hosts_dir = faulty.hosts_dir })
      lab.eventually(function() return #faulty:requests("GET", "/blobs/") > 0 end, 10, "the download")
      assert.is_false(future:done())
      future:cancel()
      raises("cancelled", future.await, future)
      assert.same({}, client:images())
    end)

    it("invalid_argument for what is no reference, and for a broken hosts.toml; unimplemented for schema 1", function()
      refused("invalid_argument", "library/UPPER")
      faulty = lab.faulty_registry {
        rules = {
          {
            path = "/manifests/",
            status = 200,
            headers = { ["Content-Type"] = "application/vnd.docker.distribution.manifest.v1+json" },
            body = '{"schemaVersion":1,"fsLayers":[]}',
          },
        },
      }
      refused("unimplemented", "busybox")
      local dir = lab.tempdir()
      lab.sh("mkdir -p " .. dir .. "/docker.io && echo 'server = [' >" .. dir .. "/docker.io/hosts.toml")
      assert.matches("hosts.toml", refused("invalid_argument", "busybox", { hosts_dir = dir }).message)
    end)
  end)

  it("raises on misuse before anything has happened", function()
    local ok, err = pcall(client.pull, client, "busybox", { platfrom = "linux/amd64" })
    assert.is_false(ok)
    assert.matches('"?platform"?', tostring(err))
    assert.is_false(pcall(client.pull, client))
    assert.is_false(pcall(client.pull, client, "busybox", { max_concurrent = "many" }))
  end)

  it("answers nil, err, code in the safe habit", function()
    local safe = require("containerd.safe").connect { address = daemon.address, namespace = namespace }
    local image, err, code = safe:pull("absent:1", { hosts_dir = daemon.hosts_dir })
    assert.is_nil(image)
    assert.equal("not_found", code)
    assert.equal(tostring(err), err.message)
    image = assert(safe:pull("busybox", { hosts_dir = daemon.hosts_dir }))
    local missing, _, what = image:new_container("x", { user = "nobody-of-that-name" })
    assert.is_nil(missing)
    assert.equal("not_found", what)
    safe:close()
  end)
end)
