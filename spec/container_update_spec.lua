-- Changes of a container's record: what is named changes, and nothing else.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

lab.each_daemon(function(daemon)
  local namespace, client, image, container

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    image = client:pull("busybox:latest", { hosts_dir = daemon.hosts_dir })
  end)

  teardown(function() client:close() end)

  before_each(function()
    container = image:new_container("changing", {
      labels = { one = "1", two = "2" },
      extensions = { first = { type_url = "com.example/First", value = "\1" } },
      runtime_options = { root = "/run/elsewhere" },
    })
  end)

  after_each(function()
    container:delete { snapshot = true }
  end)

  -- All that the daemon has of it, but for the time of the change.
  local function everything()
    local read = client:container "changing"
    local info = read:info()
    info.updated = nil
    return { info = info, spec = read:spec(), extensions = read:extensions() }
  end

  it("changes labels and nothing else", function()
    local expected = everything()
    container:update { labels = { three = "3" } }
    expected.info.labels = { three = "3" }
    assert.same(expected, everything())
    assert.same({ three = "3" }, container:labels())
    container:update { labels = {} }
    assert.same({}, client:container("changing"):labels())
  end)

  it("changes the spec and nothing else", function()
    local expected = everything()
    expected.spec.hostname = "changed"
    container:update { spec = expected.spec }
    assert.same(expected, everything())
    assert.equal("changed", container:spec().hostname)
    container:update { spec = '{"ociVersion": "1.0.2"}' }
    assert.same({ ociVersion = "1.0.2" }, client:container("changing"):spec())
  end)

  it("changes extensions and nothing else", function()
    local expected = everything()
    local second = { type_url = "com.example/Second", value = "\0\2" }
    container:update { extensions = { second = second } }
    expected.extensions.second, expected.info.extensions.second = second, second
    assert.same(expected, everything())
    assert.same(expected.extensions, container:extensions())
    container:update { extensions = { second = { type_url = "com.example/Second", value = "new" } } }
    assert.equal("new", client:container("changing"):extensions().second.value)
  end)

  it("changes image and snapshot and nothing else", function()
    local expected = everything()
    local other = image:new_container("other", { snapshot = "another" })
    container:update { image = "docker.io/library/other:latest", snapshot = "another" }
    expected.info.image, expected.info.snapshot_key = "docker.io/library/other:latest", "another"
    assert.same(expected, everything())
    assert.equal("another", container:snapshot_key())
    raises("not_found", container.image, container)
    container:update { snapshot = "changing" }
    other:delete { snapshot = true }
  end)

  it("changes several at once, and with nothing to change none", function()
    local expected = everything()
    container:update()
    container:update {}
    assert.same(expected, everything())
    container:update { labels = { a = "b" }, image = "x" }
    expected.info.labels, expected.info.image = { a = "b" }, "x"
    assert.same(expected, everything())
  end)

  it("sets single labels, and removes them with false", function()
    local expected = everything()
    local labels = container:set_labels { two = "II", ["with.dots/and-slash"] = "3", one = false }
    expected.info.labels.one, expected.info.labels.two = nil, "II"
    expected.info.labels["with.dots/and-slash"] = "3"
    assert.same(expected.info.labels, labels)
    assert.same(expected, everything())
    assert.same(labels, container:set_labels {})
  end)

  it("sees what others have changed in the meantime", function()
    client:container("changing"):set_labels { theirs = "yes" }
    assert.equal("yes", container:set_labels({ ours = "yes" }).theirs)
  end)

  it("is there asynchronously", function()
    container:update_async({ labels = { a = "1" } }):await()
    assert.same({ a = "1", b = "2" }, container:set_labels_async({ b = "2" }):await())
  end)

  it("fails with what the daemon refuses, and changes nothing", function()
    local expected = everything()
    local err = raises("invalid_argument", container.set_labels, container, { long = ("x"):rep(5000) })
    assert.matches("changing", err.message)
    assert.equal("update", err.op)
    raises("invalid_argument", container.update, container, { labels = { long = ("x"):rep(5000) } })
    assert.same(expected, everything())
    local gone = image:new_container "gone"
    gone:delete { snapshot = true }
    raises("not_found", gone.update, gone, { labels = {} })
    raises("not_found", gone.set_labels, gone, { a = "1" })
  end)

  it("raises on misuse", function()
    for _, case in ipairs {
      { "update", { label = {} }, 'unknown option "label"' },
      { "update", { labels = { a = 1 } }, '"labels": names and values' },
      { "update", { spec = 1 }, '"spec": table or JSON text expected' },
      { "update", { image = {} }, '"image": string expected' },
      { "update", { extensions = { x = {} } }, 'strings expected for "x"' },
      { "set_labels", nil, '"labels": table of labels expected, got nil' },
      { "set_labels", { a = true }, "strings or false" },
    } do
      local ok, message = pcall(container[case[1]], container, case[2])
      assert.is_false(ok)
      assert.is_string(message)
      assert.matches(case[3], message, 1, true)
    end
  end)
end)
