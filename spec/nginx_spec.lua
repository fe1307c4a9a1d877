-- In real nginx, with two workers.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local nginx = require "spec.support.nginx"

-- What all servers begin with; @ADDRESS@ and @NAMESPACE@ are replaced.
local http = [[
  lua_socket_log_errors on;
  init_by_lua_block {
    containerd = require "containerd"
    containerd.use "nginx"
    function connect()
      return containerd.connect { address = "@ADDRESS@", namespace = "@NAMESPACE@", hosts_dir = "@HOSTS@" }
    end
    -- One connection of each worker, made by its first request.
    local shared
    function client()
      shared = shared or connect()
      return shared
    end
    function run(id, args, stdio)
      local image = client():image "docker.io/library/busybox:latest"
      local container = image:new_container(id, { args = args or { "/bin/sleep", "100" } })
      local task = container:new_task { stdio = stdio }
      task:start()
      return task, container
    end
    function close(task, container)
      task:delete { kill = true }
      container:delete { snapshot = true }
    end
    function try(fn, ...)
      local ok, err = pcall(fn, ...)
      ngx.say(ok and "ok" or containerd.is_error(err) and err.code or "raised", ": ", tostring(err))
    end
  }
]]

local function specs(daemon)
  local namespace, outside, server

  setup(function()
    namespace = daemon:namespace()
    outside = containerd.connect { address = daemon.address, namespace = namespace }
    outside:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
  end)

  teardown(function() outside:close() end)

  local function fill(text)
    return (text:gsub("@(%u+)@", { ADDRESS = daemon.address, NAMESPACE = namespace, HOSTS = daemon.hosts_dir }))
  end

  local function start(locations, opts)
    opts = opts or {}
    opts.http = fill((opts.http or http) .. (opts.before or "") .. [[
      server {
        listen unix:@dir@/socket;
        location = /bare { return 200 bare; }
        location = /worker { content_by_lua_block { ngx.say(ngx.worker.pid()) } }
        ]] .. locations .. [[
      }
    ]])
    server = nginx.start(opts)
    return server
  end

  local expected

  before_each(function() expected = nil end)

  after_each(function()
    if server then
      local closing = server
      server = nil
      closing:close(expected)
    end
    assert.is_true(daemon:is_clean(namespace, 20))
    assert.same({}, lab.leftovers(20))
  end)

  local function tasks()
    return daemon:ctr("tasks ls -q", { namespace = namespace })
  end

  local function await_task(id)
    lab.eventually(function() return tasks():find(id, 1, true) end, 20, "the task " .. id)
  end

  local function await_end(pids)
    lab.eventually(function()
      for _, pid in ipairs(pids) do
        if nginx.is_alive(pid) then return false end
      end
      return true
    end, 20, "the end of workers")
  end

  -- A location that runs a task, waits for it and says its exit status, or why it didn't wait.
  local waits = [[
    location = /wait {
      content_by_lua_block {
        local task, container = run "waited"
        local ok, code = pcall(task.wait, task)
        ngx.say(ok and code or code.code)
        close(task, container)
      }
    }
  ]]

  local function remove_waited()
    local container = outside:container "waited"
    container:task():delete { kill = true }
    container:delete { snapshot = true }
  end

  local pulls = [[
    location = /pull {
      content_by_lua_block {
        local image = client():pull("redis:alpine", {
          labels = { puller = "nginx" },
          progress = function(step)
            if not told then
              told = true
              io.open("@dir@/pulling", "w"):close()
            end
            while not io.open "@dir@/go" do ngx.sleep(0.01) end
          end,
        })
        ngx.say(image:name())
      }
    }
  ]]

  local function exists(name)
    local file = io.open(server.dir .. "/" .. name)
    return file and file:close()
  end

  local function go()
    io.open(server.dir .. "/go", "w"):close()
  end

  -- A pull whose progress function waits until `go`.
  local function start_pull()
    pcall(function() outside:image("docker.io/library/redis:alpine"):delete { sync = true } end)
    local request = server:request "/pull"
    lab.eventually(function() return exists "pulling" end, 20, "the pull")
    return request
  end

  local function finish_pull(request)
    go()
    assert.equal(0, request:wait(60))
    assert.equal("docker.io/library/redis:alpine\n", request:output())
    request:close()
  end

  it("pulls with progress while it answers others", function()
    start(pulls)
    local request = start_pull()
    for _ = 1, 20 do assert.equal("bare", (server:get "/bare")) end
    assert.is_nil(request:done())
    finish_pull(request)
  end)

  it("finishes a pull in a worker that HUP has told to go", function()
    start(pulls)
    local old = server:workers()
    local request = start_pull()
    server:signal "HUP"
    lab.eventually(function()
      local now = server:workers()
      return #now == 2 and now[1] ~= old[1] and now[2] ~= old[2]
    end, 20, "new workers")
    assert.equal("bare", (server:get "/bare"))
    finish_pull(request)
    await_end(old)
  end)

  it("cancels a wait when QUIT comes, and ends", function()
    start(waits)
    local request = server:request "/wait"
    await_task "waited"
    server:signal "QUIT"
    assert.equal(0, request:wait(20))
    assert.equal("cancelled\n", request:output())
    request:close()
    assert.equal(0, server.process:wait(20))
  end)

  it("a worker ends with nothing under way soon after its last call", function()
    start [[ location = /version { content_by_lua_block { ngx.say(client():version().version) } } ]]
    assert.matches("^%d", (server:get "/version"))
    local old = server:workers()
    server:signal "HUP"
    await_end(old)
    assert.matches("^%d", (server:get "/version"))
  end)

  it("a client that goes cancels its call", function()
    start([[
      location = /idle { content_by_lua_block { ngx.say(ngx.worker.pid(), " ", not containerd.hub():step()) } }
      location = /slow {
        lua_check_client_abort on;
        content_by_lua_block {
          client():import(function()
            io.open("@dir@/reading", "w"):close()
            ngx.sleep(0.02)
            return ("\0"):rep(512)
          end)
        }
      }
    ]] .. waits:gsub("content_by_lua_block", "lua_check_client_abort on; content_by_lua_block"))
    local request = server:request "/slow"
    lab.eventually(function() return exists "reading" end, 20, "the import")
    request:close()
    request = server:request "/wait"
    await_task "waited"
    request:close()
    lab.eventually(function() return server:log():find "client prematurely closed" end, 20, "the abort")
    local idle = {} -- of each worker: whether nothing is under way there any more
    lab.eventually(function()
      local worker, answer = server:get "/idle":match "^(%d+) (%a+)"
      idle[worker] = answer == "true" or nil
      local first = next(idle)
      return first and next(idle, first)
    end, 20, "the end of all calls")
    lab.eventually(function()
      return not daemon:ctr("leases ls -q", { namespace = namespace }):find "%S"
    end, 20, "the end of the lease")
    remove_waited()
  end)

  it("an endless stream of events doesn't keep a worker", function()
    start [[
      location = /events {
        content_by_lua_block {
          ngx.timer.at(0, function()
            local file = io.open("@dir@/events", "w")
            local ok, err = pcall(function()
              for event in client():events() do file:write(event.topic, "\n") file:flush() end
            end)
            file:write(err.code, "\n")
            file:close()
          end)
        }
      }
    ]]
    server:get "/events"
    local function seen() return exists "events" and io.open(server.dir .. "/events"):read "a" or "" end
    lab.eventually(function()
      outside:publish("/spec/nginx", "containerd.events.ContainerDelete", { id = "x" })
      return seen():find("/spec/nginx", 1, true)
    end, 20, "an event")
    local old = server:workers()
    server:signal "HUP"
    await_end(old)
    assert.matches("cancelled\n$", seen())
  end)

  it("a worker that is killed is replaced, and leaves nothing", function()
    start(waits)
    expected = "signal 9"
    local old = server:workers()
    local request = server:request "/wait"
    await_task "waited"
    for _, pid in ipairs(old) do lab.sh("kill -KILL " .. pid) end
    request:wait(20)
    request:close()
    lab.eventually(function() return #server:workers() == 2 end, 20, "new workers")
    remove_waited()
    request = server:request "/wait"
    await_task "waited"
    daemon:ctr("tasks kill -s KILL waited", { namespace = namespace })
    assert.equal(0, request:wait(20))
    assert.equal("137\n", request:output())
    request:close()
  end)

  it("works without the cache of code, where each request has a state of its own", function()
    expected = "lua_code_cache is off"
    start([[
      location = /version { content_by_lua_block {
        local client = connect()
        ngx.say(client:version().version)
        client:close()
      } }
      location = /open { content_by_lua_block { ngx.say(connect():version().version) } }
    ]], { before = "lua_code_cache off;" })
    for _ = 1, 5 do
      assert.matches("^%d", (server:get "/version"))
      assert.matches("^%d", (server:get "/open"))
    end
  end)

  it("a request talks with a task over pipes", function()
    start [[
      location = /pipes {
        content_by_lua_block {
          local task, container = run("pipes", { "/bin/cat" }, "pipe")
          task.stdin:write "one\ntwo\n"
          task.stdin:close()
          for line in task.stdout:lines() do ngx.say(line) end
          ngx.say((task:wait()))
          close(task, container)
        }
      }
    ]]
    assert.equal("one\ntwo\n0\n", (server:get "/pipes"))
  end)

  it("waits for several at once, and no longer than it is told to", function()
    start [[
      location = /several {
        content_by_lua_block {
          local results = containerd.all { client():version_async(), client():images_async() }
          ngx.say(#results[2][1])
          local task, container = run "several"
          local wait, sleep = task:wait_async(), client():version_async()
          ngx.say(containerd.any { wait, sleep } == sleep)
          try(task.wait, task, { timeout = 0.1 })
          try(wait.await, wait, 0.1)
          wait:cancel()
          containerd.sleep(0.01)
          close(task, container)
          try(client().image, client(), "absent")
          local safe = require "containerd.safe"
          ngx.say(select(3, safe.connect "/no/such.sock"))
        }
      }
    ]]
    local answer = server:get "/several"
    local lines = {}
    for line in answer:gmatch "[^\n]+" do lines[#lines + 1] = line:match "^[^:]+" end
    local wanted = { "1", "true", "deadline_exceeded", "deadline_exceeded", "not_found", "no_such_socket" }
    if answer:match "^2" then wanted[1] = "2" end -- another spec's image
    assert.same(wanted, lines, answer)
  end)

  it("where nothing can yield a call fails, or blocks if it's told to", function()
    start [[
      location = /phases {
        set_by_lua_block $failed {
          local ok, err = pcall(client().version, client())
          return err.code .. " " .. (client():version { block = true }.version and "blocked")
        }
        content_by_lua_block { client() ngx.say(ngx.var.failed) }
        log_by_lua_block {
          local ok, err = pcall(client().version, client())
          ngx.log(ngx.NOTICE, "logged: ", err.code, " ", client():version_async():done() and "done" or "started")
        }
      }
      location = /connect { content_by_lua_block { client() } }
    ]]
    lab.eventually(function() -- until each worker has connected
      server:get "/connect"
      local answer, status = server:get "/phases"
      return status == 200 and answer:find "failed_precondition blocked"
    end, 20, "both answers")
    lab.eventually(function() return server:log():find "logged: failed_precondition" end, 20, "the log's line")
  end)

  it("nothing connects in the master, and init_worker may block", function()
    start([[ location = /said { content_by_lua_block { ngx.say(said) ngx.say(version) } } ]], {
      before = "init_worker_by_lua_block { version = connect_blocking():version { block = true }.version }",
      http = http:gsub("\n  }\n$", [[

        function connect_blocking() return containerd.connect { address = "@ADDRESS@", block = true } end
        local ok, err = pcall(connect)
        said = err.code .. ": " .. tostring(err)
        ok, err = pcall(connect_blocking)
        assert(err.code == "failed_precondition")
        local future = containerd.connect_async { address = "@ADDRESS@" }
        ok, err = pcall(future.await, future)
        assert(err.code == "failed_precondition")
      }
    ]]),
    })
    local answer = server:get "/said"
    assert.matches("failed_precondition: .*connect in a request", answer)
    assert.matches("\n%d", answer)
  end)

  it("the manual's configuration works as it is", function()
    local lines, inside = {}, false
    for line in io.lines "doc/hosts.md" do
      if line:find "^```" then inside = line == "```nginx" end
      lines[#lines + 1] = inside and line ~= "```nginx" and line or nil
    end
    assert.is_true(#lines > 5 and #lines < 20)
    local text = table.concat(lines, "\n")
    text = text:gsub("listen 127.0.0.1:8080;", "listen unix:@dir@/socket;"):gsub("manual", namespace)
    server = nginx.start {
      http = text,
      daemon = daemon,
      main = "user root; env CONTAINERD_ADDRESS; env CONTAINERD_HOSTS_DIR;",
    }
    assert.matches("^docker.io/library/busybox:latest sha256:%x+\n$", (server:get "/pull"))
    assert.matches("^docker.io/library/multi:latest", (server:get "/pull?image=multi"))
  end)

  it("workers that aren't root can use a socket that their group may", function()
    local private = daemon:private()
    finally(function() private:close() end)
    lab.sh(("chgrp www-data %s && chmod 660 %s"):format(private.address, private.address))
    server = nginx.start {
      main = "user www-data;",
      http = ([[
        init_by_lua_block { require("containerd").use "nginx" }
        server {
          listen unix:@dir@/socket;
          location = /version {
            content_by_lua_block {
              local containerd = require "containerd"
              local ok, err = pcall(containerd.connect, %q)
              if not ok then return ngx.say(err.code, " ", err.message) end
              ngx.say(err:version().version)
            }
          }
        }
      ]]):format(private.address),
    }
    assert.matches("^%d", (server:get "/version"))
  end)
end

describe("nginx #once", function() lab.each_daemon(specs) end)
