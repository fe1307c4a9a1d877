-- Lua 5.1 to 5.4 and LuaJIT: what they all have.
std = "min"
max_line_length = 120

files["lua/containerd/loop/nginx.lua"] = { globals = { "ngx" } }
files[".busted"] = { std = "max", globals = { "loadfile" } }
files["spec"] = { std = "max+busted" }
files["spec/check"] = { std = "lua54" }
files["examples"] = { std = "lua54" }
files["examples/nginx"] = { std = "luajit", globals = { "ngx" } }
files["bench"] = { std = "lua54" }
-- Stubs have neither bodies nor uses.
files["library"] = { ignore = { "211", "212", "241", "631" } }
files[".luacheckrc"] = { std = "+luacheckrc" }
