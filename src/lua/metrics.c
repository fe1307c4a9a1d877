#include "client/metrics.h"
#include "lua/op.h"
#include "lua/record.h"
#include "lua/types.h"

struct metrics {
  struct ctd_process *task;
  struct ctd_metrics metrics;
};

static int metrics_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct metrics *request = data;
  return ctd_metrics_get(request->task, scope, &request->metrics, err);
}

static void set_count(lua_State *L, const char *name, uint64_t value) {
  lua_pushinteger(L, (lua_Integer)value);
  lua_setfield(L, -2, name);
}

/* 0 stands for none. */
static void set_limit(lua_State *L, const char *name, uint64_t value) {
  if (value)
    set_count(L, name, value);
}

static void set_seconds(lua_State *L, const char *name, double value) {
  lua_pushnumber(L, value);
  lua_setfield(L, -2, name);
}

static void push_memory(lua_State *L, const struct ctd_metrics *metrics) {
  lua_createtable(L, 0, 8);
  set_count(L, "usage", metrics->memory.usage);
  set_limit(L, "limit", metrics->memory.limit);
  set_limit(L, "max_usage", metrics->memory.max_usage);
  set_count(L, "anon", metrics->memory.anon);
  set_count(L, "file", metrics->memory.file);
  set_count(L, "inactive_file", metrics->memory.inactive_file);
  set_count(L, "swap", metrics->memory.swap);
  set_count(L, "oom_kills", metrics->memory.oom_kills);
}

static void push_cpu(lua_State *L, const struct ctd_metrics *metrics) {
  lua_createtable(L, 0, 6);
  set_seconds(L, "usage", metrics->cpu.usage);
  set_seconds(L, "user", metrics->cpu.user);
  set_seconds(L, "system", metrics->cpu.system);
  set_seconds(L, "throttled", metrics->cpu.throttled);
  set_count(L, "periods", metrics->cpu.periods);
  set_count(L, "throttled_periods", metrics->cpu.throttled_periods);
}

static void push_pids(lua_State *L, const struct ctd_metrics *metrics) {
  lua_createtable(L, 0, 2);
  set_count(L, "current", metrics->pids.current);
  set_limit(L, "limit", metrics->pids.limit);
}

static void push_io(lua_State *L, const struct ctd_metrics *metrics) {
  lua_createtable(L, 0, 2);
  set_count(L, "read_bytes", metrics->io.read_bytes);
  set_count(L, "write_bytes", metrics->io.write_bytes);
}

static void push_raw(lua_State *L, const struct ctd_metrics *metrics) {
  lua_createtable(L, 0, 2);
  ctd_record_set_string(L, "type_url", metrics->type_url);
  lua_pushlstring(L, (const char *)metrics->value, metrics->size);
  lua_setfield(L, -2, "value");
}

static int metrics_push(lua_State *L, struct ctd_op *op, void *data) {
  static const struct {
    const char *name;
    void (*push)(lua_State *L, const struct ctd_metrics *metrics);
  } parts[] = {{"memory", push_memory}, {"cpu", push_cpu}, {"pids", push_pids}, {"io", push_io}, {"raw", push_raw}};
  const struct ctd_metrics *metrics = &((const struct metrics *)data)->metrics;
  (void)op;
  lua_createtable(L, 0, 7);
  lua_pushinteger(L, metrics->cgroup);
  lua_setfield(L, -2, "cgroup");
  ctd_record_set_time(L, "timestamp", metrics->timestamp);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    parts[i].push(L, metrics);
    lua_setfield(L, -2, parts[i].name);
  }
  return 1;
}

static void metrics_release(void *data) {
  ctd_metrics_free(&((struct metrics *)data)->metrics);
}

const struct ctd_method ctd_metrics_method = {
    .name = "metrics",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct metrics),
    .run = metrics_run,
    .push = metrics_push,
    .release = metrics_release,
};
