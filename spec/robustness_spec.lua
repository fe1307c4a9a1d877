-- What must not matter: where Ctrl-C comes, what becomes of the daemon, the state's end, a hostile registry.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"
local socket = require "socket"

local function timed(fn, ...)
  local start = socket.gettime()
  fn(...)
  return socket.gettime() - start
end

lab.each_daemon(function(daemon)
  local namespace, client, image

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    image = client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
  end)

  teardown(function() client:close() end)

  local function assert_clean()
    assert.is_true(daemon:is_clean(namespace))
    assert.same({}, lab.leftovers())
  end

  local function start(text)
    return lab.spawn(lab.command(text), { daemon = daemon, env = { CONTAINERD_NAMESPACE = namespace } })
  end

  describe("Ctrl-C", function()
    local whole = [[
      local containerd = require "containerd"
      local client <close> = containerd.connect()
      local function busy() for _ = 1, 1e5 do end end
      local image = client:pull("multi:latest", { progress = busy, auth = busy })
      local container <close> = image:new_container("interrupted", {
        args = { "/bin/sh", "-c", "trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done" },
        auto_delete = true,
        edit = busy,
      })
      local task <close> = container:new_task { stdio = "pipe", auto_delete = true }
      local exit = task:wait_async()
      task:start()
      task.stdout:read()
      containerd.sleep(0.1)
      task:kill "TERM"
      exit:await()
      image:delete { sync = true }
    ]]
    local in_a_coroutine = [[
      local containerd = require "containerd"
      coroutine.wrap(function()
        local client <close> = containerd.connect()
        local image = client:pull_async("multi:latest"):await()
        local container <close> = image:new_container_async("interrupted", {
          args = { "/bin/sh", "-c", "sleep 0.1" },
          auto_delete = true,
        }):await()
        local task <close> = container:new_task_async({ stdio = "pipe", auto_delete = true }):await()
        local all = { task:wait_async(), task.stdout:read_async "a" }
        task:start()
        containerd.all(all)
        image:delete { sync = true }
      end)()
    ]]

    -- Runs it once to see how long that takes, and then interrupts it at so many moments of that time.
    local function sweep(text, count)
      local function run(seconds)
        local process = start(text)
        if seconds then
          socket.sleep(seconds)
          process:kill "INT"
        end
        local status, output = process:wait(30), process:output()
        process:close()
        return status, output
      end
      local length = timed(function() assert.equal(0, (run())) end)
      for i = 1, count do
        local status, output = run(length * i / (count + 1))
        assert.is_true(status == 0 or status == 130 or output:find("interrupted!", 1, true) ~= nil, output)
        assert_clean()
      end
    end

    it("leaves nothing, whenever it comes", function() sweep(whole, 14) end)

    it("leaves nothing in a coroutine that waits for futures", function() sweep(in_a_coroutine, 8) end)
  end)

  it("a container that is closed while its task is being made takes that along", function()
    for _, seconds in ipairs { 0, 0.002, 0.005, 0.01, 0.02, 0.04 } do
      local container = image:new_container("early", { args = { "/bin/cat" }, auto_delete = true })
      do
        local future = container:new_task_async { stdio = "pipe", auto_delete = true }
        socket.sleep(seconds)
        container:close()
        pcall(future.await, future)
      end -- and with the future goes the task, which nobody has taken
      collectgarbage()
      collectgarbage()
      assert_clean()
    end
  end)

  it("futures that nobody keeps leave no news behind", function()
    local pollable = { getfd = function() return containerd.hub().pollfd() end }
    local futures = {}
    for i = 1, 20 do futures[i] = client:version_async() end
    assert.equal(pollable, socket.select({ pollable }, nil, 10)[1])
    lab.eventually(function()
      for _, future in ipairs(futures) do
        if not future:done() then return false end
      end
      return true
    end)
    futures = nil
    collectgarbage()
    collectgarbage()
    assert.is_false(containerd.hub():step()) -- what is left is the news that nothing is under way any more
    assert.same({}, { (socket.select({ pollable }, nil, 0)[1]) })
  end)

  describe("a daemon", function()
    local private, other

    before_each(function()
      private = daemon:private()
      other = containerd.connect { address = private.address, namespace = namespace }
    end)

    after_each(function()
      other:close()
      private:close()
    end)

    local function running()
      local busybox = other:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
      local container = busybox:new_container("running", { args = { "/bin/cat" } })
      local task = container:new_task { stdio = "pipe" }
      task:start()
      return busybox, container, task
    end

    it("that dies fails what is under way and what comes next, until it's back", function()
      local busybox, container, task = running()
      local exit, line = task:wait_async(), task.stdout:read_async()
      local writer = other:content():write { ref = "robustness" }
      local exchange = other:stream "containerd.services.content.v1.Content/Write"
      private:signal "KILL"
      raises("unavailable", exit.await, exit, 10)
      assert.is_false(other:serving())
      for _, call in ipairs {
        function() other:version() end,
        function() other:images() end,
        function() other:server() end,
        function() other:content():statuses() end,
        function() writer:status() end,
        function() exchange:recv() end,
        function() busybox:is_unpacked() end,
        function() busybox:platforms() end,
        function() busybox:diff_ids() end,
        function() container:exists() end,
        function() other:pull("busybox:latest", { hosts_dir = daemon.hosts_dir }) end,
        function() busybox:new_container("none", { auto_delete = true }) end,
        function() container:delete { snapshot = true } end,
        function() container:new_task { stdio = "pipe" } end,
        function() task:wait() end,
        function() task:kill "KILL" end,
        function() task:delete { kill = true } end,
      } do
        assert.is_true(timed(raises, "unavailable", call) < 1)
      end
      task.stdin:write "still here\n"
      assert.equal("still here", line:await(10))

      private:restart()
      assert.equal("running", task:status().status)
      exit = task:wait_async()
      task:kill "KILL"
      assert.equal(137, (exit:await(10)))
      task:delete()
      container:delete { snapshot = true }
      assert.is_true(private:is_clean(namespace))
    end)

    it("that dies while it pulls lets the next pull go on", function()
      local killed
      raises("unavailable", other.pull, other, "redis:alpine", {
        hosts_dir = daemon.hosts_dir,
        progress = function()
          if not killed then private:signal "KILL" end
          killed = true
        end,
      })
      private:restart()
      -- A containerd that was killed may have to fail once over what it had begun to write.
      lab.eventually(function() return pcall(other.pull, other, "redis:alpine", { hosts_dir = daemon.hosts_dir }) end)
    end)

    it("that dies while it deletes a task lets that be deleted afterwards", function()
      local _, container, task = running()
      private:signal "STOP"
      local deletion = task:delete_async { kill = true }
      private:signal "KILL"
      raises("unavailable", deletion.await, deletion, 10)
      private:restart()
      task:delete { kill = true }
      container:delete { snapshot = true }
    end)

    it("that is stopped lets every timeout hold", function()
      local busybox, container, task = running()
      private:signal "STOP"
      for _, call in ipairs {
        function(o) other:version(o) end,
        function(o) other:images(o) end,
        function(o) other:image("busybox", o) end,
        function(o) other:containers(o) end,
        function(o) other:container("running", o) end,
        function(o) containerd.connect { address = private.address, timeout = o.timeout } end,
        function(o) busybox:platforms(o) end,
        function(o) busybox:new_container("none", o) end,
        function(o) busybox:delete(o) end,
        function(o) container:info(o) end,
        function(o) container:exists(o) end,
        function(o) container:task(o) end,
        function(o) container:new_task(o) end,
        function(o) container:delete(o) end,
        function(o) task:start(o) end,
        function(o) task:status(o) end,
        function(o) task:wait(o) end,
        function(o) task:kill("KILL", o) end,
        function(o) task:close_stdin(o) end,
        function(o) task:delete(o) end,
        function(o) task.stdout:read("l", o) end,
      } do
        assert.is_true(timed(raises, "deadline_exceeded", call, { timeout = 0.1 }) < 1)
      end
      assert.is_true(timed(function() other:containers_async({ timeout = 2 }):cancel() end) < 1)
      -- The lease may have come into being, and is given time to go.
      local function pull() other:pull("multi:latest", { hosts_dir = daemon.hosts_dir, timeout = 0.1 }) end
      assert.is_true(timed(raises, "deadline_exceeded", pull) < 10)
      private:signal "CONT"
      task:delete { kill = true }
      container:delete { snapshot = true }
    end)

    it("that is stopped doesn't stop Ctrl-C", function()
      local process = lab.spawn(lab.command [[
        local client = require("containerd").connect()
        print "connected"
        io.stdout:flush()
        while true do client:version() end
      ]], { env = { CONTAINERD_ADDRESS = private.address } })
      finally(function() process:close() end)
      lab.eventually(function() return process:output():find "connected" end)
      private:signal "STOP"
      process:kill "INT"
      assert.is_true(process:wait(5) ~= 0)
    end)
  end)

  describe("a state ends", function()
    local function ends(stdio, what, ending)
      local output, status = lab.lua(([[
        local containerd = require "containerd"
        local client = containerd.connect { namespace = %q }
        local image = client:image "docker.io/library/busybox:latest"
        local container = image:new_container("ending", { args = { "/bin/sleep", "100" }, auto_delete = true })
        local task = container:new_task { stdio = %q, auto_delete = true }
        task:start()
        do %s
        %s end
      ]]):format(namespace, stdio, what, ending), { daemon = daemon })
      assert.equal(what:find "error" and ending == "" and 1 or 0, status, what .. "\n" .. output)
      local left = client:container "ending"
      pcall(function() left:task():delete { kill = true } end)
      left:delete { snapshot = true }
    end

    it("with whatever is under way", function()
      for _, what in ipairs {
        'pull = client:pull_async("multi:latest", { progress = function() end })',
        "write = task.stdin:write_async((' '):rep(1e7))",
        "task:wait_async() read = task.stdout:read_async 'a'",
        "late = image:new_container_async('late', { auto_delete = true, edit = function() end })",
        "delete = task:delete_async { kill = true }",
        "thread = coroutine.wrap(function() local _ <close> = task; coroutine.yield() end) thread()",
        "thread = coroutine.wrap(function() client:pull('multi:latest', { progress = coroutine.yield }) end) thread()",
        "local _ <close> = setmetatable({}, { __close = function() error 'closing' end })",
      } do
        ends("pipe", what, "os.exit(true, true)")
        ends("pipe", what, "")
      end
      assert_clean()
    end)

    it("without being closed", function()
      ends("null", "version = client:version_async() wait = task:wait_async()", "os.exit(true)")
      assert_clean()
    end)
  end)

  it("an error whose text is too long to be told fails its call alone", function()
    local other = client:call_async("containerd.services.events.v1.Events/Publish", {}) -- on the same connection
    assert.is_false(pcall(client.image, client, ("a"):rep(200000)))
    raises("invalid_argument", other.await, other)
    assert.is_string(client:version().version)
  end)

  it("a process that reads no more fails the writes, and doesn't end the script", function()
    local container <close> = image:new_container("head", { args = { "/bin/head", "-1" }, auto_delete = true })
    local task <close> = container:new_task { stdio = "pipe", auto_delete = true }
    task:start()
    raises("failed_precondition", task.stdin.write, task.stdin, ("line\n"):rep(2e6), { timeout = 20 })
    assert.equal("line", task.stdout:read())
    assert.is_true(timed(function() task.stdin:close() end) < 5)
    assert.equal(0, (task:wait()))
  end)

  it("standard streams that are closed are inherited as null", function()
    local result = lab.tempdir() .. "/result"
    local process = lab.spawn(("sh -c 'exec %s <&- >&- 2>&-'"):format(lab.command(([[
      local client = require("containerd").connect()
      local image = client:image "docker.io/library/busybox:latest"
      local container <close> = image:new_container("closed", {
        args = { "/bin/sh", "-c", "cat; echo out; echo err >&2; exit 3" },
        auto_delete = true,
      })
      local task <close> = container:new_task { stdio = "inherit", auto_delete = true }
      task:start()
      local code = task:wait()
      local file <close> = io.open(%q, "w")
      file:write(code)
    ]]):format(result))), { daemon = daemon, env = { CONTAINERD_NAMESPACE = namespace } })
    local status = process:wait(20)
    process:close()
    assert.equal(0, status)
    assert.equal("3", io.open(result):read "a")
    assert_clean()
  end)

  it("metamethods that a script calls itself refuse what isn't theirs", function()
    local _, err = pcall(client.image, client, "absent")
    for _, object in ipairs { client, image, err, client:version_async() } do
      for _, name in ipairs { "__gc", "__close", "__tostring", "__eq", "__index" } do
        local metamethod = getmetatable(object)[name]
        for _, other in ipairs { io.stdout, 1, "x", {}, print } do
          if type(metamethod) == "function" then pcall(metamethod, other) end
        end
      end
    end
    assert.equal("docker.io/library/busybox:latest", image:name())
  end)

  describe("a hostile registry", function()
    local faulty

    before_each(function() faulty = lab.faulty_registry() end)
    after_each(function() faulty:close() end)

    local function refused(code, rule)
      rule.path = rule.path or "/manifests/"
      faulty:set { rules = { rule } }
      local opts = { hosts_dir = faulty.hosts_dir, timeout = 20, retries = 1, idle_timeout = 1 }
      raises(code, client.pull, client, "hostile:latest", opts)
      assert.is_true(daemon:is_clean(namespace))
    end

    local manifest_type = "application/vnd.oci.image.manifest.v1+json"
    local index_type = "application/vnd.oci.image.index.v1+json"

    local function answer(body, kind)
      return { status = 200, headers = { ["content-type"] = kind or manifest_type }, body = body }
    end

    local function descriptor(digest, size)
      return ('{"mediaType":"application/octet-stream","digest":"%s","size":%s}'):format(digest, size)
    end

    local function manifest(layers)
      local config = descriptor("sha256:" .. ("0"):rep(64), 10)
      local body = '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}'
      return answer(body:format(manifest_type, config, table.concat(layers, ",")))
    end

    local digest = "sha256:" .. ("1"):rep(64)

    it("gets nowhere with sizes and digests that can't be", function()
      refused("invalid_argument", manifest { descriptor(digest, "-1") })
      refused("invalid_argument", manifest { descriptor(digest, "1.5") })
      refused("invalid_argument", manifest { descriptor(digest, "9223372036854775808") })
      refused("invalid_argument", manifest { descriptor("sha256:../../../../etc/passwd", 1) })
      refused("invalid_argument", manifest { descriptor("md5:" .. ("1"):rep(32), 1) })
    end)

    it("gets nowhere with manifests that are too much", function()
      refused("invalid_argument", answer(('{"a":'):rep(1e5) .. "1" .. ("}"):rep(1e5)))
      refused("out_of_range", answer('{"a":"' .. ("x"):rep(5e6) .. '"}'))
      local layers = {}
      for i = 1, 10000 do layers[i] = descriptor(("sha256:%064x"):format(i), 1) end
      refused("not_found", manifest(layers))
    end)

    it("gets nowhere with an index that names itself", function()
      local entry = '{"mediaType":"%s","digest":"%s","size":400,"platform":{"os":"linux","architecture":"amd64"}}'
      entry = entry:format(index_type, digest)
      local body = ('{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}'):format(index_type, entry)
      refused("digest_mismatch", answer(body .. (" "):rep(400 - #body), index_type))
    end)

    it("gets nowhere with answers that don't end or never come", function()
      refused("unavailable", { redirect = "http://" .. faulty.host })
      local cut = manifest {}
      cut.headers["content-length"] = 5000
      refused("unavailable", cut)
      local headers = {}
      for i = 1, 100 do headers["x-" .. i] = ("y"):rep(8000) end
      refused("out_of_range", { status = 200, headers = headers, body = "" })
      refused("out_of_range", { status = 200, headers = { ["x-long"] = ("y"):rep(200000) }, body = "" })
    end)
  end)
end)
