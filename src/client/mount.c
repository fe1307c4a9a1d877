#include "client/mount.h"
#include "base/buffer.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static int view_add(struct ctd_mount_view *view, char *layer, struct ctd_error *err) {
  char **layers = layer ? realloc(view->layers, (view->root.count + 1) * sizeof *layers) : NULL;
  if (!layers) {
    free(layer);
    return ctd_error_nomem(err);
  }
  layers[view->root.count++] = layer;
  view->layers = layers;
  view->root.layers = (const char *const *)layers;
  return 0;
}

static const char *mount_option(const struct ctd_mount *mount, const char *name) {
  size_t size = strlen(name);
  for (char **option = mount->options; *option; option++)
    if (!strncmp(*option, name, size) && (*option)[size] == '=')
      return *option + size + 1;
  return NULL;
}

/* "lower:lower", topmost first, with \ before a colon or backslash in a path. */
static int view_add_lower(struct ctd_mount_view *view, const char *text, struct ctd_error *err) {
  while (*text) {
    char *layer = malloc(strlen(text) + 1);
    size_t size = 0;
    for (; layer && *text && *text != ':'; text++) {
      text += *text == '\\' && text[1];
      layer[size++] = *text;
    }
    if (layer)
      layer[size] = '\0';
    if (view_add(view, layer, err))
      return -1;
    text += *text == ':';
  }
  return 0;
}

static int view_overlay(struct ctd_mount_view *view, const struct ctd_mount *mount, struct ctd_error *err) {
  const char *upper = mount_option(mount, "upperdir"), *lower = mount_option(mount, "lowerdir");
  if (upper && view_add(view, strdup(upper), err))
    return -1;
  return lower ? view_add_lower(view, lower, err) : 0;
}

static bool is_bind(const struct ctd_mount *mount) {
  if (!strcmp(mount->type, "bind"))
    return true;
  for (char **option = mount->options; *option; option++)
    if (!strcmp(*option, "bind") || !strcmp(*option, "rbind"))
      return true;
  return false;
}

/* The options that are the file system's own have a value; of the others only those matter that are set here. */
static int configure(int fs, const struct ctd_mount *mount) {
  int failed =
      fsconfig(fs, FSCONFIG_SET_STRING, "source", mount->source, 0) || fsconfig(fs, FSCONFIG_SET_FLAG, "ro", NULL, 0);
  for (char **option = mount->options; *option && !failed; option++) {
    char name[64];
    const char *equals = strchr(*option, '=');
    if (!equals)
      continue;
    snprintf(name, sizeof name, "%.*s", (int)(equals - *option), *option);
    failed = fsconfig(fs, FSCONFIG_SET_STRING, name, equals + 1, 0);
  }
  return failed || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) ? -1 : 0;
}

static int view_mount(struct ctd_mount_view *view, const struct ctd_mount *mount, struct ctd_error *err) {
  int fs = fsopen(mount->type, FSOPEN_CLOEXEC);
  if (fs >= 0 && !configure(fs, mount))
    view->mount =
        fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  int failed = errno;
  if (fs >= 0)
    close(fs);
  if (view->mount < 0)
    return ctd_error_errno(err, failed, "mount %s of type %s", mount->source, mount->type);
  return view_add(view, ctd_format(err, "/proc/self/fd/%d", view->mount), err);
}

static int view_fill(struct ctd_mount_view *view, const struct ctd_mounts *mounts, struct ctd_error *err) {
  const struct ctd_mount *mount = mounts->items;
  if (mounts->count != 1)
    return ctd_error_set(err, CTD_UNIMPLEMENTED, "a snapshot with %zu mounts can't be looked into", mounts->count);
  if (is_bind(mount))
    return view_add(view, strdup(mount->source), err);
  if (!strcmp(mount->type, "overlay"))
    return view_overlay(view, mount, err);
  return view_mount(view, mount, err);
}

int ctd_mount_view_open(struct ctd_mount_view *out, const struct ctd_mounts *mounts, struct ctd_error *err) {
  memset(out, 0, sizeof *out);
  out->mount = -1;
  if (!view_fill(out, mounts, err))
    return 0;
  ctd_mount_view_close(out);
  return -1;
}

void ctd_mount_view_close(struct ctd_mount_view *view) {
  if (view->mount >= 0)
    close(view->mount);
  for (size_t i = 0; i < view->root.count; i++)
    free(view->layers[i]);
  free(view->layers);
  memset(view, 0, sizeof *view);
}
