/* JSON in tests, with ' for ". */
#ifndef QUOTED_H
#define QUOTED_H

#include <jansson.h>

/* The text with ' replaced by "; to be freed. */
char *quoted_text(const char *text);

/* The value, for json_decref. */
json_t *quoted(const char *text);

/* Fails the test unless they are equal; the order of keys doesn't count. */
void assert_json(const json_t *value, const char *expected);

#endif
