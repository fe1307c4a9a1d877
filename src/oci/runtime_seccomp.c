#include "oci/runtime_seccomp.h"
#include "base/json.h"
#include "oci/runtime_spec.h"
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

/* Names of system calls stand with a space between them. The order is the Go client's. */
static const char always[] =
    "accept accept4 access adjtimex alarm bind brk cachestat capget capset chdir chmod chown chown32 clock_adjtime "
    "clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep "
    "clock_nanosleep_time64 close close_range connect copy_file_range creat dup dup2 dup3 epoll_create "
    "epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 "
    "execve execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark fchdir "
    "fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock fork "
    "fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futex "
    "futex_requeue futex_time64 futex_wait futex_waitv futex_wake futimesat getcpu getcwd getdents getdents64 "
    "getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getitimer getpeername getpgid "
    "getpgrp getpid getppid getpriority getrandom getresgid getresgid32 getresuid getresuid32 getrlimit "
    "get_robust_list getrusage getsid getsockname getsockopt get_thread_area gettid gettimeofday getuid getuid32 "
    "getxattr inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel ioctl io_destroy io_getevents "
    "io_pgetevents io_pgetevents_time64 ioprio_get ioprio_set io_setup io_submit ipc kill landlock_add_rule "
    "landlock_create_ruleset landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listxattr "
    "llistxattr _llseek lremovexattr lseek lsetxattr lstat lstat64 madvise membarrier memfd_create memfd_secret "
    "mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall map_shadow_stack mmap mmap2 mprotect mq_getsetattr "
    "mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap "
    "msgctl msgget msgrcv msgsnd msync munlock munlockall munmap name_to_handle_at nanosleep newfstatat _newselect "
    "open openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll "
    "ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease pselect6 pselect6_time64 pwrite64 "
    "pwritev pwritev2 read readahead readlink readlinkat readv recv recvfrom recvmmsg recvmmsg_time64 recvmsg "
    "remap_file_pages removexattr rename renameat renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending "
    "rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 "
    "rt_tgsigqueueinfo sched_getaffinity sched_getattr sched_getparam sched_get_priority_max sched_get_priority_min "
    "sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr "
    "sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop semtimedop_time64 "
    "send sendfile sendfile64 sendmmsg sendmsg sendto setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 "
    "setgroups setgroups32 setitimer setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid "
    "setresuid32 setreuid setreuid32 setrlimit set_robust_list setsid setsockopt set_thread_area set_tid_address "
    "setuid setuid32 setxattr shmat shmctl shmdt shmget shutdown sigaltstack signalfd signalfd4 sigprocmask "
    "sigreturn socketcall socketpair splice stat stat64 statfs statfs64 statx symlink symlinkat sync "
    "sync_file_range syncfs sysinfo tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime "
    "timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime "
    "timerfd_settime64 times tkill truncate truncate64 ugetrlimit umask uname unlink unlinkat utime utimensat "
    "utimensat_time64 utimes vfork vmsplice wait4 waitid waitpid write writev";

/* What needs one of the capabilities that the process may have. */
static const struct {
  const char *capability, *calls;
} with_capability[] = {
    {"CAP_DAC_READ_SEARCH", "open_by_handle_at"},
    {"CAP_SYS_ADMIN",
     "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount "
     "open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare"},
    {"CAP_SYS_BOOT", "reboot"},
    {"CAP_SYS_CHROOT", "chroot"},
    {"CAP_SYS_MODULE", "delete_module init_module finit_module"},
    {"CAP_SYS_PACCT", "acct"},
    {"CAP_SYS_PTRACE", "kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace"},
    {"CAP_SYS_RAWIO", "iopl ioperm"},
    {"CAP_SYS_TIME", "settimeofday stime clock_settime clock_settime64"},
    {"CAP_SYS_TTY_CONFIG", "vhangup"},
    {"CAP_SYS_NICE", "get_mempolicy mbind set_mempolicy set_mempolicy_home_node"},
    {"CAP_SYSLOG", "syslog"},
    {"CAP_BPF", "bpf"},
    {"CAP_PERFMON", "perf_event_open"},
};

/* By uname's machine: the architectures whose calls the kernel takes, and calls that only they have. */
static const struct {
  const char *machine, *architectures, *calls;
} machines[] = {
    {"x86_64", "SCMP_ARCH_X86_64 SCMP_ARCH_X86 SCMP_ARCH_X32", "arch_prctl modify_ldt"},
    {"aarch64", "SCMP_ARCH_ARM SCMP_ARCH_AARCH64",
     "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls"},
};

