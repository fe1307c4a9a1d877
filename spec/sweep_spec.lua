-- Every method with a Lua whose memory runs out at its first allocation, at its second, and so forth; see
-- spec/c/lua/alloc_sweep.c. Sanitizers look on.
local containerd = require "containerd"
local lab = require "spec.support.lab"

lab.each_daemon(function(daemon)
  it("ends with success or for want of memory, and leaves nothing behind #once", function()
    local build = os.getenv "BUILD" or "build"
    local output, status = lab.sh "env -u MAKEFLAGS -u MFLAGS make -s SANITIZE=address,undefined module alloc-sweep"
    assert.equal(0, status, output)
    local namespace = daemon:namespace()
    local client = containerd.connect { address = daemon.address, namespace = namespace }
    client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
    local process = lab.spawn(build .. "/san/spec/c/lua/alloc_sweep spec/c/lua/alloc_cases.lua", {
      daemon = daemon,
      env = {
        CONTAINERD_NAMESPACE = namespace,
        LUA_CPATH = build .. "/san/?.so;;",
        LSAN_OPTIONS = "suppressions=spec/support/lsan.supp:print_suppressions=0",
      },
    })
    status = process:wait(600)
    assert.equal(0, status, process:output())
    assert.matches("stream read_async: %d+ allocations\n$", process:output())
    assert.is_true(daemon:is_clean(namespace))
    assert.same({}, lab.leftovers())
    client:close()
  end)
end)
