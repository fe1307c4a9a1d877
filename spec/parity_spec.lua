-- The tables of doc/parity.md, and their lines for what has no option of its own.
local containerd = require "containerd"
local lab = require "spec.support.lab"

-- The `edit` lines of the manual's table, by the Go option's name.
local function lines()
  local found = {}
  for line in io.lines "doc/parity.md" do
    local name, code = line:match "^| `(With%a+)`.- | `(.-)`.*| parity: edits |$"
    if name then
      found[name] = code
    end
  end
  return found
end

describe("the tables #once", function()
  -- The names of a spec file's cases, and of the blocks that they are in, one a line.
  local known = {}
  local function cases(file)
    if not known[file] then
      local path, names = ("spec/%s_spec.lua"):format(file), {}
      for kind, name in assert(io.open(path), path):read("a"):gmatch '(%l+)%("([^\n]*)' do
        names[#names + 1] = (kind == "it" or kind == "describe") and name or nil
      end
      known[file] = table.concat(names, "\n")
    end
    return known[file]
  end

  it("name cases that there are", function()
    local count = 0
    for line in io.lines "doc/parity.md" do
      for file, case in ((line:match "^|.* | ([^|]*) |$" or "") .. "; "):gmatch "([%w_/]+): (.-); " do
        assert.is_truthy(cases(file):find(case, 1, true), file .. ": " .. case)
        count = count + 1
      end
    end
    assert.is_true(count > 100)
  end)

  it("name the Go client's tests where they are, 90 of them at least", function()
    local shown, seen = 0, {}
    for line in io.lines "doc/parity.md" do
      local name, where = line:match "^| `(Test[%w_]+)` | (.-) |$"
      if name then
        assert.is_nil(seen[name], name)
        seen[name] = true
        local file = where:match "^parity/%l+$"
        shown = shown + (file and 1 or 0)
        assert.is_truthy(not file or cases(file):find("%f[%w]" .. name .. "%f[^%w_]"), name)
      end
    end
    assert.is_true(shown >= 90, shown)
  end)
end)

lab.each_daemon(function(daemon)
  local client, image

  setup(function()
    client = containerd.connect { address = daemon.address, namespace = daemon:namespace() }
    image = client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
  end)

  teardown(function() client:close() end)

  local function spec_of(opts)
    local container = image:new_container("spec-of", opts)
    local spec = container:spec()
    container:delete { snapshot = true }
    return spec
  end

  local function output(opts)
    opts.auto_delete = true
    local container = image:new_container("run", opts)
    local task = container:new_task { stdio = "pipe", auto_delete = true }
    task:start()
    local text = task.stdout:read "a"
    task:close()
    container:close()
    return text
  end

  local function mount_at(spec, destination)
    for _, mount in ipairs(spec.mounts) do
      if mount.destination == destination then
        return mount
      end
    end
  end

  it("edits what the table says", function()
    local expected = {
      WithTTYSize = function(spec) return spec.process.consoleSize.width == 80 end,
      WithUmask = function(spec) return spec.process.user.umask == 18 end,
      WithoutMounts = function(spec) return not mount_at(spec, "/run") and mount_at(spec, "/sys") end,
      WithDevShmSize = function(spec) return mount_at(spec, "/dev/shm").options[5] == "size=1024k" end,
      WithAmbientCapabilities = function(spec) return spec.process.capabilities.ambient[1] == "CAP_KILL" end,
      WithWriteableSysfs = function(spec) return mount_at(spec, "/sys").options[4] == "rw" end,
      WithParentCgroupDevices = function(spec) return spec.linux.resources.devices == nil end,
      WithCPUBurst = function(spec) return spec.linux.resources.cpu.burst == 1000 end,
      WithCPURT = function(spec) return spec.linux.resources.cpu.realtimePeriod == 10000 end,
    }
    local edits = lines()
    for name, check in pairs(expected) do
      local edit = assert(load("local spec = ...; " .. assert(edits[name], name)))
      assert.is_truthy(check(spec_of { edit = function(spec) edit(spec) end }), name)
      edits[name] = nil
    end
    assert.same({}, edits)
  end)

  it("runs a container with what was edited", function()
    local edits = lines()
    local edit = assert(load("local spec = ...; " .. edits.WithUmask .. "; " .. edits.WithDevShmSize))
    assert.equal("0022\nsize=1024k\n", output {
      args = { "sh", "-c", "umask; grep ' /dev/shm ' /proc/mounts | grep -o 'size=[0-9k]*'" },
      edit = function(spec) edit(spec) end,
    })
  end)

  it("shows files of the host", function()
    local text = output { args = { "cat", "/etc/hosts" }, mounts = { "/etc/hosts:/etc/hosts:ro" } }
    assert.equal(lab.sh "cat /etc/hosts", text)
  end)

  it("has the usual devices", function()
    assert.equal("3\n", output { args = { "sh", "-c", "echo x >/dev/null && head -c 3 /dev/urandom | wc -c" } })
  end)
end)
