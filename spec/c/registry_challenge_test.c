#include "registry/challenge.h"

#include "cmocka_all.h"
#include <stdio.h>
#include <string.h>

/* "scheme|realm|service|scope", with "-" for what is absent. */
static void describe(const struct ctd_challenge *challenge, char *out, size_t size) {
  static const char *const names[] = {"none", "basic", "bearer"};
  const char *realm = challenge->realm, *service = challenge->service, *scope = challenge->scope;
  snprintf(out, size, "%s|%s|%s|%s", names[challenge->scheme], realm ? realm : "-", service ? service : "-",
           scope ? scope : "-");
}

static void parse(void **state) {
  static const struct {
    const char *header, *expected;
  } rows[] = {
      {"Bearer realm=\"https://a/token\",service=\"r\",scope=\"repository:x:pull\"",
       "bearer|https://a/token|r|repository:x:pull"},
      {"bearer  realm = \"https://a/token\" , service=r", "bearer|https://a/token|r|-"},
      {"BEARER realm=https://a/token,scope=\"a b\"", "bearer|https://a/token|-|a b"},
      {"Basic realm=\"simple\"", "basic|simple|-|-"},
      {"Basic", "basic|-|-|-"},
      {"Basic realm=\"b\", Bearer realm=\"t\"", "bearer|t|-|-"},
      {"Bearer realm=\"t\", Basic realm=\"b\"", "bearer|t|-|-"},
      {"Negotiate, Basic realm=\"b\"", "basic|b|-|-"},
      {"Negotiate YIIabc==, Bearer realm=\"t\"", "bearer|t|-|-"},
      {"Digest realm=\"d\", nonce=\"x\", qop=\"auth, auth-int\"", "none|-|-|-"},
      {"Bearer realm=\"a, Basic realm=\\\"q\\\"\",error=\"invalid_token\"", "bearer|a, Basic realm=\"q\"|-|-"},
      {"Bearer realm=\"first\",realm=\"second\"", "bearer|first|-|-"},
      {"Bearer realm=\"unterminated", "bearer|unterminated|-|-"},
      {"Bearer realm=\"\\", "bearer|\\|-|-"},
      {"Bearer realm=", "bearer||-|-"},
      {"Bearer scope=\"repository:x:pull,push\",realm=\"t\"", "bearer|t|-|repository:x:pull,push"},
      {"realm=\"t\"", "none|-|-|-"},
      {"", "none|-|-|-"},
      {",,, \"", "none|-|-|-"},
      {"Bearerish realm=\"t\"", "none|-|-|-"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ctd_error err = {0};
    struct ctd_challenge challenge;
    char text[256];
    assert_int_equal(ctd_challenge_parse(&challenge, rows[i].header, &err), 0);
    describe(&challenge, text, sizeof text);
    assert_string_equal(text, rows[i].expected);
    ctd_challenge_free(&challenge);
  }
}

static void choose_among_headers(void **state) {
  static const char headers[] = "http/1.1 401\0www-authenticate: Basic realm=\"b\"\0x: y\0"
                                "www-authenticate:Bearer realm=\"t\"\0www-authenticate: Digest realm=\"d\"";
  (void)state;
  struct ctd_error err = {0};
  struct ctd_http_response response = {0};
  struct ctd_challenge challenge;
  assert_int_equal(ctd_buffer_append(&response.headers, headers, sizeof headers, &err), 0);
  assert_int_equal(ctd_challenge_choose(&challenge, &response, &err), 0);
  assert_int_equal(challenge.scheme, CTD_CHALLENGE_BEARER);
  assert_string_equal(challenge.realm, "t");
  ctd_challenge_free(&challenge);
  ctd_http_response_free(&response);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(parse), cmocka_unit_test(choose_among_headers)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
