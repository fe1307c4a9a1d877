--- The lab's registries, and registries that fail as told.
local socket = require "socket"
local literal = require "spec.support.literal"
local process = require "spec.support.process"

local registries = {}

local function start(kind)
  return process.line(process.quote(process.root .. "/spec/support/lab") .. " registry " .. kind)
end

--- The address, host:port, of the one that serves docker.io, without authentication.
function registries.plain()
  return start "plain"
end

--- One that asks for a user: { host, username, password }.
function registries.with_auth()
  return { host = start "auth", username = "lab", password = "secret" }
end

local ca = process.dir .. "/registry/authority/ca.crt"

--- One with TLS: { host, ca }; ca is the file with its authority's certificate.
function registries.tls()
  return { host = start "tls", ca = ca }
end

--- One with TLS that asks for a user: { host, ca, username, password }.
function registries.tls_with_auth()
  return { host = start "tls-auth", ca = ca, username = "lab", password = "secret" }
end

--- A hosts directory in which docker.io is served by these hosts, each a URL or host:port, tried in this order.
function registries.hosts_dir(hosts)
  local dir = process.tempdir()
  local tables, url = {}, nil
  for index, host in ipairs(hosts) do
    url = host:find "://" and host or "http://" .. host
    tables[index] = ("[host.%q]\n  capabilities = ['pull', 'resolve', 'push']\n"):format(url)
  end
  process.line("mkdir " .. process.quote(dir .. "/docker.io"))
  process.write(dir .. "/docker.io/hosts.toml", ("server = %q\n"):format(url) .. table.concat(tables))
  return dir
end

--- An address at which every connection is refused. It stays so as long as the second result is kept.
function registries.refusing()
  local reserved = assert(socket.tcp())
  assert(reserved:bind("127.0.0.1", 0))
  return ("127.0.0.1:%d"):format(select(2, reserved:getsockname())), reserved
end

local methods = {}
methods.__index = methods

--- Starts a registry that fails as faulty_registry.lua describes; `close` it in the end. It has the fields host
-- (host:port) and hosts_dir, in which it stands for docker.io.
function registries.faulty(config)
  local self = setmetatable({ dir = process.tempdir() }, methods)
  self:set(config or {})
  local command = ("lua5.4 %s %s %s %s"):format(
    process.quote(process.root .. "/spec/support/faulty_registry.lua"),
    process.quote(self.dir .. "/config"),
    registries.plain(),
    process.quote(self.dir .. "/log")
  )
  self.process = process.spawn(command, { env = { LUA_PATH = process.root .. "/?.lua;;", LUA_INIT = false } })
  self.host = process.eventually(function()
    return self.process:output():match "^(%S+)\n"
  end, 10, "start of the faulty registry")
  self.hosts_dir = registries.hosts_dir { self.host }
  return self
end

--- Gives it another configuration; it counts anew how often rules apply.
function methods:set(config)
  process.write(self.dir .. "/config.new", literal(config))
  assert(os.rename(self.dir .. "/config.new", self.dir .. "/config"))
end

--- The requests so far: tables { method, path, headers, body, status }. Those of a method and path (a pattern) alone,
-- if they are given.
function methods:requests(method, path)
  local list = {}
  for text in (process.read(self.dir .. "/log") or ""):gmatch "[^\n]+" do
    local request = assert((loadstring or load)("return " .. text))()
    if request.method == (method or request.method) and request.path:find(path or "") then
      list[#list + 1] = request
    end
  end
  return list
end

function methods:close()
  self.process:close()
  process.sh("rm -rf " .. process.quote(self.dir) .. " " .. process.quote(self.hosts_dir))
end

return registries
