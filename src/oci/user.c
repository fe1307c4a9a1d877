#include "oci/user.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_LONGEST = 10 << 20 };

/* A piece of a file's text. */
struct span {
  const char *at;
  size_t length;
};

static bool span_is(struct span span, struct span other) {
  return span.length == other.length && !memcmp(span.at, other.at, span.length);
}

static struct span span_of(const char *text) {
  return (struct span){text, strlen(text)};
}

/* Cuts the part up to the next separator off the front of `rest`. */
static struct span span_cut(struct span *rest, char separator) {
  const char *end = memchr(rest->at, separator, rest->length);
  struct span part = {rest->at, end ? (size_t)(end - rest->at) : rest->length};
  size_t used = part.length + (end != NULL);
  rest->at += used;
  rest->length -= used;
  return part;
}

static struct span span_trim(struct span span) {
  for (; span.length && isspace((unsigned char)*span.at); span.length--)
    span.at++;
  while (span.length && isspace((unsigned char)span.at[span.length - 1]))
    span.length--;
  return span;
}

/* A user's or group's number: digits alone, up to 2^31−1. */
static bool span_id(struct span span, uint32_t *out) {
  uint64_t value = 0;
  for (size_t i = 0; i < span.length; i++) {
    if (!isdigit((unsigned char)span.at[i]))
      return false;
    value = value * 10 + (uint64_t)(span.at[i] - '0');
    if (value > INT32_MAX)
      return false;
  }
  *out = (uint32_t)value;
  return span.length > 0;
}

/* A line of passwd or of group. */
struct account {
  struct span name;
  uint32_t id, group;  /* group: of passwd only */
  struct span members; /* of group only: names with commas between them */
};

/* The next well-formed line: name:password:id:rest. */
static bool account_next(struct account *out, struct span *text, bool passwd) {
  while (text->length) {
    struct span line = span_trim(span_cut(text, '\n'));
    out->name = span_cut(&line, ':');
    span_cut(&line, ':');
    if (!span_id(span_cut(&line, ':'), &out->id) || !out->name.length)
      continue;
    out->members = span_cut(&line, ':');
    if (!passwd || span_id(out->members, &out->group))
      return true;
  }
  return false;
}

static struct span passwd_text(const struct ctd_accounts *accounts) {
  return (struct span){accounts->passwd, accounts->passwd ? accounts->passwd_size : 0};
}

static struct span group_text(const struct ctd_accounts *accounts) {
  return (struct span){accounts->group, accounts->group ? accounts->group_size : 0};
}

static bool find_name(struct account *out, struct span text, bool passwd, struct span name) {
  while (account_next(out, &text, passwd))
    if (span_is(out->name, name))
      return true;
  return false;
}

static bool find_uid(struct account *out, struct span text, uint32_t uid) {
  while (account_next(out, &text, true))
    if (out->id == uid)
      return true;
  return false;
}

static int unknown(const char *what, struct span name, struct ctd_error *err) {
  return ctd_error_set(err, CTD_NOT_FOUND, "no %s \"%.*s\" in the image", what, (int)name.length, name.at);
}

/* "user" or "uid": the group is the one that passwd gives. */
static int resolve_alone(struct ctd_user *user, struct span text, const struct ctd_accounts *accounts,
                         struct ctd_error *err) {
  struct account found;
  uint32_t uid;
  bool number = span_id(text, &uid);
  if (number ? find_uid(&found, passwd_text(accounts), uid) : find_name(&found, passwd_text(accounts), true, text)) {
    user->uid = found.id;
    user->gid = found.group;
    return 0;
  }
  if (!number)
    return unknown("user", text, err);
  user->uid = uid;
  return 0;
}

/* "user:group", each a name or a number. An empty one is 0. */
static int resolve_pair(struct ctd_user *user, struct span name, struct span group, const struct ctd_accounts *accounts,
                        struct ctd_error *err) {
  struct account found;
  if (name.length && !span_id(name, &user->uid)) {
    if (!find_name(&found, passwd_text(accounts), true, name))
      return unknown("user", name, err);
    user->uid = found.id;
  }
  if (group.length && !span_id(group, &user->gid)) {
    if (!find_name(&found, group_text(accounts), false, group))
      return unknown("group", group, err);
    user->gid = found.id;
  }
  return 0;
}

