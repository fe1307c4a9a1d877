/* Standard output and error of a task, and their FIFOs. */
#include "streams.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void fifos_come_and_go(void **state) {
  (void)state;
  int before = count_fds();
  struct stat info;
  char *dir, *slash;
  struct ctd_stdio *stdio = streams_open(streams_none, streams_by_pipe, streams_by_pipe);
  assert_string_equal(ctd_stdio_path(stdio, 0), "");
  assert_int_equal(stat(ctd_stdio_path(stdio, 1), &info), 0);
  assert_true(S_ISFIFO(info.st_mode) && (info.st_mode & 0777) == 0700);
  slash = strrchr(ctd_stdio_path(stdio, 2), '/');
  assert_string_equal(slash, "/web-stderr");
  dir = strndup(ctd_stdio_path(stdio, 2), (size_t)(slash - ctd_stdio_path(stdio, 2)));
  assert_int_equal(count_entries(dir), 2);
  ctd_stdio_close(stdio);
  assert_int_equal(stat(dir, &info), -1);
  assert_int_equal(count_entries(streams_root), 0);
  assert_int_equal(count_fds(), before);
  free(dir);
}

static void a_terminal_has_one_output(void **state) {
  (void)state;
  struct ctd_stdio_options options = {{streams_by_pipe, streams_by_pipe, streams_by_pipe}, true};
  struct ctd_stdio *stdio;
  struct ctd_error err = {0};
  assert_int_equal(ctd_stdio_open(&stdio, streams_root, "web", &options, &err), 0);
  assert_string_equal(ctd_stdio_path(stdio, 2), "");
  assert_true(ctd_stdio_terminal(stdio));
  ctd_stdio_close(stdio);
}

static void faulty_options_leave_nothing(void **state) {
  (void)state;
  int before = count_fds();
  const struct ctd_stream_options log = {.kind = CTD_STREAM_URI, .uri = "file:///log"};
  const struct ctd_stdio_options faulty[] = {
      {{streams_by_pipe, streams_by_fd(-1), streams_by_pipe}, false},
      {{streams_by_pipe, streams_by_pipe, streams_by_fd(9999)}, false},
      {{streams_none, log, streams_by_pipe}, false},
      {{log, streams_none, streams_none}, false},
  };
  for (size_t i = 0; i < sizeof faulty / sizeof *faulty; i++) {
    struct ctd_stdio *stdio;
    struct ctd_error err = {0};
    assert_int_equal(ctd_stdio_open(&stdio, streams_root, "web", &faulty[i], &err), -1);
    assert_int_equal(err.code, CTD_INVALID_ARGUMENT);
    assert_null(stdio);
    ctd_error_clear(&err);
  }
  assert_int_equal(count_entries(streams_root), 0);
  assert_int_equal(count_fds(), before);
}

static void much_goes_through_a_slow_reader(void **state) {
  (void)state;
  struct shim shim;
  struct ctd_stdio *stdio = streams_open(streams_none, streams_by_pipe, streams_none);
  shim_start(&shim, shim_write, stdio, 1, 4 * STREAMS_MIB + 7);
  assert_int_equal(streams_read_all(stdio, 1, 777), 4 * STREAMS_MIB + 7);
  shim_join(&shim);
  ctd_stdio_close(stdio);
}

static void there_is_no_end_before_a_writer(void **state) {
  (void)state;
  char byte;
  size_t size;
  struct ctd_error err = {0};
  struct ctd_scope scope = scope_within(0.1);
  struct ctd_stdio *stdio = streams_open(streams_none, streams_by_pipe, streams_none);
  assert_int_equal(ctd_stdio_read(stdio, 1, &byte, 1, &size, &scope, &err), -1);
  assert_int_equal(err.code, CTD_DEADLINE_EXCEEDED);
  struct shim shim;
  shim_start(&shim, shim_write, stdio, 1, 1);
  assert_int_equal(streams_read_all(stdio, 1, 10), 1);
  assert_int_equal(streams_read_all(stdio, 1, 10), 0);
  shim_join(&shim);
  ctd_stdio_close(stdio);
  ctd_error_clear(&err);
}

