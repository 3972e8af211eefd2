/* SPDX-License-Identifier: Apache-2.0
 *
 * Origins and the refresh cookie: one spelling of each, and what is none.
 */
#include "cookie.h"
#include "origin.h"
#include "unit.h"

static void is(const char *made, const char *wanted)
{
    if (wanted == NULL) {
        assert_null(made);
    } else {
        assert_non_null(made);
        assert_string_equal(made, wanted);
    }
}

static void an_origin_has_one_spelling(void **state)
{
    static const char *const rows[][2] = {
        {"https://example.org", "https://example.org"},
        {"HTTPS://Example.ORG", "https://example.org"},
        {"https://example.org:443", "https://example.org"},
        {"http://example.org:80", "http://example.org"},
        {"http://example.org:443", "http://example.org:443"},
        {"http://[::1]:8080", "http://[::1]:8080"},
        {"http://[::1]", "http://[::1]"},
        {"https://example.org/", NULL},
        {"https://example.org/path", NULL},
        {"https://user@example.org", NULL},
        {"https://example.org:", NULL},
        {"https://example.org:x", NULL},
        {"https://a:1:2", NULL},
        {"https://[::1", NULL},
        {"https://", NULL},
        {"ftp://example.org", NULL},
        {"file:///etc", NULL},
        {"example.org", NULL},
        {"null", NULL},
        {"*", NULL},
        {"https://*", NULL},
        {"https://*.example.org", NULL},
        {"https://a b", NULL},
        {"", NULL},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is(ajr_origin_parse(rows[i][0], *state), rows[i][1]);
    }
}

static void a_referer_has_an_origin(void **state)
{
    is(ajr_origin_of_url("https://example.org/a?b=https://evil", *state),
       "https://example.org");
    is(ajr_origin_of_url("https://example.org?x", *state),
       "https://example.org");
    is(ajr_origin_of_url("https://example.org@evil.example/", *state), NULL);
    is(ajr_origin_of_url("https://evil.example\\@example.org/", *state),
       "https://evil.example");
    is(ajr_origin_of_url("about:blank", *state), NULL);
}

static void a_cookie_is_set_and_cleared_with_its_attributes(void **state)
{
    ajr_cookie_t *cookie;

    is(ajr_cookie_line(&ajr_cookie_default, "v", 60, *state),
       "__Host-refresh=v; Max-Age=60; Path=/; Secure; HttpOnly; "
       "SameSite=Strict");
    is(ajr_cookie_line(&ajr_cookie_default, "", 60, *state),
       "__Host-refresh=; Max-Age=0; Path=/; Secure; HttpOnly; "
       "SameSite=Strict");
    is(ajr_cookie_make(&cookie, "rt", *state), NULL);
    is(ajr_cookie_line(cookie, "v", 1, *state),
       "rt=v; Max-Age=1; Path=/; Secure; HttpOnly; SameSite=Strict");
    is(ajr_cookie_make(&cookie, "rt Path=/auth; HttpOnly", *state), NULL);
    assert_false(cookie->secure);
    assert_true(cookie->http_only);
    is(ajr_cookie_line(cookie, "v", 1, *state),
       "rt=v; Max-Age=1; Path=/auth; HttpOnly");
}

static void what_a_browser_would_refuse_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "a=b",
                                      "a b",
                                      "a; Max-Age=3",
                                      "a; Expires=x",
                                      "a; Path=auth",
                                      "a; Domain=",
                                      "a; SameSite=Sometimes",
                                      "a; SameSite=None",
                                      "__Host-a; Path=/",
                                      "__Host-a; Secure",
                                      "__host-a; Secure; Path=/x",
                                      "__Host-a; Secure; Path=/; Domain=x.y",
                                      "__Secure-a; Path=/",
                                      "a; Path=/\r\nX: y",
                                      "a; Path=/,b"};
    ajr_cookie_t *cookie;
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_non_null(ajr_cookie_make(&cookie, bad[i], *state));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(an_origin_has_one_spelling),
        UNIT_TEST(a_referer_has_an_origin),
        UNIT_TEST(a_cookie_is_set_and_cleared_with_its_attributes),
        UNIT_TEST(what_a_browser_would_refuse_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
