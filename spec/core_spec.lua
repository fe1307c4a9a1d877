-- The core alone: what `make install-core` puts into an empty directory is all that a program in C needs.
local lab = require "spec.support.lab"
local process = require "spec.support.process"

local function run(command)
  local output, status = lab.sh("cd " .. process.quote(process.root) .. " && " .. command .. " 2>&1")
  assert.equal(0, status, command .. ":\n" .. output)
  return output
end

describe("the core", function()
  local directory, flags

  setup(function()
    directory = lab.tempdir()
    -- not with the variables of the make that runs the specs
    run(("env -u MAKEFLAGS make -s SANITIZE= install-core PREFIX=/usr DESTDIR='%s'"):format(directory))
    flags = ("env PKG_CONFIG_PATH='%s/usr/lib/pkgconfig' pkg-config --define-variable=prefix='%s/usr' "):format(
      directory, directory)
  end)

  teardown(function()
    run(("rm -r '%s'"):format(directory))
  end)

  -- The program's path.
  local function compile(name, command)
    local program = directory .. "/" .. name
    run(("%s -Wall -Wextra -Werror -o '%s' $(%s --cflags --libs containerd-client)"):format(command, program, flags))
    return program
  end

  -- The C of a page of the manual, which is one program.
  local function read_page(path)
    local blocks = {}
    for block in process.read(process.root .. "/" .. path):gmatch "```c\n(.-)```" do blocks[#blocks + 1] = block end
    return table.concat(blocks, "\n")
  end

  it("installs one library, its headers and its pkg-config file, and nothing of Lua", function()
    local library = run(("find '%s' -type f ! -name '*.h' -printf '%%P\n' | sort"):format(directory))
    assert.equal("usr/lib/libcontainerd-client.a\nusr/lib/pkgconfig/containerd-client.pc\n", library)
    local symbols = run(("nm '%s/usr/lib/libcontainerd-client.a'"):format(directory))
    assert.matches("%f[%w_]ctd_pull\n", symbols)
    assert.is_nil(symbols:find "%f[%w_]luaL?_%l")
    assert.equal("", run(("! grep -rn -e '<lua' -e 'lua/' -e 'pb-c' '%s/usr/include'"):format(directory)))
  end)

  it("exports no symbol without its prefix", function()
    run(("spec/check/symbols '%s/usr/lib/libcontainerd-client.a'"):format(directory))
  end)

  it("can be used from C++", function()
    local program = "#include <containerd-client/client/all.h>\nint main() { ctd_client_unref(nullptr); }\n"
    process.write(directory .. "/program.cpp", program)
    compile("in_cpp", ("c++ -std=c++17 '%s/program.cpp'"):format(directory))
  end)

  it("has an example of less than 80 lines", function()
    local lines = 0
    for _ in io.lines(process.root .. "/examples/c/redis.c") do lines = lines + 1 end
    assert.is_true(lines < 80)
  end)

  lab.each_daemon(function(daemon)
    local redis

    setup(function()
      redis = compile("redis", "cc -std=c11 examples/c/redis.c")
    end)

    teardown(function()
      daemon:clean "example"
    end)

    local function assert_clean()
      assert.is_true(daemon:is_clean "example")
      assert.same({}, lab.leftovers())
    end

    it("runs redis as the example in Lua does", function()
      local program = lab.spawn(redis, { daemon = daemon })
      assert.equal(0, program:wait(60), program:output())
      local output = program:output()
      assert.matches("Successfully pulled docker.io/library/redis:alpine image", output, 1, true)
      assert.matches("Ready to accept connections", output)
      assert.matches("redis%-server exited with status: 0\n$", output)
      assert_clean()
    end)

    it("leaves nothing after Ctrl-C", function()
      local program = lab.spawn(redis, { daemon = daemon })
      lab.eventually(function() return program:output():match "Successfully pulled" end, 30, "the image")
      program:kill "INT"
      assert.equal(1, program:wait(60))
      assert.matches("cancelled\n$", program:output())
      assert_clean()
    end)

    it("says in one line what is wrong when there is no daemon", function()
      local program = lab.spawn(redis, { env = { CONTAINERD_ADDRESS = "/no/such.sock" } })
      assert.equal(1, program:wait(60))
      assert.equal("connect to /no/such.sock: No such file or directory\n", program:output())
    end)

    it("runs the program in doc/c.md", function()
      local source = directory .. "/page.c"
      process.write(source, read_page "doc/c.md")
      local program = lab.spawn(compile("page", ("cc -std=c11 '%s'"):format(source)), { daemon = daemon })
      assert.equal(0, program:wait(60), program:output())
      assert.matches("^containerd v?" .. daemon.version:gsub("%p", "%%%0"), program:output())
    end)
  end)
end)
