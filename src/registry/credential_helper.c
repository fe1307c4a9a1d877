#include "registry/credential_helper.h"

#include "base/buffer.h"
#include "base/json.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELPER_TIMEOUT 30.0
#define OUTPUT_LIMIT 65536
#define REAP_INTERVAL 0.005

extern char **environ;

struct helper {
  char *program;
  pid_t pid;  /* 0: not running */
  int input;  /* its standard input, read end; −1: closed */
  int output; /* its standard output, read end */
  int output_end;
  double deadline;
  struct ctd_buffer text;
  int status; /* as of waitpid; −1: somebody else reaped it */
};

static void fd_close(int *fd) {
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
}

/* The server waits in the pipe before the helper starts, so that no write can block or raise SIGPIPE. */
static int helper_open_pipes(struct helper *helper, const char *server, struct ctd_error *err) {
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) < 0)
    return ctd_error_errno(err, errno, "pipe");
  helper->input = in[0];
  ssize_t size = (ssize_t)strlen(server);
  bool written = size < 4096 && write(in[1], server, (size_t)size) == size;
  close(in[1]);
  if (!written)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "%s can't be told the server's name", helper->program);
  if (pipe2(out, O_CLOEXEC) < 0)
    return ctd_error_errno(err, errno, "pipe");
  helper->output = out[0];
  helper->output_end = out[1];
  return 0;
}

/* Returns an errno. The child starts with no signal blocked or ignored, whatever the calling thread has. */
static int helper_set_up(struct helper *helper, posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes) {
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  int error = posix_spawn_file_actions_adddup2(actions, helper->input, STDIN_FILENO);
  if (!error)
    error = posix_spawn_file_actions_adddup2(actions, helper->output_end, STDOUT_FILENO);
  if (!error)
    error = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  if (!error)
    error = posix_spawnattr_setsigmask(attributes, &none);
  if (!error)
    error = posix_spawnattr_setsigdefault(attributes, &all);
  if (!error)
    error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  return error;
}

