--[[
usage: lua faulty_registry.lua CONFIG UPSTREAM LOG

A registry that fails as told; what it isn't told to spoil comes from the registry UPSTREAM (host:port). It prints its
own host:port, and appends each request to LOG as it answers it: one line, a table { method, path, headers, body,
status } with header names in lower case; path has the query, and only the requests for tokens have a body.

CONFIG is a file with a table, which is read again when it has changed:

{ rules = {…}, basic = { username, password }, bearer = { username, password, refresh_token, anonymous, expires_in } }

The first rule applies that fits and hasn't been used up. To fit is a matter of `method` and `path`, a Lua pattern for
path and query; `times` is how often it applies. It says what happens instead of, or to, the answer:

  status, headers, body   this is the answer
  close = true            the connection is closed without one
  delay = seconds         it comes later
  redirect = "URL"        it's a 307 to the same path below URL
  set = headers           it has these headers instead of its own
  ignore_range = true     it is the whole, though a part was asked for
  corrupt = true          its body has another first byte
  cut = n                 the connection is closed after n bytes of the body
  stall = n               nothing comes after n bytes of the body
  keep = n                the registry gets n bytes of the request's body, an upload's, and the connection is closed

With basic or bearer, requests need a user or a token; tokens are at /token, for those who ask with GET or POST.
]]
local http = require "socket.http"
local ltn12 = require "ltn12"
local mime = require "mime"
local socket = require "socket"
local url = require "socket.url"
local literal = require "spec.support.literal"

local config_path, upstream, log_path = (...), select(2, ...)
local server = assert(socket.bind("127.0.0.1", 0, 64))
local host = ("127.0.0.1:%d"):format(select(2, server:getsockname()))
local log = assert(io.open(log_path, "a"))

-- Connections are coroutines, which yield what they wait for: "read" or "write" and a socket, or "sleep" and a time.
-- One that waits for nothing is never resumed, and its socket stays open: it has stalled.

local waiting = { read = {}, write = {}, sleep = {}, stall = {} }

local function resume(thread)
  local _, what, object = assert(coroutine.resume(thread))
  if coroutine.status(thread) == "suspended" then
    waiting[what][object] = thread
  end
end

local function wake(kind, objects)
  for _, object in ipairs(objects) do
    local thread = waiting[kind][object]
    waiting[kind][object] = nil
    resume(thread)
  end
end

