-- The module as its users see it, in one of its two habits: failures raised, or (safe) returned as nil, err, code.
local core = require "containerd.core"
local progress = require "containerd.progress"

return function(safe)
  local module = core.module(safe)
  module.progress = progress
  module._VERSION = "0.1.0"
  return module
end
