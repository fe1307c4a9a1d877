-- The module itself: what loading it does and doesn't do, and the functions that need no daemon.
local containerd = require "containerd"
local safe = require "containerd.safe"
local lab = require "spec.support.lab"

local function run(code)
  local output, status = lab.lua(code)
  assert.equal(0, status, output)
  return output
end

describe("containerd", function()
  it("starts nothing when it is loaded, and sets no global", function()
    local output = run [[
      local function read(file)
        local text = file:read "*a"
        file:close()
        return text
      end
      local process = "/proc/" .. read(io.open "/proc/self/stat"):match "%d+"
      local function threads()
        return read(io.popen("ls " .. process .. "/task"))
      end
      local function fds()
        return read(io.popen("ls " .. process .. "/fd"))
      end
      local globals, before, open = {}, threads(), fds()
      for name in pairs(_G) do globals[name] = true end
      require "containerd"
      require "containerd.safe"
      for name in pairs(_G) do assert(globals[name], name) end
      assert(threads() == before)
      assert(fds() == open)
      print "nothing"
    ]]
    assert.equal("nothing\n", output)
  end)

  it("may be loaded again: what came from it before goes on", function()
    local output = run [[
      local containerd = require "containerd"
      local reference = containerd.array {}
      local _, err = pcall(containerd.connect, "/no/such.sock")
      local future = containerd.connect_async "/no/such.sock"
      for name in pairs(package.loaded) do
        if name:find "^containerd" then package.loaded[name] = nil end
      end
      local again = require "containerd"
      assert(again ~= containerd)
      assert(again.is_error(err, "no_such_socket") and containerd.is_error(err))
      assert(getmetatable(reference) == getmetatable(again.array {}))
      assert(not pcall(future.await, future) and future:done())
      local _, other = pcall(again.connect, "/no/such.sock")
      assert(getmetatable(other) == getmetatable(err))
      if warn then warn "@on" end
      err, other, future = nil, nil, nil
      collectgarbage()
      print "goes on"
    ]]
    assert.equal("goes on\n", output)
  end)

  -- What is made for LuaJIT uses no more of its API than Lua 5.1 has, and so runs in all that are like them.
  if lab.interpreter == "luajit" then
    it("is loaded by Lua 5.1", function()
      local code = "print(require('containerd').normalize 'redis')"
      local output, status = lab.sh('lua5.1 -e "' .. code .. '"')
      assert.equal("docker.io/library/redis:latest\n", output)
      assert.equal(0, status)
    end)
  end

  it("has a semantic version", function()
    assert.matches("^%d+%.%d+%.%d+", containerd._VERSION)
  end)

  it("has the same names in both habits", function()
    local function names(module)
      local list = {}
      for name in pairs(module) do list[#list + 1] = name end
      table.sort(list)
      return list
    end
    assert.same(names(containerd), names(safe))
  end)

  it("lists its error codes", function()
    assert.equal(19, #containerd.codes)
    assert.equal("not_found", containerd.codes[1])
    assert.equal("unknown", containerd.codes[#containerd.codes])
  end)

  describe("parse_reference", function()
    it("completes a reference", function()
      assert.same({
        domain = "docker.io",
        path = "library/redis",
        tag = "latest",
        name = "docker.io/library/redis:latest",
      }, containerd.parse_reference "redis")
      assert.equal("localhost:5000/a/b:1", containerd.normalize "localhost:5000/a/b:1")
    end)

    it("keeps a digest", function()
      local digest = "sha256:" .. ("a"):rep(64)
      assert.same({
        domain = "docker.io",
        path = "library/redis",
        digest = digest,
        name = "docker.io/library/redis@" .. digest,
      }, containerd.parse_reference("redis@" .. digest))
    end)

    it("raises an error object, or returns it", function()
      for _, name in ipairs { "parse_reference", "normalize" } do
        local ok, err = pcall(containerd[name], "Upper")
        assert.is_false(ok)
        assert.equal("invalid_argument", err.code)
        local value, same, code = safe[name] "Upper"
        assert.is_nil(value)
        assert.equal(err.message, same.message)
        assert.equal("invalid_argument", code)
      end
    end)
  end)

  describe("array", function()
    it("marks a table, and makes an empty one", function()
      local list = {}
      assert.equal(list, containerd.array(list))
      assert.equal(getmetatable(containerd.array()), getmetatable(list))
      assert.has_error(function() containerd.array(1) end)
    end)
  end)

  describe("sleep", function()
    it("takes as long as it's told", function()
      local output = run [[
        local containerd = require "containerd"
        local function uptime() return io.open("/proc/uptime"):read "n" end
        local start = uptime()
        containerd.sleep(0.3)
        containerd.sleep(0)
        containerd.sleep(-1)
        local took = uptime() - start
        assert(took > 0.25 and took < 5, took)
        print "slept"
      ]]
      assert.equal("slept\n", output)
    end)

    it("refuses what is no time, with the position of the caller", function()
      local ok, message = pcall(function() containerd.sleep "x" end)
      assert.is_false(ok)
      assert.matches("module_spec.lua:%d+: sleep: number of seconds expected, got string", message)
    end)

    it("is woken by Ctrl-C", function()
      local process = lab.spawn(lab.command "print 'ready' io.stdout:flush() require('containerd').sleep(60)")
      lab.eventually(function() return process:output():match "ready" end, 10)
      process:kill "INT"
      assert.equal(1, process:wait(5))
      assert.matches("interrupted", process:output())
    end)

    it("is woken by Ctrl-C in a coroutine, too", function()
      local process = lab.spawn(lab.command [[
        local sleep = require("containerd").sleep
        print "ready" io.stdout:flush()
        coroutine.wrap(function() sleep(60) end)()
      ]])
      lab.eventually(function() return process:output():match "ready" end, 10)
      process:kill "INT"
      assert.equal(1, process:wait(5))
      assert.matches("interrupted", process:output())
    end)
  end)

  describe("progress", function()
    local function write_steps(steps)
      local path = os.tmpname()
      local file = assert(io.open(path, "w+"))
      local progress = containerd.progress(file)
      for _, step in ipairs(steps) do progress(step) end
      file:seek "set"
      local text = file:read "a"
      file:close()
      os.remove(path)
      return text
    end

    local function step(letter, state, size, offset)
      return { digest = "sha256:" .. letter:rep(64), media_type = "", size = size, offset = offset, state = state }
    end

    it("writes one line for each descriptor that is there", function()
      assert.equal("sha256:bbbbbbbbbbbb: exists, 512 B\nsha256:aaaaaaaaaaaa: downloaded, 1.5 MiB\n", write_steps {
        step("a", "waiting", 1572864, 0),
        step("b", "exists", 512, 512),
        step("a", "downloading", 1572864, 4096),
        step("a", "downloaded", 1572864, 1572864),
        step("a", "unpacking", 1572864, 1572864),
        step("a", "unpacked", 1572864, 1572864),
      })
    end)

    it("draws bars on a terminal", function()
      local output = lab.sh(('script -qec "%s" /dev/null </dev/null'):format(lab.command [[
        local progress = require("containerd").progress(io.stdout)
        local digest = "sha256:" .. ("a"):rep(64)
        progress { digest = digest, size = 2048, offset = 1024, state = "downloading" }
        progress { digest = digest, size = 2048, offset = 2048, state = "unpacked" }
      ]]))
      assert.matches("sha256:aaaaaaaaaaaa downloading %[============            %] 1.0 KiB of 2.0 KiB", output)
      assert.matches("\27%[1A\27%[2Ksha256:aaaaaaaaaaaa unpacked    %[========================%] 2.0 KiB", output)
    end)
  end)
end)
