/* Temporary directories for tests, in which any failure fails the test. */
#ifndef SCRATCH_H
#define SCRATCH_H

/* A new empty directory; its path, which scratch_remove frees. */
char *scratch_new(void);

/* Removes the directory and what is in it. */
void scratch_remove(char *directory);

/* Writes a file below the directory, making the directories on the way; its path, to be freed. */
char *scratch_write(const char *directory, const char *name, const char *text);

#endif
