-- Reads a message in the text format, as `protoc --decode` writes it: `name: value`, `name {` and `}`, one a line. A
-- block is a table of arrays by field name.
local function parse(lines)
  local block = setmetatable({}, { __index = function() return {} end })
  local function add(name, value)
    local list = rawget(block, name) or {}
    block[name] = list
    list[#list + 1] = value
  end
  for line in lines do
    local name, value = line:match("^%s*([%w_]+): (.*)$")
    if name then
      add(name, value:match('^"(.*)"$') or value)
    elseif line:find("{$") then
      add(line:match("^%s*(%S+) {$"), parse(lines))
    elseif line:find("^%s*}$") then
      break
    end
  end
  return block
end

return parse
