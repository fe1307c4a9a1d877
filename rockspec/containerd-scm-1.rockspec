rockspec_format = "3.0"
package = "containerd"
version = "scm-1"
source = {
   url = "git+https://github.com/lua-containerd/lua-containerd",
}
description = {
   summary = "containerd client for Lua, written in C",
   detailed = "Pulls images, creates containers and runs tasks through the gRPC API of a containerd daemon.",
   license = "Apache-2.0",
   labels = { "containerd", "container", "oci", "grpc" },
}
supported_platforms = { "linux" }
dependencies = {
   "lua >= 5.1, ~= 5.2, ~= 5.3, < 5.5",
}
build = {
   type = "make",
   build_target = "module",
   install_target = "install-lua",
   build_variables = {
      CC = "$(CC)",
      CFLAGS = "$(CFLAGS)",
      LUA = "$(LUA)",
      LUA_CFLAGS = "-I$(LUA_INCDIR)",
      WARN = "-Wall",
   },
   install_variables = {
      CC = "$(CC)",
      CFLAGS = "$(CFLAGS)",
      LUA = "$(LUA)",
      LUA_CFLAGS = "-I$(LUA_INCDIR)",
      WARN = "-Wall",
      LUA_LIBDIR = "$(LIBDIR)",
      LUA_SHAREDIR = "$(LUADIR)",
   },
   copy_directories = { "doc", "examples" },
}
