#include "base/nearest.h"
#include <string.h>

enum { LONGEST = 64 };

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

/* The Levenshtein distance, one row of its matrix at a time. */
static size_t distance(const char *a, const char *b) {
  size_t row[LONGEST + 1], width = strlen(b);
  for (size_t j = 0; j <= width; j++)
    row[j] = j;
  for (size_t i = 1; *a; a++, i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= width; j++) {
      size_t above = row[j];
      row[j] = smaller(smaller(above, row[j - 1]) + 1, diagonal + (*a != b[j - 1]));
      diagonal = above;
    }
  }
  return row[width];
}

const char *ctd_nearest(const char *word, const char *const *words, size_t count) {
  const char *best = NULL;
  size_t length = strlen(word), least = length / 3 + 2; /* a third of the letters may be wrong, one of a short word */
  if (length > LONGEST)
    return NULL;
  for (size_t i = 0; i < count; i++) {
    size_t changes = strlen(words[i]) > LONGEST ? least : distance(word, words[i]);
    if (changes < least) {
      least = changes;
      best = words[i];
    }
  }
  return best;
}
