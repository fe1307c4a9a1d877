#include "client/owners.h"
#include "base/buffer.h"
#include "oci/id_maps.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file whose owner is to change. All are found first: one with several names is to change once. */
struct file {
  struct file *next;
  uid_t uid;
  gid_t gid;
  mode_t mode;
  char path[]; /* from the root */
};

struct walk {
  int root;
  const json_t *uid_maps, *gid_maps;
  struct ctd_scope *scope;
  struct file *files;
};

static int file_add(struct walk *walk, const char *path, const struct stat *status, struct ctd_error *err) {
  uid_t uid = ctd_id_maps_host(walk->uid_maps, status->st_uid);
  gid_t gid = ctd_id_maps_host(walk->gid_maps, status->st_gid);
  if (uid == status->st_uid && gid == status->st_gid)
    return 0;
  size_t size = strlen(path) + 1;
  struct file *file = malloc(sizeof *file + size);
  if (!file)
    return ctd_error_nomem(err);
  file->next = walk->files;
  file->uid = uid;
  file->gid = gid;
  file->mode = status->st_mode;
  memcpy(file->path, path, size);
  walk->files = file;
  return 0;
}

static int walk_directory(struct walk *walk, const char *path, struct ctd_error *err);

static int walk_entry(struct walk *walk, const char *path, struct ctd_error *err) {
  struct stat status;
  if (fstatat(walk->root, path, &status, AT_SYMLINK_NOFOLLOW))
    return ctd_error_errno(err, errno, "%s", path);
  if (file_add(walk, path, &status, err))
    return -1;
  return S_ISDIR(status.st_mode) ? walk_directory(walk, path, err) : 0;
}

static int walk_entries(struct walk *walk, DIR *directory, const char *path, struct ctd_error *err) {
  const struct dirent *entry;
  while ((entry = readdir(directory))) {
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
      continue;
    char *name = ctd_format(err, "%s/%s", path, entry->d_name);
    int result = name ? walk_entry(walk, name, err) : -1;
    free(name);
    if (result)
      return -1;
  }
  return 0;
}

static int walk_directory(struct walk *walk, const char *path, struct ctd_error *err) {
  if (ctd_scope_check(walk->scope, err))
    return -1;
  int fd = openat(walk->root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *directory = fd < 0 ? NULL : fdopendir(fd);
  if (!directory) {
    int failed = errno;
    if (fd >= 0)
      close(fd);
    return ctd_error_errno(err, failed, "%s", path);
  }
  int result = walk_entries(walk, directory, path, err);
  closedir(directory);
  return result;
}

/* The kernel takes setuid and setgid bits from a file whose owner changes. */
static int file_change(const struct walk *walk, const struct file *file, struct ctd_error *err) {
  bool bits = !S_ISLNK(file->mode) && (file->mode & (S_ISUID | S_ISGID));
  if (fchownat(walk->root, file->path, file->uid, file->gid, AT_SYMLINK_NOFOLLOW) ||
      (bits && fchmodat(walk->root, file->path, file->mode & 07777, 0)))
    return ctd_error_errno(err, errno, "%s", file->path);
  return 0;
}

static int files_change(const struct walk *walk, struct ctd_error *err) {
  for (const struct file *file = walk->files; file; file = file->next)
    if (ctd_scope_check(walk->scope, err) || file_change(walk, file, err))
      return -1;
  return 0;
}

int ctd_owners_change(const char *root, const json_t *uid_maps, const json_t *gid_maps, struct ctd_scope *scope,
                      struct ctd_error *err) {
  struct walk walk = {.uid_maps = uid_maps, .gid_maps = gid_maps, .scope = scope};
  walk.root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (walk.root < 0)
    return ctd_error_errno(err, errno, "%s", root);
  int result = walk_entry(&walk, ".", err) || files_change(&walk, err) ? -1 : 0;
  while (walk.files) {
    struct file *next = walk.files->next;
    free(walk.files);
    walk.files = next;
  }
  close(walk.root);
  return result;
}
