-- The rock that a checkout gives.

local function run(command)
  local pipe = assert(io.popen(command .. " 2>&1; echo $?"))
  local output = pipe:read "*a"
  pipe:close()
  local text, status = output:match "^(.-)(%d+)\n$"
  return tonumber(status), text
end

describe("the rock #once", function()
  local tree

  setup(function()
    tree = select(2, run "mktemp -d"):match "%S+"
  end)

  teardown(function()
    run(("rm -rf '%s'"):format(tree))
  end)

  it("installs into an empty tree and works from there alone", function()
    local make = "luarocks --lua-version 5.4 make rockspec/containerd-scm-1.rockspec --tree='%s'"
    local status, output = run(make:format(tree))
    assert.equal(0, status, output)

    local script = [[print(package.searchpath("containerd.core", package.cpath), require "containerd"._VERSION)]]
    local use = "cd / && LUA_PATH='%s/share/lua/5.4/?.lua;%s/share/lua/5.4/?/init.lua' LUA_CPATH='%s/lib/lua/5.4/?.so' "
      .. "lua5.4 -e '%s'"
    status, output = run(use:format(tree, tree, tree, script))
    assert.equal(0, status, output)
    assert.matches(tree .. "/lib/lua/5.4/containerd/core.so%s+%d+%.%d+%.%d+", output)
  end)
end)
