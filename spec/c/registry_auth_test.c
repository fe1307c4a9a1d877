#include "registry/auth.h"

#include "cmocka_all.h"
#include "http_server.h"
#include "registry/token.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A token server, and two hosts of one repository: the registry's own and a mirror. */
struct fixture {
  struct http_server server;
  struct ctd_http *http;
  struct ctd_scope scope;
  struct ctd_hosts hosts;
  struct ctd_auth *auth;
  struct ctd_error err;
  char challenge[256]; /* of the next 401 */
  const char *post;    /* the status line with which the server answers a POST; NULL: it gives a token */
  const char *get;     /* the same for GET */
  int lifetime;
};

enum { MIRROR, REGISTRY };

static struct fixture fixture;

static void answer(struct http_server *server, int connection, const char *request, int count) {
  bool post = strncmp(request, "POST ", 5) == 0;
  const char *refusal = post ? fixture.post : fixture.get;
  char body[128];
  (void)server;
  if (refusal) {
    http_reply(connection, refusal, "", "{\"details\": \"who are you\"}");
    return;
  }
  snprintf(body, sizeof body, "{\"%s\": \"t%d\", \"expires_in\": %d}", post ? "access_token" : "token", count,
           fixture.lifetime);
  http_reply(connection, "200 OK", "Content-Type: application/json\r\n", body);
}

static void add_host(const char *authority, bool mirror) {
  struct ctd_host *host = ctd_hosts_add(&fixture.hosts, &fixture.err);
  assert_non_null(host);
  assert_int_equal(ctd_host_set_address(host, "https", authority, "/v2", false, &fixture.err), 0);
  host->mirror = mirror;
}

static int set_up(void **state) {
  (void)state;
  memset(&fixture, 0, sizeof fixture);
  http_server_start(&fixture.server, answer, NULL);
  ctd_scope_init(&fixture.scope, 20);
  fixture.lifetime = 300;
  snprintf(fixture.challenge, sizeof fixture.challenge,
           "Bearer realm=\"http://%s/token\",service=\"the service\",scope=\"repository:a:pull\"",
           fixture.server.authority);
  add_host("mirror.example", true);
  add_host("registry-1.docker.io", false);
  return ctd_http_open(&fixture.http, &fixture.err);
}

static int tear_down(void **state) {
  (void)state;
  ctd_auth_free(fixture.auth);
  ctd_http_close(fixture.http);
  ctd_hosts_free(&fixture.hosts);
  ctd_error_clear(&fixture.err);
  http_server_stop(&fixture.server);
  return 0;
}

static void use(const struct ctd_auth_options options) {
  ctd_auth_free(fixture.auth);
  assert_int_equal(ctd_auth_new(&fixture.auth, &fixture.hosts, "repository:a:pull", &options, &fixture.err), 0);
}

/* Answers a 401 with the fixture's challenge; *out is the new Authorization. */
static int challenge(size_t host, const char *used, char **out) {
  struct ctd_http_response response = {.status = 401};
  char header[300];
  int size = snprintf(header, sizeof header, "www-authenticate: %s", fixture.challenge);
  assert_int_equal(ctd_buffer_append(&response.headers, header, (size_t)size + 1, &fixture.err), 0);
  ctd_error_clear(&fixture.err);
  int result = ctd_auth_answer(fixture.auth, fixture.http, &fixture.scope, host, fixture.hosts.items[host].base,
                               &response, used, out, &fixture.err);
  ctd_http_response_free(&response);
  return result;
}

static void check(size_t host, const char *used, const char *expected) {
  char *authorization;
  if (challenge(host, used, &authorization) < 0)
    fail_msg("%s", fixture.err.message);
  assert_string_equal(authorization, expected);
  free(authorization);
}

static void check_error(size_t host, const char *used, enum ctd_code code, const char *expected) {
  char *authorization;
  assert_int_equal(challenge(host, used, &authorization), -1);
  assert_null(authorization);
  assert_int_equal(fixture.err.code, code);
  if (!strstr(fixture.err.message, expected))
    fail_msg("\"%s\" lacks \"%s\"", fixture.err.message, expected);
}

static void check_known(size_t host, const char *expected) {
  char *authorization;
  assert_int_equal(ctd_auth_get(fixture.auth, host, &authorization, &fixture.err), 0);
  if (expected)
    assert_string_equal(authorization, expected);
  else
    assert_null(authorization);
  free(authorization);
}

static void check_request(int index, const char *expected) {
  const char *request = http_server_request(&fixture.server, index);
  if (!strstr(request, expected))
    fail_msg("\"%s\" lacks \"%s\"", request, expected);
}

static void anonymous(void **state) {
  (void)state;
  use((struct ctd_auth_options){0});
  check_known(REGISTRY, NULL);
  check(REGISTRY, NULL, "Bearer t0");
  check_request(0, "GET /token?service=the%20service&scope=repository%3Aa%3Apull HTTP/1.1\r\n");
  assert_null(strstr(http_server_request(&fixture.server, 0), "Authorization"));
  check_known(REGISTRY, "Bearer t0");
  check_known(MIRROR, NULL);
}

