#include "client/metrics.h"

#include "cmocka_all.h"
#include "google/protobuf/any.pb-c.h"
#include "metrics_v1.pb-c.h"
#include "metrics_v2.pb-c.h"
#include <stdlib.h>

static struct ctd_error err;

/* What a message says after it went over the wire; the caller frees it. */
static struct ctd_metrics read_metrics(const ProtobufCMessage *message) {
  struct ctd_metrics metrics = {0};
  Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
  size_t size = protobuf_c_message_get_packed_size(message);
  uint8_t *bytes = malloc(size + 1);
  assert_non_null(bytes);
  protobuf_c_message_pack(message, bytes);
  any.type_url = (char *)message->descriptor->name;
  any.value = (ProtobufCBinaryData){size, bytes};
  assert_int_equal(ctd_metrics_read(&metrics, &any, &err), 0);
  assert_string_equal(metrics.raw.type_url, message->descriptor->name);
  assert_memory_equal(metrics.raw.value, bytes, size);
  assert_int_equal(metrics.raw.size, size);
  free(bytes);
  return metrics;
}

static void of_cgroups_v2(void **state) {
  Io__Containerd__Cgroups__V2__Metrics message = IO__CONTAINERD__CGROUPS__V2__METRICS__INIT;
  Io__Containerd__Cgroups__V2__PidsStat pids = IO__CONTAINERD__CGROUPS__V2__PIDS_STAT__INIT;
  Io__Containerd__Cgroups__V2__CPUStat cpu = IO__CONTAINERD__CGROUPS__V2__CPUSTAT__INIT;
  Io__Containerd__Cgroups__V2__MemoryStat memory = IO__CONTAINERD__CGROUPS__V2__MEMORY_STAT__INIT;
  Io__Containerd__Cgroups__V2__MemoryEvents events = IO__CONTAINERD__CGROUPS__V2__MEMORY_EVENTS__INIT;
  Io__Containerd__Cgroups__V2__IOStat io = IO__CONTAINERD__CGROUPS__V2__IOSTAT__INIT;
  Io__Containerd__Cgroups__V2__IOEntry disks[2] = {IO__CONTAINERD__CGROUPS__V2__IOENTRY__INIT,
                                                   IO__CONTAINERD__CGROUPS__V2__IOENTRY__INIT};
  (void)state;
  pids.current = 3;
  pids.limit = 20;
  cpu.usage_usec = 2500000;
  cpu.user_usec = 2000000;
  cpu.system_usec = 500000;
  cpu.nr_periods = 7;
  cpu.nr_throttled = 2;
  cpu.throttled_usec = 250000;
  memory.usage = 4096;
  memory.usage_limit = 65536;
  memory.max_usage = 8192;
  memory.anon = 1024;
  memory.file = 2048;
  memory.inactive_file = 512;
  memory.swap_usage = 256;
  events.oom_kill = 1;
  disks[0].rbytes = 10;
  disks[0].wbytes = 20;
  disks[1].rbytes = 1;
  disks[1].wbytes = 2;
  io.n_usage = 2;
  io.usage = (Io__Containerd__Cgroups__V2__IOEntry *[]){&disks[0], &disks[1]};
  message.pids = &pids;
  message.cpu = &cpu;
  message.memory = &memory;
  message.memory_events = &events;
  message.io = &io;

  struct ctd_metrics metrics = read_metrics(&message.base);
  assert_int_equal(metrics.cgroup, 2);
  assert_int_equal(metrics.pids.current, 3);
  assert_int_equal(metrics.pids.limit, 20);
  assert_true(metrics.cpu.usage == 2.5);
  assert_true(metrics.cpu.user == 2);
  assert_true(metrics.cpu.system == 0.5);
  assert_true(metrics.cpu.throttled == 0.25);
  assert_int_equal(metrics.cpu.periods, 7);
  assert_int_equal(metrics.cpu.throttled_periods, 2);
  assert_int_equal(metrics.memory.usage, 4096);
  assert_int_equal(metrics.memory.limit, 65536);
  assert_int_equal(metrics.memory.max_usage, 8192);
  assert_int_equal(metrics.memory.anon, 1024);
  assert_int_equal(metrics.memory.file, 2048);
  assert_int_equal(metrics.memory.inactive_file, 512);
  assert_int_equal(metrics.memory.swap, 256);
  assert_int_equal(metrics.memory.oom_kills, 1);
  assert_int_equal(metrics.io.read_bytes, 11);
  assert_int_equal(metrics.io.write_bytes, 22);
  ctd_metrics_free(&metrics);

  /* "max" in the files of cgroups */
  memory.usage_limit = pids.limit = UINT64_MAX;
  metrics = read_metrics(&message.base);
  assert_int_equal(metrics.memory.limit, 0);
  assert_int_equal(metrics.pids.limit, 0);
  ctd_metrics_free(&metrics);
}

