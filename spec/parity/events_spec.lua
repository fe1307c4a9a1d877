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

  -- The topics seen until an event of our own, published last, has arrived.
  local function seen(events)
    local topics = {}
    client:publish("/spec/end", "containerd.events.TaskOOM", {})
    for event in events do
      if event.topic == "/spec/end" then
        return topics
      end
      topics[#topics + 1] = event.topic
    end
  end

  local function count(topics, topic)
    local found = 0
    for _, each in ipairs(topics) do
      found = found + (each == topic and 1 or 0)
    end
    return found
  end

  it("TestNewClient", function()
    local other = containerd.connect { address = daemon.address }
    assert.is_true(other:close())
  end)

  it("TestRegressionIssue4769: one exit is one /tasks/exit", function()
    local events <close> = client:events("namespace==" .. namespace)
    for _ = 1, 3 do
      local container = image:new_container("short", { args = { "/bin/true" } })
      local task = container:new_task()
      local exit = task:wait_async()
      task:start()
      assert.equal(0, (exit:await(20)))
      task:delete()
      container:delete { snapshot = true }
      local topics = seen(events)
      assert.equal(1, count(topics, "/tasks/exit"))
      assert.equal(1, count(topics, "/tasks/delete"))
    end
  end)

  it("TestRegressionIssue6429: no exit of a task whose binary is missing", function()
    local events <close> = client:events("namespace==" .. namespace)
    local container = image:new_container("none", { args = { "/nothing/here" } })
    local err = raises("unknown", container.new_task, container)
    assert.matches("/nothing/here", err.message)
    container:delete { snapshot = true }
    local topics = seen(events)
    assert.equal(1, count(topics, "/containers/create"))
    assert.equal(0, count(topics, "/tasks/exit"))
  end)
end)
