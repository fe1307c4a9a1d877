-- What the Go client's own tests show of events and of the connection, under their names.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

lab.each_daemon(function(daemon)
  local namespace, client, image

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    image = client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
  end)

  teardown(function()
    client:close()
    daemon:clean(namespace)
  end)

  -- Counts the topics of events in `counts`, until it has one of each of those that follow. A task's come from its
  -- shim, some time after the call that they tell of, and never if the task is deleted first: the shim may be gone.
  local function count(events, counts, ...)
    for _, topic in ipairs { ... } do
      while not counts[topic] do
        local seen = events:next({ timeout = 20 }).topic
        counts[seen] = (counts[seen] or 0) + 1
      end
    end
    return counts
  end

  it("TestRegressionIssue4769: one exit is one /tasks/exit", function()
    local events <close> = client:events("namespace==" .. namespace)
    for round = 1, 3 do
      local last = "/spec/end/" .. round
      local container = image:new_container("short", { args = { "/bin/true" } })
      local task = container:new_task()
      local exit = task:wait_async()
      task:start()
      assert.equal(0, (exit:await(20)))
      local counts = count(events, {}, "/tasks/exit")
      task:delete()
      container:delete { snapshot = true }
      client:publish(last, "containerd.events.TaskOOM", {})
      count(events, counts, last)
      assert.equal(1, counts["/tasks/exit"])
    end
  end)

  it("TestRegressionIssue6429: no exit of a task whose binary is missing", function()
    local events <close> = client:events("namespace==" .. namespace)
    local container = image:new_container("none", { args = { "/nothing/here" } })
    local err = raises("unknown", container.new_task, container)
    assert.matches("/nothing/here", err.message)
    container:delete { snapshot = true }
    client:publish("/spec/end", "containerd.events.TaskOOM", {})
    local counts = count(events, {}, "/containers/create", "/spec/end")
    assert.equal(1, counts["/containers/create"])
    assert.is_nil(counts["/tasks/exit"])
  end)
end)
