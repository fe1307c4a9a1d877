/* Spelling: which of several valid words someone meant. */
#ifndef CTD_BASE_NEAREST_H
#define CTD_BASE_NEAREST_H

#include <stddef.h>

/* The word with the fewest letters to change, of equals the first; NULL if none is near enough to be meant. Borrowed.
 */
const char *ctd_nearest(const char *word, const char *const *words, size_t count);

#endif
