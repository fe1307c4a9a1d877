-- The content store: reading, writing, going through it, and what failures leave.
local containerd = require "containerd"
local safe = require "containerd.safe"
local lab = require "spec.support.lab"
local raises = require "spec.support.raises"

local MIB = 1024 * 1024

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
  local namespace, client, content, lease

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

  local function all_of(...)
    local digests = {}
    for info in content:walk(...) do digests[#digests + 1] = info.digest end
    return digests
  end

  it("tells, reads and deletes a blob", function()
    local text = "line one\nline two\n\nno newline"
    local digest, size = content:ingest(function()
      local piece = text
      text = nil
      return piece
    end, { labels = { a = "b" } })
    local info = content:info(digest)
    assert.equal(29, size)
    assert.equal(29, info.size)
    assert.equal(digest, info.digest)
    assert.equal("b", info.labels.a)
    assert.is_true(math.abs(info.created_at - os.time()) < 60)
    assert.is_true(info.updated_at >= info.created_at)
    assert.equal("line one\nline two\n\nno newline", content:read(digest))
    assert.equal("one", content:read(digest, { offset = 5, size = 3 }))
    assert.equal("newline", content:read(digest, { offset = 22 }))
    assert.equal("newline", content:read(digest, { offset = 22, size = 100 }))
    assert.equal("", content:read(digest, { size = 0 }))
    content:delete(digest)
    raises("not_found", content.info, content, digest)
    raises("not_found", content.read, content, digest)
    raises("not_found", content.read, content, digest, { size = 0 })
    raises("not_found", content.reader, content, digest)
    raises("not_found", content.update, content, digest, { a = "b" })
    local err = raises("not_found", content.delete, content, digest)
    assert.matches("delete " .. digest .. " in namespace " .. namespace, err.message, 1, true)
  end)

  it("merges labels, and removes those that are false", function()
    local digest = content:ingest(function() end, { labels = { a = "1", b = "2" } })
    local info = content:update(digest, { b = false, c = "3" })
    info.labels["containerd.io/distribution.source"] = nil
    assert.same({ a = "1", c = "3" }, info.labels)
    assert.same({ a = "1", c = "3" }, content:info(digest).labels)
    assert.same({ a = "1", c = "3" }, content:update(digest, {}).labels)
    raises("invalid_argument", content.update, content, digest, { long = ("x"):rep(5000) })
    assert.is_false(pcall(content.update, content, digest, { a = true }))
  end)

  it("reads as a Lua file does", function()
    local text = "one\ntwo\n\nfour"
    local digest = content:ingest(function() local piece = text text = nil return piece end)
    local reader <close> = content:reader(digest)
    assert.equal(13, reader:size())
    assert.equal("one", reader:read())
    assert.equal(4, reader:seek())
    assert.same({ "two\n", "", "fo" }, { reader:read("L", "l", 2) })
    assert.equal("ur", reader:read "a")
    assert.equal("", reader:read "a")
    assert.same({ n = 1 }, table.pack(reader:read(1, "l")))
    assert.equal(9, reader:seek("end", -4))
    assert.equal("four", reader:read(100))
    assert.equal(0, reader:seek "set")
    local lines = {}
    for line in reader:lines() do lines[#lines + 1] = line end
    assert.same({ "one", "two", "", "four" }, lines)
    assert.equal(100, reader:seek("set", 100))
    assert.is_nil(reader:read(1))
    local err = raises("invalid_argument", reader.seek, reader, "set", -1)
    assert.matches(digest, err.message, 1, true)
    assert.is_false(pcall(reader.read, reader, "x"))
    assert.is_false(pcall(reader.seek, reader, "somewhere"))
    reader:close()
    assert.is_false(pcall(reader.read, reader))
  end)

  it("takes 64 MiB from a function and gives it back, in bounded memory", function()
    local function resident()
      return tonumber(lab.sh("cat /proc/" .. lab.pid() .. "/status"):match "VmRSS:%s+(%d+)") * 1024
    end
    local piece, count = ("0123456789abcdef"):rep(MIB / 16), 0
    collectgarbage()
    local before, highest = resident(), 0
    local digest, size = content:ingest(function()
      count = count + 1
      if count % 8 == 0 then highest = math.max(highest, resident()) end
      return count <= 64 and piece or nil
    end)
    assert.equal(64 * MIB, size)
    local reader <close> = content:reader(digest)
    local total = 0
    for part in function() return reader:read(MIB) end do
      assert.is_true(part == piece)
      total = total + #part
      if total % (8 * MIB) == 0 then
        collectgarbage()
        highest = math.max(highest, resident())
      end
    end
    assert.equal(64 * MIB, total)
    assert.is_true(highest - before < 40 * MIB or os.getenv("CTD_OUT"):find "san" ~= nil, tostring(highest - before))
    local half <close> = content:reader(digest)
    half:seek("set", 32 * MIB)
    assert.equal(32 * MIB, #half:read "a")
  end)

  it("ingests a path, a file, a descriptor and an object, from where they stand", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write(("skipped\n"):rep(10), ("x"):rep(3 * MIB))
    file:close()
    local whole = sha256(("skipped\n"):rep(10) .. ("x"):rep(3 * MIB))
    assert.equal(whole, (content:ingest(path)))
    file = assert(io.open(path, "rb"))
    assert.equal("skipped", file:read())
    local digest, size = content:ingest(file)
    assert.equal(3 * MIB + 72, size)
    assert.equal(size, content:info(digest).size)
    file:seek "set"
    local object = setmetatable({}, { __index = { read = function(_, n) return file:read(n) end } })
    assert.equal(whole, (content:ingest(object, { digest = whole })))
    assert.equal(whole, (content:ingest_async(path, { size = 3 * MIB + 80 }):await()))
    file:close()
    os.remove(path)
    local pipe = io.popen "seq 100000"
    assert.equal(588895, select(2, content:ingest(pipe)))
    pipe:close()
    raises("not_found", content.ingest, content, "/no/such/file")
    assert.same({}, content:statuses())
  end)

  it("raises what a reader raises, or tells, and leaves nothing", function()
    local function fails(reader, pattern)
      local ok, err = pcall(content.ingest, content, reader)
      assert.is_false(ok)
      assert.matches(pattern, tostring(err))
    end
    fails(function() error "broken" end, "broken")
    fails(function() return nil, "disk on fire" end, "disk on fire")
    fails(function() return 5 end, "gave a number instead of a string")
    fails({ read = function(self) return self.there.isnt end }, "index .*a nil value")
    assert.is_false(pcall(content.ingest, content, {}))
    assert.is_false(pcall(content.ingest, content, 12345))
    local closed = io.tmpfile()
    closed:close()
    assert.is_false(pcall(content.ingest, content, closed))
    lab.eventually(function() return #content:statuses() == 0 end, 20)
    assert.same({}, all_of())
  end)

  it("stops in time when a pipe has nothing to give", function()
    local pipe = io.popen("sleep 3", "r")
    local started = os.time()
    raises("deadline_exceeded", content.ingest, content, pipe, { timeout = 0.2 })
    assert.is_true(os.time() - started <= 2)
    pipe:close()
  end)

  it("raises digest_mismatch and leaves nothing", function()
    local wrong = "sha256:" .. ("0"):rep(64)
    local function once(text)
      return function() local piece = text text = nil return piece end
    end
    local err = raises("digest_mismatch", content.ingest, content, once "hello", { ref = "mine", digest = wrong })
    assert.matches("ingest mine in namespace " .. namespace, err.message, 1, true)
    raises("digest_mismatch", content.ingest, content, once "hello", { ref = "mine", size = 4 })
    local writer <close> = content:write { ref = "mine", digest = wrong }
    writer:write "hello"
    raises("digest_mismatch", writer.commit, writer)
    raises("failed_precondition", writer.write, writer, "more")
    assert.same({}, content:statuses())
    assert.same({}, all_of())
    local nothing, _, code = safe.connect({ address = daemon.address, namespace = namespace }):content():ingest(
      once "hello", { digest = wrong })
    assert.is_nil(nothing)
    assert.equal("digest_mismatch", code)
  end)

  it("goes on with what an earlier ingest of the same ref left", function()
    local text = ("0123456789"):rep(100000)
    local writer = content:write { ref = "resumed" }
    writer:write(text:sub(1, 400000))
    writer:close()
    assert.equal(400000, content:status("resumed").offset)
    local piece = text
    local digest = content:ingest(function() local given = piece piece = nil return given end, { ref = "resumed" })
    assert.equal(sha256(text), digest)
    assert.equal(text, content:read(digest))
    writer = content:write { ref = "other" }
    writer:write(text:sub(1, 400000))
    writer:close()
    raises("digest_mismatch", content.ingest, content, function() end, { ref = "other" })
    assert.same({}, content:statuses())
  end)

  it("gives labels to a blob that is there already", function()
    local function once(text)
      return function() local piece = text text = nil return piece end
    end
    local digest = content:ingest(once "same")
    assert.equal(digest, (content:ingest(once "same", { labels = { a = "1" } })))
    assert.equal(digest, (content:ingest(once "same", { digest = digest, labels = { b = "2" } })))
    assert.same({ a = "1", b = "2" }, content:info(digest).labels)
    assert.same({}, content:statuses())
  end)

  it("puts a blob under the client's lease also if it was there already", function()
    local other = client:lease()
    local leased = client:with_lease(other):content()
    local function once(text)
      return function() local piece = text text = nil return piece end
    end
    local digest, given = content:ingest(once "computed"), content:ingest(once "given")
    leased:ingest(once "computed")
    leased:ingest(once "given", { digest = given })
    lease:delete { sync = true }
    assert.equal("computed", leased:read(digest))
    assert.equal("given", leased:read(given))
    other:delete { sync = true }
    raises("not_found", leased.info, leased, digest)
    lease = client:with_namespace(namespace):lease()
  end)

  it("lists, tells and aborts ingests", function()
    local one = content:write { ref = "one", size = 100 }
    local two <close> = content:write { ref = "two" }
    one:write "12345"
    local status = content:status "one"
    assert.equal("one", status.ref)
    assert.equal(5, status.offset)
    assert.is_true(status.updated_at >= status.started_at)
    assert.equal("containerd.writer (one)", tostring(one))
    assert.equal(2, #content:statuses())
    assert.equal("two", content:statuses("ref==two")[1].ref)
    one:close()
    content:abort "one"
    local err = raises("not_found", content.status, content, "one")
    assert.matches("ingest one in namespace", err.message)
    raises("not_found", content.abort, content, "one")
    assert.equal(1, #content:statuses())
    assert.equal(0, two:status().offset)
  end)

  it("waits for a ref that another one writes, as long as it may", function()
    local first = content:write { ref = "shared" }
    raises("deadline_exceeded", content.write, content, { ref = "shared", timeout = 0.2 })
    local second = content:write_async { ref = "shared" }
    first:write("first"):close()
    local writer <close> = second:await(20)
    assert.equal(5, writer:status().offset)
  end)

  it("walks 250 blobs, with filters, and stops when it's told to", function()
    for i = 1, 250 do
      content:ingest(function() if i then local text = "blob " .. i i = nil return text end end,
        { labels = { third = i % 3 == 0 and "yes" or "no" } })
    end
    assert.equal(250, #all_of())
    assert.equal(83, #all_of { third = "yes" })
    assert.equal(250, #all_of("labels.third==yes", "labels.third==no"))
    assert.same({}, all_of "labels.third==maybe")
    local seen = 0
    for info in content:walk() do
      assert.is_number(info.size)
      seen = seen + 1
      if seen == 120 then break end
    end
    assert.is_false(pcall(function() for _ in content:walk() do error "stop" end end))
    raises("invalid_argument", content.walk, content, "labels==")
    local walk <close> = content:walk()
    assert.is_table(walk:next())
    walk:close()
    assert.is_false(pcall(walk))
  end)

  it("walks step by step in whatever way each is asked for", function()
    for i = 1, 150 do
      content:ingest(function() if i then local text = "step " .. i i = nil return text end end)
    end
    local walk <close> = content:walk()
    local ways = {
      function() return walk:next() end,
      walk,
      function() return walk:next { timeout = 20 } end,
      function() return walk:next_async():await(20) end,
    }
    local digests = {}
    repeat
      local info = ways[#digests % #ways + 1]()
      digests[#digests + 1] = info and info.digest
    until not info
    assert.same(all_of(), digests)
    assert.is_nil(walk:next())
  end)
end)
