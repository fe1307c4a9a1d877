#include "registry/sources.h"

#include "base/buffer.h"
#include <stdlib.h>
#include <string.h>

struct ctd_source {
  char *digest;
  uint64_t served, rejected;
};

uint64_t ctd_source_bit(size_t place) {
  return UINT64_C(1) << (place < 63 ? place : 63);
}

void ctd_sources_init(struct ctd_sources *sources) {
  *sources = (struct ctd_sources){0};
  pthread_mutex_init(&sources->lock, NULL);
}

void ctd_sources_free(struct ctd_sources *sources) {
  for (size_t i = 0; i < sources->count; i++)
    free(sources->items[i].digest);
  free(sources->items);
  pthread_mutex_destroy(&sources->lock);
}

/* With the lock held. */
static struct ctd_source *source_find(struct ctd_sources *sources, const char *digest) {
  for (size_t i = 0; i < sources->count; i++) {
    if (strcmp(sources->items[i].digest, digest) == 0)
      return &sources->items[i];
  }
  return NULL;
}

/* With the lock held. */
static struct ctd_source *source_add(struct ctd_sources *sources, const char *digest, struct ctd_error *err) {
  struct ctd_source source = {0};
  struct ctd_source *items = realloc(sources->items, (sources->count + 1) * sizeof *items);
  if (!items) {
    ctd_error_nomem(err);
    return NULL;
  }
  sources->items = items;
  if (ctd_copy_string(&source.digest, digest, err) < 0)
    return NULL;
  items[sources->count] = source;
  return &items[sources->count++];
}

int ctd_sources_served(struct ctd_sources *sources, const char *digest, size_t place, struct ctd_error *err) {
  pthread_mutex_lock(&sources->lock);
  struct ctd_source *source = source_find(sources, digest);
  if (!source)
    source = source_add(sources, digest, err);
  if (source)
    source->served |= ctd_source_bit(place);
  pthread_mutex_unlock(&sources->lock);
  return source ? 0 : -1;
}

void ctd_sources_reject(struct ctd_sources *sources, const char *digest) {
  pthread_mutex_lock(&sources->lock);
  struct ctd_source *source = source_find(sources, digest);
  if (source) {
    source->rejected |= source->served;
    source->served = 0;
  }
  pthread_mutex_unlock(&sources->lock);
}

uint64_t ctd_sources_rejected(struct ctd_sources *sources, const char *digest) {
  pthread_mutex_lock(&sources->lock);
  const struct ctd_source *source = source_find(sources, digest);
  uint64_t rejected = source ? source->rejected : 0;
  pthread_mutex_unlock(&sources->lock);
  return rejected;
}
