#include "lua/alarm.h"
#include "base/standard_fds.h"
#include "lua/fail.h"
#include <errno.h>
#include <math.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define NAME "containerd.alarm"
/* Further than this is as good as never, and a timespec holds it. */
#define LONGEST 1e9

/* −1: closed */
static int *alarm_fd(lua_State *L) {
  return luaL_checkudata(L, 1, NAME);
}

static int alarm_getfd(lua_State *L) {
  lua_pushinteger(L, *alarm_fd(L));
  return 1;
}

static int alarm_close(lua_State *L) {
  int *fd = alarm_fd(L);
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
  return 0;
}

static const luaL_Reg alarm_methods[] = {
    {"getfd", alarm_getfd}, {"close", alarm_close}, {"__gc", alarm_close}, {NULL, NULL}};

static int alarm_open(double seconds, struct ctd_error *err) {
  struct itimerspec after = {.it_value = {(time_t)seconds, (long)((seconds - floor(seconds)) * 1e9)}};
  if (seconds <= 0)
    after.it_value.tv_nsec = 1; /* nothing at all would disarm it */
  ctd_standard_fds_reserve();
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (fd < 0)
    return ctd_error_errno(err, errno, "open a timerfd");
  timerfd_settime(fd, 0, &after, NULL);
  return fd;
}

int ctd_alarm_function(lua_State *L) {
  double seconds = fmin(luaL_checknumber(L, 1), LONGEST);
  struct ctd_error *err = ctd_fail_box(L);
  int *fd = lua_newuserdata(L, sizeof *fd);
  *fd = -1;
  if (luaL_newmetatable(L, NAME)) {
    ctd_set_functions(L, alarm_methods);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
  }
  lua_setmetatable(L, -2);
  *fd = alarm_open(seconds, err);
  if (*fd >= 0)
    return 1;
  lua_pop(L, 1);
  return ctd_fail(L, false);
}
