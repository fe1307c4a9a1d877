/* Which hosts gave the bytes of which blob, and whose bytes turned out wrong. */
#ifndef CTD_REGISTRY_SOURCES_H
#define CTD_REGISTRY_SOURCES_H

#include "base/error.h"
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct ctd_source;

/* Usable by all threads. */
struct ctd_sources {
  pthread_mutex_t lock;
  struct ctd_source *items; /* owned */
  size_t count;
};

/* A set of places: bit i for the i-th; those from 63 on share the last bit. */
uint64_t ctd_source_bit(size_t place);

void ctd_sources_init(struct ctd_sources *sources);
void ctd_sources_free(struct ctd_sources *sources);

/* Notes that `place` gave bytes of the blob. */
int ctd_sources_served(struct ctd_sources *sources, const char *digest, size_t place, struct ctd_error *err);

/* Rejects all places that have given bytes of the blob. */
void ctd_sources_reject(struct ctd_sources *sources, const char *digest);

/* The places rejected for the blob. */
uint64_t ctd_sources_rejected(struct ctd_sources *sources, const char *digest);

#endif
