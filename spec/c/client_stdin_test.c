/* Standard input of a task. */
#include "streams.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void input_is_written_and_ended(void **state) {
  (void)state;
  struct shim shim;
  struct ctd_error err = {0};
  struct ctd_scope scope = scope_within(20);
  size_t written;
  char *data = malloc(STREAMS_MIB);
  for (size_t i = 0; i < STREAMS_MIB; i++)
    data[i] = byte_at(i);
  struct ctd_stdio *stdio = streams_open(streams_by_pipe, streams_none, streams_none);
  shim_start(&shim, shim_read, stdio, 0, 0);
  assert_int_equal(ctd_stdio_write(stdio, data, STREAMS_MIB, &written, &scope, &err), 0);
  assert_int_equal(written, STREAMS_MIB);
  assert_int_equal(ctd_stdio_close_stdin(stdio, &scope, &err), 0);
  assert_int_equal(ctd_stdio_write(stdio, data, 1, &written, &scope, &err), -1);
  assert_int_equal(err.code, CTD_FAILED_PRECONDITION);
  shim_join(&shim);
  assert_int_equal(shim.size, STREAMS_MIB);
  assert_memory_equal(shim.read, data, STREAMS_MIB);
  free(shim.read);
  free(data);
  ctd_stdio_close(stdio);
}

static void a_reader_that_goes_fails_the_writes(void **state) {
  (void)state;
  struct ctd_error err = {0};
  struct ctd_scope scope = scope_within(20);
  char chunk[1000] = {0};
  size_t written;
  struct ctd_stdio *stdio = streams_open(streams_by_pipe, streams_none, streams_none);
  int fd = open(ctd_stdio_path(stdio, 0), O_RDONLY);
  assert_int_equal(ctd_stdio_write(stdio, chunk, 1, &written, &scope, &err), 0);
  assert_int_equal(read(fd, chunk, 1), 1);
  close(fd);
  while (!ctd_stdio_write(stdio, chunk, sizeof chunk, &written, &scope, &err))
    continue;
  assert_int_equal(err.code, CTD_FAILED_PRECONDITION);
  assert_int_equal(ctd_stdio_close_stdin(stdio, &scope, &err), 0);
  ctd_stdio_close(stdio);
  ctd_error_clear(&err);
}

static void input_waits_for_its_reader(void **state) {
  (void)state;
  struct shim shim;
  struct ctd_error err = {0};
  struct ctd_scope soon = scope_within(0.1), scope = scope_within(20);
  size_t written;
  struct ctd_stdio *stdio = streams_open(streams_by_pipe, streams_none, streams_none);
  assert_int_equal(ctd_stdio_write(stdio, "hi", 2, &written, &scope, &err), 0);
  assert_int_equal(ctd_stdio_close_stdin(stdio, &soon, &err), -1);
  assert_int_equal(err.code, CTD_DEADLINE_EXCEEDED);
  shim_start(&shim, shim_read, stdio, 0, 0);
  shim_join(&shim);
  assert_string_equal(shim.read, "hi");
  free(shim.read);
  ctd_stdio_close(stdio);
  ctd_error_clear(&err);
}

struct flag {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int count;
};

static void flag_raise(void *context) {
  struct flag *flag = context;
  pthread_mutex_lock(&flag->mutex);
  flag->count++;
  pthread_cond_signal(&flag->changed);
  pthread_mutex_unlock(&flag->mutex);
}

static void flag_await(struct flag *flag) {
  pthread_mutex_lock(&flag->mutex);
  while (!flag->count)
    pthread_cond_wait(&flag->changed, &flag->mutex);
  pthread_mutex_unlock(&flag->mutex);
}

/* A pipe, a regular file and /dev/null, each told of before and after its end. */
static void input_from_a_descriptor_ends(void **state) {
  (void)state;
  for (int i = 0; i < 6; i++) {
    static struct flag flag = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
    int ends[2], fd = -1;
    struct shim shim;
    FILE *file = tmpfile();
    fputs("hello", file);
    rewind(file);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "hello", 5), 5);
    close(ends[1]);
    fd = i / 2 == 0 ? ends[0] : i / 2 == 1 ? fileno(file) : open("/dev/null", O_RDONLY);
    flag.count = 0;
    struct ctd_stdio *stdio = streams_open(streams_by_fd(fd), streams_none, streams_none);
    if (i % 2)
      ctd_stdio_on_stdin_end(stdio, flag_raise, &flag);
    shim_start(&shim, shim_read, stdio, 0, 0);
    shim_join(&shim);
    if (i % 2 == 0)
      ctd_stdio_on_stdin_end(stdio, flag_raise, &flag);
    flag_await(&flag);
    assert_string_equal(shim.read, i / 2 == 2 ? "" : "hello");
    ctd_stdio_close(stdio);
    assert_int_equal(flag.count, 1);
    free(shim.read);
    if (i / 2 == 2)
      close(fd);
    close(ends[0]);
    fclose(file);
  }
}

static void nothing_is_taken_for_nobody(void **state) {
  (void)state;
  int ends[2];
  char byte;
  assert_int_equal(pipe(ends), 0);
  struct ctd_stdio *stdio = streams_open(streams_by_fd(ends[0]), streams_none, streams_none);
  int fd = open(ctd_stdio_path(stdio, 0), O_RDONLY);
  assert_int_equal(write(ends[1], "a", 1), 1);
  assert_int_equal(read(fd, &byte, 1), 1);
  close(fd);
  assert_int_equal(write(ends[1], "b", 1), 1);
  struct ctd_scope scope = scope_within(20);
  struct ctd_error err = {0};
  assert_int_equal(ctd_stdio_close_stdin(stdio, &scope, &err), 0);
  ctd_stdio_close(stdio);
  assert_int_equal(read(ends[0], &byte, 1), 1);
  assert_int_equal(byte, 'b');
  close(ends[0]);
  close(ends[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(input_is_written_and_ended),  cmocka_unit_test(a_reader_that_goes_fails_the_writes),
      cmocka_unit_test(input_waits_for_its_reader),  cmocka_unit_test(input_from_a_descriptor_ends),
      cmocka_unit_test(nothing_is_taken_for_nobody),
  };
  return cmocka_run_group_tests(tests, streams_setup, streams_teardown);
}
