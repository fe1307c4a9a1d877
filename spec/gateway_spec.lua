-- examples/nginx, driven by requests, and its page in a real browser.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"
local socket = require "socket"

local function free_port()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  listener:close()
  return port
end

local services = [[
return {
  slow = {
    image = "docker.io/library/busybox:latest",
    args = { "/bin/sh", "-c", "mkdir /w; echo from-the-service >/w/index.html; sleep 1; exec httpd -f -p %d -h /w" },
    port = %d,
    idle = %d,
  },
  broken = { image = "docker.io/library/absent:latest", args = { "/bin/true" }, port = %d, idle = 3 },
}
]]

-- The example, with these services, which may be idle for so many seconds, and this namespace, in files in `dir`.
local function start(daemon, namespace, dir, idle)
  local port = free_port()
  process.write(dir .. "/services.lua", services:format(port, port, idle, free_port()))
  local gateway = process.read "examples/nginx/gateway.lua"
  process.write(dir .. "/gateway.lua", (gateway:gsub('"gateway" }', ("%q }"):format(namespace), 1)))
  local http = process.read "examples/nginx/gateway.conf"
  return nginx.start {
    http = http:gsub("listen 127.0.0.1:8080;", "listen unix:@dir@/socket;"),
    main = "user root; env CONTAINERD_ADDRESS; env CONTAINERD_HOSTS_DIR;",
    lua_path = dir .. "/?.lua;" .. process.root .. "/examples/nginx/?.lua;",
    daemon = daemon,
  }
end

local function specs(daemon)
  local namespace, client, server, dir

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    dir = lab.tempdir()
    server = start(daemon, namespace, dir, 3)
  end)

  teardown(function()
    server:close()
    client:close()
    lab.sh("rm -r " .. process.quote(dir))
  end)

  local function status(of)
    local json = (of or server):get "/status.json"
    return json:match '{[^{}]*"name":"slow"[^{}]*}' or json
  end

  it("starts a service for the first requests, once, and holds them until it answers", function()
    assert.matches('"state":"stopped"', status())
    local requests = {}
    for i = 1, 6 do requests[i] = server:request "/slow/" end
    for _, request in ipairs(requests) do
      assert.equal(0, request:wait(60))
      assert.equal("from-the-service\n", request:output())
      request:close()
    end
    assert.matches('"state":"running"', status())
    assert.matches('"starts":1%f[^%d]', status())
    assert.equal("slow", client:containers()[1]:id())
  end)

  it("shows what runs, as JSON and in a browser", function()
    server:get "/slow/"
    assert.matches('"memory":%d', status())
    assert.matches('"cpu":[%d.]', status())
    process.write(dir .. "/page.html", (server:get "/status":gsub("<meta http%-equiv[^>]*>", "")))
    local browser = "timeout 60 chromium --headless --no-sandbox --disable-gpu --user-data-dir=%s/browser"
      .. " --dump-dom file://%s/page.html 2>/dev/null"
    local dom = lab.sh(browser:format(dir, dir))
    assert.matches("<title>Gateway</title>", dom, 1, true)
    assert.matches('<td class="running">running', dom, 1, true)
    assert.matches("%d MiB</td>", dom)
    assert.matches('href="/slow/">slow</a>', dom, 1, true)
  end)

  it("says when a service can't be started or isn't known", function()
    local _, unavailable = server:get "/broken/"
    local _, unknown = server:get "/unknown/"
    assert.same({ 503, 404 }, { unavailable, unknown })
  end)

  it("stops what nobody asks for, and starts it again", function()
    lab.eventually(function() return status():find('"state":"stopped"', 1, true) end, 30, "the stop")
    assert.equal("from-the-service\n", (server:get "/slow/"))
    assert.matches('"starts":2%f[^%d]', status())
    lab.eventually(function() return status():find('"state":"stopped"', 1, true) end, 30, "the stop")
    local container = client:container "slow" -- its task is deleted after it has stopped
    lab.eventually(function() return (pcall(container.delete, container, { snapshot = true })) end, 20, "the deletion")
    assert.same({}, lab.leftovers(20))
  end)

  it("serves what runs while containerd is away, and all when it's back", function()
    local private, place = daemon:private(), lab.tempdir()
    local gateway
    finally(function()
      if gateway then gateway:close() end
      private:close()
      lab.sh("rm -r " .. process.quote(place))
    end)
    gateway = start(private, "gateway", place, 600)
    assert.equal("from-the-service\n", (gateway:get "/slow/"))
    private:signal "KILL"
    assert.equal("from-the-service\n", (gateway:get "/slow/"))
    local _, broken = gateway:get "/broken/"
    local _, json = gateway:get "/status.json"
    assert.same({ 503, 500 }, { broken, json })
    private:restart()
    local outside = containerd.connect { address = private.address, namespace = "gateway" }
    outside:container("slow"):task():delete { kill = true }
    outside:close()
    lab.eventually(function() return gateway:get "/slow/" == "from-the-service\n" end, 20, "the service's answer")
    lab.eventually(function() return status(gateway):find '"starts":2%f[^%d]' end, 20, "the second start")
  end)
end

describe("the gateway #once", function() lab.each_daemon(specs) end)
