--- Lets LuaJIT run what has to-be-closed variables, so that the specs and the manual's examples need no second form:
-- `local x <close> = …` becomes a call that has the rest of the block as a function, and closes x however that ends, as
-- Lua 5.4 does. What this can't translate isn't valid Lua afterwards, or raises.
local luajit = {}

--- Calls fn and closes value after it, as the end of a block does; gives what fn has returned, or raises its error.
function luajit.scope(value, fn)
  local function finish(ok, ...)
    if value then
      local close = (getmetatable(value) or {}).__close or value.close
      close(value, not ok and (...) or nil)
    end
    if not ok then error((...), 0) end
    return ...
  end
  return finish(pcall(fn))
end

-- The last position of a string in quotes that begins at a position.
local function end_of_string(text, position)
  local stops = "[\\" .. text:sub(position, position) .. "]"
  position = text:find(stops, position + 1)
  while text:sub(position, position) == "\\" do
    position = text:find(stops, position + 2)
  end
  return position
end

-- The last position of what begins at a position: a comment, a string, a name, or any other character.
local function end_of_token(text, position)
  local level = text:match("^%-%-%[(=*)%[", position) or text:match("^%[(=*)%[", position)
  if level then
    return select(2, text:find("]" .. level .. "]", position, true))
  elseif text:find("^%-%-", position) then
    return (text:find("\n", position, true) or #text + 1) - 1
  elseif text:find("^[\"']", position) then
    return end_of_string(text, position)
  end
  return select(2, text:find("^[%a_][%w_]*", position)) or position
end

local opens = { ["function"] = true, ["do"] = true, ["then"] = true, ["else"] = true, ["repeat"] = true }
local closes = { ["end"] = true, ["else"] = true, ["elseif"] = true, ["until"] = true }
for bracket in ("([{"):gmatch "." do opens[bracket] = true end
for bracket in (")]}"):gmatch "." do closes[bracket] = true end

local function is_function(block)
  return block.opener == "function" or block.opener == "chunk"
end

-- Only a block that is a function's passes on what the rest of it returns.
local function check_return(blocks)
  for i = #blocks, 1, -1 do
    if is_function(blocks[i]) then return end
    assert(blocks[i].scopes == 0, "a block with a <close> variable that isn't a function's contains a return")
  end
end

--- The same Lua without to-be-closed variables, line by line. The expression of such a variable ends with its line,
-- brackets aside, or a semicolon.
function luajit.translate(text)
  if not text:find "<close>" then return text end
  text = text .. "\n" -- which ends the last line's expression
  local out, position = {}, 1
  local blocks = { { opener = "chunk", scopes = 0 } }
  local declared -- { name, depth } while its expression lasts
  local function put(piece) out[#out + 1] = piece end
  local function open_scope()
    local block = blocks[#blocks]
    block.scopes = block.scopes + 1
    put(is_function(block) and " return" or "")
    put((' require "spec.support.luajit".scope(%s, function()'):format(declared.name))
    declared = nil
  end
  local function close_block()
    put(("end) "):rep(table.remove(blocks).scopes))
  end

  while position <= #text do
    local name, after = text:match("^local%s+([%a_][%w_]*)%s*<close>()", position)
    local last = name and after - 1 or end_of_token(text, position)
    local token = text:sub(position, last)
    if name then
      declared = { name = name, depth = #blocks }
      token = "local " .. name
    elseif declared and declared.depth == #blocks and (closes[token] or token == "\n" or token == ";") then
      open_scope()
      token = token:gsub(";", " ")
    elseif token == "return" then
      check_return(blocks)
    end
    if closes[token] then close_block() end
    if opens[token] then blocks[#blocks + 1] = { opener = token, scopes = 0 } end
    put(token)
    position = last + 1
  end
  close_block()
  return table.concat(out)
end

function luajit.loadfile(path)
  local file, err = io.open(path)
  if not file then return nil, err end
  local text = file:read "*a"
  file:close()
  return loadstring(luajit.translate(text), "@" .. path)
end

return luajit