static int helper_start(struct helper *helper, struct ctd_error *err) {
  char get[] = "get";
  char *arguments[] = {helper->program, get, NULL};
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int error = posix_spawn_file_actions_init(&actions);
  if (error)
    return ctd_error_errno(err, error, "%s", helper->program);
  error = posix_spawnattr_init(&attributes);
  if (!error) {
    error = helper_set_up(helper, &actions, &attributes);
    if (!error)
      error = posix_spawnp(&helper->pid, helper->program, &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_destroy(&actions);
  fd_close(&helper->input);
  fd_close(&helper->output_end);
  if (error) {
    helper->pid = 0;
    ctd_error_errno(err, error, "credential helper %s", helper->program);
    err->code = error == ENOMEM ? CTD_RESOURCE_EXHAUSTED : CTD_FAILED_PRECONDITION;
    return -1;
  }
  return 0;
}

static int helper_check(struct helper *helper, struct ctd_scope *scope, struct ctd_error *err) {
  if (ctd_scope_check(scope, err) < 0)
    return -1;
  if (ctd_now_monotonic() < helper->deadline)
    return 0;
  return ctd_error_set(err, CTD_FAILED_PRECONDITION, "credential helper %s gave no answer in %g s", helper->program,
                       HELPER_TIMEOUT);
}

static int helper_read(struct helper *helper, struct ctd_scope *scope, struct ctd_error *err) {
  char chunk[4096];
  for (;;) {
    struct pollfd ready = {.fd = helper->output, .events = POLLIN};
    if (helper_check(helper, scope, err) < 0)
      return -1;
    if (poll(&ready, 1, (int)(ctd_scope_slice(scope) * 1000) + 1) <= 0)
      continue;
    ssize_t size = read(helper->output, chunk, sizeof chunk);
    if (size == 0)
      return 0;
    if (size < 0 && errno != EINTR)
      return ctd_error_errno(err, errno, "credential helper %s", helper->program);
    if (size > 0 && ctd_buffer_append(&helper->text, chunk, (size_t)size, err) < 0)
      return -1;
    if (helper->text.size > OUTPUT_LIMIT)
      return ctd_error_set(err, CTD_FAILED_PRECONDITION, "credential helper %s says too much", helper->program);
  }
}

/* Output may end before the program does. */
static int helper_wait(struct helper *helper, struct ctd_scope *scope, struct ctd_error *err) {
  pid_t pid;
  while ((pid = waitpid(helper->pid, &helper->status, WNOHANG)) == 0 || (pid < 0 && errno == EINTR)) {
    if (helper_check(helper, scope, err) < 0 || ctd_scope_sleep(scope, REAP_INTERVAL, err) < 0)
      return -1;
  }
  if (pid < 0)
    helper->status = -1;
  helper->pid = 0;
  return 0;
}

static void helper_end(struct helper *helper) {
  fd_close(&helper->input);
  fd_close(&helper->output);
  fd_close(&helper->output_end);
  if (helper->pid > 0) {
    kill(helper->pid, SIGKILL);
    while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR)
      ;
  }
  if (helper->text.data)
    explicit_bzero(helper->text.data, helper->text.size);
  ctd_buffer_free(&helper->text);
  free(helper->program);
}

/* {"ServerURL": …, "Username": …, "Secret": …}, where the user "<token>" stands for an identity token. */
static int helper_parse(struct helper *helper, struct ctd_credentials *out, struct ctd_error *err) {
  const char *username = NULL, *secret = NULL;
  json_t *answer = NULL;
  int result =
      ctd_json_parse(&answer, helper->text.data ? helper->text.data : "", helper->text.size, helper->program, err);
  if (result == 0 &&
      (ctd_json_string(answer, "Username", &username, err) < 0 || ctd_json_string(answer, "Secret", &secret, err) < 0))
    result = ctd_error_prefix(err, "credential helper %s", helper->program);
  if (result == 0 && username && strcmp(username, "<token>") == 0)
    result = ctd_copy_string(&out->identity_token, secret, err);
  else if (result == 0 &&
           (ctd_copy_string(&out->username, username, err) < 0 || ctd_copy_string(&out->password, secret, err) < 0))
    result = -1;
  json_decref(answer);
  return result;
}

/* Helpers report their failures on standard output. */
static int helper_judge(struct helper *helper, struct ctd_credentials *out, struct ctd_error *err) {
  const char *text = helper->text.data ? helper->text.data : "";
  if (helper->status == 0 || (helper->status == -1 && *text == '{'))
    return helper_parse(helper, out, err);
  if (strstr(text, "credentials not found"))
    return 0;
  if (WIFSIGNALED(helper->status))
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "credential helper %s was killed by signal %d", helper->program,
                         WTERMSIG(helper->status));
  return ctd_error_set(err, CTD_FAILED_PRECONDITION, "credential helper %s failed (%d): %.*s", helper->program,
                       WEXITSTATUS(helper->status), (int)strcspn(text, "\r\n"), text);
}

int ctd_credential_helper_get(const char *helper, const char *server, struct ctd_scope *scope,
                              struct ctd_credentials *out, struct ctd_error *err) {
  struct helper run = {.input = -1, .output = -1, .output_end = -1};
  *out = (struct ctd_credentials){0};
  if (!*helper || strchr(helper, '/'))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "\"%s\" is no name of a credential helper", helper);
  run.deadline = ctd_now_monotonic() + HELPER_TIMEOUT;
  run.program = ctd_format(err, "docker-credential-%s", helper);
  int result = -1;
  if (run.program && helper_open_pipes(&run, server, err) == 0 && helper_start(&run, err) == 0 &&
      helper_read(&run, scope, err) == 0 && helper_wait(&run, scope, err) == 0)
    result = helper_judge(&run, out, err);
  helper_end(&run);
  if (result < 0)
    ctd_credentials_free(out);
  return result;
}
