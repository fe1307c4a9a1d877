/*
 * Methods that start an operation. Each is a constant of this struct, from which the registrar makes both the blocking
 * `m` and `m_async`.
 */
#ifndef CTD_LUA_METHOD_H
#define CTD_LUA_METHOD_H

#include "base/clock.h"
#include "lua/options.h"

struct ctd_op;
struct ctd_type;

/* One RPC: `run` may be started with a scope that doesn't wait (see base/clock.h). */
#define CTD_METHOD_SINGLE 1u
/* `run` may be repeated after it ran into its deadline: a blocking wait needs no thread. See also `watch`. */
#define CTD_METHOD_SLICED 2u
/* `parse` reads all arguments, options too. */
#define CTD_METHOD_VARIADIC 4u
/* It waits for what may never come: a host that ends gracefully cancels it. */
#define CTD_METHOD_ENDLESS 8u

struct ctd_method {
  const char *name;
  unsigned flags;
  size_t size; /* of the request; its first member is the receiver's pointer, a reference of its own */
  const struct ctd_option *arguments; /* positional; up to a NULL name; NULL: none */
  const struct ctd_option *options;   /* beside `timeout` and `block`, which all have; NULL: none */

  /*
   * Pushes the next of what has come already, one value, so that a call without arguments needs no operation. false:
   * nothing has, and nothing is pushed. NULL: it's never so.
   */
  bool (*take)(lua_State *L, void *receiver);

  /* Sets defaults, and reads what the tables can't say; arguments start at CTD_METHOD_ARGUMENT. NULL: nothing to do. */
  void (*parse)(lua_State *L, struct ctd_op *op, void *request);

  /* The operation itself, without Lua, perhaps on another thread. */
  int (*run)(void *request, struct ctd_scope *scope, struct ctd_error *err);

  /*
   * Of a sliced one: has notify(context) called, once, when `run`, which was pending in a nowait scope, can go on: on
   * any thread, or at once. false: that can't be told, and `run` is to wait on a thread of its own. Without `notify`:
   * not any more; when it returns notify isn't called and isn't running. NULL: it can never be told.
   */
  bool (*watch)(void *request, void (*notify)(void *), void *context);

  /* Pushes the results and returns their number. NULL: true. */
  int (*push)(lua_State *L, struct ctd_op *op, void *request);

  /* Releases what `run` left in the request and `push` didn't take; any thread. NULL: nothing. */
  void (*release)(void *request);
};

/* The stack while arguments are read: the operation's handle, the receiver (or the module), the arguments. */
#define CTD_METHOD_HANDLE 1
#define CTD_METHOD_RECEIVER 2
#define CTD_METHOD_ARGUMENT 3

/* Raises misuse: "file:line: pull: <text>", with the position of the caller. */
int ctd_misuse(lua_State *L, struct ctd_op *op, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Keeps the function at `index` for the upcalls of this operation, which know it by `name`. */
void ctd_method_keep(lua_State *L, int index, const char *name);

/* Into the table on top: `m` and `m_async` of each method (up to a NULL); of the module where `type` is NULL, raising
 * or safe.
 */
void ctd_method_register(lua_State *L, const struct ctd_method *const *methods, const struct ctd_type *type, bool safe);

/* Has an object be its own iterator, made in Lua from its method `next`: for a type's `extend`. */
void ctd_method_extend_iterator(lua_State *L, const char *next);

/* Pushes what containerd.wait gave. */
void ctd_method_push_wait(lua_State *L);

/*
 * Makes the machinery: loads containerd.wait and gives it the core's functions. The hub must be open. Pushes what
 * containerd.wait gives back: a table of functions for the module and of types that are made in Lua.
 */
void ctd_method_open(lua_State *L);

#endif
