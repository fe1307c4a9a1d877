--- What specs see of the lab. It must be up: `spec/support/lab up`.
local busted = require "busted"
local socket = require "socket"
local luajit = require "spec.support.luajit"
local process = require "spec.support.process"
local registries = require "spec.support.registries"

local quote = process.quote

local lab = {
  -- what runs the specs, and their scripts
  interpreter = rawget(_G, "jit") and "luajit" or "lua5.4",
  -- makes of Lua 5.4 what that runs
  translate = rawget(_G, "jit") and luajit.translate or tostring,
  sh = process.sh,
  eventually = process.eventually,
  tempdir = process.tempdir,
  pid = process.pid,
  registry_with_auth = registries.with_auth,
  tls_registry = registries.tls,
  tls_registry_with_auth = registries.tls_with_auth,
  faulty_registry = registries.faulty,
  refusing_registry = registries.refusing,
  hosts_dir = registries.hosts_dir,
  -- For scripts in event loops. Debian has copas for Lua 5.2 at most; it runs in 5.4 as well.
  loop_path = process.root .. "/?.lua;" .. process.root .. "/lua/?.lua;" .. process.root
    .. "/lua/?/init.lua;;/usr/share/lua/5.2/?.lua",
}

-- lab.registry is the host:port of the registry that stands for docker.io.
setmetatable(lab, {
  __index = function(self, key)
    if key == "registry" then
      self.registry = registries.plain()
      return self.registry
    end
  end,
})

local script = quote(process.root .. "/spec/support/lab")

-- opts.env, and what opts.daemon adds to it.
local function environment(opts)
  local env = {
    LUA_PATH = os.getenv "LUA_PATH" or process.root .. "/lua/?.lua;" .. process.root .. "/lua/?/init.lua;;",
    LUA_CPATH = os.getenv "LUA_CPATH" or process.root .. "/build/?.so;;",
  }
  if opts.daemon then
    env.CONTAINERD_ADDRESS, env.CONTAINERD_HOSTS_DIR = opts.daemon.address, opts.daemon.hosts_dir
  end
  for name, value in pairs(opts.env or {}) do
    env[name] = value
  end
  return env
end

--- Starts a command as process.spawn does; opts: env, stdin, and daemon, to which its environment points.
function lab.spawn(command, opts)
  opts = opts or {}
  return process.spawn(command, { env = environment(opts), stdin = opts.stdin })
end

--- The path of a Lua script, a file or a text, as the interpreter takes it.
function lab.script(code)
  local text = process.read(code)
  if text and lab.translate(text) == text then
    return code
  end
  local path = process.tempdir() .. "/script.lua"
  process.write(path, lab.translate(text or code))
  return path
end

--- The command that runs a script.
function lab.command(code)
  return lab.interpreter .. " " .. quote(lab.script(code))
end

--- Runs a Lua script to its end, with the module that is tested. opts: daemon, env, and args, a string for the shell.
-- Returns its output and exit status, which is 124 if it took longer than two minutes.
function lab.lua(code, opts)
  opts = opts or {}
  local command = process.assignments(environment(opts)) .. "timeout 120 " .. lab.command(code)
  if opts.args then command = command .. " " .. opts.args end
  return lab.sh("cd " .. quote(process.root) .. " && " .. command .. " </dev/null")
end

-- Prints, line by line, what clients and shims leave behind when something goes wrong. Others may use this machine's
-- containerd directories too: what another process has open is not ours, and our shims are listed themselves.
local things = [[
find /proc -maxdepth 2 -name exe -lname "$lab/debs/$version/*containerd-shim*" 2>/dev/null | while read -r exe; do
  printf 'shim %s\n' "$(tr '\0' ' ' <"${exe%exe}cmdline")"
done
others=$(find /proc/[0-9]*/fd -lname '/run/containerd/fifo/*' ! -path "/proc/$self/*" -printf '%l\n' 2>/dev/null)
find /run/containerd/fifo -type p 2>/dev/null | grep -vxF "${others:--}"
find /run/containerd/s -type s 2>/dev/null | while read -r socket; do
  grep -qF "$socket" /proc/net/unix || echo "$socket"
done
find "${TMPDIR:-/tmp}" -maxdepth 1 \( -name '*containerd*' -o -name 'ctd*' \)
awk '{ print "mount " $5 }' /proc/self/mountinfo | grep -e "^mount $lab/daemon/$version/" -e containerd-mount -e /ctd
true
]]

-- The daemon that the running spec is about, and where its log ended before.
local current

local function present()
  -- A file name pattern and a regular expression at once: any version, or the one.
  local version = current and current.daemon.version or "[0-9.]*"
  local variables = { lab = process.dir, version = version, self = process.pid() }
  local set = {}
  for thing in lab.sh(process.assignments(variables) .. "sh -c " .. quote(things)):gmatch "[^\n]+" do
    set[thing] = true
  end
  return set
end

local present_before = present()

