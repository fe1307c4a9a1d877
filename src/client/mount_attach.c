#include "client/mount_attach.h"
#include "base/buffer.h"
#include "base/thread.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Since Linux 6.8: an id that no later mount has. */
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U
#endif

#define LOWER "lowerdir="

/* A directory that every system has: where a thread mounts what it alone sees. */
#define APART "/tmp"

/* What was mounted: `id` tells it from what others mount on the same directory. */
struct attached {
  char *path;
  uint64_t id;
  struct attached *next;
};

/* Of the process, as mounts are; the latest first. */
static struct attached *all_attached;
static pthread_mutex_t attached_lock = PTHREAD_MUTEX_INITIALIZER;

/* One mount(2). */
struct request {
  const struct ctd_mount *mount;
  const char *target;
  unsigned long flags;
  struct ctd_buffer data; /* the options that the file system reads itself */
  char *directory;        /* from where its paths are; NULL: they are absolute */
  int failed;             /* an errno */
};

/* Options that are flags of mount(2); those with 0 are what it does anyway. */
static const struct {
  const char *name;
  unsigned long flags;
} option_flags[] = {
    {"bind", MS_BIND},         {"rbind", MS_BIND | MS_REC},
    {"ro", MS_RDONLY},         {"rw", 0},
    {"nosuid", MS_NOSUID},     {"suid", 0},
    {"nodev", MS_NODEV},       {"dev", 0},
    {"noexec", MS_NOEXEC},     {"exec", 0},
    {"noatime", MS_NOATIME},   {"nodiratime", MS_NODIRATIME},
    {"relatime", MS_RELATIME}, {"strictatime", MS_STRICTATIME},
    {"sync", MS_SYNCHRONOUS},  {"defaults", 0},
};

static bool option_is_flag(const char *option, unsigned long *flags) {
  for (size_t i = 0; i < sizeof option_flags / sizeof *option_flags; i++)
    if (!strcmp(option, option_flags[i].name)) {
      *flags |= option_flags[i].flags;
      return true;
    }
  return false;
}

/* How much of "/a/b/1:/a/b/2" is the directory that all are in: "/a/b/"; 0 for none, and where names have backslashes.
 */
static size_t common_directory(const char *lowers) {
  size_t common = strchr(lowers, '\\') ? 0 : strcspn(lowers, ":");
  for (const char *lower = lowers; common && lower; lower = strchr(lower, ':')) {
    size_t same = 0;
    lower += *lower == ':';
    while (same < common && lower[same] == lowers[same])
      same++;
    common = same;
  }
  while (common && lowers[common - 1] != '/')
    common--;
  return common;
}

/* "lowerdir=1:2", without the first `common` bytes of each. */
static int lowers_append(struct ctd_buffer *data, const char *lowers, size_t common, struct ctd_error *err) {
  const char *separator = LOWER;
  for (const char *lower = lowers; lower; lower = strchr(lower, ':')) {
    lower += *lower == ':';
    lower += common;
    if (ctd_buffer_printf(data, err, "%s%.*s", separator, (int)strcspn(lower, ":"), lower))
      return -1;
    separator = ":";
  }
  return 0;
}

static int option_append(struct request *request, const char *option, size_t common, struct ctd_error *err) {
  if (request->data.size && ctd_buffer_append(&request->data, ",", 1, err))
    return -1;
  if (common && !strncmp(option, LOWER, strlen(LOWER)))
    return lowers_append(&request->data, option + strlen(LOWER), common, err);
  return ctd_buffer_append(&request->data, option, strlen(option), err);
}

static int options_append(struct request *request, size_t common, struct ctd_error *err) {
  for (char **option = request->mount->options; *option; option++)
    if (!option_is_flag(*option, &request->flags) && option_append(request, *option, common, err))
      return -1;
  return 0;
}

/* Names the lower directories of an overlay from the one that they are in. */
static int request_shorten(struct request *request, struct ctd_error *err) {
  for (char **option = request->mount->options; *option; option++) {
    const char *lowers = *option + strlen(LOWER);
    size_t common = strncmp(*option, LOWER, strlen(LOWER)) ? 0 : common_directory(lowers);
    if (!common)
      continue;
    if (!(request->directory = ctd_format(err, "%.*s", (int)common, lowers)))
      return -1;
    ctd_buffer_free(&request->data);
    return options_append(request, common, err);
  }
  return 0;
}

/* The kernel would pass over what is behind the first page. */
static int request_make(struct request *request, struct ctd_error *err) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  if (options_append(request, 0, err))
    return -1;
  if (request->data.size >= page && request_shorten(request, err))
    return -1;
  if (request->data.size < page)
    return 0;
  return ctd_error_set(err, CTD_OUT_OF_RANGE, "%zu bytes of mount options are more than the kernel takes",
                       request->data.size);
}

/* A bind mount becomes read-only, and the like, in a second step. */
static int request_mount(const struct request *request) {
  const struct ctd_mount *what = request->mount;
  const unsigned long bind = request->flags & (MS_BIND | MS_REC), others = request->flags & ~bind;
  if (!bind)
    return mount(what->source, request->target, what->type, others, request->data.data);
  if (mount(what->source, request->target, NULL, bind, NULL))
    return -1;
  if (!others || !mount(NULL, request->target, NULL, MS_REMOUNT | MS_BIND | others, NULL))
    return 0;
  int failed = errno;
  umount2(request->target, MNT_DETACH);
  errno = failed;
  return -1;
}

