/*
 * The label containerd.io/distribution.source.<host>: the repositories from which a blob came, a sorted list joined by
 * commas. A push looks there for a repository to mount the blob from.
 */
#ifndef CTD_CLIENT_DISTRIBUTION_H
#define CTD_CLIENT_DISTRIBUTION_H

#include "client/labels.h"

/* Sets the label of a reference's domain, whose port doesn't count, to `repository`. */
int ctd_distribution_label(struct ctd_labels *labels, const char *domain, const char *repository,
                           struct ctd_error *err);

bool ctd_distribution_is(const char *key);

/*
 * The list `have` (NULL: none) with `repository` added; a copy of `have` where the label would be longer than the
 * daemon takes. The caller frees *out.
 */
int ctd_distribution_add(const char *key, const char *have, const char *repository, char **out, struct ctd_error *err);

#endif