/* How much a writer gets rid of while nobody takes it. */
static size_t write_until_full(const char *fifo, int *fd) {
  char chunk[4096] = {0};
  size_t total = 0;
  *fd = open(fifo, O_WRONLY | O_NONBLOCK);
  for (int refused = 0; refused < 50;) {
    ssize_t n = write(*fd, chunk, sizeof chunk);
    refused = n < 0 ? refused + 1 : 0;
    total += n < 0 ? 0 : (size_t)n;
    if (n < 0)
      usleep(2000);
    if (total > 16 * STREAMS_MIB)
      break;
  }
  return total;
}

static void buffers_are_bounded(void **state) {
  (void)state;
  int fd, ends[2];
  struct ctd_stdio *stdio = streams_open(streams_none, streams_by_pipe, streams_none);
  assert_in_range(write_until_full(ctd_stdio_path(stdio, 1), &fd), STREAMS_MIB / 4, STREAMS_MIB / 2);
  close(fd);
  ctd_stdio_close(stdio);

  assert_int_equal(pipe(ends), 0);
  stdio = streams_open(streams_none, streams_by_fd(ends[1]), streams_none);
  assert_in_range(write_until_full(ctd_stdio_path(stdio, 1), &fd), STREAMS_MIB / 8, STREAMS_MIB / 2);
  close(fd);
  ctd_stdio_close(stdio);
  close(ends[0]);
  close(ends[1]);
}

static void what_nobody_has_read_is_kept(void **state) {
  (void)state;
  struct ctd_scope scope = scope_within(20);
  struct shim out, errors;
  struct ctd_stdio *stdio = streams_open(streams_none, streams_by_pipe, streams_by_pipe);
  shim_start(&out, shim_write, stdio, 1, 3 * STREAMS_MIB);
  shim_start(&errors, shim_write, stdio, 2, 2 * STREAMS_MIB);
  streams_wait(stdio);
  shim_join(&out);
  shim_join(&errors);
  ctd_stdio_finish(stdio, &scope);
  assert_int_equal(count_entries(streams_root), 0);
  assert_int_equal(streams_read_all(stdio, 2, 100000), 2 * STREAMS_MIB);
  assert_int_equal(streams_read_all(stdio, 1, 100000), 3 * STREAMS_MIB);
  ctd_stdio_close(stdio);
}

static void a_file_gets_all(void **state) {
  (void)state;
  struct shim shim;
  char data[2000];
  FILE *file = tmpfile();
  fputs("before", file);
  fflush(file);
  struct ctd_stdio *stdio = streams_open(streams_none, streams_by_fd(fileno(file)), streams_none);
  shim_start(&shim, shim_write, stdio, 1, STREAMS_MIB);
  streams_wait(stdio);
  shim_join(&shim);
  assert_int_equal(lseek(fileno(file), 0, SEEK_CUR), STREAMS_MIB + 6);
  assert_int_equal(pread(fileno(file), data, sizeof data, 6), sizeof data);
  for (size_t i = 0; i < sizeof data; i++)
    assert_int_equal(data[i], byte_at(i));
  ctd_stdio_close(stdio);
  fclose(file);
}

static void *drain(void *argument) {
  int fd = *(int *)argument;
  char chunk[3000];
  size_t total = 0;
  for (ssize_t n; (n = read(fd, chunk, sizeof chunk)) > 0; total += (size_t)n)
    usleep(100);
  return (void *)total;
}

/* A blocking pipe, and a socket that can't be opened anew. */
static void a_slow_descriptor_gets_all(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    int ends[2];
    void *total;
    pthread_t reader;
    struct shim shim;
    assert_int_equal(i ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : pipe(ends), 0);
    struct ctd_stdio *stdio = streams_open(streams_none, streams_by_fd(ends[1]), streams_none);
    assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
    pthread_create(&reader, NULL, drain, &ends[0]);
    shim_start(&shim, shim_write, stdio, 1, STREAMS_MIB);
    streams_wait(stdio);
    ctd_stdio_close(stdio);
    close(ends[1]);
    pthread_join(reader, &total);
    shim_join(&shim);
    assert_int_equal((size_t)total, STREAMS_MIB);
    close(ends[0]);
  }
}

static void a_broken_descriptor_stops_nobody(void **state) {
  (void)state;
  int ends[2];
  struct shim shim;
  assert_int_equal(pipe(ends), 0);
  struct ctd_stdio *stdio = streams_open(streams_none, streams_by_fd(ends[1]), streams_none);
  close(ends[0]);
  shim_start(&shim, shim_write, stdio, 1, 2 * STREAMS_MIB);
  streams_wait(stdio);
  shim_join(&shim);
  ctd_stdio_close(stdio);
  close(ends[1]);
}