static int resolve_ids(struct ctd_user *user, const char *text, const struct ctd_accounts *accounts,
                       struct ctd_error *err) {
  struct span rest = span_of(text), name = span_cut(&rest, ':');
  if (!strchr(text, ':'))
    return resolve_alone(user, name, accounts, err);
  if (memchr(rest.at, ':', rest.length))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "user \"%s\": want \"user[:group]\"", text);
  return resolve_pair(user, name, rest, accounts, err);
}

static int group_add(struct ctd_user *user, uint32_t gid, struct ctd_error *err) {
  uint32_t *groups = reallocarray(user->groups, user->group_count + 1, sizeof *groups);
  if (!groups) {
    ctd_error_nomem(err);
    return -1;
  }
  groups[user->group_count++] = gid;
  user->groups = groups;
  return 0;
}

static bool is_member(struct span members, struct span name) {
  while (members.length)
    if (span_is(span_cut(&members, ','), name))
      return true;
  return false;
}

static int groups_collect(struct ctd_user *user, struct span name, const struct ctd_accounts *accounts,
                          struct ctd_error *err) {
  struct span text = group_text(accounts);
  struct account group;
  while (account_next(&group, &text, false))
    if (!span_is(group.name, name) && is_member(group.members, name) && group_add(user, group.id, err))
      return -1;
  return 0;
}

/* The primary group is one of the groups, the first if the files didn't list it. */
static int groups_complete(struct ctd_user *user, struct ctd_error *err) {
  for (size_t i = 0; i < user->group_count; i++)
    if (user->groups[i] == user->gid)
      return 0;
  if (group_add(user, user->gid, err))
    return -1;
  memmove(user->groups + 1, user->groups, (user->group_count - 1) * sizeof *user->groups);
  user->groups[0] = user->gid;
  return 0;
}

int ctd_user_resolve(struct ctd_user *out, const char *user, const struct ctd_accounts *accounts,
                     struct ctd_error *err) {
  struct ctd_user resolved = {0};
  struct account named = {.name = span_of("root")};
  bool given = user && *user, known = true;
  if (given && resolve_ids(&resolved, user, accounts, err))
    return -1;
  if (given)
    known = find_uid(&named, passwd_text(accounts), resolved.uid);
  if ((known && groups_collect(&resolved, named.name, accounts, err)) || groups_complete(&resolved, err)) {
    ctd_user_free(&resolved);
    return -1;
  }
  *out = resolved;
  return 0;
}

/* A missing file leaves the buffer empty with NULL data. */
static int file_read(const struct ctd_rootfs *root, const char *path, struct ctd_buffer *out, struct ctd_error *err) {
  if (!ctd_rootfs_read(root, path, FILE_LONGEST, out, err))
    return 0;
  if (err->code != CTD_NOT_FOUND)
    return -1;
  ctd_error_clear(err);
  return 0;
}

int ctd_user_lookup(struct ctd_user *out, const char *user, const struct ctd_rootfs *root, struct ctd_error *err) {
  struct ctd_buffer passwd = {0}, group = {0};
  int result = -1;
  if (file_read(root, "/etc/passwd", &passwd, err) || file_read(root, "/etc/group", &group, err))
    goto out;
  struct ctd_accounts accounts = {passwd.data, group.data, passwd.size, group.size};
  result = ctd_user_resolve(out, user, &accounts, err);
out:
  ctd_buffer_free(&passwd);
  ctd_buffer_free(&group);
  return result;
}

static int group_resolve(struct ctd_user *user, const json_t *value, struct span groups, struct ctd_error *err) {
  struct account found;
  json_int_t number = json_integer_value(value);
  if (json_is_integer(value) && number >= 0 && number <= INT32_MAX)
    return group_add(user, (uint32_t)number, err);
  if (!json_is_string(value))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "additional_groups: want an array of names and numbers");
  struct span name = span_of(json_string_value(value));
  if (span_id(name, &found.id) || find_name(&found, groups, false, name))
    return group_add(user, found.id, err);
  unknown("group", name, err);
  return ctd_error_prefix(err, "additional_groups");
}

int ctd_user_lookup_groups(struct ctd_user *user, const json_t *groups, const struct ctd_rootfs *root,
                           struct ctd_error *err) {
  struct ctd_buffer text = {0};
  int result = file_read(root, "/etc/group", &text, err);
  json_t *value;
  size_t i;
  json_array_foreach(groups, i, value) {
    if (!result)
      result = group_resolve(user, value, (struct span){text.data, text.size}, err);
  }
  ctd_buffer_free(&text);
  return result;
}

void ctd_user_free(struct ctd_user *user) {
  free(user->groups);
  memset(user, 0, sizeof *user);
}
