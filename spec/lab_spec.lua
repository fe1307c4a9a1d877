-- The lab itself: what other specs rely on when they say that something is there, or isn't.
local http = require "socket.http"
local ltn12 = require "ltn12"
local lab = require "spec.support.lab"

lab.each_daemon(function(daemon)
  local namespace

  before_each(function()
    namespace = daemon:namespace()
  end)

  after_each(function()
    daemon:clean(namespace)
  end)

  it("is the daemon that it says", function()
    local output = daemon:ctr "version"
    local _, servers = output:gsub("Version:%s+v?" .. daemon.version:gsub("%.", "%%."), "")
    assert.equal(2, servers, output)
  end)

  it("runs redis, which ends with status 0 on SIGTERM", function()
    daemon:pull("docker.io/library/redis:alpine", namespace)
    local process = lab.spawn(
      daemon.ctr_path .. " run --rm docker.io/library/redis:alpine redis",
      { daemon = daemon, env = { CONTAINERD_NAMESPACE = namespace } }
    )
    finally(function()
      process:close()
    end)
    lab.eventually(function()
      return process:output():find "Ready to accept connections"
    end, 20, "redis's readiness")
    process:kill "TERM"
    assert.equal(0, process:wait(10))
    assert.is_true(daemon:is_clean(namespace))
    assert.same({}, lab.leftovers())
  end)

  it("sees and removes what a namespace has", function()
    daemon:pull("docker.io/library/busybox:latest", namespace)
    assert.is_true(daemon:is_clean(namespace))
    local at = { namespace = namespace }
    daemon:ctr("run --detach docker.io/library/busybox:latest sleeper sleep 1000", at)
    daemon:ctr("snapshots --snapshotter native prepare alone", at)
    daemon:ctr("leases create --id kept", at)
    local left = daemon:is_clean(namespace, 0)
    for _, one in ipairs { "tasks: sleeper", "containers: sleeper", "leases: kept", "snapshot: alone" } do
      assert.is_truthy(left:find(one, 1, true), left)
    end
    assert.is_true(#lab.leftovers(0) > 0)
    daemon:clean(namespace)
    assert.is_nil((daemon:ctr "namespaces ls -q"):find(namespace, 1, true))
    assert.same({}, lab.leftovers())
  end)

  it("pulls past a registry's failures, with a token", function()
    local user = { username = "me", password = "mine", expires_in = 300 }
    local faulty = lab.faulty_registry {
      bearer = user,
      rules = { { path = "/manifests/latest", status = 503, times = 1 }, { path = "/blobs/", cut = 100, times = 1 } },
    }
    finally(function()
      faulty:close()
    end)
    local pull = "images pull --user me:mine --hosts-dir " .. faulty.hosts_dir .. " docker.io/library/busybox:latest"
    lab.eventually(function()
      return select(2, daemon:ctr(pull, { namespace = namespace, may_fail = true })) == 0
    end, 20, "the pull")
    assert.equal(503, faulty:requests("HEAD", "/manifests/latest")[1].status)
    assert.matches("grant_type=password", faulty:requests("POST", "^/token")[1].body)
  end)
end)

describe("a faulty registry", function()
  local faulty

  after_each(function()
    faulty:close()
  end)

  local function get(path, headers)
    local chunks = {}
    local _, status, answered = http.request {
      url = "http://" .. faulty.host .. path,
      headers = headers,
      redirect = false,
      sink = ltn12.sink.table(chunks),
    }
    return status, table.concat(chunks), answered
  end

  -- Of the type that a registry gives to those who accept nothing in particular.
  local manifest = "/v2/library/busybox/manifests/docker"

  it("answers like the real one unless told otherwise, and notes what it is asked", function()
    faulty = lab.faulty_registry()
    local status, body = get(manifest, { accept = "application/vnd.docker.distribution.manifest.v2+json" })
    assert.equal(200, status)
    assert.matches("schemaVersion", body)
    local request = faulty:requests("GET", "busybox")[1]
    assert.equal(manifest, request.path)
    assert.equal("application/vnd.docker.distribution.manifest.v2+json", request.headers.accept)
  end)

  it("gives the statuses, headers and redirections that rules name, as often as they say", function()
    faulty = lab.faulty_registry {
      rules = {
        { path = "busybox", status = 429, headers = { ["Retry-After"] = "1" }, times = 1 },
        { path = "busybox", redirect = "http://127.0.0.1:1/elsewhere", times = 1 },
        { path = "busybox", close = true, times = 1 },
      },
    }
    local status, _, headers = get(manifest)
    assert.equal(429, status)
    assert.equal("1", headers["retry-after"])
    status, _, headers = get(manifest)
    assert.equal(307, status)
    assert.equal("http://127.0.0.1:1/elsewhere" .. manifest, headers.location)
    assert.equal("closed", (get(manifest)))
    assert.equal(200, (get(manifest)))
  end)

  it("cuts, stalls and corrupts bodies", function()
    faulty = lab.faulty_registry { rules = { { cut = 10, times = 1 }, { corrupt = true, times = 1 } } }
    assert.equal("closed", (get(manifest)))
    local _, body = get(manifest)
    assert.equal("|", body:sub(1, 1))
    faulty:set { rules = { { stall = 10 } } }
    http.TIMEOUT = 0.2
    assert.equal("timeout", (get(manifest)))
    http.TIMEOUT = 60
    assert.equal(3, #faulty:requests())
  end)

  it("gives tokens to its user, for a time", function()
    faulty = lab.faulty_registry { bearer = { username = "me", password = "mine", expires_in = 0 } }
    local status, _, headers = get(manifest)
    assert.equal(401, status)
    assert.matches('scope="repository:library/busybox:pull"', headers["www-authenticate"], 1, true)
    local url = "/token?service=lab&scope=repository%3Alibrary%2Fbusybox%3Apull"
    assert.equal(401, (get(url)))
    faulty:set { bearer = { anonymous = true } }
    local _, body = get(url)
    assert.equal(200, (get(manifest, { authorization = "Bearer " .. body:match '"token":"(.-)"' })))
    assert.equal(401, (get("/v2/library/redis/manifests/alpine", { authorization = "Bearer token-1" })))
  end)
end)

describe("the registries on demand", function()
  it("ask for a user, or speak TLS", function()
    local auth, tls = lab.registry_with_auth(), lab.tls_registry()
    local tags = "/v2/library/bare/tags/list"
    assert.equal(401, (select(2, http.request("http://" .. auth.host .. tags))))
    local user = auth.username .. ":" .. auth.password
    assert.equal(200, (select(2, http.request("http://" .. user .. "@" .. auth.host .. tags))))
    local inspect = "SSL_CERT_FILE=%s skopeo inspect --raw docker://%s/library/bare"
    local output, status = lab.sh(inspect:format(tls.ca, tls.host))
    assert.equal(0, status, output)
    assert.matches("schemaVersion", output)
  end)
end)
