-- Libraries that are loaded when they're first needed: when that is, and what happens where they aren't as they should.
local lab = require "spec.support.lab"
local process = require "spec.support.process"

local BUSYBOX = "docker.io/library/busybox:latest"

-- What every script begins with.
local HEAD = [[
  local containerd = require "containerd"
  local client <close> = containerd.connect()
  local function loaded()
    local maps = assert(io.open "/proc/self/maps")
    local text = maps:read "*a"
    maps:close()
    local names = {}
    for _, name in ipairs { "libarchive", "libcrypto", "libcurl", "libssl" } do
      if text:find("/" .. name .. ".so", 1, true) then names[#names + 1] = name end
    end
    return table.concat(names, " ")
  end
  local function refused(fn, ...)
    local ok, err = pcall(fn, ...)
    assert(not ok and containerd.is_error(err, "failed_precondition"), tostring(err))
    print(err)
  end
]]

lab.each_daemon(function(daemon)
  local namespace, libraries

  before_each(function()
    namespace = daemon:namespace()
    libraries = lab.tempdir()
  end)

  after_each(function()
    assert.is_true(daemon:is_clean(namespace))
    assert.equal("", daemon:ctr("leases ls -q", { namespace = namespace }))
    daemon:clean(namespace)
    assert.same({}, lab.leftovers())
  end)

  local function run(code, env)
    env = env or {}
    env.CONTAINERD_NAMESPACE = namespace
    local output, status = lab.lua(HEAD .. code, { daemon = daemon, env = env })
    assert.equal(0, status, output)
    return output
  end

  it("are loaded by what needs them, and by nothing else", function()
    local output = run [[
      client:version()
      client:namespaces():list()
      print("start: " .. loaded())
      local image = client:pull "busybox"
      print("pull: " .. loaded())
      client:export("/dev/null", image)
      print("export: " .. loaded())
    ]]
    local start, pull, export = output:match "^start: (.-)\npull: (.-)\nexport: (.-)\n$"
    assert.equal("", start, output)
    assert.equal("libcrypto libcurl libssl", pull)
    assert.equal("libarchive libcrypto libcurl libssl", export)
  end)

  it("are missed by what needs them, before anything is sent, until they are there", function()
    local file = libraries .. "/libcurl.so.4"
    process.write(file, "no library")
    local output = run([[
      assert(client:version())
      refused(client.pull, client, "busybox")
      assert(#client:images() == 0 and #client:leases():list() == 0)
      assert(os.remove(os.getenv "LD_LIBRARY_PATH" .. "/libcurl.so.4"))
      client:pull "busybox"
    ]], { LD_LIBRARY_PATH = libraries })
    assert.equal(("pull %s in namespace %s: libcurl.so.4 can't be loaded: %s: file too short\n"):format(
      BUSYBOX, namespace, file), output)
  end)

  it("are refused when they lack what is needed of them", function()
    daemon:pull(BUSYBOX, namespace)
    process.line(("cc -shared -x c /dev/null -o '%s/libarchive.so.13'"):format(libraries))
    local output = run([[
      refused(client.export, client, "/dev/null", "docker.io/library/busybox:latest")
      refused(client.import, client, "/dev/zero")
      assert(#client:leases():list() == 0)
    ]], { LD_LIBRARY_PATH = libraries })
    local _, count = output:gsub("libarchive%.so%.13 is of no use: it has no archive_entry_filetype\n", "")
    assert.equal(2, count, output)
  end)
end)
