--- Writes a value (nil, a boolean, a number, a string, or a table of them) as a Lua expression on one line.
local function literal(value)
  if type(value) == "string" then
    return (("%q"):format(value):gsub("\\\n", "\\n"))
  elseif type(value) ~= "table" then
    return tostring(value)
  end
  local fields = {}
  for key, field in pairs(value) do
    fields[#fields + 1] = ("[%s] = %s"):format(literal(key), literal(field))
  end
  table.sort(fields)
  return "{ " .. table.concat(fields, ", ") .. " }"
end

return literal
