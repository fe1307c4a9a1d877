/* Standard streams, with threads of this process in the place of the shim at the other ends of the FIFOs. */
#include "client/stdio.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

static char root[] = "/tmp/client_stdio_test.XXXXXX";

static struct ctd_scope within(double seconds) {
  struct ctd_scope scope;
  ctd_scope_init(&scope, seconds);
  return scope;
}

static int count_entries(const char *path) {
  int count = 0;
  DIR *dir = opendir(path);
  for (struct dirent *entry; (entry = readdir(dir));)
    count += entry->d_name[0] != '.';
  closedir(dir);
  return count;
}

static int count_fds(void) {
  return count_entries("/proc/self/fd") - 1;
}

static char byte_at(size_t offset) {
  return (char)(offset * 31 + (offset >> 8));
}

/* A shim that writes `size` bytes to a FIFO, or reads one to its end. */
struct shim {
  pthread_t thread;
  const char *fifo;
  size_t size;
  char *read;
};

static void *shim_write(void *argument) {
  struct shim *shim = argument;
  int fd = open(shim->fifo, O_WRONLY);
  for (size_t done = 0; done < shim->size;) {
    char chunk[5000];
    size_t size = 0;
    for (; size < sizeof chunk && done + size < shim->size; size++)
      chunk[size] = byte_at(done + size);
    ssize_t n = write(fd, chunk, size);
    if (n < 0)
      break;
    done += (size_t)n;
  }
  close(fd);
  return NULL;
}

static void *shim_read(void *argument) {
  struct shim *shim = argument;
  int fd = open(shim->fifo, O_RDONLY);
  shim->read = calloc(1, 4 * MIB + 1);
  for (ssize_t n; shim->size < 4 * MIB && (n = read(fd, shim->read + shim->size, 4 * MIB - shim->size)) > 0;)
    shim->size += (size_t)n;
  close(fd);
  return NULL;
}

static void shim_start(struct shim *shim, void *(*run)(void *), struct ctd_stdio *stdio, int stream, size_t size) {
  *shim = (struct shim){.fifo = ctd_stdio_path(stdio, stream), .size = size};
  assert_int_equal(pthread_create(&shim->thread, NULL, run, shim), 0);
}

static void shim_join(struct shim *shim) {
  pthread_join(shim->thread, NULL);
}

static struct ctd_stdio *open_streams(struct ctd_stream_options in, struct ctd_stream_options out,
                                      struct ctd_stream_options errors) {
  struct ctd_stdio_options options = {{in, out, errors}, false};
  struct ctd_stdio *stdio;
  struct ctd_error err = {0};
  if (ctd_stdio_open(&stdio, root, "web", &options, &err))
    fail_msg("%s", err.message);
  return stdio;
}

static const struct ctd_stream_options none = {.kind = CTD_STREAM_NULL}, by_pipe = {.kind = CTD_STREAM_PIPE};

static struct ctd_stream_options by_fd(int fd) {
  return (struct ctd_stream_options){.kind = CTD_STREAM_FD, .fd = fd};
}

/* Reads a stream to its end in steps, comparing; how much there was. */
static size_t read_all(struct ctd_stdio *stdio, int stream, size_t step) {
  struct ctd_scope scope = within(20);
  struct ctd_error err = {0};
  char *data = malloc(step);
  size_t total = 0, size;
  for (;;) {
    if (ctd_stdio_read(stdio, stream, data, step, &size, &scope, &err))
      fail_msg("%s", err.message);
    if (!size)
      break;
    for (size_t i = 0; i < size; i++)
      if (data[i] != byte_at(total + i))
        fail_msg("wrong byte at %zu", total + i);
    total += size;
  }
  free(data);
  return total;
}

static void wait_all(struct ctd_stdio *stdio) {
  struct ctd_scope scope = within(20);
  struct ctd_error err = {0};
  if (ctd_stdio_wait(stdio, &scope, &err))
    fail_msg("%s", err.message);
}