static void of_cgroups_v1(void **state) {
  Io__Containerd__Cgroups__V1__Metrics message = IO__CONTAINERD__CGROUPS__V1__METRICS__INIT;
  Io__Containerd__Cgroups__V1__MemoryStat memory = IO__CONTAINERD__CGROUPS__V1__MEMORY_STAT__INIT;
  Io__Containerd__Cgroups__V1__MemoryEntry usage = IO__CONTAINERD__CGROUPS__V1__MEMORY_ENTRY__INIT;
  Io__Containerd__Cgroups__V1__MemoryEntry swap = IO__CONTAINERD__CGROUPS__V1__MEMORY_ENTRY__INIT;
  Io__Containerd__Cgroups__V1__CPUStat cpu = IO__CONTAINERD__CGROUPS__V1__CPUSTAT__INIT;
  Io__Containerd__Cgroups__V1__CPUUsage cpu_usage = IO__CONTAINERD__CGROUPS__V1__CPUUSAGE__INIT;
  (void)state;
  usage.usage = 4096;
  usage.limit = 0x7ffffffffffff000; /* no limit */
  swap.usage = 5000;                /* memory and swap */
  memory.usage = &usage;
  memory.swap = &swap;
  memory.total_rss = 1024;
  cpu_usage.total = 2500000000;
  cpu.usage = &cpu_usage;
  message.memory = &memory;
  message.cpu = &cpu;

  struct ctd_metrics metrics = read_metrics(&message.base);
  assert_int_equal(metrics.cgroup, 1);
  assert_int_equal(metrics.memory.usage, 4096);
  assert_int_equal(metrics.memory.limit, 0);
  assert_int_equal(metrics.memory.swap, 904);
  assert_int_equal(metrics.memory.anon, 1024);
  assert_true(metrics.cpu.usage == 2.5);
  ctd_metrics_free(&metrics);
}

static void empty(void **state) {
  Io__Containerd__Cgroups__V2__Metrics v2 = IO__CONTAINERD__CGROUPS__V2__METRICS__INIT;
  Io__Containerd__Cgroups__V1__Metrics v1 = IO__CONTAINERD__CGROUPS__V1__METRICS__INIT;
  (void)state;
  struct ctd_metrics metrics = read_metrics(&v2.base);
  assert_int_equal(metrics.memory.usage, 0);
  ctd_metrics_free(&metrics);
  metrics = read_metrics(&v1.base);
  assert_int_equal(metrics.pids.current, 0);
  ctd_metrics_free(&metrics);
}

static void refused(const char *type_url, enum ctd_code code) {
  struct ctd_metrics metrics = {0};
  Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
  any.type_url = (char *)type_url;
  any.value = (ProtobufCBinaryData){1, (uint8_t[]){0xff}};
  assert_int_equal(ctd_metrics_read(&metrics, &any, &err), -1);
  assert_int_equal(err.code, code);
  ctd_error_clear(&err);
  ctd_metrics_free(&metrics);
}

static void others(void **state) {
  (void)state;
  refused("io.containerd.cgroups.v2.Metrics", CTD_DATA_LOSS);
  refused("io.containerd.cgroups.v1.Metrics", CTD_DATA_LOSS);
  refused("com.example.Metrics", CTD_UNIMPLEMENTED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(of_cgroups_v2),
      cmocka_unit_test(of_cgroups_v1),
      cmocka_unit_test(empty),
      cmocka_unit_test(others),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
