/*
 * Objects: userdata around a pointer of the core. A box is made first, empty, and acquires what belongs into it then;
 * a closed one is an empty box again, and raises on use.
 */
#ifndef CTD_LUA_OBJECT_H
#define CTD_LUA_OBJECT_H

#include "lua/fail.h"
#include "lua/method.h"

struct ctd_type {
  const char *name; /* "containerd.task" */
  void *(*ref)(void *pointer);
  void (*unref)(void *pointer);
  void (*describe)(lua_State *L, void *pointer); /* pushes what stands in the brackets of tostring */
  bool (*equal)(void *a, void *b);               /* NULL: objects are equal only to themselves */
  /* What closing an object made with auto_delete does in the daemon; what isn't there any more is fine. */
  int (*dispose)(void *pointer, struct ctd_scope *scope, struct ctd_error *err);
  /* Adds what is made in Lua to the table of methods on top, or to the metatable below that. NULL: nothing. */
  void (*extend)(lua_State *L);
  lua_CFunction index;                     /* called for names that aren't methods; NULL: they are nil */
  const luaL_Reg *functions;               /* methods that don't wait; up to a NULL name; NULL: none */
  const struct ctd_method *const *methods; /* methods that start an operation; up to a NULL; NULL: none */
};

struct ctd_object {
  void *pointer; /* a reference of its own; NULL: closed */
  bool safe;     /* failures of its methods are returned, not raised */
  bool auto_delete;
  bool claimed;       /* a method was called: the script has it */
  bool has_companion; /* a table of its own was set */
};

/*
 * Pushes an object around *pointer, whose reference moves into it (*pointer becomes NULL). One with auto_delete that is
 * collected before any method of it was called never reached the script (an interruption came first): only then does
 * its collection delete what it stands for.
 */
struct ctd_object *ctd_object_push(lua_State *L, const struct ctd_type *type, void *pointer, bool safe);

/* The open object of this type at `index`, which is claimed by that; raises misuse otherwise. */
struct ctd_object *ctd_object_check(lua_State *L, int index, const struct ctd_type *type);

/* The object of this type at `index`, closed or not; NULL if it's something else. */
struct ctd_object *ctd_object_test(lua_State *L, int index, const struct ctd_type *type);

/* Deletes in the daemon what the object of this type stands for, within CTD_UNDO_SECONDS. */
int ctd_object_dispose(const struct ctd_type *type, void *pointer, struct ctd_error *err);

/* Makes the type's metatable, and adds its methods' names to the table of all types on top of the stack. */
void ctd_object_open(lua_State *L, const struct ctd_type *type);

/* In the table of all types on top of the stack: its sorted array of the names in the table at `methods`. */
void ctd_object_list_methods(lua_State *L, const char *type_name, int methods);

#endif
