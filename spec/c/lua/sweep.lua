-- What the files of cases for alloc_sweep share. They need a daemon at $CONTAINERD_ADDRESS, and the image busybox in
-- $CONTAINERD_NAMESPACE there.
local containerd = require "containerd"

local sweep = { cases = {} }

sweep.image = "docker.io/library/busybox:latest"

function sweep.case(name, prepare, run, check)
  sweep.cases[#sweep.cases + 1] = { name = name, prepare = prepare, run = run, check = check }
end

function sweep.nothing() end

function sweep.connect()
  return containerd.connect()
end

function sweep.connect_with_image()
  local client = containerd.connect()
  return client, client:image(sweep.image)
end

-- What may fail with that code, as well as for want of memory.
function sweep.may_fail(code, method, ...)
  local ok, err = pcall(method, ...)
  if not ok and not containerd.is_error(err, code) then error(err, 0) end
end

return sweep