static void fifos_come_and_go(void **state) {
  (void)state;
  int before = count_fds();
  struct stat info;
  char *dir, *slash;
  struct ctd_stdio *stdio = open_streams(none, by_pipe, by_pipe);
  assert_string_equal(ctd_stdio_path(stdio, 0), "");
  assert_int_equal(stat(ctd_stdio_path(stdio, 1), &info), 0);
  assert_true(S_ISFIFO(info.st_mode) && (info.st_mode & 0777) == 0700);
  slash = strrchr(ctd_stdio_path(stdio, 2), '/');
  assert_string_equal(slash, "/web-stderr");
  dir = strndup(ctd_stdio_path(stdio, 2), (size_t)(slash - ctd_stdio_path(stdio, 2)));
  assert_int_equal(count_entries(dir), 2);
  ctd_stdio_close(stdio);
  assert_int_equal(stat(dir, &info), -1);
  assert_int_equal(count_entries(root), 0);
  assert_int_equal(count_fds(), before);
  free(dir);
}

static void a_terminal_has_one_output(void **state) {
  (void)state;
  struct ctd_stdio_options options = {{by_pipe, by_pipe, by_pipe}, true};
  struct ctd_stdio *stdio;
  struct ctd_error err = {0};
  assert_int_equal(ctd_stdio_open(&stdio, root, "web", &options, &err), 0);
  assert_string_equal(ctd_stdio_path(stdio, 2), "");
  assert_true(ctd_stdio_terminal(stdio));
  ctd_stdio_close(stdio);
}

static void faulty_options_leave_nothing(void **state) {
  (void)state;
  int before = count_fds();
  const struct ctd_stream_options log = {.kind = CTD_STREAM_URI, .uri = "file:///log"};
  const struct ctd_stdio_options faulty[] = {
      {{by_pipe, by_fd(-1), by_pipe}, false},
      {{by_pipe, by_pipe, by_fd(9999)}, false},
      {{none, log, by_pipe}, false},
      {{log, none, none}, false},
  };
  for (size_t i = 0; i < sizeof faulty / sizeof *faulty; i++) {
    struct ctd_stdio *stdio;
    struct ctd_error err = {0};
    assert_int_equal(ctd_stdio_open(&stdio, root, "web", &faulty[i], &err), -1);
    assert_int_equal(err.code, CTD_INVALID_ARGUMENT);
    assert_null(stdio);
    ctd_error_clear(&err);
  }
  assert_int_equal(count_entries(root), 0);
  assert_int_equal(count_fds(), before);
}

static void much_goes_through_a_slow_reader(void **state) {
  (void)state;
  struct shim shim;
  struct ctd_stdio *stdio = open_streams(none, by_pipe, none);
  shim_start(&shim, shim_write, stdio, 1, 4 * MIB + 7);
  assert_int_equal(read_all(stdio, 1, 777), 4 * MIB + 7);
  shim_join(&shim);
  ctd_stdio_close(stdio);
}

static void there_is_no_end_before_a_writer(void **state) {
  (void)state;
  char byte;
  size_t size;
  struct ctd_error err = {0};
  struct ctd_scope scope = within(0.1);
  struct ctd_stdio *stdio = open_streams(none, by_pipe, none);
  assert_int_equal(ctd_stdio_read(stdio, 1, &byte, 1, &size, &scope, &err), -1);
  assert_int_equal(err.code, CTD_DEADLINE_EXCEEDED);
  struct shim shim;
  shim_start(&shim, shim_write, stdio, 1, 1);
  assert_int_equal(read_all(stdio, 1, 10), 1);
  assert_int_equal(read_all(stdio, 1, 10), 0);
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
    if (total > 16 * MIB)
      break;
  }
  return total;
}

static void buffers_are_bounded(void **state) {
  (void)state;
  int fd, ends[2];
  struct ctd_stdio *stdio = open_streams(none, by_pipe, none);
  assert_in_range(write_until_full(ctd_stdio_path(stdio, 1), &fd), MIB / 4, MIB / 2);
  close(fd);
  ctd_stdio_close(stdio);

  assert_int_equal(pipe(ends), 0);
  stdio = open_streams(none, by_fd(ends[1]), none);
  assert_in_range(write_until_full(ctd_stdio_path(stdio, 1), &fd), MIB / 8, MIB / 2);
  close(fd);
  ctd_stdio_close(stdio);
  close(ends[0]);
  close(ends[1]);
}

