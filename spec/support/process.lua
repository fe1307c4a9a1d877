--- Commands, background processes, and conditions with a deadline, for Lua 5.1 and later.
local socket = require "socket"

local process = {}

local function read(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local text = file:read "*a"
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

process.read, process.write = read, write

--- A string as one word for the shell.
function process.quote(text)
  return "'" .. tostring(text):gsub("'", [['\'']]) .. "'"
end
local quote = process.quote

--- Runs a command of the shell. Returns its output, standard error included, and its exit status.
function process.sh(command)
  local pipe = assert(io.popen("exec 2>&1\n(" .. command .. "\n)\nprintf '\\n%d' $?"))
  local all = pipe:read "*a"
  pipe:close()
  local output, status = all:match "^(.*)\n(%d+)$"
  return output, tonumber(status)
end
local sh = process.sh

-- The same, for commands that must succeed; without the last newline.
local function line(command)
  local output, status = sh(command)
  assert(status == 0, output)
  return (output:gsub("\n$", ""))
end

process.line = line
process.root = line("realpath " .. quote(debug.getinfo(1, "S").source:match "^@(.*)process%.lua$" .. "../.."))
process.dir = os.getenv "CTD_LAB" or (os.getenv "BUILD" or "build") .. "/lab"
process.dir = line("cd " .. quote(process.root) .. " && realpath -m " .. quote(process.dir))

--- This process's own id.
function process.pid()
  return tonumber(read("/proc/self/stat"):match "^%d+")
end

--- A new directory, which `lab down` removes at the latest.
function process.tempdir()
  local tmp = quote(process.dir .. "/tmp")
  return line("mkdir -p " .. tmp .. " && mktemp -d " .. tmp .. "/XXXXXX")
end

--- Calls fn until it returns something true, and returns that; raises after so many seconds (default 10), naming what.
function process.eventually(fn, seconds, what)
  local deadline = socket.gettime() + (seconds or 10)
  while true do
    local result = fn()
    if result then
      return result
    elseif socket.gettime() > deadline then
      error(("not within %g s: %s"):format(seconds or 10, what or "a condition"), 2)
    end
    socket.sleep(0.02)
  end
end

--- A prefix that runs a command with these variables of the environment; false unsets one.
function process.assignments(env)
  local words = { "env" }
  for name, value in pairs(env) do
    words[#words + 1] = value == false and "-u " .. name or nil
  end
  for name, value in pairs(env) do
    words[#words + 1] = value and name .. "=" .. quote(value) or nil
  end
  return table.concat(words, " ") .. " "
end

local methods = {}
methods.__index = methods

--- Starts a command (one program with arguments, not a compound) in a session of its own, so that no signal for the
-- specs reaches it and none is ignored by it. opts: env, stdin (a path). `close` it in the end.
function process.spawn(command, opts)
  opts = opts or {}
  local dir = process.tempdir()
  local at = quote(dir)
  -- The shell that waits for it must outlive it, and its id is known before it can do anything.
  write(dir .. "/run", ([[
trap : HUP INT TERM
sh %s/command <%s >%s/output 2>&1
echo $? >%s/status.new
mv %s/status.new %s/status
]]):format(at, quote(opts.stdin or "/dev/null"), at, at, at, at))
  write(dir .. "/command", ([[
echo $$ >%s/pid.new
mv %s/pid.new %s/pid
exec %s%s
]]):format(at, at, at, process.assignments(opts.env or {}), command))
  line(("CTD_SPAWNED=%s setsid -f sh %s/run </dev/null >/dev/null 2>&1"):format(at, at))
  local self = setmetatable({ dir = dir, command = command }, methods)
  self:pid()
  return self
end

function methods:pid()
  return process.eventually(function()
    return tonumber((read(self.dir .. "/pid")))
  end, 10, "start of " .. self.command)
end

--- All that it has written so far.
function methods:output()
  return read(self.dir .. "/output") or ""
end

--- Its exit status if it has ended; 128 and the number of the signal if one killed it.
function methods:done()
  return tonumber((read(self.dir .. "/status")))
end

--- Sends a signal, by default TERM; what has ended already may get it too.
function methods:kill(signal)
  if not self:done() then
    sh(("kill -%s %d"):format(signal or "TERM", self:pid()))
  end
end

--- Waits so many seconds (default 30) for its end and returns its exit status.
function methods:wait(seconds)
  local ok, status = pcall(process.eventually, function()
    return self:done()
  end, seconds, "end of " .. self.command)
  if not ok then
    error(status .. "; its output:\n" .. self:output(), 2)
  end
  return status
end

--- Kills it if it hasn't ended, and forgets its output.
function methods:close()
  if self.dir then
    self:kill "KILL"
    self:wait(10)
    sh("rm -rf " .. quote(self.dir))
    self.dir = nil
  end
end

return process
