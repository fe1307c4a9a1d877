-- To-be-closed variables, which the specs and the manual have under LuaJIT too: see spec/support/luajit.lua.
local lab = require "spec.support.lab"

describe("to-be-closed variables", function()
  local function run(code)
    return lab.lua([[
      local function new(name)
        return setmetatable({}, { __close = function(_, err) print("close " .. name, err) end })
      end
    ]] .. code)
  end

  it("are closed at the end of their block, the last one first", function()
    assert.equal("b\nclose b\tnil\nclose a\tnil\nresult\nclose c\tnil\nclose d\tnil\nend\nclose e\tnil\n", (run [[
      local function values(...)
        local result = ...
        local a <close> = new "a"; local b <close> = new( -- end
          'b' --[=[ end ]=] .. "")
        for _, each in ipairs { "b", } do if each == 'e\'nd' then return end print(each) end
        return result
      end
      local function conditional(yes)
        if yes then
          local c <close> = new "c"
          print(values "result")
        elseif yes == nil then
          return
        end
        do local d <close> = new "d" end
      end
      conditional(true)
      local e <close> = new "e"
      local none <close> = nil
      print "end"
    ]]))
  end)

  it("are closed by errors, which go on", function()
    local output, status = run [[
      local b <close> = new "b"
      print(select(2, pcall(function()
        local a <close> = new "a"
        error("first", 0)
      end)))
      error("second", 0)
    ]]
    assert.equal(1, status)
    assert.matches("close a\tfirst\nfirst\n", output, 1, true)
    assert.matches("close b\tsecond\n", output, 1, true)
    assert.matches(lab.interpreter .. ": second\n", output, 1, true)
  end)

  it("are closed in coroutines that yield", function()
    assert.equal("1\nclose a\tnil\n2\n", (run [[
      local values = coroutine.wrap(function()
        local a <close> = new "a"
        coroutine.yield(1)
        return 2
      end)
      print(values())
      print(values())
    ]]))
  end)
end)