static void what_nobody_has_read_is_kept(void **state) {
  (void)state;
  struct ctd_scope scope = within(20);
  struct shim out, errors;
  struct ctd_stdio *stdio = open_streams(none, by_pipe, by_pipe);
  shim_start(&out, shim_write, stdio, 1, 3 * MIB);
  shim_start(&errors, shim_write, stdio, 2, 2 * MIB);
  wait_all(stdio);
  shim_join(&out);
  shim_join(&errors);
  ctd_stdio_finish(stdio, &scope);
  assert_int_equal(count_entries(root), 0);
  assert_int_equal(read_all(stdio, 2, 100000), 2 * MIB);
  assert_int_equal(read_all(stdio, 1, 100000), 3 * MIB);
  ctd_stdio_close(stdio);
}

static void a_file_gets_all(void **state) {
  (void)state;
  struct shim shim;
  char data[2000];
  FILE *file = tmpfile();
  fputs("before", file);
  fflush(file);
  struct ctd_stdio *stdio = open_streams(none, by_fd(fileno(file)), none);
  shim_start(&shim, shim_write, stdio, 1, MIB);
  wait_all(stdio);
  shim_join(&shim);
  assert_int_equal(lseek(fileno(file), 0, SEEK_CUR), MIB + 6);
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
    struct ctd_stdio *stdio = open_streams(none, by_fd(ends[1]), none);
    assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
    pthread_create(&reader, NULL, drain, &ends[0]);
    shim_start(&shim, shim_write, stdio, 1, MIB);
    wait_all(stdio);
    ctd_stdio_close(stdio);
    close(ends[1]);
    pthread_join(reader, &total);
    shim_join(&shim);
    assert_int_equal((size_t)total, MIB);
    close(ends[0]);
  }
}

static void a_broken_descriptor_stops_nobody(void **state) {
  (void)state;
  int ends[2];
  struct shim shim;
  assert_int_equal(pipe(ends), 0);
  struct ctd_stdio *stdio = open_streams(none, by_fd(ends[1]), none);
  close(ends[0]);
  shim_start(&shim, shim_write, stdio, 1, 2 * MIB);
  wait_all(stdio);
  shim_join(&shim);
  ctd_stdio_close(stdio);
  close(ends[1]);
}

static void a_silent_holder_is_not_waited_for(void **state) {
  (void)state;
  struct ctd_stdio *stdio = open_streams(none, by_pipe, none);
  int fd = open(ctd_stdio_path(stdio, 1), O_WRONLY);
  char byte = byte_at(0), last = byte_at(1);
  assert_int_equal(write(fd, &byte, 1), 1);
  wait_all(stdio);
  assert_int_equal(write(fd, &last, 1), 1);
  struct ctd_scope scope = within(20);
  ctd_stdio_finish(stdio, &scope);
  assert_int_equal(read_all(stdio, 1, 10), 2);
  close(fd);
  ctd_stdio_close(stdio);
}

/* As for a task that was created and deleted without a start by a shim that never opened the FIFOs. */
static void finishing_needs_no_writer(void **state) {
  (void)state;
  struct ctd_scope scope = within(20);
  struct ctd_stdio *stdio = open_streams(by_pipe, by_pipe, by_pipe);
  ctd_stdio_finish(stdio, &scope);
  assert_true(ctd_now_monotonic() < scope.deadline - 15);
  assert_int_equal(read_all(stdio, 1, 10), 0);
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
    struct ctd_scope scope = within(20);
    struct ctd_error err = {0};
    struct ctd_stdio *stdio = open_streams(by_pipe, by_pipe, none);
    shim_start(&shim, shim_write, stdio, 1, 4 * MIB);
    assert_int_equal(ctd_stdio_read(stdio, 1, &byte, 1, &size, &scope, &err), 0);
    char *fifo = strdup(shim.fifo);
    shim.fifo = fifo;
    ctd_stdio_close(stdio);
    shim_join(&shim);
    free(fifo);
  }
  signal(SIGPIPE, SIG_DFL);
  assert_int_equal(count_fds(), before);
  assert_int_equal(count_entries(root), 0);
}