/* A thread of its own, whose working directory is its own too. */
static void *mount_from(void *data) {
  struct request *request = data;
  if (unshare(CLONE_FS) || chdir(request->directory) || request_mount(request))
    request->failed = errno;
  return NULL;
}

static int request_run(struct request *request, struct ctd_error *err) {
  pthread_t thread;
  if (!request->directory) {
    request->failed = request_mount(request) ? errno : 0;
  } else {
    if (ctd_thread_start(&thread, "ctd-mount", mount_from, request, err))
      return -1;
    pthread_join(thread, NULL);
  }
  return request->failed ? ctd_error_errno(err, request->failed, "mount on %s", request->target) : 0;
}

static void request_free(struct request *request) {
  ctd_buffer_free(&request->data);
  free(request->directory);
}

static int mount_one(const struct ctd_mount *mount, const char *target, struct ctd_error *err) {
  struct request request = {.mount = mount, .target = target};
  int result = request_make(&request, err) || request_run(&request, err) ? -1 : 0;
  request_free(&request);
  return result;
}

static uint64_t mount_id(const char *path) {
  struct statx status = {0};
  statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID | STATX_MNT_ID_UNIQUE, &status);
  return status.stx_mnt_id;
}

static void attached_add(struct attached *attached) {
  attached->id = mount_id(attached->path);
  pthread_mutex_lock(&attached_lock);
  attached->next = all_attached;
  all_attached = attached;
  pthread_mutex_unlock(&attached_lock);
}

static void attached_free(struct attached *attached) {
  if (attached)
    free(attached->path);
  free(attached);
}

/* The absolute path of a directory; what is mounted is found under no other. */
static int resolve(const char *path, char **out, struct ctd_error *err) {
  *out = realpath(path, NULL);
  return *out ? 0 : ctd_error_errno(err, errno, "%s", path);
}

static int check_single(const struct ctd_mounts *mounts, struct ctd_error *err) {
  if (mounts->count == 1)
    return 0;
  return ctd_error_set(err, CTD_UNIMPLEMENTED, "a snapshot with %zu mounts can't be mounted", mounts->count);
}

int ctd_mount_attach(const struct ctd_mounts *mounts, const char *path, struct ctd_error *err) {
  if (check_single(mounts, err))
    return -1;
  struct attached *attached = calloc(1, sizeof *attached);
  if (!attached)
    return ctd_error_nomem(err);
  if (resolve(path, &attached->path, err) || mount_one(mounts->items, attached->path, err)) {
    attached_free(attached);
    return -1;
  }
  attached_add(attached);
  return 0;
}

/* The place of what was mounted here last, or of NULL. */
static struct attached **attached_find(const char *path) {
  struct attached **place = &all_attached;
  while (*place && strcmp((*place)->path, path) != 0)
    place = &(*place)->next;
  return place;
}

static int detach(const char *path, struct attached **place, struct ctd_error *err) {
  struct attached *attached = *place;
  if (!attached)
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "this process has mounted no snapshot there");
  if (mount_id(path) != attached->id)
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "it isn't the snapshot that this process has mounted there");
  if (umount2(path, UMOUNT_NOFOLLOW))
    return ctd_error_errno(err, errno, "umount");
  *place = attached->next;
  attached_free(attached);
  return 0;
}

int ctd_mount_detach(const char *path, struct ctd_error *err) {
  char *resolved;
  if (resolve(path, &resolved, err))
    return -1;
  pthread_mutex_lock(&attached_lock);
  int result = detach(resolved, attached_find(resolved), err);
  pthread_mutex_unlock(&attached_lock);
  free(resolved);
  return result;
}

/* Work on mounts that nobody else sees. */
struct apart {
  struct request request;
  int (*work)(void *context, const char *root, struct ctd_error *err);
  void *context;
  struct ctd_error *err;
  int result;
};

static void *apart_run(void *data) {
  struct apart *apart = data;
  struct request *request = &apart->request;
  if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) ||
      (request->directory && chdir(request->directory)) || request_mount(request)) {
    apart->result = ctd_error_errno(apart->err, errno, "mount it apart");
    return NULL;
  }
  apart->result = apart->work(apart->context, request->target, apart->err);
  umount2(request->target, UMOUNT_NOFOLLOW);
  return NULL;
}

int ctd_mount_apart(const struct ctd_mounts *mounts,
                    int (*work)(void *context, const char *root, struct ctd_error *err), void *context,
                    struct ctd_error *err) {
  struct apart apart = {
      .request = {.mount = mounts->items, .target = APART}, .work = work, .context = context, .err = err};
  pthread_t thread;
  if (check_single(mounts, err))
    return -1;
  int result = request_make(&apart.request, err);
  if (!result)
    result = ctd_thread_start(&thread, "ctd-mount", apart_run, &apart, err);
  if (!result)
    pthread_join(thread, NULL);
  request_free(&apart.request);
  return result ? -1 : apart.result;
}
