local assert = require "luassert"
local containerd = require "containerd"

--- Calls fn(...), which must raise one of the module's error objects with that code, and returns it.
return function(code, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert.is_true(containerd.is_error(err, code), tostring(err))
  return err
end
