-- Pulls redis, runs it on the terminal for three seconds, stops it, and leaves nothing but the image.
local containerd = require "containerd"

local client <close> = containerd.connect { namespace = "example" }
local image = client:pull "docker.io/library/redis:alpine"
print("Successfully pulled " .. image:name() .. " image")

local container <close> = image:new_container("redis-server", {
  snapshot = "redis-server-snapshot",
  auto_delete = true,
})
local task <close> = container:new_task { stdio = "inherit", auto_delete = true }
local exit = task:wait_async()
task:start()
containerd.sleep(3)
task:kill "SIGTERM"
print("redis-server exited with status: " .. exit:await())
