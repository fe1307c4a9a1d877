#include "client/console.h"
#include "base/buffer.h"
#include "base/fork.h"
#include "base/thread.h"
#include "rpc/call.h"
#include "tasks.pb-c.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

struct ctd_console {
  int owner;
  int tty, wake; /* wake: an eventfd; the size may have changed, or it's over */
  bool has_thread;
  pthread_t thread;
  atomic_bool closing;
  struct ctd_scope scope;
  struct ctd_client *client;
  char *id, *exec_id;
};

/* Of the console that is open; what handlers of signals need. */
static const int deadly[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
enum { DEADLY = sizeof deadly / sizeof *deadly };
static atomic_flag in_use = ATOMIC_FLAG_INIT;
static atomic_int raw_tty = -1, wake_fd = -1;
static atomic_int raw_owner;
static struct termios cooked;
static struct sigaction before_winch, before_deadly[DEADLY];

/* Safe in a handler. SIGTTOU would stop a process that isn't in the foreground any more. */
static void restore(void) {
  int tty = atomic_exchange(&raw_tty, -1);
  if (tty >= 0 && atomic_load(&raw_owner) == ctd_fork_generation())
    tcsetattr(tty, TCSANOW, &cooked);
}

/* Its disposition is the default again. */
static void on_deadly(int signal) {
  restore();
  raise(signal);
}

static void on_winch(int signal) {
  int saved = errno;
  int fd = atomic_load(&wake_fd);
  if (fd >= 0)
    eventfd_write(fd, 1);
  if (!(before_winch.sa_flags & SA_SIGINFO) && before_winch.sa_handler != SIG_DFL && before_winch.sa_handler != SIG_IGN)
    before_winch.sa_handler(signal);
  errno = saved;
}

static void install_handlers(void) {
  struct sigaction winch = {.sa_handler = on_winch, .sa_flags = SA_RESTART};
  struct sigaction death = {.sa_handler = on_deadly, .sa_flags = (int)SA_RESETHAND};
  sigemptyset(&death.sa_mask);
  sigaddset(&death.sa_mask, SIGTTOU);
  sigaction(SIGWINCH, &winch, &before_winch);
  for (int i = 0; i < DEADLY; i++)
    if (!sigaction(deadly[i], NULL, &before_deadly[i]) && !(before_deadly[i].sa_flags & SA_SIGINFO) &&
        before_deadly[i].sa_handler == SIG_DFL)
      sigaction(deadly[i], &death, NULL);
}

/* Takes back a handler that is still ours. */
static void uninstall(int signal, void (*handler)(int), const struct sigaction *before) {
  struct sigaction current;
  if (!sigaction(signal, NULL, &current) && !(current.sa_flags & SA_SIGINFO) && current.sa_handler == handler)
    sigaction(signal, before, NULL);
}

static void uninstall_handlers(void) {
  uninstall(SIGWINCH, on_winch, &before_winch);
  for (int i = 0; i < DEADLY; i++)
    uninstall(deadly[i], on_deadly, &before_deadly[i]);
}

static void console_restore(void) {
  sigset_t stop, before;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &stop, &before);
  restore();
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void restore_at_exit(void) {
  atexit(console_restore);
}

static int make_raw(struct ctd_console *console, struct ctd_error *err) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  struct termios raw;
  pid_t foreground = tcgetpgrp(console->tty);
  if (foreground > 0 && foreground != getpgrp())
    return 0;
  if (tcgetattr(console->tty, &cooked))
    return ctd_error_errno(err, errno, "read the terminal's settings");
  pthread_once(&once, restore_at_exit);
  raw = cooked;
  cfmakeraw(&raw);
  atomic_store(&raw_owner, ctd_fork_generation());
  atomic_store(&raw_tty, console->tty);
  if (!tcsetattr(console->tty, TCSANOW, &raw))
    return 0;
  atomic_store(&raw_tty, -1);
  return ctd_error_errno(err, errno, "make the terminal raw");
}

/* A process that can't be told (any more) is none of the terminal's business. */
static void console_tell(struct ctd_console *console) {
  Containerd__Services__Tasks__V1__ResizePtyRequest request = CONTAINERD__SERVICES__TASKS__V1__RESIZE_PTY_REQUEST__INIT;
  struct ctd_error ignored = {0};
  struct winsize size;
  if (ioctl(console->tty, TIOCGWINSZ, &size) || !size.ws_row || !size.ws_col)
    return;
  request.container_id = console->id;
  request.exec_id = console->exec_id;
  request.width = size.ws_col;
  request.height = size.ws_row;
  ctd_call(ctd_client_target(console->client), "/containerd.services.tasks.v1.Tasks/ResizePty", &request.base, NULL,
           NULL, &console->scope, &ignored);
  ctd_error_clear(&ignored);
}

static void *console_follow(void *argument) {
  struct ctd_console *console = argument;
  eventfd_t count;
  while (!eventfd_read(console->wake, &count) && !atomic_load(&console->closing))
    console_tell(console);
  return NULL;
}

void ctd_console_resize(struct ctd_console *console) {
  if (console)
    eventfd_write(console->wake, 1);
}

static void console_free(struct ctd_console *console) {
  atomic_store(&wake_fd, -1);
  if (console->has_thread) {
    atomic_store(&console->closing, true);
    atomic_store(&console->scope.cancelled, true);
    ctd_console_resize(console);
    pthread_join(console->thread, NULL);
  }
  if (console->wake >= 0)
    close(console->wake);
  ctd_client_unref(console->client);
  free(console->id);
  free(console->exec_id);
  free(console);
  atomic_flag_clear(&in_use);
}

void ctd_console_close(struct ctd_console *console) {
  if (!console || console->owner != ctd_fork_generation())
    return;
  uninstall_handlers();
  console_restore();
  console_free(console);
}

static int console_start(struct ctd_console *console, const char *id, const char *exec_id, struct ctd_error *err) {
  console->wake = eventfd(0, EFD_CLOEXEC);
  if (console->wake < 0)
    return ctd_error_errno(err, errno, "follow the terminal's size");
  if (ctd_copy_string(&console->id, id, err) || ctd_copy_string(&console->exec_id, exec_id, err) ||
      ctd_thread_start(&console->thread, "ctd-console", console_follow, console, err))
    return -1;
  console->has_thread = true;
  return make_raw(console, err);
}

int ctd_console_open(struct ctd_console **out, int tty, struct ctd_client *client, const char *id, const char *exec_id,
                     struct ctd_error *err) {
  struct ctd_console *console;
  *out = NULL;
  if (atomic_flag_test_and_set(&in_use))
    return 0;
  console = calloc(1, sizeof *console);
  if (!console) {
    atomic_flag_clear(&in_use);
    return ctd_error_nomem(err);
  }
  console->owner = ctd_fork_generation();
  console->tty = tty;
  console->client = ctd_client_ref(client);
  ctd_scope_init(&console->scope, INFINITY);
  if (console_start(console, id, exec_id, err)) {
    console_free(console);
    return -1;
  }
  atomic_store(&wake_fd, console->wake);
  install_handlers();
  ctd_console_resize(console);
  *out = console;
  return 0;
}
