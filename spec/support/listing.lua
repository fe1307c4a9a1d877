--- What ctr lists, to be compared.

-- A list of labels has no order of its own.
local function sorted(labels)
  local list = {}
  for label in labels:gmatch "[^,]+" do list[#list + 1] = label end
  table.sort(list)
  return table.concat(list, ",")
end

--- listing(daemon, namespace, command): the lines of a table that ctr prints, without the heading and without how long
-- ago something happened.
return function(daemon, namespace, command)
  local list = {}
  for line in daemon:ctr(command, { namespace = namespace }):gmatch "[^\n]+" do
    line = line:gsub("%s+Less than a second%s", " "):gsub("%s+[%w ]+ seconds?%s", " "):gsub("%s+[%w ]+ minutes?%s", " ")
    list[#list + 1] = line:gsub("%s+", " "):gsub("%S+=%S+", sorted)
  end
  table.remove(list, 1)
  table.sort(list)
  return list
end
