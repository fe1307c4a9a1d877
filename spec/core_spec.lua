-- The core alone: what `make install-core` puts into an empty directory is all that a program in C needs.
local lab = require "spec.support.lab"
local process = require "spec.support.process"

local function run(command)
  local output, status = lab.sh("cd " .. process.quote(process.root) .. " && " .. command .. " 2>&1")
  assert.equal(0, status, command .. ":\n" .. output)
  return output
end

-- Writes an image to a file, and reads that again.
local ARCHIVE = [[
#include <containerd-client/client/all.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int put(void *file, const void *data, size_t size, struct ctd_scope *scope, struct ctd_error *err) {
  (void)scope;
  return fwrite(data, 1, size, file) == size ? 0 : ctd_error_set(err, CTD_DATA_LOSS, "the file is full");
}

static int get(void *file, void *buffer, size_t size, size_t *got, struct ctd_scope *scope, struct ctd_error *err) {
  (void)scope;
  *got = fread(buffer, 1, size, file);
  return ferror((FILE *)file) ? ctd_error_set(err, CTD_DATA_LOSS, "the file can't be read") : 0;
}

static int copy(struct ctd_image *image, FILE *file, struct ctd_scope *scope, struct ctd_images *out,
                struct ctd_error *err) {
  const struct ctd_images images = {.items = &image, .count = 1};
  if (ctd_export(ctd_image_client(image), &images, &(struct ctd_export_options){0},
                 &(struct ctd_sink){.write = put, .context = file}, scope, err))
    return -1;
  rewind(file);
  return ctd_import(ctd_image_client(image), &(struct ctd_source){.read = get, .context = file},
                    &(struct ctd_import_options){0}, scope, out, err);
}

int main(void) {
  struct ctd_client_options options = {.address = getenv("CONTAINERD_ADDRESS"), .ns = "example"};
  struct ctd_client *client = NULL;
  struct ctd_image *image = NULL;
  struct ctd_images images = {0};
  struct ctd_error err = {0};
  struct ctd_scope scope;
  FILE *file = tmpfile();
  ctd_scope_init(&scope, 60);
  int result = !file || ctd_client_connect(&client, &options, &scope, &err) ||
               ctd_image_get(client, "docker.io/library/busybox:latest", &scope, &image, &err) ||
               copy(image, file, &scope, &images, &err);
  if (result)
    fprintf(stderr, "%s\n", err.message);
  else
    printf("%s, %s\n", ctd_image_name(*images.items),
           strcmp(ctd_image_target(*images.items)->digest, ctd_image_target(image)->digest) ? "another" : "as it was");
  ctd_images_free(&images);
  ctd_image_unref(image);
  ctd_client_unref(client);
  ctd_error_clear(&err);
  fclose(file);
  return result ? EXIT_FAILURE : EXIT_SUCCESS;
}
]]

describe("the core", function()
  local directory, flags

  setup(function()
    directory = lab.tempdir()
    -- not with the variables of the make that runs the specs
    run(("env -u MAKEFLAGS make -s SANITIZE= install-core PREFIX=/usr DESTDIR='%s'"):format(directory))
    flags = ("env PKG_CONFIG_PATH='%s/usr/lib/pkgconfig' pkg-config --define-variable=prefix='%s/usr' "):format(
      directory, directory)
  end)

  teardown(function()
    run(("rm -r '%s'"):format(directory))
  end)

  -- The program's path.
  local function compile(name, command)
    local program = directory .. "/" .. name
    run(("%s -Wall -Wextra -Werror -o '%s' $(%s --cflags --libs containerd-client)"):format(command, program, flags))
    return program
  end

  -- The C of a page of the manual, which is one program.
  local function read_page(path)
    local blocks = {}
    for block in process.read(process.root .. "/" .. path):gmatch "```c\n(.-)```" do blocks[#blocks + 1] = block end
    return table.concat(blocks, "\n")
  end

  it("installs one library, its headers and its pkg-config file, and nothing of Lua", function()
    local library = run(("find '%s' -type f ! -name '*.h' -printf '%%P\n' | sort"):format(directory))
    assert.equal("usr/lib/libcontainerd-client.a\nusr/lib/pkgconfig/containerd-client.pc\n", library)
    local symbols = run(("nm '%s/usr/lib/libcontainerd-client.a'"):format(directory))
    assert.matches("%f[%w_]ctd_pull\n", symbols)
    assert.is_nil(symbols:find "%f[%w_]luaL?_%l")
    assert.equal("", run(("! grep -rn -e '<lua' -e 'lua/' -e 'pb-c' '%s/usr/include'"):format(directory)))
  end)

  it("exports no symbol without its prefix", function()
    run(("spec/check/symbols '%s/usr/lib/libcontainerd-client.a'"):format(directory))
  end)

  it("can be used from C++", function()
    local program = "#include <containerd-client/client/all.h>\nint main() { ctd_client_unref(nullptr); }\n"
    process.write(directory .. "/program.cpp", program)
    compile("in_cpp", ("c++ -std=c++17 '%s/program.cpp'"):format(directory))
  end)

  it("has an example of less than 80 lines", function()
    local lines = 0
    for _ in io.lines(process.root .. "/examples/c/redis.c") do lines = lines + 1 end
    assert.is_true(lines < 80)
  end)

  lab.each_daemon(function(daemon)
    local redis

    setup(function()
      redis = compile("redis", "cc -std=c11 examples/c/redis.c")
    end)

    teardown(function()
      daemon:clean "example"
    end)

    local function assert_clean()
      assert.is_true(daemon:is_clean "example")
      assert.same({}, lab.leftovers())
    end

    it("runs redis as the example in Lua does", function()
      local program = lab.spawn(redis, { daemon = daemon })
      assert.equal(0, program:wait(60), program:output())
      local output = program:output()
      assert.matches("Successfully pulled docker.io/library/redis:alpine image", output, 1, true)
      assert.matches("Ready to accept connections", output)
      assert.matches("redis%-server exited with status: 0\n$", output)
      assert_clean()
    end)

    it("leaves nothing after Ctrl-C", function()
      local program = lab.spawn(redis, { daemon = daemon })
      lab.eventually(function() return program:output():match "Successfully pulled" end, 30, "the image")
      program:kill "INT"
      assert.equal(1, program:wait(60))
      assert.matches("cancelled\n$", program:output())
      assert_clean()
    end)

    it("says in one line what is wrong when there is no daemon", function()
      local program = lab.spawn(redis, { env = { CONTAINERD_ADDRESS = "/no/such.sock" } })
      assert.equal(1, program:wait(60))
      assert.equal("connect to /no/such.sock: No such file or directory\n", program:output())
    end)

    it("exports an image and imports it", function()
      process.write(directory .. "/archive.c", ARCHIVE)
      daemon:pull("docker.io/library/busybox:latest", "example")
      local archive = compile("archive", ("cc -std=c11 '%s/archive.c'"):format(directory))
      local program = lab.spawn(archive, { daemon = daemon })
      assert.equal(0, program:wait(60), program:output())
      assert.equal("docker.io/library/busybox:latest, as it was\n", program:output())
      assert_clean()
    end)

    it("runs the program in doc/c.md", function()
      local source = directory .. "/page.c"
      process.write(source, read_page "doc/c.md")
      local program = lab.spawn(compile("page", ("cc -std=c11 '%s'"):format(source)), { daemon = daemon })
      assert.equal(0, program:wait(60), program:output())
      assert.matches("^containerd v?" .. daemon.version:gsub("%p", "%%%0"), program:output())
    end)
  end)
end)