--- Shims and their sockets, FIFOs, mounts, temporary files and directories that weren't there when the spec file began:
-- a list, empty if all is well. What is about to go gets so many seconds for it (default 3).
function lab.leftovers(seconds)
  local list
  local deadline = socket.gettime() + (seconds or 3)
  repeat
    list = {}
    for thing in pairs(present()) do
      if not present_before[thing] then
        list[#list + 1] = thing
      end
    end
    table.sort(list)
    if #list == 0 then
      return list
    end
    socket.sleep(0.05)
  until socket.gettime() > deadline
  return list
end

local methods = {}
methods.__index = methods

-- Its name is its version, or begins with that and a hyphen.
local function new_daemon(name)
  local dir = process.dir .. "/daemon/" .. name
  local version = name:match "^[^-]+"
  return setmetatable({
    name = name,
    version = version,
    address = dir .. "/containerd.sock",
    hosts_dir = process.dir .. "/hosts",
    log_path = dir .. "/log",
    ctr_path = process.dir .. "/debs/" .. version .. "/usr/bin/ctr",
    namespaces = {},
  }, methods)
end

--- Runs the daemon's ctr: opts.namespace. Returns what it prints to standard output, and its exit status, which is
-- other than 0 only with opts.may_fail; then what it prints to standard error is there too.
function methods:ctr(arguments, opts)
  opts = opts or {}
  local env = { CONTAINERD_ADDRESS = self.address, CONTAINERD_NAMESPACE = opts.namespace or "default" }
  local errors = process.tempdir() .. "/errors"
  local command = process.assignments(env) .. "timeout 60 " .. quote(self.ctr_path) .. " " .. arguments
  local output, status = lab.sh(("%s </dev/null 2>%s || { s=$?; cat %s; exit $s; }"):format(command, errors, errors))
  lab.sh("rm -r " .. quote(errors:match "^(.*)/"))
  if status ~= 0 and not opts.may_fail then
    error(("ctr %s: exit status %d: %s"):format(arguments, status, output), 2)
  end
  return output, status
end

--- Pulls an image with ctr, by its whole name, from the lab's registry.
function methods:pull(name, namespace)
  return self:ctr(("images pull --hosts-dir %s %s"):format(quote(self.hosts_dir), name), { namespace = namespace })
end

--- A namespace's name that nobody else uses. The namespace is removed after the last spec at the latest.
function methods:namespace()
  local name = ("spec-%s-%x"):format(self.version, math.floor(socket.gettime() * 1e6))
  self.namespaces[name] = true
  return name
end

--- Removes a namespace with all that is in it, running or not.
function methods:clean(namespace)
  local output, status = lab.sh(("%s clean %s %s"):format(script, self.name, quote(namespace)))
  if status ~= 0 then
    error(("namespace %s can't be removed: %s"):format(namespace, output), 2)
  end
end

--- True if a namespace has no tasks, containers, leases, and no snapshots but those of images; else a text that tells
-- what it has. What is about to go gets so many seconds for it (default 3).
function methods:is_clean(namespace, seconds)
  local function left(what, command)
    local text = self:ctr(command, { namespace = namespace })
    return text:find "%S" and what .. ": " .. text or ""
  end
  local text = ""
  local function look()
    text = left("tasks", "tasks ls -q") .. left("containers", "containers ls -q") .. left("leases", "leases ls -q")
    for _, snapshotter in ipairs { "overlayfs", "native" } do
      local list = self:ctr("snapshots --snapshotter " .. snapshotter .. " ls", { namespace = namespace })
      for snapshot in list:gmatch "[^\n]+" do
        text = text .. (snapshot:find "%s[AV]%a+%s*$" and "snapshot: " .. snapshot .. "\n" or "")
      end
    end
    return text == ""
  end
  return pcall(lab.eventually, look, seconds or 3) or text
end

--- What the daemon has logged from a position on.
function methods:log(position)
  return (process.read(self.log_path) or ""):sub((position or 0) + 1)
end

--- Another daemon of this version, for a spec that treats it badly; `close` it in the end. opts: disk, its disk's size;
-- config, tables to add to its configuration.
function methods:private(opts)
  local private = new_daemon(("%s-%x"):format(self.version, math.floor(socket.gettime() * 1e6)))
  local env = { CTD_DISK = opts and opts.disk or false, CTD_CONFIG = opts and opts.config or false }
  process.line(("%s%s up %s 2>&1"):format(process.assignments(env), script, private.name))
  return private
end

--- Of a private daemon: sends it a signal.
function methods:signal(signal)
  process.line(("%s signal %s %s"):format(script, signal, self.name))
end

--- Of a private daemon that was killed: starts it again, with all that it had.
function methods:restart()
  process.line(("%s restart %s"):format(script, self.name))
end

--- Ends a private daemon, with all that runs in it.
function methods:close()
  process.line(("%s down %s"):format(script, self.name))
end

busted.subscribe({ "test", "end" }, function(_, _, status)
  if current and (status == "failure" or status == "error") then
    local log = current.daemon:log(current.position)
    io.stderr:write(("\nthe log of containerd %s meanwhile:\n%s\n"):format(current.daemon.version, log:sub(-8000)))
  end
  current = nil
  return nil, true
end)

local function versions()
  local restricted = os.getenv "CTD_DAEMONS" or ""
  return (restricted:find "%S" and restricted or process.line(script .. " versions")):gmatch "%S+"
end

--- Calls fn(daemon) in a describe block for each version that $CTD_DAEMONS names, by default all. A daemon has the
-- fields version, address, hosts_dir, and the methods above.
function lab.each_daemon(fn)
  for version in versions() do
    busted.describe("containerd " .. version, function()
      local daemon = new_daemon(version)
      busted.before_each(function()
        current = { daemon = daemon, position = #daemon:log() }
      end)
      fn(daemon)
      busted.teardown(function()
        for namespace in pairs(daemon.namespaces) do
          daemon:clean(namespace)
        end
      end)
    end)
  end
end

return lab
