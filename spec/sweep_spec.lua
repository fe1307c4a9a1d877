-- Every method with a Lua whose memory runs out at its first allocation, at its second, and so forth; see
-- spec/c/lua/alloc_sweep.c. Sanitizers look on.
local containerd = require "containerd"
local lab = require "spec.support.lab"

lab.each_daemon(function(daemon)
  local build = os.getenv "BUILD" or "build"
  local namespace, client

  lazy_setup(function()
    local output, status = lab.sh "env -u MAKEFLAGS -u MFLAGS make -s SANITIZE=address,undefined module alloc-sweep"
    assert.equal(0, status, output)
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
  end)

  lazy_teardown(function() client:close() end)

  for _, name in ipairs { "client", "container" } do
    it(name .. ": ends with success or for want of memory, and leaves nothing behind #once", function()
      local path = ("spec/c/lua/%s_cases.lua"):format(name)
      local process = lab.spawn(build .. "/san/spec/c/lua/alloc_sweep " .. path, {
        daemon = daemon,
        env = {
          CONTAINERD_NAMESPACE = namespace,
          LUA_CPATH = build .. "/san/?.so;;",
          LSAN_OPTIONS = "suppressions=spec/support/lsan.supp:print_suppressions=0",
        },
      })
      local status = process:wait(600)
      assert.equal(0, status, process:output())
      local _, swept = process:output():gsub(": %d+ allocations\n", "")
      assert.equal(#dofile(path), swept)
      assert.is_true(daemon:is_clean(namespace))
      assert.same({}, lab.leftovers())
    end)
  end
end)
