-- The sub-cases of the Go client's content suite, as it runs them on a client (TestContentClient), under their names.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

-- Bytes that nobody else writes, and that don't repeat.
local function bytes(size)
  local file <close> = assert(io.open("/dev/urandom", "rb"))
  return file:read(size)
end

local function sha256(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  local digest = lab.sh("sha256sum " .. path):match "^%x+"
  os.remove(path)
  return "sha256:" .. digest
end

lab.each_daemon(function(daemon)
  local namespace, lease, client, content

  before_each(function()
    namespace = daemon:namespace()
    local plain = containerd.connect { address = daemon.address, namespace = namespace }
    lease = plain:lease()
    client = plain:with_lease(lease)
    content = client:content()
  end)

  after_each(function()
    lease:delete()
    client:close()
    daemon:clean(namespace)
  end)

  local function once(text)
    return function() local piece = text text = nil return piece end
  end

  it("TestContentClient/Writer: what is written piece by piece is there after the commit", function()
    local text = bytes(256)
    local digest = sha256(text)
    local writer <close> = content:write { ref = "c1", size = 256, digest = digest, labels = { mine = "yes" } }
    assert.equal(0, writer:status().offset)
    assert.equal(writer, writer:write(text:sub(1, 100)))
    writer:write(text:sub(101, 200), text:sub(201))
    assert.same({ digest, 256 }, { writer:commit { labels = { also = "this" } } })
    assert.equal(text, content:read(digest))
    local info = content:info(digest)
    assert.equal(256, info.size)
    assert.same({ mine = "yes", also = "this" }, info.labels)
    assert.same({}, content:statuses())
  end)

  it("TestContentClient/UpdateStatus: the status follows the writes, as others see it too", function()
    local text = bytes(10240)
    local writer <close> = content:write { ref = "c1", size = #text, digest = sha256(text) }
    local first = writer:status()
    assert.equal("c1", first.ref)
    assert.equal(#text, first.total)
    assert.equal(sha256(text), first.expected)
    assert.is_true(math.abs(first.started_at - os.time()) < 60)
    for i = 0, 3 do
      assert.equal(i * 2560, writer:status().offset)
      writer:write(text:sub(i * 2560 + 1, (i + 1) * 2560))
      assert.equal((i + 1) * 2560, content:status("c1").offset)
      local now = writer:status()
      assert.equal(first.started_at, now.started_at)
      assert.is_true(now.updated_at >= first.updated_at)
    end
    writer:commit()
    raises("not_found", content.status, content, "c1")
  end)

  it("TestContentClient/CommitExists: the second of two writers finds the blob there", function()
    local text = bytes(256)
    local digest = content:ingest(once(text))
    local writer <close> = content:write { ref = "c1-commitexists" }
    writer:write(text)
    raises("already_exists", writer.commit, writer, { size = 256, digest = digest })
    raises("already_exists", content.write, content, { ref = "c1-commitexists-2", digest = digest })
    assert.same({}, content:statuses())
  end)

  -- Half of 4 KiB and some bytes more are written, the writer is closed; `continue` does the rest.
  local function resume(continue)
    local limit, total = 2049, 4097
    local text = bytes(total)
    local digest = sha256(text)
    local writer = content:write { ref = "resume", size = total, digest = digest }
    writer:write(text:sub(1, limit))
    local before = writer:status()
    writer:close()
    local found = content:statuses()
    assert.equal(1, #found)
    assert.equal(limit, found[1].offset)
    assert.equal(before.started_at, found[1].started_at)
    continue(text, digest, limit)
    assert.equal(text, content:read(digest))
    assert.same({}, content:statuses())
  end

  local function reopened(text, digest, limit)
    local writer = content:write { ref = "resume", size = #text, digest = digest }
    assert.equal(limit, writer:status().offset)
    return writer
  end

  it("TestContentClient/Resume: another writer goes on where the first one stopped", function()
    resume(function(text, digest, limit)
      local writer <close> = reopened(text, digest, limit)
      writer:write(text:sub(limit + 1))
      writer:commit()
    end)
  end)

  it("TestContentClient/ResumeTruncate: it starts again from the beginning", function()
    resume(function(text, digest, limit)
      local writer <close> = reopened(text, digest, limit)
      writer:truncate()
      assert.equal(0, writer:status().offset)
      writer:write(text)
      assert.same({ digest, #text }, { writer:commit() })
      raises("failed_precondition", writer.truncate, writer)
    end)
  end)

  it("TestContentClient/ResumeDiscard: the reader's first bytes are skipped", function()
    resume(function(text, digest, limit)
      local writer <close> = reopened(text, digest, limit)
      local reader = once(text)
      writer:write(reader():sub(writer:status().offset + 1))
      writer:commit()
    end)
  end)

  it("TestContentClient/ResumeCopy: ingest goes on from a reader that can't seek", function()
    resume(function(text, digest)
      assert.equal(digest, (content:ingest(once(text), { ref = "resume", size = #text, digest = digest })))
    end)
  end)

  local function resume_from_file(reader_of)
    resume(function(text, digest)
      local path = os.tmpname()
      local file = assert(io.open(path, "w+b"))
      file:write(text)
      file:seek "set"
      assert.equal(digest, (content:ingest(reader_of(file, path), { ref = "resume", digest = digest })))
      file:close()
      os.remove(path)
    end)
  end

  it("TestContentClient/ResumeCopySeeker: ingest goes on from a file", function()
    resume_from_file(function(file) return file end)
  end)

  it("TestContentClient/ResumeCopyReaderAt: ingest goes on from a path", function()
    resume_from_file(function(_, path) return path end)
  end)

  it("TestContentClient/SmallBlob: a blob of 10 bytes can be written and read at any place", function()
    local text = bytes(10)
    local digest = content:ingest(once(text), { ref = "small", digest = sha256(text), size = 10 })
    local reader <close> = content:reader(digest)
    assert.equal(text, reader:read "a")
    reader:seek("set", 4)
    assert.equal(text:sub(5), reader:read(100))
    assert.is_nil(reader:read(1))
  end)

  it("TestContentClient/Labels: labels are set when writing, changed, added and removed", function()
    local text = bytes(256)
    local digest = content:ingest(once(text), { ref = "labels", labels = { k1 = "v1", k2 = "v2" } })
    assert.same({ k1 = "v1", k2 = "v2" }, content:info(digest).labels)
    assert.same({ k1 = "newvalue", k2 = "v2" }, content:update(digest, { k1 = "newvalue" }).labels)
    assert.same({ k1 = "newvalue", k2 = "v2", k3 = "v3" }, content:update(digest, { k3 = "v3" }).labels)
    assert.same({ k2 = "v2", k3 = "v3" }, content:update(digest, { k1 = false }).labels)
    assert.same({ k2 = "v2", k3 = "v3" }, content:info(digest).labels)
  end)

  it("TestContentClient/CommitErrorState: a failed commit leaves no ingest, and the ref can be used again", function()
    local text = bytes(256)
    local digest, other = sha256(text), sha256(bytes(256))
    local function commit_fails(code, opts)
      local writer <close> = content:write { ref = "c1-commiterror-state" }
      assert.equal(0, writer:status().offset)
      writer:write(text)
      raises(code, writer.commit, writer, opts)
      assert.same({}, content:statuses())
    end
    commit_fails("digest_mismatch", { size = 256, digest = other })
    commit_fails("digest_mismatch", { size = 257, digest = digest })
    content:ingest(once(text))
    commit_fails("already_exists", { size = 256, digest = digest })
  end)
end)
