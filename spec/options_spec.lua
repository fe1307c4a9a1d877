-- Options: everything is checked before anything happens, and whoever misspells one is told which was meant.
local containerd = require "containerd"
local lab = require "spec.support.lab"

lab.each_daemon(function(daemon)
  local namespace, client, image

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    image = client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
  end)

  teardown(function() client:close() end)

  local function misuse(pattern, fn)
    local ok, message = pcall(fn)
    assert.is_false(ok)
    assert.is_string(message)
    assert.matches("options_spec.lua:%d+: " .. pattern, message)
  end

  local function container_with(name, value)
    return function() image:new_container("never", { [name] = value }) end
  end

  it("names an unknown one and its nearest valid spelling", function()
    misuse('pull: unknown option "snapshoter" %(did you mean "snapshotter"%?%)',
      function() client:pull("busybox", { snapshoter = "x" }) end)
    misuse('pull: unknown option "time_out" %(did you mean "timeout"%?%)',
      function() client:pull_async("busybox", { time_out = 1 }) end)
    misuse('new_container: unknown option "qqqqqqqq"$', container_with("qqqqqqqq", 1))
  end)

  it("names the one with a wrong type, and what it should be", function()
    for name, value in pairs { snapshot = 1, cwd = true, user = {}, hostname = 5 } do
      misuse(('new_container: "%s": string expected, got %s'):format(name, type(value)), container_with(name, value))
    end
    for name, value in pairs { auto_delete = "yes", tty = 1, readonly = "true" } do
      misuse(('new_container: "%s": boolean expected, got %s'):format(name, type(value)), container_with(name, value))
    end
    misuse('new_container: "cpus": positive number expected, got string', container_with("cpus", "2"))
    misuse('new_container: "cpus": positive number expected', container_with("cpus", -1))
    misuse('new_container: "pids_limit": positive integer expected', container_with("pids_limit", 1.5))
    misuse('new_container: "edit": function expected, got table', container_with("edit", {}))
    misuse('new_container: "timeout": number of seconds expected', container_with("timeout", 0 / 0))
  end)

  it("reads sizes", function()
    for _, wrong in ipairs { "12X", "M", "", "-1", "1 M", -1, 1.5, true, "0" } do
      misuse('new_container: "memory": size', container_with("memory", wrong))
    end
    local function limit(size)
      local container = image:new_container("sized", { memory = size, auto_delete = true })
      local value = container:spec().linux.resources.memory.limit
      container:close()
      return value
    end
    assert.equal(512 * 1024 * 1024, limit "512M")
    assert.equal(1536 * 1024 * 1024, limit "1.5G")
    assert.equal(8388608, limit(8388608))
    assert.equal(8388608, limit "8388608")
    assert.equal(8388608, limit "8192K")
  end)

  it("reads labels, which are strings", function()
    misuse('new_container: "labels": table of labels expected, got string', container_with("labels", "a=b"))
    misuse('new_container: "labels": names and values of labels are strings', container_with("labels", { a = 1 }))
    misuse('new_container: "labels": names and values of labels are strings', container_with("labels", { "a" }))
  end)

  it("reads a string or an array of strings", function()
    misuse('new_container: "args": string or array of strings expected', container_with("args", { "sleep", 5 }))
    misuse('new_container: "args": array expected', container_with("args", { a = "b" }))
    misuse('new_container: "cap_add": string or array of strings expected, got number', container_with("cap_add", 1))
    for _, args in ipairs { "/bin/true", { "/bin/true" } } do
      local container = image:new_container("args", { args = args, auto_delete = true })
      assert.same({ "/bin/true" }, container:spec().process.args)
      container:close()
    end
  end)

  it("reads an environment as an array or as a table", function()
    misuse('new_container: "env": array of strings expected, number 2 is none', container_with("env", { "A=b", 2 }))
    misuse('new_container: "env": string or false expected for "PORT"', container_with("env", { PORT = 80 }))
    for _, env in ipairs { { "ANSWER=42" }, { ANSWER = "42" } } do
      local container = image:new_container("env", { env = env, auto_delete = true })
      assert.matches("ANSWER=42", table.concat(container:spec().process.env, " "))
      container:close()
    end
  end)

  it("names the place of what JSON doesn't have", function()
    misuse("mounts%[1%].options%[2%]: a function has no place in JSON",
      container_with("mounts", { { options = { "ro", print } } }))
    misuse("mounts%[1%]: the table is neither an array nor has it only strings as keys",
      container_with("mounts", { { "a", b = 1 } }))
    misuse("mounts%[1%].size: JSON has no such number", container_with("mounts", { { size = 1 / 0 } }))
    misuse("mounts%[1%].source: the string is not UTF%-8", container_with("mounts", { { source = "\255" } }))
    local circle = {}
    circle.again = { circle }
    misuse("mounts%[1%].again%[1%]: the table contains itself", container_with("mounts", { circle }))
    local deep = {}
    for _ = 1, 200 do deep = { deep } end
    misuse("mounts.*: the tables are nested too deeply", container_with("mounts", { deep }))
  end)

  it("checks arguments like options", function()
    misuse('pull: "reference": string expected, got nothing', function() client:pull() end)
    misuse('pull: "reference": string expected, got table', function() client:pull {} end)
    misuse('pull: "reference": the string has a zero byte', function() client:pull "a\0b" end)
    misuse("pull: table of options expected, got string", function() client:pull("a", "b") end)
    misuse("pull: containerd.client expected, got string", function() client.pull "a" end)
    misuse('image: "name": string expected, got number', function() client:image(5) end)
  end)

  it("checks the parts of auth and stdio", function()
    misuse('pull: "auth": table or function expected', function() client:pull("a", { auth = "me" }) end)
    misuse('pull: unknown option "usrname" %(did you mean "username"%?%)',
      function() client:pull("a", { auth = { usrname = "me" } }) end)
    misuse('pull: "auth": either username and password or token expected',
      function() client:pull("a", { auth = { username = "me" } }) end)
    local container <close> = image:new_container("stdio", { auto_delete = true })
    local function task_with(stdio)
      return function() container:new_task { stdio = stdio } end
    end
    misuse('new_task: "stdio": "null", "inherit", "pipe", "log:/path" or "binary:/path" expected, got "tty"', task_with "tty")
    misuse('new_task: "stdio": "log:" and an absolute path expected', task_with "log:relative")
    misuse('new_task: unknown option "stdot" %(did you mean "stdout"%?%)', task_with { stdot = "null" })
    misuse('new_task: "stdout": word, Lua file or file descriptor expected, got boolean', task_with { stdout = true })
    misuse('new_task: "stdio": 999 is no open file descriptor', task_with { stdout = 999 })
    local file = io.tmpfile()
    file:close()
    misuse('new_task: "stdio": the file is closed', task_with { stdout = file })
  end)

  it("turns a table of labels into a filter, and knows one of options", function()
    local labelled = image:new_container("labelled", { labels = { app = 'we"b', tier = "x" }, auto_delete = true })
    assert.equal(1, #client:containers { app = 'we"b', tier = "x" })
    assert.equal(0, #client:containers { app = 'we"b', tier = "y" })
    assert.equal(1, #client:containers({ app = "none" }, { tier = "x" }, { timeout = 5 }))
    labelled:close()
    misuse("containers: names and values of labels are strings", function() client:containers { app = 1 } end)
  end)

  it("has made nothing after all that", function()
    assert.is_true(daemon:is_clean(namespace))
  end)
end)
