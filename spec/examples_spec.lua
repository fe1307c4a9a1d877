-- The examples, run as a user runs them, and interrupted wherever they can be.
local containerd = require "containerd"
local lab = require "spec.support.lab"

local function contents(path)
  local file = assert(io.open(path))
  local text = file:read "a"
  file:close()
  return text
end

local function write(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  return path
end

lab.each_daemon(function(daemon)
  local client
  local scripts = {}

  setup(function()
    client = containerd.connect { address = daemon.address, namespace = "example" }
  end)

  teardown(function()
    client:close()
    daemon:clean "example"
    for _, path in ipairs(scripts) do os.remove(path) end
  end)

  local function script(text)
    scripts[#scripts + 1] = write(text)
    return scripts[#scripts]
  end

  local function assert_clean()
    assert.is_true(daemon:is_clean "example")
    assert.same({}, lab.leftovers())
  end

  it("redis: shows redis's own log and the exit status, and leaves the image only", function()
    local output, status = lab.lua("examples/redis.lua", { daemon = daemon })
    assert.equal(0, status, output)
    assert.matches("Successfully pulled docker.io/library/redis:alpine image", output, 1, true)
    assert.matches("Ready to accept connections", output)
    assert.matches("redis%-server exited with status: 0\n$", output)
    assert.equal("docker.io/library/redis:alpine", client:images()[1]:name())
    assert_clean()
  end)

  it("redis: has at most 25 lines of code", function()
    local lines = 0
    for line in contents("examples/redis.lua"):gmatch "[^\n]+" do
      if not line:match "^%s*%-%-" then lines = lines + 1 end
    end
    assert.is_true(lines <= 25)
  end)

  it("redis: leaves nothing when an error is raised after any line", function()
    local lines = {}
    for line in contents("examples/redis.lua"):gmatch "[^\n]+" do lines[#lines + 1] = line end
    for after = 1, #lines do
      local text = table.concat(lines, "\n", 1, after):gsub("sleep%(3%)", "sleep(0.2)")
      if load(lab.translate(text)) then -- else a statement goes on
        local path = script(text .. "\nerror 'enough'\n")
        local output, status = lab.lua(path, { daemon = daemon })
        assert.equal(1, status, output)
        assert.matches("enough", output)
        assert_clean()
      end
    end
  end)

  -- Each moment is a condition seen from outside.
  local moments = {
    ["while it pulls"] = function() return daemon:ctr("leases ls -q", { namespace = "example" }):match "%S" end,
    ["when the image is there"] = function(process) return process:output():match "Successfully pulled" end,
    ["when the container is there"] = function()
      return daemon:ctr("containers ls -q", { namespace = "example" }):match "redis%-server"
    end,
    ["when the task is there"] = function()
      return daemon:ctr("tasks ls -q", { namespace = "example" }):match "redis%-server"
    end,
    ["while redis runs"] = function(process) return process:output():match "Ready to accept" end,
  }

  for name, reached in pairs(moments) do
    it("redis: leaves nothing after Ctrl-C " .. name, function()
      if name:match "pull" then daemon:clean "example" end
      local process = lab.spawn(lab.command "examples/redis.lua", { daemon = daemon })
      lab.eventually(function() return reached(process) or process:done() end, 30, name)
      process:kill "INT"
      local status = process:wait(30)
      assert.is_true(status ~= 0, process:output())
      assert.matches("interrupted", process:output())
      assert_clean()
    end)
  end

  it("create: prints both ids and deletes the container again", function()
    local output, status = lab.lua("examples/create.lua", { daemon = daemon })
    assert.equal(0, status, output)
    assert.matches("redis%-server", output)
    assert_clean()
  end)

  it("images: prints the table that ctr prints", function()
    client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir, labels = { ["com.example.b"] = "2", a = "1" } })
    client:pull("multi:latest", { hosts_dir = daemon.hosts_dir })
    local ours, status = lab.lua("examples/images.lua", { daemon = daemon })
    assert.equal(0, status, ours)
    assert.equal(daemon:ctr("images ls", { namespace = "example" }), ours)
  end)

  it("images: says in one line what is wrong when there is no daemon", function()
    local output, status = lab.lua("examples/images.lua", { env = { CONTAINERD_ADDRESS = "/no/such.sock" } })
    assert.equal(1, status)
    assert.matches("connect to /no/such.sock: No such file or directory", output, 1, true)
  end)

  for _, name in ipairs { "copas", "cqueues", "luv" } do
    it(name .. ": pulls images at once, and shows meanwhile what happens", function()
      local path = "examples/" .. name .. ".lua"
      local output, status = lab.lua(path, {
        daemon = daemon,
        args = "redis:alpine busybox:latest multi:latest",
        env = { LUA_PATH = lab.loop_path },
      })
      assert.equal(0, status, output)
      for _, image in ipairs { "redis:alpine", "busybox:latest", "multi:latest" } do
        image = "docker.io/library/" .. image
        assert.matches("event\t/images/%l+\t" .. image, output)
        assert.matches("pulled\t" .. image .. "\tsha256:", output)
      end
      assert.equal(3, #client:images())
      assert_clean()
    end)
  end
end)
