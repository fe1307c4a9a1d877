--- Image archives made for specs, as strings.
local process = require "spec.support.process"

local archives = {}

local function header(path, mode, size, type, link)
  local function octal(width, value) return ("%0" .. width - 1 .. "o\0"):format(value) end
  local function text(width, value) return value .. ("\0"):rep(width - #value) end
  local function fill(checksum)
    return text(100, path) .. octal(8, mode) .. octal(8, 0) .. octal(8, 0) .. octal(12, size) .. octal(12, 0) ..
      checksum .. type .. text(100, link or "") .. "ustar\00000" .. ("\0"):rep(247)
  end
  local sum = 0
  for byte in fill((" "):rep(8)):gmatch "." do sum = sum + byte:byte() end
  return fill(("%06o\0 "):format(sum))
end

--- A tar archive of files: {path, text}, or {path, link = target}.
function archives.tar(files)
  local parts = {}
  for _, file in ipairs(files) do
    local path, data = file[1], file[2] or ""
    parts[#parts + 1] = header(path, 420, #data, file.link and "2" or "0", file.link)
    parts[#parts + 1] = data .. ("\0"):rep(-#data % 512)
  end
  return table.concat(parts) .. ("\0"):rep(1024)
end

--- Writes bytes to a new file and returns its path.
function archives.save(bytes)
  local path = process.tempdir() .. "/archive"
  local file = assert(io.open(path, "wb"))
  assert(file:write(bytes))
  file:close()
  return path
end

function archives.digest(bytes)
  local path = archives.save(bytes)
  local sum = process.sh("sha256sum " .. path):match "^%x+"
  process.sh("rm -r " .. path:match "^(.*)/")
  return "sha256:" .. sum
end

-- A layer of one file, uncompressed.
local layer = archives.tar { { "hello", "world\n" } }

--- The text of a config for that os and architecture.
function archives.config(os, architecture)
  return ('{"os":"%s","architecture":"%s","config":{},"rootfs":{"type":"layers","diff_ids":["%s"]}}'):format(os,
    architecture, archives.digest(layer))
end

--- What `docker save` wrote of an image in the format 1.1: files to be changed, and put into archives.tar. opts: tags
-- (JSON), config.
function archives.docker(opts)
  return {
    { "bd76/layer.tar", layer },
    { "e952.json", opts.config or archives.config("linux", "amd64") },
    { "manifest.json", ('[{"Config":"e952.json","RepoTags":%s,"Layers":["bd76/layer.tar"]}]'):format(opts.tags) },
  }
end

local layout = {}
layout.__index = layout

--- An OCI layout in the making, whose `files` are for archives.tar.
function archives.layout()
  return setmetatable({ files = { { "oci-layout", '{"imageLayoutVersion":"1.0.0"}' } } }, layout)
end

--- Adds a blob and returns its descriptor as JSON without the closing brace, and its digest. opts.absent: it isn't
-- added.
function layout:blob(media_type, bytes, opts)
  local digest = archives.digest(bytes)
  if not (opts and opts.absent) then
    self.files[#self.files + 1] = { "blobs/sha256/" .. digest:sub(8), bytes }
  end
  return ('{"mediaType":"application/vnd.oci.image.%s","digest":"%s","size":%d'):format(media_type, digest, #bytes),
    digest
end

--- Adds an image of one layer and returns its manifest's descriptor as blob does. opts: architecture; absent: what
-- isn't added, "config", "layer", "manifest".
function layout:image(opts)
  opts = opts or {}
  local function add(what, media_type, bytes)
    return self:blob(media_type, bytes, { absent = opts.absent == what })
  end
  local config = add("config", "config.v1+json", archives.config("linux", opts.architecture or "amd64"))
  local content = add("layer", "layer.v1.tar", layer)
  return add("manifest", "manifest.v1+json",
    ('{"schemaVersion":2,"config":%s},"layers":[%s}]}'):format(config, content))
end

--- The text of an index over descriptors.
function archives.index(...)
  return ('{"schemaVersion":2,"manifests":[%s]}'):format(table.concat({ ... }, ","))
end

--- A descriptor as blob gives it, completed by annotations that name the image.
function archives.named(descriptor, ref_name, image_name)
  return ('%s,"annotations":{"org.opencontainers.image.ref.name":"%s"%s}}'):format(descriptor, ref_name,
    image_name and (',"io.containerd.image.name":"%s"'):format(image_name) or "")
end

--- The whole archive, with an index.json over descriptors.
function layout:tar(...)
  self.files[#self.files + 1] = { "index.json", archives.index(...) }
  return archives.tar(self.files)
end

return archives
