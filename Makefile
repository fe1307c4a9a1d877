# The core (src without src/lua) becomes an archive, the Lua binding over it one module, containerd/core.so.
#   make                   LUA=lua5.1 or LUA=luajit for another Lua, CC=clang CXX=clang++ for another compiler
#   make SANITIZE=address,undefined
#   make core              the core alone, for programs in C: build/libcontainerd-client.a, build/include, build/*.pc
# Products stand in $(BUILD); sanitized ones and those for another Lua than 5.4 in folders of their own below it.

BUILD ?= build
LUA ?= lua5.4
SANITIZE ?=
CFLAGS ?= -O2 -g
CXXFLAGS ?= $(CFLAGS)
WARN ?= -Wall -Wextra -Werror
PREFIX ?= /usr/local
OBJCOPY ?= objcopy

CORE_OUT := $(BUILD)$(if $(SANITIZE),/san)
OUT := $(CORE_OUT)$(addprefix /,$(filter-out lua5.4,$(notdir $(LUA))))
GEN := $(BUILD)/gen

# Evaluated when first used, since `make deps` must run before pkg-config exists; then kept.
once = $(eval $1 := $(shell $2))$($1)
VERSION = $(call once,VERSION,sed -n 's/.*_VERSION = "\(.*\)"/\1/p' lua/containerd/module.lua)
LIBRARIES := libnghttp2 libprotobuf-c jansson
# Those that are loaded when first needed (base/library.h): what is needed of them here are the headers.
LOADED_LATER := libarchive libcrypto libcurl libssl
PKG_CFLAGS = $(call once,PKG_CFLAGS,pkg-config --cflags $(LIBRARIES) $(LOADED_LATER))
PKG_LIBS = $(call once,PKG_LIBS,pkg-config --libs $(LIBRARIES)) -ldl
LUA_CFLAGS = $(call once,LUA_CFLAGS,pkg-config --cflags $(LUA))
PROTOBUF = $(call once,PROTOBUF,pkg-config --variable=includedir protobuf)
LUA_VERSION = $(call once,LUA_VERSION,$(LUA) -e 'print(_VERSION:match "%d.%d")')
LUA_LIBDIR = $(PREFIX)/lib/lua/$(LUA_VERSION)
LUA_SHAREDIR = $(PREFIX)/share/lua/$(LUA_VERSION)

COMMON = -D_GNU_SOURCE -fPIC -fvisibility=hidden -pthread -Isrc -isystem $(GEN) $(PKG_CFLAGS) $(WARN) \
  $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
C_FLAGS = -std=gnu11 $(COMMON) $(CFLAGS)
CPP_FLAGS = -std=c++17 $(COMMON) $(CXXFLAGS)
# gcc's unique symbols can't be made local; clang has none.
NO_UNIQUE = $(call once,NO_UNIQUE,$(CXX) -fno-gnu-unique -E -x c++ /dev/null >/dev/null 2>&1 && echo -fno-gnu-unique)
# The C++ library goes into the module where there is an archive of it: loading it is a quarter of what require takes.
STATIC_CXX = $(if $(SANITIZE),,$(call once,CXX_ARCHIVE,\
  test -e "$$($(CXX) -print-file-name=libstdc++.a)" && echo -static-libstdc++ -static-libgcc))
COMPILE_C = $(CC) $(C_FLAGS) -MMD -MP -c -o $@ $<
COMPILE_CPP = $(CXX) $(CPP_FLAGS) $(NO_UNIQUE) -MMD -MP -c -o $@ $<
LINK = $(CXX) -pthread $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(LDFLAGS) -Wl,--as-needed

