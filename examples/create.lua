-- Pulls redis, creates a container of it, tells the ids of the container and its snapshot, and deletes both.
local containerd = require "containerd"

local client <close> = containerd.connect { namespace = "example" }
local image = client:pull "docker.io/library/redis:alpine"
local container <close> = image:new_container("redis-server", {
  snapshot = "redis-server-snapshot",
  auto_delete = true,
})
local message = "Successfully created container with ID %s and snapshot with ID %s"
print(message:format(container:id(), container:snapshot_key()))