static void password(void **state) {
  (void)state;
  use((struct ctd_auth_options){.username = "us er", .password = "p&w"});
  check(REGISTRY, NULL, "Bearer t0");
  check_request(0, "POST /token HTTP/1.1\r\n");
  check_request(0, "\r\n\r\ngrant_type=password&service=the%20service&client_id=lua-containerd"
                   "&scope=repository%3Aa%3Apull&username=us%20er&password=p%26w");
}

static void password_without_post(void **state) {
  static const char *const statuses[] = {"405 Method Not Allowed", "404 Not Found", "401 Unauthorized",
                                         "400 Bad Request"};
  (void)state;
  for (int i = 0; i < 4; i++) {
    char expected[32];
    fixture.post = statuses[i];
    use((struct ctd_auth_options){.username = "u", .password = "p"});
    snprintf(expected, sizeof expected, "Bearer t%d", 2 * i + 1);
    check(REGISTRY, NULL, expected);
    check_request(2 * i + 1, "GET /token?service=the%20service&scope=repository%3Aa%3Apull&account=u ");
    check_request(2 * i + 1, "Authorization: Basic dTpw\r\n");
  }
}

static void identity_token(void **state) {
  (void)state;
  use((struct ctd_auth_options){.identity_token = "refresh me"});
  check(REGISTRY, NULL, "Bearer t0");
  check_request(0, "grant_type=refresh_token&");
  check_request(0, "&refresh_token=refresh%20me");
  assert_null(strstr(http_server_request(&fixture.server, 0), "password"));
  fixture.post = "401 Unauthorized";
  check_error(REGISTRY, "Bearer t0", CTD_UNAUTHENTICATED, "/token: it answered 401: who are you");
  assert_int_equal(fixture.err.status, 401);
  assert_int_equal(http_server_count(&fixture.server), 2);
}

static void refusals(void **state) {
  (void)state;
  fixture.post = fixture.get = "403 Forbidden";
  use((struct ctd_auth_options){.username = "u", .password = "p"});
  check_error(REGISTRY, NULL, CTD_PERMISSION_DENIED, "it answered 403: who are you");
  assert_int_equal(http_server_count(&fixture.server), 1);
  fixture.post = fixture.get = "401 Unauthorized";
  check_error(REGISTRY, NULL, CTD_UNAUTHENTICATED, "it answered 401");
  fixture.post = fixture.get = "503 Service Unavailable";
  check_error(REGISTRY, NULL, CTD_UNAVAILABLE, "it answered 503");
}

static void mirrors_get_no_credentials(void **state) {
  (void)state;
  use((struct ctd_auth_options){.username = "u", .password = "p"});
  check(MIRROR, NULL, "Bearer t0");
  check_request(0, "GET /token?");
  assert_null(strstr(http_server_request(&fixture.server, 0), "Authorization"));
  use((struct ctd_auth_options){.username = "u", .password = "p"});
  strcpy(fixture.challenge, "Basic realm=\"x\"");
  check_error(MIRROR, NULL, CTD_UNAUTHENTICATED, "there are none");
}

static void basic(void **state) {
  (void)state;
  strcpy(fixture.challenge, "Basic realm=\"x\"");
  use((struct ctd_auth_options){.username = "u", .password = "p"});
  check(REGISTRY, NULL, "Basic dTpw");
  check_known(REGISTRY, "Basic dTpw");
  check_error(REGISTRY, "Basic dTpw", CTD_UNAUTHENTICATED, "refuses the user name or password");
  use((struct ctd_auth_options){0});
  check_error(REGISTRY, NULL, CTD_UNAUTHENTICATED, "there are none");
}

static void renewal(void **state) {
  (void)state;
  use((struct ctd_auth_options){0});
  check(REGISTRY, NULL, "Bearer t0");
  check(REGISTRY, NULL, "Bearer t0"); /* another thread, which asked before the token was there */
  assert_int_equal(http_server_count(&fixture.server), 1);
  check(REGISTRY, "Bearer t0", "Bearer t1"); /* revoked */
  assert_int_equal(http_server_count(&fixture.server), 2);
}

static void expiry(void **state) {
  struct ctd_token token;
  struct ctd_credentials none = {0};
  char realm[64];
  (void)state;
  snprintf(realm, sizeof realm, "http://%s/token?x=y", fixture.server.authority);
  const struct ctd_token_request request = {
      .realm = realm, .scope = "a b", .credentials = &none, .registry_url = "https://r.example/v2"};
  static const struct {
    int lifetime;
    double expected;
  } rows[] = {{300, 295}, {10, 9}, {0, 55}, {-1, 55}};
  for (int i = 0; i < 4; i++) {
    fixture.lifetime = rows[i].lifetime;
    double now = ctd_now_monotonic();
    assert_int_equal(ctd_token_get(&token, fixture.http, &fixture.scope, &request, &fixture.err), 0);
    assert_true(token.expires - now >= rows[i].expected && token.expires - now < rows[i].expected + 3);
    check_request(i, "GET /token?x=y&scope=a&scope=b HTTP");
    ctd_token_free(&token);
  }
}

