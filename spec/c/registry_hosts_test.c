#include "registry/hosts.h"

#include "cmocka_all.h"
#include "scratch.h"
#include <stdlib.h>
#include <string.h>

#define PEM "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

static void load(struct ctd_hosts *hosts, const char *registry, const char *directory, enum ctd_plain_http plain) {
  struct ctd_error err = {0};
  if (ctd_hosts_load(hosts, registry, directory, plain, &err) < 0)
    fail_msg("%s: %s", registry, err.message);
}

/* Writes one file of hosts_dir and loads the hosts of `registry`. */
static void load_file(struct ctd_hosts *hosts, const char *registry, const char *name, const char *text) {
  char *directory = scratch_new();
  free(scratch_write(directory, name, text));
  load(hosts, registry, directory, CTD_PLAIN_HTTP_LOOPBACK);
  scratch_remove(directory);
}

static void without_configuration(void **state) {
  static const struct {
    const char *registry;
    enum ctd_plain_http plain;
    const char *base, *alternate, *authority;
  } rows[] = {
      {"docker.io", 0, "https://registry-1.docker.io/v2", NULL, "registry-1.docker.io"},
      {"docker.io", CTD_PLAIN_HTTP_ON, "https://registry-1.docker.io/v2", NULL, "registry-1.docker.io"},
      {"r.example", 0, "https://r.example/v2", NULL, "r.example"},
      {"r.example:5000", CTD_PLAIN_HTTP_ON, "http://r.example:5000/v2", NULL, "r.example:5000"},
      {"localhost", 0, "https://localhost/v2", NULL, "localhost"},
      {"localhost:443", 0, "https://localhost:443/v2", NULL, "localhost:443"},
      {"localhost:80", 0, "http://localhost:80/v2", NULL, "localhost:80"},
      {"localhost:5000", 0, "http://localhost:5000/v2", "https://localhost:5000/v2", "localhost:5000"},
      {"[::1]:5000", 0, "http://[::1]:5000/v2", "https://[::1]:5000/v2", "[::1]:5000"},
      {"[::1]", 0, "https://[::1]/v2", NULL, "[::1]"},
      {"127.0.0.1:5000", CTD_PLAIN_HTTP_OFF, "https://127.0.0.1:5000/v2", NULL, "127.0.0.1:5000"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ctd_hosts hosts;
    load(&hosts, rows[i].registry, NULL, rows[i].plain);
    assert_int_equal(hosts.count, 1);
    assert_string_equal(hosts.items[0].base, rows[i].base);
    if (rows[i].alternate)
      assert_string_equal(hosts.items[0].alternate, rows[i].alternate);
    else
      assert_null(hosts.items[0].alternate);
    assert_string_equal(hosts.items[0].authority, rows[i].authority);
    assert_int_equal(hosts.items[0].capabilities, 15);
    assert_false(hosts.items[0].mirror || hosts.items[0].proxy);
    ctd_hosts_free(&hosts);
  }
}

static void all_fields(void **state) {
  static const char text[] = "server = \"https://up.example\"\n"
                             "dial_timeout = \"1m30s\"\n"
                             "[header]\nx-root = \"r\"\n"
                             "[host.\"http://z.example:5000/prefix\"]\n"
                             "capabilities = [\"pull\", \"resolve\"]\n"
                             "[host.\"http://z.example:5000/prefix\".header]\n"
                             "b = [\"1\", \"2\"]\n"
                             "a = \"3\"\n"
                             "[host.\"a.example/v2\"]\n"
                             "skip_verify = true\n"
                             "capabilities = [\"push\", \"referrers\"]\n"
                             "[host.\"http://m.example/as/is/\"]\n"
                             "override_path = true\n"
                             "dial_timeout = \"250ms\"\n";
  struct ctd_hosts hosts;
  (void)state;
  load_file(&hosts, "r.example", "r.example/hosts.toml", text);
  assert_int_equal(hosts.count, 4);
  const struct ctd_host *z = &hosts.items[0], *a = &hosts.items[1], *m = &hosts.items[2], *up = &hosts.items[3];
  assert_string_equal(z->base, "http://z.example:5000/prefix/v2");
  assert_null(z->alternate);
  assert_int_equal(z->capabilities, CTD_HOST_PULL | CTD_HOST_RESOLVE);
  assert_int_equal(z->header_count, 3);
  assert_string_equal(z->headers[0].name, "b");
  assert_string_equal(z->headers[1].value, "2");
  assert_string_equal(z->headers[2].name, "a");
  assert_true(z->mirror && z->proxy);
  assert_string_equal(a->base, "https://a.example/v2");
  assert_true(a->tls.skip_verify);
  assert_int_equal(a->capabilities, CTD_HOST_PUSH | CTD_HOST_REFERRERS);
  assert_string_equal(m->base, "http://m.example/as/is");
  assert_true(m->dial_timeout == 0.25);
  assert_string_equal(up->base, "https://up.example/v2");
  assert_true(up->dial_timeout == 90);
  assert_string_equal(up->headers[0].value, "r");
  assert_true(up->proxy && !up->mirror);
  ctd_hosts_free(&hosts);
}

static void server_is_last(void **state) {
  struct ctd_hosts hosts;
  (void)state;
  load_file(&hosts, "docker.io", "docker.io/hosts.toml", "[host.\"https://m.example\"]\n");
  assert_int_equal(hosts.count, 2);
  assert_string_equal(hosts.items[0].base, "https://m.example/v2");
  assert_true(hosts.items[0].mirror);
  assert_string_equal(hosts.items[1].base, "https://registry-1.docker.io/v2");
  assert_false(hosts.items[1].mirror || hosts.items[1].proxy);
  ctd_hosts_free(&hosts);
}

static void lookup_order(void **state) {
  static const char *const names[] = {"r.example_5000_", "r.example:5000", "_default"};
  char *directory = scratch_new();
  (void)state;
  for (size_t i = 3; i-- > 0;) {
    char name[64], text[64];
    struct ctd_hosts hosts;
    snprintf(name, sizeof name, "%s/hosts.toml", names[i]);
    snprintf(text, sizeof text, "server = \"https://s%zu.example\"\n", i);
    free(scratch_write(directory, name, text));
    load(&hosts, "r.example:5000", directory, CTD_PLAIN_HTTP_LOOPBACK);
    snprintf(text, sizeof text, "s%zu.example", i);
    assert_string_equal(hosts.items[0].authority, text);
    ctd_hosts_free(&hosts);
  }
  struct ctd_hosts hosts;
  load(&hosts, "other.example", directory, CTD_PLAIN_HTTP_LOOPBACK);
  assert_string_equal(hosts.items[0].authority, "s2.example");
  ctd_hosts_free(&hosts);
  scratch_remove(directory);
}

static void plain_http_with_tls_settings(void **state) {
  static const char text[] = "[host.\"http://a.example:5000\"]\nskip_verify = true\n"
                             "[host.\"http://b.example\"]\nskip_verify = true\n"
                             "[host.\"http://c.example:5000\"]\n";
  struct ctd_hosts hosts;
  (void)state;
  load_file(&hosts, "r.example", "_default/hosts.toml", text);
  assert_string_equal(hosts.items[0].base, "https://a.example:5000/v2");
  assert_string_equal(hosts.items[0].alternate, "http://a.example:5000/v2");
  assert_string_equal(hosts.items[1].base, "http://b.example/v2");
  assert_null(hosts.items[1].alternate);
  assert_string_equal(hosts.items[2].base, "http://c.example:5000/v2");
  assert_null(hosts.items[2].alternate);
  ctd_hosts_free(&hosts);
}

static void certificates(void **state) {
  static const char *const clients[] = {
      "client = \"c.cert\"",
      "client = [\"c.cert\", \"d.cert\"]",
      "client = [[\"c.cert\", \"c.key\"], [\"d.cert\", \"\"]]",
      "client = [\"c.cert\", [\"d.cert\", \"c.key\"]]",
  };
  static const struct {
    size_t count;
    const char *first_key;
  } expected[] = {
      {1, "/r.example/c.cert"}, {2, "/r.example/c.cert"}, {2, "/r.example/c.key"}, {2, "/r.example/c.cert"}};
  char *directory = scratch_new();
  (void)state;
  free(scratch_write(directory, "r.example/ca.pem", PEM));
  free(scratch_write(directory, "r.example/c.cert", PEM));
  free(scratch_write(directory, "r.example/c.key", PEM));
  free(scratch_write(directory, "r.example/d.cert", PEM));
  for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
    char text[256];
    struct ctd_hosts hosts;
    snprintf(text, sizeof text, "%s\nca = %s\n", clients[i], i ? "[\"ca.pem\", \"ca.pem\"]" : "\"ca.pem\"");
    free(scratch_write(directory, "r.example/hosts.toml", text));
    load(&hosts, "r.example", directory, CTD_PLAIN_HTTP_LOOPBACK);
    const struct ctd_http_tls *tls = &hosts.items[0].tls;
    assert_int_equal(tls->ca.size, (strlen(PEM) + 1) * (i ? 2 : 1));
    assert_int_equal(tls->pair_count, expected[i].count);
    assert_string_equal(tls->pairs[0].key + strlen(directory), expected[i].first_key);
    ctd_hosts_free(&hosts);
  }
  scratch_remove(directory);
}

