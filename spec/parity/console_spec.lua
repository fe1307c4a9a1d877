-- The script's own terminal while a task has it: raw, its size followed, and as before in the end, whatever that is.
local containerd = require "containerd"
local lab = require "spec.support.lab"

lab.each_daemon(function(daemon)
  local namespace, client, image, container

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    image = client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
  end)

  teardown(function()
    client:close()
    daemon:clean(namespace)
  end)

  before_each(function()
    container = image:new_container("console", {
      args = { "/bin/sh", "-c", "trap 'stty size' WINCH; echo listening; while :; do sleep 0.1; done" },
      tty = true,
    })
  end)

  after_each(function()
    pcall(function() container:task():delete { kill = true } end)
    container:delete { snapshot = true }
    assert.is_true(daemon:is_clean(namespace))
    assert.same({}, lab.leftovers())
  end)

  -- Runs a script, which has `task`, on a terminal of its own, in a shell that tells the terminal's settings before and
  -- after. Returns the process and a function that gives those settings' names in its output so far.
  local function on_terminal(code)
    local dir = lab.tempdir()
    local function write(name, text)
      local file = assert(io.open(dir .. "/" .. name, "w"))
      file:write(text)
      file:close()
    end
    write("script.lua", ([[
local client = require "containerd".connect { namespace = "%s" }
local task = client:container "console":new_task { terminal = true, stdio = "inherit" }
task:start()
%s
]]):format(namespace, code))
    write("run", ([[
stty rows 12 cols 34
tty >%s/tty
stty -g >%s/before
%s %s/script.lua
stty -g >%s/after.new; mv %s/after.new %s/after
]]):format(dir, dir, lab.interpreter, dir, dir, dir, dir))
    -- A terminal's other side that says nothing: at the end of its input, script ends that of its terminal too.
    -- Who runs the specs may ignore signals (nohup does), which programs inherit.
    local command = ("env --default-signal=HUP,TERM script -qec 'sh %s/run' /dev/null"):format(dir)
    return lab.spawn(command, { daemon = daemon, stdin = "/dev/ptmx" }), dir
  end

  local function read(path)
    local file = io.open(path)
    local text = file and file:read "a"
    if file then file:close() end
    return text
  end

  local function pid_of_script(dir)
    return lab.sh(("pgrep -f '%s %s/script.lua$'"):format(lab.interpreter, dir)):match "%d+"
  end

  local function settings(dir)
    return lab.sh(("setsid -w stty -a <%s"):format((read(dir .. "/tty"):gsub("\n", "")))) or ""
  end

  local function is_raw(dir)
    return read(dir .. "/tty") and settings(dir):find "%-icanon" and settings(dir):find "%-isig"
  end

  local until_told = "while not io.open(arg[0] .. '.go') do require 'containerd'.sleep(0.02) end "

  for how, code in pairs {
    ["an error"] = until_told .. "error 'x'",
    ["os.exit"] = until_told .. "os.exit(3)",
    ["SIGTERM"] = "task:wait()",
    ["SIGHUP"] = "task:wait()",
    ["the task's end"] = "task:wait()",
  } do
    it("is raw until " .. how .. ", and then as before", function()
      local process, dir = on_terminal(code)
      lab.eventually(function() return is_raw(dir) end, 20, "raw: " .. process:output())
      if how:find "^SIG" then
        lab.sh(("kill -%s %s"):format(how:sub(4), pid_of_script(dir)))
      elseif how:find "task" then
        container:task():kill "KILL"
      else
        lab.sh("touch " .. dir .. "/script.lua.go")
      end
      lab.eventually(function() return read(dir .. "/after") end, 20, "end of the script: " .. process:output())
      assert.equal(read(dir .. "/before"), read(dir .. "/after"))
      process:close()
    end)
  end

  it("gives the task its size, and follows it", function()
    local process, dir = on_terminal "task:wait()"
    lab.eventually(function() return process:output():find "listening" end, 20, "the task listens")
    local tty = read(dir .. "/tty"):gsub("\n", "")
    local function shows(size)
      lab.sh("setsid -w stty rows " .. size:gsub(" ", " cols ") .. " <" .. tty)
      lab.eventually(function() return process:output():find(size, 1, true) end, 20, size .. ": " .. process:output())
    end
    shows "20 50"
    shows "21 60"
    container:task():kill "KILL"
    lab.eventually(function() return read(dir .. "/after") end, 20, "end of the script")
    process:close()
  end)
end)