static void scopes_are_joined(void **state) {
  static const struct {
    const char *scope, *expected;
  } rows[] = {
      {"", "?scope=repository%3Aa%3Apull "},
      {",scope=\"repository:b:pull\"", "?scope=repository%3Ab%3Apull&scope=repository%3Aa%3Apull "},
      {",scope=\"x repository:a:pull\"", "?scope=x&scope=repository%3Aa%3Apull "},
      {",scope=\"repository:a:pull,push\"", "?scope=repository%3Aa%3Apull%2Cpush&scope=repository%3Aa%3Apull "},
  };
  (void)state;
  for (int i = 0; i < 4; i++) {
    char *authorization;
    use((struct ctd_auth_options){0});
    snprintf(fixture.challenge, sizeof fixture.challenge, "Bearer realm=\"http://%s/\"%s", fixture.server.authority,
             rows[i].scope);
    assert_int_equal(challenge(REGISTRY, NULL, &authorization), 0);
    check_request(i, rows[i].expected);
    free(authorization);
  }
}

static void plain_http_realm(void **state) {
  struct ctd_token token;
  struct ctd_credentials credentials = {.username = "u", .password = "p"};
  struct ctd_token_request request = {.realm = "http://auth.invalid/token",
                                      .scope = "a",
                                      .credentials = &credentials,
                                      .registry_url = "https://auth.invalid/v2"};
  (void)state;
  assert_int_equal(ctd_token_get(&token, fixture.http, &fixture.scope, &request, &fixture.err), -1);
  assert_int_equal(fixture.err.code, CTD_PERMISSION_DENIED);
  request.registry_url = "http://other.invalid/v2";
  assert_int_equal(ctd_token_get(&token, fixture.http, &fixture.scope, &request, &fixture.err), -1);
  assert_int_equal(fixture.err.code, CTD_PERMISSION_DENIED);
  request.registry_url = "http://auth.invalid:5000/v2";
  assert_int_equal(ctd_token_get(&token, fixture.http, &fixture.scope, &request, &fixture.err), -1);
  assert_int_equal(fixture.err.code, CTD_UNAVAILABLE); /* the name has no address */
}

static int find(void *context, const char *host, struct ctd_scope *scope, struct ctd_credentials *out,
                struct ctd_error *err) {
  struct ctd_buffer *asked = context;
  (void)scope;
  if (ctd_buffer_printf(asked, err, "%s ", host) < 0)
    return -1;
  if (strcmp(host, "docker.io") != 0)
    return ctd_error_set(err, CTD_ABORTED, "locked");
  return ctd_copy_string(&out->username, "u", err) < 0 || ctd_copy_string(&out->password, "p", err) < 0 ? -1 : 0;
}

static void callback(void **state) {
  struct ctd_buffer asked = {0};
  (void)state;
  strcpy(fixture.challenge, "Basic realm=\"x\"");
  use((struct ctd_auth_options){.credentials = find, .credentials_context = &asked});
  check(REGISTRY, NULL, "Basic dTpw");
  check_error(REGISTRY, "Basic dTpw", CTD_UNAUTHENTICATED, "refuses");
  check_error(MIRROR, NULL, CTD_ABORTED, "locked");
  assert_string_equal(asked.data, "docker.io mirror.example ");
  ctd_buffer_free(&asked);
}

static void unknown_schemes(void **state) {
  (void)state;
  use((struct ctd_auth_options){.username = "u", .password = "p"});
  strcpy(fixture.challenge, "Digest realm=\"x\"");
  check_error(REGISTRY, NULL, CTD_UNAUTHENTICATED, "no kind of authentication");
  strcpy(fixture.challenge, "Bearer service=\"x\"");
  check_error(REGISTRY, NULL, CTD_UNAUTHENTICATED, "doesn't say where");
  strcpy(fixture.challenge, "Bearer realm=\"not an address\"");
  check_error(REGISTRY, NULL, CTD_INVALID_ARGUMENT, "bad address");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(anonymous, set_up, tear_down),
      cmocka_unit_test_setup_teardown(password, set_up, tear_down),
      cmocka_unit_test_setup_teardown(password_without_post, set_up, tear_down),
      cmocka_unit_test_setup_teardown(identity_token, set_up, tear_down),
      cmocka_unit_test_setup_teardown(refusals, set_up, tear_down),
      cmocka_unit_test_setup_teardown(mirrors_get_no_credentials, set_up, tear_down),
      cmocka_unit_test_setup_teardown(basic, set_up, tear_down),
      cmocka_unit_test_setup_teardown(renewal, set_up, tear_down),
      cmocka_unit_test_setup_teardown(expiry, set_up, tear_down),
      cmocka_unit_test_setup_teardown(scopes_are_joined, set_up, tear_down),
      cmocka_unit_test_setup_teardown(plain_http_realm, set_up, tear_down),
      cmocka_unit_test_setup_teardown(callback, set_up, tear_down),
      cmocka_unit_test_setup_teardown(unknown_schemes, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
