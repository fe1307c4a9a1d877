#include "client/task.h"
#include <signal.h>
#include <stdlib.h>
#include <strings.h>

/* Linux's real-time signals as the daemon numbers them, of which the C library keeps two for itself. */
#define FIRST_REALTIME 34
#define LAST_REALTIME 64

static const struct {
  const char *name;
  int number;
} signals[] = {
    {"ABRT", SIGABRT},     {"ALRM", SIGALRM},   {"BUS", SIGBUS},   {"CHLD", SIGCHLD}, {"CLD", SIGCHLD},
    {"CONT", SIGCONT},     {"FPE", SIGFPE},     {"HUP", SIGHUP},   {"ILL", SIGILL},   {"INT", SIGINT},
    {"IO", SIGIO},         {"IOT", SIGABRT},    {"KILL", SIGKILL}, {"PIPE", SIGPIPE}, {"POLL", SIGPOLL},
    {"PROF", SIGPROF},     {"PWR", SIGPWR},     {"QUIT", SIGQUIT}, {"SEGV", SIGSEGV}, {"STKFLT", SIGSTKFLT},
    {"STOP", SIGSTOP},     {"SYS", SIGSYS},     {"TERM", SIGTERM}, {"TRAP", SIGTRAP}, {"TSTP", SIGTSTP},
    {"TTIN", SIGTTIN},     {"TTOU", SIGTTOU},   {"URG", SIGURG},   {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
    {"VTALRM", SIGVTALRM}, {"WINCH", SIGWINCH}, {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
};

/* A whole number from 0 up to `limit`, or −1. */
static int parse_number(const char *text, int limit) {
  char *end;
  if (*text < '0' || *text > '9')
    return -1;
  long number = strtol(text, &end, 10);
  return *end || number > limit ? -1 : (int)number;
}

/* "RTMIN", "RTMIN+3", "RTMAX-2" */
static int parse_realtime(const char *name) {
  bool low = !strncasecmp(name, "RTMIN", 5);
  if (!low && strncasecmp(name, "RTMAX", 5) != 0)
    return 0;
  int offset = !name[5]                       ? 0
               : name[5] == (low ? '+' : '-') ? parse_number(name + 6, LAST_REALTIME - FIRST_REALTIME)
                                              : -1;
  if (offset < 0)
    return 0;
  return low ? FIRST_REALTIME + offset : LAST_REALTIME - offset;
}

int ctd_signal_number(const char *name) {
  int number = parse_number(name, LAST_REALTIME);
  if (number >= 0)
    return number;
  if (!strncasecmp(name, "SIG", 3))
    name += 3;
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    if (!strcasecmp(name, signals[i].name))
      return signals[i].number;
  return parse_realtime(name);
}
