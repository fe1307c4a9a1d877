#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

static int library_fill(const struct ctd_library *library, void *handle, struct ctd_error *err) {
  for (size_t i = 0; i < library->count; i++) {
    const struct ctd_library_symbol *symbol = &library->symbols[i];
    void *address = dlsym(handle, symbol->name);
    if (!address)
      return ctd_error_set(err, CTD_FAILED_PRECONDITION, "%s is of no use: it has no %s", library->file, symbol->name);
    memcpy(symbol->pointer, &address, sizeof address);
  }
  return 0;
}

static int library_open(const struct ctd_library *library, struct ctd_error *err) {
  void *handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "%s can't be loaded: %s", library->file, dlerror());
  int result = library_fill(library, handle, err);
  if (result < 0)
    dlclose(handle);
  return result;
}

int ctd_library_load(struct ctd_library *library, struct ctd_error *err) {
  int result = 0;
  pthread_mutex_lock(&library->lock);
  if (!library->loaded)
    result = library_open(library, err);
  if (result == 0)
    library->loaded = true;
  pthread_mutex_unlock(&library->lock);
  return result;
}
