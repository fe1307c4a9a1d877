--- Debian's nginx with its Lua module, which `spec/support/lab prepare` has fetched.
local process = require "spec.support.process"

local nginx = {}

local debs = process.dir .. "/debs/nginx/usr"
local lua = process.root .. "/lua"
local module = process.root .. "/" .. (os.getenv "BUILD" or "build") .. "/luajit"

local configuration = [[
load_module @debs@/lib/nginx/modules/ndk_http_module.so;
load_module @debs@/lib/nginx/modules/ngx_http_lua_module.so;
@main@
worker_processes @workers@;
daemon off;
pid @dir@/pid;
error_log @dir@/log info;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path @dir@/temp; proxy_temp_path @dir@/temp; fastcgi_temp_path @dir@/temp;
  uwsgi_temp_path @dir@/temp; scgi_temp_path @dir@/temp;
  @http@
}
]]

local methods = {}
methods.__index = methods

--- Starts an nginx. opts: http, the configuration inside `http`, where @dir@ is its own directory, and a server listens
-- at unix:@dir@/socket; workers, how many (default 2); lua_path, searched first; main, what comes before (by default
-- workers that run as root); env, and daemon, to which its environment points. `close` it in the end; a log of crashes
-- fails that.
function nginx.start(opts)
  local dir, workers = process.tempdir(), opts.workers or 2
  local values = { debs = debs, dir = dir, http = opts.http, main = opts.main or "user root;", workers = workers }
  local text = configuration
  for _ = 1, 2 do
    text = text:gsub("@(%l+)@", values)
  end
  process.write(dir .. "/nginx.conf", text)
  local env = { LD_LIBRARY_PATH = debs .. "/lib/x86_64-linux-gnu", TMPDIR = false }
  env.LUA_PATH = (opts.lua_path or "") .. ("%s/?.lua;%s/?/init.lua;%s/share/lua/5.1/?.lua;;"):format(lua, lua, debs)
  env.LUA_CPATH = ("%s/?.so;%s/lua/5.1/?.so;;"):format(module, env.LD_LIBRARY_PATH)
  if opts.daemon then
    env.CONTAINERD_ADDRESS, env.CONTAINERD_HOSTS_DIR = opts.daemon.address, opts.daemon.hosts_dir
  end
  for name, value in pairs(opts.env or {}) do
    env[name] = value
  end
  local command = ("%s/sbin/nginx -p %s -c %s/nginx.conf -e %s/log"):format(debs, dir, dir, dir)
  local self = setmetatable({ dir = dir }, methods)
  self.process = process.spawn(command, { env = env })
  process.eventually(function()
    assert(not self.process:done(), self.process:output() .. self:log())
    return #self:workers() == workers
  end, 20, "start of nginx")
  return self
end

function methods:log()
  return process.read(self.dir .. "/log") or ""
end

--- The ids of the workers that accept requests, sorted; those that are shutting down aren't among them.
function methods:workers()
  local pids = {}
  local children = ("pgrep -P %d -f 'nginx: worker process$'"):format(self.process:pid())
  for pid in process.sh(children):gmatch "%d+" do
    pids[#pids + 1] = tonumber(pid)
  end
  table.sort(pids)
  return pids
end

--- Whether a process hasn't ended.
function nginx.is_alive(pid)
  return (process.read(("/proc/%d/stat"):format(pid)) or ""):match "^%d+ %b() [^ZX]" ~= nil
end

function methods:signal(signal)
  self.process:kill(signal)
end

local curl = "curl -sS --max-time %g --unix-socket %s/socket http://localhost%s"

--- The body of an answer, and its status. A failure has the end of the log too.
function methods:get(path, seconds)
  local answer = process.sh((curl .. " -w '\\n%%{http_code}'"):format(seconds or 60, self.dir, process.quote(path)))
  local body, status = answer:match "^(.*)\n(%d+)\n?$"
  if status ~= "200" then
    body = (body or answer) .. "\n" .. self:log():sub(-4000)
  end
  return body, tonumber(status)
end

--- Starts a request; `wait` on it and `output` give its end and its body.
function methods:request(path, seconds)
  return process.spawn(curl:format(seconds or 60, self.dir, process.quote(path)))
end

--- Lines of its log that tell of a crash or of nginx's distress.
function methods:distress()
  local lines = {}
  for line in self:log():gmatch "[^\n]+" do
    if line:find "%[alert%]" or line:find "%[crit%]" or line:find "%[emerg%]" or line:find "signal 11" then
      lines[#lines + 1] = line
    end
  end
  return lines
end

--- Ends it gracefully; raises if it doesn't end within 20 seconds, or if its log tells of distress, other than what
-- `expected` (a pattern) allows.
function methods:close(expected)
  if not self.dir then
    return
  end
  self.process:kill "QUIT"
  local ok, err = pcall(self.process.wait, self.process, 20)
  if not ok then
    process.sh(("pkill -KILL -P %d"):format(self.process:pid()))
  end
  local log, distress = self:log(), self:distress()
  self.process:close()
  process.sh("rm -rf " .. process.quote(self.dir))
  self.dir = nil
  assert(ok, tostring(err) .. "\n" .. log:sub(-6000))
  for _, line in ipairs(distress) do
    assert(expected and line:find(expected), line)
  end
end

return nginx