static void a_silent_holder_is_not_waited_for(void **state) {
  (void)state;
  struct ctd_stdio *stdio = streams_open(streams_none, streams_by_pipe, streams_none);
  int fd = open(ctd_stdio_path(stdio, 1), O_WRONLY);
  char byte = byte_at(0), last = byte_at(1);
  assert_int_equal(write(fd, &byte, 1), 1);
  streams_wait(stdio);
  assert_int_equal(write(fd, &last, 1), 1);
  struct ctd_scope scope = scope_within(20);
  ctd_stdio_finish(stdio, &scope);
  assert_int_equal(streams_read_all(stdio, 1, 10), 2);
  close(fd);
  ctd_stdio_close(stdio);
}

/* As for a task that was created and deleted without a start by a shim that never opened the FIFOs. */
static void finishing_needs_no_writer(void **state) {
  (void)state;
  struct ctd_scope scope = scope_within(20);
  struct ctd_stdio *stdio = streams_open(streams_by_pipe, streams_by_pipe, streams_by_pipe);
  ctd_stdio_finish(stdio, &scope);
  assert_true(ctd_now_monotonic() < scope.deadline - 15);
  assert_int_equal(streams_read_all(stdio, 1, 10), 0);
  ctd_stdio_close(stdio);
}

static void closing_stops_the_copying(void **state) {
  (void)state;
  int before = count_fds();
  signal(SIGPIPE, SIG_IGN);
  for (int i = 0; i < 50; i++) {
    char byte;
    size_t size;
    struct shim shim;
    struct ctd_scope scope = scope_within(20);
    struct ctd_error err = {0};
    struct ctd_stdio *stdio = streams_open(streams_by_pipe, streams_by_pipe, streams_none);
    shim_start(&shim, shim_write, stdio, 1, 4 * STREAMS_MIB);
    assert_int_equal(ctd_stdio_read(stdio, 1, &byte, 1, &size, &scope, &err), 0);
    char *fifo = strdup(shim.fifo);
    shim.fifo = fifo;
    ctd_stdio_close(stdio);
    shim_join(&shim);
    free(fifo);
  }
  signal(SIGPIPE, SIG_DFL);
  assert_int_equal(count_fds(), before);
  assert_int_equal(count_entries(streams_root), 0);
}

static void a_child_leaves_the_streams_alone(void **state) {
  (void)state;
  struct shim shim;
  int status;
  struct ctd_stdio *stdio = streams_open(streams_none, streams_by_pipe, streams_none);
  pid_t pid = fork();
  if (!pid) {
    char byte;
    size_t size;
    struct ctd_scope scope = scope_within(1);
    struct ctd_error err = {0};
    bool refused = ctd_stdio_read(stdio, 1, &byte, 1, &size, &scope, &err) && err.code == CTD_FAILED_PRECONDITION;
    ctd_stdio_close(stdio);
    _exit(refused ? 0 : 1);
  }
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_int_equal(status, 0);
  shim_start(&shim, shim_write, stdio, 1, 5);
  assert_int_equal(streams_read_all(stdio, 1, 10), 5);
  shim_join(&shim);
  ctd_stdio_close(stdio);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fifos_come_and_go),
      cmocka_unit_test(a_terminal_has_one_output),
      cmocka_unit_test(faulty_options_leave_nothing),
      cmocka_unit_test(much_goes_through_a_slow_reader),
      cmocka_unit_test(there_is_no_end_before_a_writer),
      cmocka_unit_test(buffers_are_bounded),
      cmocka_unit_test(what_nobody_has_read_is_kept),
      cmocka_unit_test(a_file_gets_all),
      cmocka_unit_test(a_slow_descriptor_gets_all),
      cmocka_unit_test(a_broken_descriptor_stops_nobody),
      cmocka_unit_test(a_silent_holder_is_not_waited_for),
      cmocka_unit_test(finishing_needs_no_writer),
      cmocka_unit_test(closing_stops_the_copying),
      cmocka_unit_test(a_child_leaves_the_streams_alone),
  };
  return cmocka_run_group_tests(tests, streams_setup, streams_teardown);
}
