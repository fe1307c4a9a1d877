#include "oci/rootfs.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { LINKS_MOST = 40 };

/*
 * The walk along a path: `resolved` has no symlinks and names a directory of the root ("" is the root itself), `rest`
 * is what remains of the path.
 */
struct walk {
  const struct ctd_rootfs *root;
  char resolved[PATH_MAX], rest[PATH_MAX];
  int links;
};

/* What a name stands for; fd is an O_PATH descriptor, −1 where there is nothing. */
struct entry {
  int fd;
  bool userxattr;
  struct stat info;
};

static void entry_close(struct entry *entry) {
  if (entry->fd >= 0)
    close(entry->fd);
  entry->fd = -1;
}

/* Goes from a directory to what `name` is in it, without following a symlink or running a driver. */
static int entry_descend(struct entry *entry, const char *name, struct ctd_error *err) {
  struct entry next = *entry;
  next.fd = openat(entry->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  int problem = errno;
  entry_close(entry);
  if (next.fd < 0)
    return problem == ENOENT ? 0 : ctd_error_errno(err, problem, "%s", name);
  if (fstat(next.fd, &next.info)) {
    ctd_error_errno(err, errno, "%s", name);
    entry_close(&next);
    return -1;
  }
  *entry = next;
  return 0;
}

/* An attribute of overlayfs; its length, −1 without one. */
static ssize_t entry_attribute(const struct entry *entry, const char *name, char *out, size_t size) {
  char path[64], attribute[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", entry->fd); /* fgetxattr refuses O_PATH descriptors */
  snprintf(attribute, sizeof attribute, "%s.overlay.%s", entry->userxattr ? "user" : "trusted", name);
  return getxattr(path, attribute, out, size);
}

static bool entry_is_whiteout(const struct entry *entry) {
  return S_ISCHR(entry->info.st_mode) && entry->info.st_rdev == makedev(0, 0);
}

static bool entry_is_opaque(const struct entry *entry) {
  char value;
  return S_ISDIR(entry->info.st_mode) && entry_attribute(entry, "opaque", &value, 1) == 1 && value == 'y';
}

/* A size of 0 asks for the length alone. */
static bool entry_is_redirected(const struct entry *entry) {
  return (S_ISDIR(entry->info.st_mode) && entry_attribute(entry, "redirect", NULL, 0) >= 0) ||
         (S_ISREG(entry->info.st_mode) && entry_attribute(entry, "metacopy", NULL, 0) >= 0);
}

/*
 * One step of a lookup in a layer. *hides is set where the layer hides what lower layers have there: by a whiteout, an
 * opaque directory, or anything else in a directory's place.
 */
static int layer_step(struct entry *at, const char *name, bool *hides, struct ctd_error *err) {
  if (!S_ISDIR(at->info.st_mode)) {
    *hides = true;
    entry_close(at);
    return 0;
  }
  if (entry_descend(at, name, err))
    return -1;
  if (at->fd < 0)
    return 0;
  if (entry_is_redirected(at)) {
    entry_close(at);
    return ctd_error_set(err, CTD_UNIMPLEMENTED, "overlayfs redirects \"%s\"", name);
  }
  if (entry_is_whiteout(at)) {
    *hides = true;
    entry_close(at);
    return 0;
  }
  *hides = *hides || entry_is_opaque(at);
  return 0;
}

/* A layer's root; its own marks mean nothing. */
static int layer_open(struct entry *out, const struct ctd_rootfs *root, const char *layer, struct ctd_error *err) {
  *out = (struct entry){.userxattr = root->userxattr, .info.st_mode = S_IFDIR};
  out->fd = open(layer, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (out->fd >= 0)
    return 0;
  ctd_error_errno(err, errno, "%s", layer);
  if (err->code == CTD_NOT_FOUND) /* which would say that the file isn't there */
    err->code = CTD_FAILED_PRECONDITION;
  return -1;
}

/* Goes from a layer's root along a path that has no symlinks but for its last name. */
static int layer_walk(struct entry *at, const char *path, bool *hides, struct ctd_error *err) {
  char names[PATH_MAX], *save = NULL;
  snprintf(names, sizeof names, "%s", path);
  for (char *name = strtok_r(names, "/", &save); name && at->fd >= 0; name = strtok_r(NULL, "/", &save))
    if (layer_step(at, name, hides, err))
      return -1;
  return 0;
}

/* The topmost layer that has the path shows it. */
static int stack_lookup(struct entry *out, const struct ctd_rootfs *root, const char *path, struct ctd_error *err) {
  bool hides = false;
  out->fd = -1;
  for (size_t i = 0; i < root->count && out->fd < 0 && !hides; i++) {
    if (layer_open(out, root, root->layers[i], err))
      return -1;
    if (layer_walk(out, path, &hides, err))
      return ctd_error_prefix(err, "%s", root->layers[i]);
  }
  return 0;
}

/* `a` + `separator` + `b` as a path in `out`, which may be one of them. */
static int join(char out[PATH_MAX], const char *a, const char *separator, const char *b, struct ctd_error *err) {
  char joined[PATH_MAX];
  int length = snprintf(joined, sizeof joined, "%s%s%s", a, separator, b);
  if (length < 0 || (size_t)length >= sizeof joined)
    return ctd_error_errno(err, ENAMETOOLONG, "%s", b);
  memcpy(out, joined, (size_t)length + 1);
  return 0;
}

/* Puts a symlink's target before the rest of the path. */
static int walk_follow(struct walk *walk, const struct entry *link, struct ctd_error *err) {
  char target[PATH_MAX];
  ssize_t length = readlinkat(link->fd, "", target, sizeof target - 1);
  if (length < 0)
    return ctd_error_errno(err, errno, "symlink in %s/", walk->resolved);
  if (++walk->links > LINKS_MOST)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "too many symlinks");
  target[length] = '\0';
  if (*target == '/')
    *walk->resolved = '\0';
  return join(walk->rest, target, "/", walk->rest, err);
}

static void walk_up(struct walk *walk) {
  char *slash = strrchr(walk->resolved, '/');
  if (slash)
    *slash = '\0';
}

/* Takes the next name off the rest of the path; false at its end. */
static bool walk_next(struct walk *walk, char name[PATH_MAX]) {
  const char *at = walk->rest + strspn(walk->rest, "/");
  size_t length = strcspn(at, "/");
  memcpy(name, at, length);
  name[length] = '\0';
  memmove(walk->rest, at + length, strlen(at + length) + 1);
  return length > 0;
}

/* Resolves the whole path; out->fd is −1 if it leads to nothing, or to a directory. */
static int walk_path(struct walk *walk, struct entry *out, struct ctd_error *err) {
  char name[PATH_MAX], path[PATH_MAX];
  out->fd = -1;
  while (walk_next(walk, name)) {
    if (!strcmp(name, "."))
      continue;
    if (!strcmp(name, "..")) {
      walk_up(walk);
      continue;
    }
    if (join(path, walk->resolved, "/", name, err) || stack_lookup(out, walk->root, path, err))
      return -1;
    if (out->fd < 0)
      return 0;
    if (!S_ISLNK(out->info.st_mode) && !S_ISDIR(out->info.st_mode))
      return walk->rest[strspn(walk->rest, "/")] ? (entry_close(out), 0) : 0;
    if (S_ISDIR(out->info.st_mode))
      memcpy(walk->resolved, path, sizeof path);
    int failed = S_ISLNK(out->info.st_mode) && walk_follow(walk, out, err);
    entry_close(out);
    if (failed)
      return -1;
  }
  return 0;
}

/* Only now is the file opened; it's known to be a regular one. */
static int entry_read(const struct entry *entry, size_t limit, struct ctd_buffer *out, struct ctd_error *err) {
  char path[64];
  if (!S_ISREG(entry->info.st_mode))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "not a regular file");
  if ((unsigned long long)entry->info.st_size > limit)
    return ctd_error_set(err, CTD_OUT_OF_RANGE, "larger than %zu bytes", limit);
  snprintf(path, sizeof path, "/proc/self/fd/%d", entry->fd);
  return ctd_buffer_read_file(out, path, limit, err);
}

int ctd_rootfs_read(const struct ctd_rootfs *root, const char *path, size_t limit, struct ctd_buffer *out,
                    struct ctd_error *err) {
  struct walk walk = {.root = root};
  struct entry entry = {.fd = -1};
  int result = -1;
  if (join(walk.rest, path, "", "", err) || walk_path(&walk, &entry, err))
    goto out;
  if (entry.fd < 0)
    ctd_error_set(err, CTD_NOT_FOUND, "no such file");
  else
    result = entry_read(&entry, limit, out, err);
out:
  entry_close(&entry);
  return result ? ctd_error_prefix(err, "%s in the root file system", path) : 0;
}