static void certificate_files(void **state) {
  char *directory = scratch_new();
  struct ctd_hosts hosts;
  struct ctd_error err = {0};
  (void)state;
  free(scratch_write(directory, "r.example/a.crt", PEM));
  free(scratch_write(directory, "r.example/c.cert", PEM));
  free(scratch_write(directory, "r.example/c.key", PEM));
  free(scratch_write(directory, "r.example/readme", "x"));
  load(&hosts, "r.example", directory, CTD_PLAIN_HTTP_LOOPBACK);
  assert_int_equal(hosts.count, 1);
  assert_string_equal(hosts.items[0].base, "https://r.example/v2");
  assert_int_equal(hosts.items[0].tls.ca.size, strlen(PEM) + 1);
  assert_int_equal(hosts.items[0].tls.pair_count, 1);
  ctd_hosts_free(&hosts);
  free(scratch_write(directory, "r.example/d.cert", PEM));
  assert_int_equal(ctd_hosts_load(&hosts, "r.example", directory, CTD_PLAIN_HTTP_LOOPBACK, &err), -1);
  assert_non_null(strstr(err.message, "r.example/d.key"));
  scratch_remove(directory);
}

static void faults(void **state) {
  static const struct {
    const char *text, *expected;
  } rows[] = {
      {"server = \"https://s\"\n[host.\"a\"\n", "/_default/hosts.toml:2: "},
      {"server = 1\n", "/_default/hosts.toml: "},
      {"capabilities = [\"pull\", \"fly\"]\n", "/_default/hosts.toml: capabilities: unknown capability \"fly\""},
      {"[host.\"a\"]\ncapabilities = [1]\n", "/_default/hosts.toml: host \"a\": capabilities: "},
      {"[host.\"ftp://a\"]\n", "/_default/hosts.toml: host \"ftp://a\": bad address"},
      {"[host]\na = 1\n", "/_default/hosts.toml: host: \"a\" is not a table"},
      {"skip_verify = \"yes\"\n", "/_default/hosts.toml: "},
      {"dial_timeout = \"5\"\n", "/_default/hosts.toml: dial_timeout: bad duration \"5\""},
      {"dial_timeout = \"\"\n", "/_default/hosts.toml: dial_timeout: bad duration"},
      {"dial_timeout = \"-1s\"\n", "/_default/hosts.toml: dial_timeout: bad duration"},
      {"client = [[\"a\", \"b\", \"c\"]]\n", "/_default/hosts.toml: client: "},
      {"client = 1\n", "/_default/hosts.toml: client: "},
      {"[header]\nx = 1\n", "/_default/hosts.toml: header: x: "},
      {"ca = \"/nonexistent/ca.pem\"\n", "/_default/hosts.toml: /nonexistent/ca.pem: "},
      {"ca = \"hosts.toml\"\n", "hosts.toml: holds no PEM certificate"},
  };
  char *directory = scratch_new();
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ctd_error err = {0};
    struct ctd_hosts hosts;
    free(scratch_write(directory, "_default/hosts.toml", rows[i].text));
    assert_int_equal(ctd_hosts_load(&hosts, "r.example", directory, CTD_PLAIN_HTTP_LOOPBACK, &err), -1);
    assert_int_equal(err.code, CTD_INVALID_ARGUMENT);
    if (!strstr(err.message, rows[i].expected))
      fail_msg("\"%s\" lacks \"%s\"", err.message, rows[i].expected);
  }
  scratch_remove(directory);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_configuration),
      cmocka_unit_test(all_fields),
      cmocka_unit_test(server_is_last),
      cmocka_unit_test(lookup_order),
      cmocka_unit_test(plain_http_with_tls_settings),
      cmocka_unit_test(certificates),
      cmocka_unit_test(certificate_files),
      cmocka_unit_test(faults),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
