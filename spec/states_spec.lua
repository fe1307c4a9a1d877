-- A program that has Lua states in several threads, and closes them with calls under way: see spec/c/lua/states.c.
local containerd = require "containerd"
local lab = require "spec.support.lab"

local THREADS, STATES, ROUNDS = 8, 25, 5 -- a thousand states

local out = os.getenv "CTD_OUT" or "build"
local sanitized = out:find("/san", 1, true)

lab.each_daemon(function(daemon)
  local namespace, client, image

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    image = client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
  end)

  teardown(function() client:close() end)

  local script = [[
    local containerd, number = require "containerd", ...
    client = containerd.connect()
    calls = { client:version_async(), client:images_async(), client:container("waited"):task():wait_async() }
    if number % 8 == 0 then
      events = client:events "namespace==none"
      calls[#calls + 1] = events:next_async()
      exchange = client:stream "containerd.services.content.v1.Content/Write"
      calls[#calls + 1] = exchange:recv_async()
    elseif number == 1 then
      calls[#calls + 1] = client:pull_async("multi:latest", { progress = function() end })
    end
  ]]

  -- The numbers that the program prints after each round.
  local function run()
    local program = lab.spawn(("%s/spec/c/lua/states %s %d %d %d"):format(out, lab.script(script), THREADS, STATES,
      ROUNDS), { daemon = daemon, env = { CONTAINERD_NAMESPACE = namespace } })
    finally(function() program:close() end)
    assert.equal(0, program:wait(120), program:output())
    local rounds = {}
    for fds, threads, memory in program:output():gmatch "(%d+) (%d+) (%d+)\n" do
      rounds[#rounds + 1] = { fds = tonumber(fds), threads = tonumber(threads), kib = tonumber(memory) }
    end
    assert.equal(ROUNDS, #rounds, program:output())
    return rounds, program:output()
  end

  it("opens and closes a thousand states with calls under way, and needs no more for the last ones", function()
    local make = "env -u MAKEFLAGS -u MFLAGS make -s LUA=%s SANITIZE=%s states"
    local output, status = lab.sh(make:format(lab.interpreter, sanitized and "address,undefined" or ""))
    assert.equal(0, status, output)
    local container <close> = image:new_container("waited", { args = { "/bin/cat" }, auto_delete = true })
    local task <close> = container:new_task { stdio = "pipe", auto_delete = true }
    task:start()
    local rounds, printed = run()
    local first, last = rounds[2], rounds[ROUNDS]
    -- What ends of itself may still do so when its state is gone; a thing left behind by each state would be hundreds.
    assert.is_true(last.fds < first.fds + 20, printed)
    assert.is_true(last.threads < first.threads + 20, printed)
    -- Sanitizers keep what is freed, and tell of leaks.
    assert.is_true(sanitized ~= nil or last.kib < first.kib + 4096, printed)
    task.stdin:close()
    assert.equal(0, (task:wait { timeout = 20 }))
  end)

  it("leaves nothing in the daemon", function()
    assert.is_true(daemon:is_clean(namespace, 20))
    assert.same({}, lab.leftovers())
  end)
end)
