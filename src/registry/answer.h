/* What a registry's or token server's HTTP answer means. */
#ifndef CTD_REGISTRY_ANSWER_H
#define CTD_REGISTRY_ANSWER_H

#include "registry/http.h"

/* The code for a status that isn't 2xx. */
enum ctd_code ctd_answer_code(int status);

/* Whether the same request may succeed later: 408, 429 and 5xx, but for 501 and 505. */
bool ctd_answer_transient(int status);

/* Seconds that Retry-After asks to wait, as a number or a date; at most 60, and 0 where there is none. */
double ctd_answer_retry_after(const struct ctd_http_response *response);

/*
 * The words of an error body, "CODE: message", in `out`; empty where it has none. Understood are the distribution
 * specification's {"errors": […]}, OAuth's {"error", "error_description"}, and {"details"} as Docker's server sends.
 */
void ctd_answer_text(const struct ctd_http_response *response, char *out, size_t size);

#endif
