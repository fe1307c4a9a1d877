-- What loading libcurl takes.
local socket = require "socket"

local began = socket.gettime()
assert(package.loadlib("libcurl.so.4", "*"))
print(("seconds=%.9f"):format(socket.gettime() - began))