PROTO := $(patsubst proto/%.proto,%,$(wildcard proto/*.proto)) \
  $(addprefix google/protobuf/,any duration empty field_mask timestamp wrappers)
CORE := $(wildcard $(addprefix src/,base/*.c base/*.cpp rpc/*.c oci/*.c registry/*.c client/*.c))
BINDING := $(wildcard src/lua/*.c)
C_TESTS := $(wildcard spec/c/*_test.c)
C_SUPPORT := $(filter-out $(C_TESTS),$(wildcard spec/c/*.c))

GEN_H := $(PROTO:%=$(GEN)/%.pb-c.h)
GEN_O := $(PROTO:%=$(CORE_OUT)/gen/%.pb-c.o)
GEN_TYPES := $(GEN)/message_types.h
GEN_METHODS := $(GEN)/service_methods.h
object = $(addsuffix .o,$(addprefix $1/,$(basename $2)))
CORE_O := $(call object,$(CORE_OUT),$(CORE))
BINDING_O := $(call object,$(OUT),$(BINDING))
C_SUPPORT_O := $(call object,$(CORE_OUT),$(C_SUPPORT))
TESTS := $(C_TESTS:%.c=$(CORE_OUT)/%)
OBJECTS := $(CORE_OUT)/core.a
LIBRARY := $(CORE_OUT)/libcontainerd-client.a
# What the umbrella header includes is public.
PUBLIC = $(call once,PUBLIC,$(CC) -Isrc -MM src/client/all.h $(PKG_CFLAGS) | grep -o 'src/[a-z0-9_/]*\.h')
INCLUDE := $(BUILD)/include/containerd-client
MODULE := $(OUT)/containerd/core.so

.PHONY: all core module c-tests install install-lua install-core clean deps san-lua alloc-sweep states test test-c spec demo bench bench-nginx lab lab-down lint check-proto format
.DELETE_ON_ERROR:
.SECONDARY:

all: module
module: $(MODULE)
c-tests: $(TESTS)

$(GEN)/google/protobuf/%.pb-c.c $(GEN)/google/protobuf/%.pb-c.h:
	@mkdir -p $(GEN)
	protoc -I$(PROTOBUF) --c_out=$(GEN) google/protobuf/$*.proto

$(GEN)/%.pb-c.c $(GEN)/%.pb-c.h: proto/%.proto
	@mkdir -p $(GEN)
	protoc -Iproto -I$(PROTOBUF) --c_out=$(GEN) $*.proto

# Every message of every file, so that one can be found by its name.
$(GEN_TYPES): $(GEN_H) Makefile
	{ printf '#include "%s"\n' $(PROTO:%=%.pb-c.h); \
	  echo 'static const ProtobufCMessageDescriptor *message_types[] = {'; \
	  sed -n 's/^extern const ProtobufCMessageDescriptor \(.*\);/  \&\1,/p' $(GEN_H); printf '  NULL,\n};\n'; } >$@

$(CORE_OUT)/src/client/message_type.o: $(GEN_TYPES)

# Every method of every service. A type's name without a package is one of the file's own.
$(GEN_METHODS): $(wildcard proto/*.proto) Makefile
	@mkdir -p $(GEN)
	sed -n -e 's/^package \(.*\);/package \1/p' -e 's/^service \([A-Za-z]*\) .*/service \1/p' \
	  -e 's/^ *rpc \([A-Za-z]*\)(\(.*\)) returns (\(.*\));.*/rpc \1 <\2> <\3>/p' $(wildcard proto/*.proto) | \
	  sed -e 's/<stream \([^>]*\)>/\1 true/g' -e 's/<\([^>]*\)>/\1 false/g' | \
	  awk '$$1 == "package" { package = $$2 "." } $$1 == "service" { service = package $$2 } \
	    function full(name) { return name ~ /\./ ? name : package name } \
	    $$1 == "rpc" { printf "{\"/%s/%s\", \"%s\", \"%s\", %s, %s},\n", service, $$2, full($$3), full($$5), $$4, $$6 }' >$@

$(CORE_OUT)/src/client/service_method.o: $(GEN_METHODS)

$(CORE_OUT)/gen/%.pb-c.o: $(GEN)/%.pb-c.c | $(GEN_H)
	@mkdir -p $(@D)
	$(COMPILE_C) -w

$(CORE_OUT)/%.o: %.c | $(GEN_H)
	@mkdir -p $(@D)
	$(COMPILE_C)

$(CORE_OUT)/%.o: %.cpp
	@mkdir -p $(@D)
	$(COMPILE_CPP)

$(OUT)/src/lua/%.o: src/lua/%.c | $(GEN_H)
	@mkdir -p $(@D)
	$(COMPILE_C) $(LUA_CFLAGS)

$(OBJECTS): $(CORE_O) $(GEN_O)
	rm -f $@
	$(AR) rcs $@ $^

# One object, so that what its parts share with each other alone can be hidden from programs.
$(LIBRARY): $(CORE_O) $(GEN_O)
	$(LD) -r --force-group-allocation -o $(@:.a=.o) $^
	$(OBJCOPY) --wildcard --keep-global-symbol='ctd_*' $(@:.a=.o)
	rm -f $@
	$(AR) rcs $@ $(@:.a=.o)
	rm -f $(@:.a=.o)

# Installed headers include each other as programs include them.
core: $(LIBRARY) src/containerd-client.pc.in
	rm -rf $(INCLUDE)
	for header in $(PUBLIC:src/%=%); do \
	  mkdir -p $(INCLUDE)/$${header%/*} && \
	  sed 's,^#include "\(.*\)",#include <containerd-client/\1>,' src/$$header >$(INCLUDE)/$$header || exit; \
	done
	sed -e 's,@PREFIX@,$(PREFIX),' -e 's,@VERSION@,$(VERSION),' -e 's,@LIBRARIES@,$(LIBRARIES),' \
	  src/containerd-client.pc.in >$(BUILD)/containerd-client.pc

# Lua's own symbols stay undefined: the interpreter that loads the module has them. The poller's thread
# outlives a lua_State, hence nodelete.
$(MODULE): $(BINDING_O) $(OBJECTS)
	@mkdir -p $(@D)
	$(LINK) $(STATIC_CXX) -shared -Wl,-z,nodelete -Wl,-z,relro,-z,now -Wl,--exclude-libs,ALL -o $@ $^ $(PKG_LIBS)

$(TESTS): %: %.o $(C_SUPPORT_O) $(OBJECTS)
	$(LINK) -o $@ $^ $(PKG_LIBS) -lcmocka

install: install-lua install-core

install-lua: module
	install -d $(DESTDIR)$(LUA_LIBDIR)/containerd $(DESTDIR)$(LUA_SHAREDIR)
	install -m 755 $(MODULE) $(DESTDIR)$(LUA_LIBDIR)/containerd/
	cp -R --no-preserve=ownership lua/containerd $(DESTDIR)$(LUA_SHAREDIR)/

install-core: core
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include
	install -m 644 $(LIBRARY) $(DESTDIR)$(PREFIX)/lib/
	install -m 644 $(BUILD)/containerd-client.pc $(DESTDIR)$(PREFIX)/lib/pkgconfig/
	cp -R --no-preserve=ownership $(INCLUDE) $(DESTDIR)$(PREFIX)/include/

clean:
	rm -rf $(BUILD)

# What follows is for working on the project.

export BUILD LUA

deps:
	spec/support/deps

# The interpreter for a sanitized module (put its folder before the others in PATH). libstdc++ comes with libasan, which
# else doesn't find the __cxa_throw that it wraps.
SAN_LUA := $(BUILD)/san/bin/lua5.4
san-lua: $(SAN_LUA)
$(SAN_LUA): $(BUILD)/san/preload.so
	@mkdir -p $(@D)
	printf '#!/bin/sh\nLD_PRELOAD="%s %s %s" exec %s "$$@"\n' "$$($(CC) -print-file-name=libasan.so)" \
	  "$$($(CXX) -print-file-name=libstdc++.so)" '$(abspath $<)' "$$(command -v lua5.4)" >$@
	chmod +x $@

$(BUILD)/san/preload.so: spec/support/preload.c
	@mkdir -p $(@D)
	$(CC) -shared -fPIC -o $@ $<

# Programs that embed Lua. The module isn't linked with Lua, so they must be; libstdc++ is loaded before the sanitizer
# looks for what it wraps.
alloc-sweep: $(OUT)/spec/c/lua/alloc_sweep
states: $(OUT)/spec/c/lua/states
$(OUT)/spec/c/lua/%: spec/c/lua/%.c
	@mkdir -p $(@D)
	$(CC) $(C_FLAGS) $(LUA_CFLAGS) -o $@ $< -Wl,--no-as-needed -lstdc++ $$(pkg-config --libs $(LUA))

test: deps
	spec/support/run

test-c: $(TESTS)
	spec/support/run-c $^

# FILE=spec/image_spec.lua and DAEMONS=1.7 (a list) narrow it.
spec: module $(if $(SANITIZE),san-lua)
	CTD_OUT="$(OUT)" CTD_DAEMONS="$(DAEMONS)" spec/support/run-spec $(FILE)

demo: deps
	$(MAKE) module
	spec/support/demo

# Beside the official Go client; ROW=pull, or ROW="list growth", narrows it.
bench: deps
	spec/support/deps golang-go golang-github-containerd-containerd-dev
	$(MAKE) module
	bench/run $(ROW)

bench-nginx: deps
	$(MAKE) module
	$(MAKE) LUA=luajit module
	bench/nginx

lab:
	spec/support/lab prepare
	spec/support/lab up $(DAEMONS)

lab-down:
	spec/support/lab down

SOURCES := $(wildcard src/*/*.[ch] src/*/*.cpp)
HEADERS := $(filter %.h,$(SOURCES))
C_FILES := $(SOURCES) $(wildcard spec/*/*.[ch] fuzz/*.[ch] bench/*.[ch] examples/c/*.c)
LUA_PLACES := $(wildcard lua spec examples bench library)
TIDY := $(patsubst %,$(BUILD)/tidy/%.ok,$(CORE) $(BINDING))
LINT := $(addprefix lint-,format tidy luacheck layers length headers symbols stubs)
.PHONY: $(LINT) lint-names

lint:
	$(MAKE) -j2 -k $(LINT)

lint-names:
	@echo $(LINT)

lint-format:
	clang-format --dry-run --Werror $(C_FILES)

lint-tidy: $(TIDY)

# A file is looked at again when its object was made again.
$(BUILD)/tidy/%.c.ok: %.c $(BUILD)/%.o .clang-tidy
	@mkdir -p $(@D)
	clang-tidy --quiet $< -- $(C_FLAGS) $(LUA_CFLAGS)
	@touch $@

$(BUILD)/tidy/%.cpp.ok: %.cpp $(BUILD)/%.o .clang-tidy
	@mkdir -p $(@D)
	clang-tidy --quiet $< -- $(CPP_FLAGS)
	@touch $@

lint-luacheck:
	luacheck --quiet $(LUA_PLACES) .luacheckrc .busted

lint-layers:
	lua5.4 spec/check/layers.lua $(SOURCES)

lint-length:
	lua5.4 spec/check/length.lua $(C_FILES) $(wildcard lua/*/*.lua lua/*/*/*.lua spec/*.lua spec/*/*.lua examples/*.lua bench/*.lua bench/*/*.lua)

# Each header compiles alone, as C++ too if it's made for it; those that are installed, without what we build with.
lint-headers: $(GEN_H) core
	printf '%s\n' $(HEADERS) | xargs -n1 -P2 $(CC) $(C_FLAGS) $(LUA_CFLAGS) -fsyntax-only -x c
	grep -l 'extern "C"' $(HEADERS) | xargs -n1 -P2 $(CXX) $(CPP_FLAGS) -fsyntax-only -x c++
	find $(INCLUDE) -name '*.h' | \
	  xargs -n1 -P2 $(CC) -std=c11 $(WARN) -pedantic -I$(INCLUDE)/.. $$(pkg-config --cflags jansson) -fsyntax-only -x c
	find $(INCLUDE) -name '*.h' | \
	  xargs -n1 -P2 $(CXX) -std=c++17 $(WARN) -I$(INCLUDE)/.. $$(pkg-config --cflags jansson) -fsyntax-only -x c++

lint-symbols: module core
	spec/check/symbols $(MODULE) $(LIBRARY)

lint-stubs: module
	LUA_PATH='lua/?.lua;lua/?/init.lua;;' LUA_CPATH='$(OUT)/?.so;;' $(LUA) spec/check/stubs.lua

check-proto:
	proto/check

format:
	clang-format -i $(C_FILES)

-include $(patsubst %.o,%.d,$(CORE_O) $(GEN_O) $(BINDING_O) $(C_SUPPORT_O)) $(TESTS:%=%.d)