local function keys(map)
  local list = {}
  for key in pairs(map) do
    list[#list + 1] = key
  end
  return list
end

local function due()
  local now, list = socket.gettime(), {}
  for time in pairs(waiting.sleep) do
    if time <= now then
      list[#list + 1] = time
    end
  end
  return list
end

-- Reading and writing. They return nil when the peer has gone.

local function receive(client, pattern)
  local prefix = ""
  while true do
    local data, err, partial = client:receive(pattern, prefix)
    if data or err ~= "timeout" then
      return data
    end
    prefix = partial
    coroutine.yield("read", client)
  end
end

local function send(client, data)
  local sent = 0
  while sent < #data do
    local last, err, partial = client:send(data, sent + 1)
    if not last and err ~= "timeout" then
      return nil
    end
    sent = last or partial
    if not last then
      coroutine.yield("write", client)
    end
  end
  return true
end

local function receive_chunks(client)
  local chunks = {}
  while true do
    local size = tonumber((receive(client, "*l") or ""):match "^%x+" or "0", 16)
    if size == 0 then
      receive(client, "*l")
      return table.concat(chunks)
    end
    chunks[#chunks + 1] = receive(client, size)
    receive(client, "*l")
  end
end

local function receive_body(client, headers)
  if headers.expect then
    send(client, "HTTP/1.1 100 Continue\r\n\r\n")
  end
  if headers["transfer-encoding"] == "chunked" then
    return receive_chunks(client)
  end
  local length = tonumber(headers["content-length"])
  if not length or length == 0 then
    return ""
  end
  return receive(client, length)
end

local function receive_request(client)
  local method, path = (receive(client, "*l") or ""):match "^(%u+) (%S+)"
  if not method then
    return nil
  end
  local headers = {}
  local name, value
  repeat
    name, value = (receive(client, "*l") or ""):match "^([^:]+):%s*(.*)"
    headers[name and name:lower() or ""] = value
  until not name
  local body = receive_body(client, headers)
  return body and { method = method, path = path, headers = headers, body = body }
end

-- Configuration.

local config, config_text = {}, nil

local function read_config()
  local file = assert(io.open(config_path))
  local text = file:read "*a"
  file:close()
  if text ~= config_text then
    config, config_text = assert(load("return " .. text))(), text
  end
end

local function rule_for(request)
  for _, rule in ipairs(config.rules or {}) do
    local fits = (rule.method or request.method) == request.method and request.path:find(rule.path or "")
    if fits and rule.times ~= 0 then
      rule.times = rule.times and rule.times - 1
      return rule
    end
  end
  return {}
end

-- Authorization.

local tokens = {}

local function basic_user(request)
  local encoded = (request.headers.authorization or ""):match "^Basic (.*)"
  local username, password = (encoded and mime.unb64(encoded) or ""):match "^([^:]*):(.*)"
  return username and { username = username, password = password }
end

local function is_user(user, expected)
  return user and expected.username and user.username == expected.username and user.password == expected.password
end

local function refuse(challenge)
  local body = '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}'
  return { status = 401, headers = { ["www-authenticate"] = challenge }, body = body }
end

local function form(text)
  local fields = {}
  for name, value in text:gmatch "([^&=]+)=([^&]*)" do
    fields[name] = url.unescape((value:gsub("+", " ")))
  end
  return fields
end

local function may_have_token(request, fields)
  local bearer = config.bearer
  if fields.grant_type == "refresh_token" then
    return fields.refresh_token == bearer.refresh_token
  elseif request.method == "POST" then
    return is_user(fields, bearer)
  end
  local user = basic_user(request)
  return user and is_user(user, bearer) or not user and bearer.anonymous
end

local function give_token(request)
  local fields = form(request.method == "POST" and request.body or request.path:match "%?(.*)" or "")
  if not may_have_token(request, fields) then
    return refuse 'Basic realm="lab"'
  end
  local token = ("token-%d"):format(#tokens + 1)
  local seconds = config.bearer.expires_in or 300
  tokens[#tokens + 1] = token
  tokens[token] = { scope = fields.scope or "", expires = socket.gettime() + seconds }
  local name = request.method == "POST" and "access_token" or "token"
  local body = ('{"%s":"%s","expires_in":%d}'):format(name, token, seconds)
  return { status = 200, headers = { ["content-type"] = "application/json" }, body = body }
end

local function check_token(request)
  local path = request.path:match "^[^?]*"
  local repository = path:match "^/v2/(.*)/blobs/uploads/" or path:match "^/v2/(.*)/%l+/[^/]*$"
  local action = (request.method == "GET" or request.method == "HEAD") and "pull" or "pull,push"
  local scope = repository and ("repository:%s:%s"):format(repository, action)
  local token = tokens[(request.headers.authorization or ""):match "^Bearer (.*)"]
  if token and token.expires > socket.gettime() and (not scope or token.scope:find(scope, 1, true)) then
    return nil
  end
  local challenge = ('Bearer realm="http://%s/token",service="lab"'):format(host)
  return refuse(challenge .. (scope and (',scope="%s"'):format(scope) or ""))
end

local function check_authorization(request)
  if config.bearer then
    return check_token(request)
  elseif config.basic and not is_user(basic_user(request), config.basic) then
    return refuse 'Basic realm="lab"'
  end
end

-- Answers.

local passed_on = {
  "accept",
  "content-length",
  "content-range",
  "content-type",
  "host",
  "if-none-match",
  "range",
}

local function ask_upstream(request)
  local headers, chunks = {}, {}
  for _, name in ipairs(passed_on) do
    headers[name] = request.headers[name]
  end
  if #request.body > 0 then
    headers["content-length"] = #request.body
  end
  local _, status, answered = http.request {
    url = "http://" .. upstream .. request.path,
    method = request.method,
    headers = headers,
    source = ltn12.source.string(request.body),
    sink = ltn12.sink.table(chunks),
    redirect = false,
  }
  if not answered then
    return { status = 502, headers = {}, body = tostring(status) }
  end
  answered.connection, answered["transfer-encoding"] = nil, nil
  return { status = status, headers = answered, body = table.concat(chunks) }
end

-- What an upload is called since the registry has got a part of it that its sender doesn't know of.
local moved = {}

local function upload_of(path)
  return path:match "^(/v2/.*/uploads/[^?]+)"
end

local function keep_part(request, size)
  local headers = { host = request.headers.host, ["content-type"] = request.headers["content-type"] }
  local part = { method = "PATCH", path = request.path, headers = headers, body = request.body:sub(1, size) }
  local answer = ask_upstream(part)
  moved[upload_of(request.path)] = answer.headers.location:match "//[^/]+(/.*)"
end

local function answer_of(request, rule)
  if rule.redirect then
    return { status = 307, headers = { location = rule.redirect .. request.path } }
  elseif rule.status then
    return { status = rule.status, headers = rule.headers or {}, body = rule.body }
  elseif request.path:find "^/token" and config.bearer then
    return give_token(request)
  end
  if rule.ignore_range then
    request.headers.range = nil
  end
  local asked = request.method == "GET" and moved[upload_of(request.path) or ""]
  if asked then
    request = { method = "GET", path = asked, headers = request.headers, body = "" }
  end
  return check_authorization(request) or ask_upstream(request)
end

local function note(request, status)
  local seen = { method = request.method, path = request.path, headers = request.headers, status = status }
  seen.body = request.path:find "^/token" and request.body or nil
  log:write(literal(seen), "\n")
  log:flush()
end

local function spoil(answer, rule)
  answer.body = answer.body or ""
  for name, value in pairs(rule.set or {}) do
    answer.headers[name:lower()] = value
  end
  if rule.corrupt and #answer.body > 0 then
    answer.body = string.char((answer.body:byte() + 1) % 256) .. answer.body:sub(2)
  end
end

local function send_head(client, answer)
  local lines = { ("HTTP/1.1 %d -"):format(answer.status) }
  answer.headers["content-length"] = answer.headers["content-length"] or #answer.body
  for name, value in pairs(answer.headers) do
    lines[#lines + 1] = ("%s: %s"):format(name, value)
  end
  return send(client, table.concat(lines, "\r\n") .. "\r\n\r\n")
end

--- Answers one request. Returns true if the connection can go on.
local function answer_request(client, request)
  read_config()
  local rule = rule_for(request)
  if rule.delay then
    coroutine.yield("sleep", socket.gettime() + rule.delay)
  end
  if rule.keep then
    keep_part(request, rule.keep)
  end
  if rule.close or rule.keep then
    note(request, 0)
    return false
  end
  local range = request.headers.range
  local answer = answer_of(request, rule)
  request.headers.range = range
  spoil(answer, rule)
  note(request, answer.status)
  if not send_head(client, answer) then
    return false
  end
  local body = request.method == "HEAD" and "" or answer.body
  local limit = rule.cut or rule.stall
  if not limit or limit >= #body then
    return send(client, body)
  end
  send(client, body:sub(1, limit))
  if rule.stall then
    coroutine.yield("stall", client)
  end
  return false
end

local function serve(client)
  local request
  repeat
    request = receive_request(client)
  until not request or not answer_request(client, request) or request.headers.connection == "close"
  client:close()
end

local function accept_all()
  while true do
    coroutine.yield("read", server)
    local client = assert(server:accept())
    client:settimeout(0)
    resume(coroutine.create(function()
      serve(client)
    end))
  end
end

print(host)
io.stdout:flush()
resume(coroutine.create(accept_all))
while true do
  local reading, writing = keys(waiting.read), keys(waiting.write)
  local readable, writable = socket.select(reading, writing, next(waiting.sleep) and 0.02)
  wake("read", readable)
  wake("write", writable)
  wake("sleep", due())
end
