/*
 * Shared libraries that are loaded when first needed, and not when the program starts: libcurl brings thirty others
 * along, and a script that only asks the daemon something would wait for them longer than for the answer.
 */
#ifndef CTD_BASE_LIBRARY_H
#define CTD_BASE_LIBRARY_H

#include "base/error.h"
#include <pthread.h>

struct ctd_library_symbol {
  const char *name;
  void *pointer; /* to the function pointer that gets its address */
};

/* Of a function that a header declares: the pointer, as a struct's member, and with that the symbol. */
#define CTD_LIBRARY_POINTER(name) __typeof__(name) *(name);
#define CTD_LIBRARY_SYMBOL(name) {#name, &(name)},

struct ctd_library {
  const char *file; /* "libcurl.so.4": the name with the version of the binary interface that we were compiled for */
  const struct ctd_library_symbol *symbols;
  size_t count;
  pthread_mutex_t lock;
  bool loaded;
};

/* The initializer, of an array of symbols. */
#define CTD_LIBRARY(file, symbols)                                                                                     \
  { (file), (symbols), sizeof(symbols) / sizeof *(symbols), PTHREAD_MUTEX_INITIALIZER, false }

/*
 * Loads the library unless it is loaded, and fills in the pointers; symbols may also be those of libraries that it
 * needs itself. What is loaded stays. A library that is missing, or lacks a symbol, is CTD_FAILED_PRECONDITION; the
 * next call tries again. Any thread.
 */
int ctd_library_load(struct ctd_library *library, struct ctd_error *err);

#endif
