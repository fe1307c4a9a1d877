#include "client/container_labels.h"
#include <string.h>

#define STOP_SIGNAL_LABEL "io.containerd.image.config.stop-signal"
#define RESTART_STATUS_LABEL "containerd.io/restart.status"
#define RESTART_POLICY_LABEL "containerd.io/restart.policy"

/* The most that key and value of a label may have together, in bytes: the daemon refuses more. */
#define LABEL_LIMIT 4096

/* What of the image's labels is about the image in the daemon isn't true of the container. */
static bool is_copied(const char *key, const char *value) {
  return strncmp(key, "containerd.io/", 14) != 0 && strncmp(key, "io.cri-containerd", 17) != 0 &&
         strlen(key) + strlen(value) <= LABEL_LIMIT;
}

int ctd_container_labels_from_image(struct ctd_labels *labels, const struct ctd_image_config *config,
                                    struct ctd_error *err) {
  const char *key;
  json_t *value;
  json_object_foreach(config->labels, key, value) {
    const char *text = json_string_value(value);
    if (is_copied(key, text) && ctd_labels_set(labels, key, text, err))
      return -1;
  }
  return ctd_labels_set(labels, STOP_SIGNAL_LABEL, config->stop_signal ? config->stop_signal : "SIGTERM", err);
}

static bool is_policy(const char *policy) {
  if (!strncmp(policy, "on-failure:", 11))
    return policy[11] && strlen(policy + 11) <= 9 && strspn(policy + 11, "0123456789") == strlen(policy + 11);
  return !strcmp(policy, "always") || !strcmp(policy, "on-failure") || !strcmp(policy, "unless-stopped") ||
         !strcmp(policy, "no");
}

/* The monitor looks at containers that have a wanted status. */
int ctd_container_labels_restart(struct ctd_labels *labels, const char *policy, struct ctd_error *err) {
  if (!is_policy(policy))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT,
                         "restart \"%s\": want \"always\", \"on-failure[:times]\", \"unless-stopped\" or \"no\"",
                         policy);
  return ctd_labels_set(labels, RESTART_STATUS_LABEL, "running", err) ||
                 ctd_labels_set(labels, RESTART_POLICY_LABEL, policy, err)
             ? -1
             : 0;
}
