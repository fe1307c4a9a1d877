--- Makes what rows need: functions of a client and a count, which return the program's argument.
local process = require "spec.support.process"

local prepare = {}

local out = os.getenv "BENCH_OUT"
local keep = { ["containerd.io/gc.root"] = "bench" }

local function reference(registry, name)
  return ("%s/bench/%s:latest"):format(registry, name)
end

--- Nothing but the name of an image.
function prepare.reference(name)
  return function()
    return reference(os.getenv "BENCH_REGISTRY", name)
  end
end

function prepare.far()
  return reference(os.getenv "BENCH_FAR", "far")
end

--- The image too.
function prepare.pulled(name)
  return function(client)
    return client:pull(reference(os.getenv "BENCH_REGISTRY", name)):name()
  end
end

--- A file and its digest.
function prepare.file()
  local path = out .. "/blob"
  local sum = process.line("sha256sum " .. process.quote(path)):match "^%x+"
  return path .. " sha256:" .. sum
end

--- The digest of a blob that the daemon has.
function prepare.blob(client)
  return (client:content():ingest(out .. "/blob", { labels = keep }))
end

-- Calls make(i) for each number that there isn't one for yet.
local function fill(have, count, make)
  for i = have + 1, count do
    make(i)
  end
  return ""
end

--- So many containers, without snapshots.
function prepare.containers(client, count)
  return fill(#client:containers(), count, function(i)
    client:new_container("container-" .. i, { rootfs = "/", args = { "true" }, labels = { number = tostring(i) } })
  end)
end

--- So many blobs, of a few bytes.
function prepare.blobs(client, count)
  local have, content = 0, client:content()
  for _ in content:walk() do
    have = have + 1
  end
  return fill(have, count, function(i)
    local text = "blob " .. i
    content:ingest(function()
      local all = text
      text = nil
      return all
    end, { labels = keep })
  end)
end

--- So many images of one name each, all of the same.
function prepare.images(client, count)
  local busybox = client:pull(reference(os.getenv "BENCH_REGISTRY", "busybox"))
  return fill(#client:images(), count, function(i)
    busybox:tag(("example.com/image:%d"):format(i))
  end)
end

--- A task that runs.
function prepare.task(client)
  local image = client:pull(reference(os.getenv "BENCH_REGISTRY", "busybox"))
  for _, old in ipairs(client:containers()) do
    local ok, task = pcall(old.task, old)
    if ok then
      task:delete()
    end
    old:delete { snapshot = true }
  end
  local container = image:new_container("awaited", { args = { "sleep", "100000" } })
  container:new_task():start()
  return container:id()
end

return prepare