enum {
  AF_VSOCK_NUMBER = 40, /* containers on a virtual machine must not talk to its host */
  ENOSYS_NUMBER = 38,   /* C libraries fall back from clone3, whose flags can't be seen, to clone */
};
static const json_int_t namespace_flags = 0x7E020000; /* clone(2): CLONE_NEWNS to CLONE_NEWNET */
static const json_int_t personalities[] = {0x0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF};

static json_t *words(const char *text) {
  json_t *list = json_array();
  while (list && *text) {
    size_t length = strcspn(text, " ");
    if (json_array_append_new(list, json_stringn(text, length))) {
      json_decref(list);
      return NULL;
    }
    text += length + (text[length] == ' ');
  }
  return list;
}

static int allow(json_t *rules, const char *calls, struct ctd_error *err) {
  return ctd_json_add(rules, json_pack("{s:o, s:s}", "names", words(calls), "action", "SCMP_ACT_ALLOW"), err);
}

/* Allows a call if its first argument compares so. */
static int allow_if(json_t *rules, const char *call, json_int_t value, const char *op, struct ctd_error *err) {
  return ctd_json_add(rules,
                      json_pack("{s:[s], s:s, s:[{s:i, s:I, s:s}]}", "names", call, "action", "SCMP_ACT_ALLOW", "args",
                                "index", 0, "value", value, "op", op),
                      err);
}

static bool kernel_is_at_least(const struct utsname *kernel, int major, int minor) {
  int has[2] = {0};
  return sscanf(kernel->release, "%3d.%3d", &has[0], &has[1]) == 2 &&
         (has[0] > major || (has[0] == major && has[1] >= minor));
}

static int add_common(json_t *rules, const struct utsname *kernel, struct ctd_error *err) {
  if (allow(rules, always, err) || allow_if(rules, "socket", AF_VSOCK_NUMBER, "SCMP_CMP_NE", err))
    return -1;
  for (size_t i = 0; i < sizeof personalities / sizeof *personalities; i++)
    if (allow_if(rules, "personality", personalities[i], "SCMP_CMP_EQ", err))
      return -1;
  /* Before 4.8 tracing got around seccomp. */
  return kernel_is_at_least(kernel, 4, 8) ? allow(rules, "process_vm_readv process_vm_writev ptrace", err) : 0;
}

static int add_machine(json_t *profile, json_t *rules, const struct utsname *kernel, struct ctd_error *err) {
  for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
    if (!strcmp(machines[i].machine, kernel->machine))
      return ctd_json_put(profile, "architectures", words(machines[i].architectures), err) ||
                     allow(rules, machines[i].calls, err)
                 ? -1
                 : 0;
  return 0;
}

static int add_capability(json_t *rules, const char *capability, struct ctd_error *err) {
  for (size_t i = 0; i < sizeof with_capability / sizeof *with_capability; i++)
    if (!strcmp(with_capability[i].capability, capability))
      return allow(rules, with_capability[i].calls, err);
  return 0;
}

static int add_capabilities(json_t *rules, const json_t *bounding, struct ctd_error *err) {
  bool admin = false;
  json_t *value;
  size_t i;
  json_array_foreach(bounding, i, value) {
    const char *capability = json_string_value(value);
    admin = admin || !strcmp(capability, "CAP_SYS_ADMIN");
    if (add_capability(rules, capability, err))
      return -1;
  }
  if (admin)
    return 0;
  if (allow_if(rules, "clone", namespace_flags, "SCMP_CMP_MASKED_EQ", err))
    return -1;
  return ctd_json_add(
      rules, json_pack("{s:[s], s:s, s:i}", "names", "clone3", "action", "SCMP_ACT_ERRNO", "errnoRet", ENOSYS_NUMBER),
      err);
}

int ctd_runtime_seccomp_default(json_t **out, const json_t *bounding, struct ctd_error *err) {
  struct utsname kernel;
  uname(&kernel);
  *out = NULL;
  json_t *profile = json_pack("{s:s, s:[]}", "defaultAction", "SCMP_ACT_ERRNO", "syscalls");
  if (!profile)
    return ctd_error_nomem(err);
  json_t *rules = json_object_get(profile, "syscalls");
  if (!add_common(rules, &kernel, err) && !add_machine(profile, rules, &kernel, err) &&
      !add_capabilities(rules, bounding, err)) {
    *out = profile;
    return 0;
  }
  json_decref(profile);
  return -1;
}
