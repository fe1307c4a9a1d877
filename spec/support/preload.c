/*
 * Preloaded after libasan into the Lua that loads a sanitized module: its children (sh, ctr, daemons) aren't ours to
 * check, so they don't inherit the preloading. A Lua among them starts through the same wrapper and has it again.
 */
#include <stdlib.h>

__attribute__((constructor)) static void preload_forget(void) {
  unsetenv("LD_PRELOAD");
}