static void input_is_written_and_ended(void **state) {
  (void)state;
  struct shim shim;
  struct ctd_error err = {0};
  struct ctd_scope scope = within(20);
  char *data = malloc(MIB);
  for (size_t i = 0; i < MIB; i++)
    data[i] = byte_at(i);
  struct ctd_stdio *stdio = open_streams(by_pipe, none, none);
  shim_start(&shim, shim_read, stdio, 0, 0);
  assert_int_equal(ctd_stdio_write(stdio, data, MIB, &scope, &err), 0);
  assert_int_equal(ctd_stdio_close_stdin(stdio, &scope, &err), 0);
  assert_int_equal(ctd_stdio_write(stdio, data, 1, &scope, &err), -1);
  assert_int_equal(err.code, CTD_FAILED_PRECONDITION);
  shim_join(&shim);
  assert_int_equal(shim.size, MIB);
  assert_memory_equal(shim.read, data, MIB);
  free(shim.read);
  free(data);
  ctd_stdio_close(stdio);
}

static void a_reader_that_goes_fails_the_writes(void **state) {
  (void)state;
  struct ctd_error err = {0};
  struct ctd_scope scope = within(20);
  char chunk[1000] = {0};
  struct ctd_stdio *stdio = open_streams(by_pipe, none, none);
  int fd = open(ctd_stdio_path(stdio, 0), O_RDONLY);
  assert_int_equal(ctd_stdio_write(stdio, chunk, 1, &scope, &err), 0);
  assert_int_equal(read(fd, chunk, 1), 1);
  close(fd);
  while (!ctd_stdio_write(stdio, chunk, sizeof chunk, &scope, &err))
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
  struct ctd_scope soon = within(0.1), scope = within(20);
  struct ctd_stdio *stdio = open_streams(by_pipe, none, none);
  assert_int_equal(ctd_stdio_write(stdio, "hi", 2, &scope, &err), 0);
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
    struct ctd_stdio *stdio = open_streams(by_fd(fd), none, none);
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
  struct ctd_stdio *stdio = open_streams(by_fd(ends[0]), none, none);
  int fd = open(ctd_stdio_path(stdio, 0), O_RDONLY);
  assert_int_equal(write(ends[1], "a", 1), 1);
  assert_int_equal(read(fd, &byte, 1), 1);
  close(fd);
  assert_int_equal(write(ends[1], "b", 1), 1);
  struct ctd_scope scope = within(20);
  struct ctd_error err = {0};
  assert_int_equal(ctd_stdio_close_stdin(stdio, &scope, &err), 0);
  ctd_stdio_close(stdio);
  assert_int_equal(read(ends[0], &byte, 1), 1);
  assert_int_equal(byte, 'b');
  close(ends[0]);
  close(ends[1]);
}

static void a_child_leaves_the_streams_alone(void **state) {
  (void)state;
  struct shim shim;
  int status;
  struct ctd_stdio *stdio = open_streams(none, by_pipe, none);
  pid_t pid = fork();
  if (!pid) {
    char byte;
    size_t size;
    struct ctd_scope scope = within(1);
    struct ctd_error err = {0};
    bool refused = ctd_stdio_read(stdio, 1, &byte, 1, &size, &scope, &err) && err.code == CTD_FAILED_PRECONDITION;
    ctd_stdio_close(stdio);
    _exit(refused ? 0 : 1);
  }
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_int_equal(status, 0);
  shim_start(&shim, shim_write, stdio, 1, 5);
  assert_int_equal(read_all(stdio, 1, 10), 5);
  shim_join(&shim);
  ctd_stdio_close(stdio);
}

/* The first streams start the thread and its descriptors, which stay. */
static int make_root(void **state) {
  (void)state;
  if (!mkdtemp(root))
    return -1;
  ctd_stdio_close(open_streams(none, by_pipe, none));
  return 0;
}

static int remove_root(void **state) {
  (void)state;
  return rmdir(root);
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
      cmocka_unit_test(input_is_written_and_ended),
      cmocka_unit_test(a_reader_that_goes_fails_the_writes),
      cmocka_unit_test(input_waits_for_its_reader),
      cmocka_unit_test(input_from_a_descriptor_ends),
      cmocka_unit_test(nothing_is_taken_for_nobody),
      cmocka_unit_test(a_child_leaves_the_streams_alone),
  };
  return cmocka_run_group_tests(tests, make_root, remove_root);
}
