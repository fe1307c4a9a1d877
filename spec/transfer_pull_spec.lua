-- Pulls that are left to the daemon, which must leave what ours leave.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local listing = require "spec.support.listing"
local raises = require "spec.support.raises"

lab.each_daemon(function(daemon)
  local namespace, client
  local tls -- containerd 1.7 speaks to no registry without TLS

  setup(function()
    tls = lab.tls_registry()
  end)

  before_each(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
  end)

  after_each(function()
    client:close()
    assert.is_true(daemon:is_clean(namespace))
    daemon:clean(namespace)
  end)

  if daemon.version == "1.6" then
    it("aren't there", function()
      local err = raises("unimplemented", client.pull, client, "busybox", { transfer = true })
      assert.matches("containerd 1.6", err.message, 1, true)
      local image = client:pull("busybox", { transfer = "auto", hosts_dir = daemon.hosts_dir })
      assert.is_true(image:is_unpacked())
    end)
    return
  end

  -- With what our own pull needs to trust the registry.
  local function tls_hosts()
    local dir = lab.tempdir()
    lab.sh(("mkdir -p %s/%s && cp %s %s/%s/ca.crt"):format(dir, tls.host, tls.ca, dir, tls.host))
    return dir
  end

  for _, name in ipairs { "busybox", "multi", "redis:alpine" } do
    it("leaves of " .. name .. " what a pull of our own leaves", function()
      local here = daemon:namespace()
      local other <close> = client:with_namespace(here)
      local ref = ("%s/library/%s"):format(tls.host, name)
      local labels, told = { a = "b" }, false
      local function progress(step) told = told or step.digest end
      local image = client:pull(ref, { transfer = true, plain_http = false, labels = labels, progress = progress })
      assert.is_true(image:is_unpacked())
      assert.matches("^sha256:", told)
      local ours = other:pull(ref, { hosts_dir = tls_hosts(), labels = labels })
      assert.equal(ours:name(), image:name())
      assert.equal(ours:digest(), image:digest())
      for _, command in ipairs { "content ls", "snapshots ls", "images ls" } do
        assert.same(listing(daemon, here, command), listing(daemon, namespace, command), command)
      end
      daemon:clean(here)
    end)
  end

  it("unpacks for platforms and snapshotters that the daemon doesn't by itself", function()
    local ref = tls.host .. "/library/multi:latest"
    local image = client:pull(ref, {
      transfer = true,
      plain_http = false,
      platform = { "linux/amd64", "linux/arm64" },
      snapshotter = "native",
    })
    assert.is_true(image:is_unpacked("native", { platform = "linux/arm64" }))
    assert.is_true(image:is_unpacked("native", { platform = "linux/amd64" }))
  end)

  it("fails as any pull does", function()
    local ref = tls.host .. "/library/absent:1"
    local err = raises("not_found", client.pull, client, ref, { transfer = true, plain_http = false })
    assert.equal("pull", err.op)
    assert.matches("^pull [^ ]*absent:1 in namespace " .. namespace:gsub("%p", "%%%0"), err.message)
  end)

  it("leaves the name what it was when unpacking fails", function()
    local ref = tls.host .. "/library/multi:latest"
    local function pull(opts)
      opts.transfer, opts.plain_http = true, false
      return client:pull(ref, opts)
    end
    pcall(function() client:image(ref):delete() end)
    raises("invalid_argument", pull, { snapshotter = "absent" })
    raises("not_found", client.image, client, ref)
    local image = pull { labels = { mine = "yes" } }
    raises("invalid_argument", pull, { snapshotter = "absent", labels = { mine = "no" } })
    local left = client:image(ref)
    assert.equal(image:digest(), left:digest())
    assert.equal("yes", left:labels().mine)
  end)

  it("is unimplemented where the daemon can't do what is asked", function()
    local function unable(text, opts)
      opts.transfer = true
      local err = raises("unimplemented", client.pull, client, tls.host .. "/library/busybox", opts)
      assert.matches(text, err.message, 1, true)
    end
    unable("max_concurrent", { max_concurrent = 2 })
    unable("retries", { retries = 2 })
    unable("idle_timeout", { idle_timeout = 2 })
    unable("platform_check", { platform_check = true })
    unable("all_platforms", { all_platforms = true })
    if daemon.version:match "^1" then
      unable("plain_http", {})
      local dir = lab.tempdir()
      lab.sh(("mkdir -p %s/%s"):format(dir, tls.host))
      unable("hosts_dir", { hosts_dir = dir, plain_http = false })
    end
  end)

  it("is chosen by itself where the daemon can do what is asked", function()
    local faulty = lab.faulty_registry()
    finally(function() faulty:close() end)
    local function agent(opts)
      opts.transfer, opts.hosts_dir = "auto", faulty.hosts_dir
      client:pull("busybox", opts)
      local requests = faulty:requests()
      return requests[#requests].headers["user-agent"]
    end
    local by_daemon = agent {}
    local by_us = agent { retries = 2 }
    if daemon.version:match "^1" then
      assert.equal(by_us, by_daemon)
    else
      assert.matches("^containerd/", by_daemon)
      assert.is_not.equal(by_us, by_daemon)
    end
  end)
end)
