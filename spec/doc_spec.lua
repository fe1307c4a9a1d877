-- The manual's examples: those of a page are one script, which must succeed, print what it says, and leave only images.
local lab = require "spec.support.lab"

-- In the script each line of the examples has the number that it has in the page. What follows --> is to be printed.
local function read_page(path)
  local lines, printed, inside = {}, {}, false
  for line in io.lines(path) do
    if line:find "^```" then
      inside = line == "```lua"
      line = ""
    end
    lines[#lines + 1] = inside and line or ""
    printed[#printed + 1] = inside and line:match "%-%-> (.+)$" or nil
  end
  return table.concat(lines, "\n") .. "\n", printed
end

local function assert_printed(printed, output)
  local text, position = "\n" .. output:gsub("\t", " "), 1
  for _, line in ipairs(printed) do
    local _, last = text:find("\n" .. line .. "\n", position, true)
    assert.is_truthy(last, ("%q isn't printed, or not in its turn:\n%s"):format(line, output))
    position = last
  end
end

it("shows in README.md what examples/redis.lua is", function()
  local lines = {}
  for line in io.lines "examples/redis.lua" do lines[#lines + 1] = line end
  local example = table.concat(lines, "\n", 2)
  local readme = read_page "README.md"
  assert.equal(example, readme:match "^%s*(.-)%s*$")
end)

lab.each_daemon(function(daemon)
  -- core_spec.lua and hosts_spec.lua have their pages' examples; figures need none.
  for path in lab.sh("ls doc/*.md | grep -Ev 'doc/(c|hosts|performance).md'"):gmatch "%S+" do
    it("runs the examples of " .. path, function()
      local namespace = daemon:namespace()
      local script, printed = read_page(path)
      assert.matches("%S", script)
      script = script:gsub('namespace = "manual"', ("namespace = %q"):format(namespace))
      local output, status = lab.lua(script, { daemon = daemon, env = { CONTAINERD_NAMESPACE = namespace } })
      assert.equal(0, status, output)
      assert_printed(printed, output)
      assert.is_true(daemon:is_clean(namespace))
      assert.same({}, lab.leftovers())
    end)
  end
end)
