/* SPDX-License-Identifier: Apache-2.0
 *
 * What a Require line wants of claims: every operator against every type.
 */
#include "claim.h"
#include "require.h"
#include "unit.h"

#include <regex.h>

#include <apr_strings.h>

static const char claims_text[] =
    "{\"role\":\"admin\",\"empty\":\"\",\"level\":7,\"ratio\":2.5,"
    "\"big\":9007199254740993,\"largest\":9223372036854775807,"
    "\"least\":-9223372036854775808,\"wide\":9007199254740992.0,"
    "\"text7\":\"7\",\"on\":true,\"off\":false,"
    "\"none\":null,\"groups\":[\"staff\",\"ops\",7,true],\"nothing\":[],"
    "\"deep\":{\"roles\":[\"reader\"]}}";

/* POSIX stands in for httpd's regular expressions. */
static bool posix_match(const void *pattern, const char *text)
{
    return regexec(pattern, text, 0, NULL, 0) == 0;
}

/* One line: "path operator value value". */
static bool holds(const char *line, apr_pool_t *pool)
{
    char *rest;
    const char *path = apr_strtok(apr_pstrdup(pool, line), " ", &rest);
    const ajr_operator_t *operator=
        ajr_operator_find(apr_strtok(NULL, " ", &rest));
    const char *texts[8];
    const void *patterns[8];
    regex_t regexes[8];
    ajr_values_t values = {0, texts, patterns, posix_match};
    ajr_claim_t *claim;
    json_t *claims;
    bool answer;
    int i;

    assert_non_null(operator);
    memset(regexes, 0, sizeof(regexes));
    while ((texts[values.count] = apr_strtok(NULL, " ", &rest)) != NULL) {
        i = values.count++;
        patterns[i] = &regexes[i];
        if (operator->patterns) {
            assert_int_equal(regcomp(&regexes[i], texts[i], REG_EXTENDED), 0);
        }
    }
    assert_null(ajr_claim_compile(&claim, path, pool));
    assert_true(ajr_json_object(&claims, ajr_bytes_of(claims_text), pool));
    answer =
        ajr_operator_holds(operator, ajr_claim_find(claim, claims), &values);
    for (i = 0; i < values.count; i++) {
        regfree(&regexes[i]);
    }
    return answer;
}

static void all_hold(const char *const *lines, size_t count, bool expected,
                     apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (holds(lines[i], pool) != expected) {
            fail_msg("`%s` is %s", lines[i], expected ? "refused" : "granted");
        }
    }
}

static void what_is_fulfilled_holds(void **state)
{
    static const char *const lines[] = {
        "role eq admin",
        "level eq 7",
        "level eq 7.0",
        "ratio eq 2.5",
        "on eq true",
        "off eq false",
        "text7 eq 7",
        "big eq 9007199254740993",
        "role ne root",
        "level ne 8",
        "text7 ne 07",
        "on ne false",
        "role in root admin",
        "level in 1 7",
        "groups any root ops",
        "groups any 7",
        "groups any true",
        "role any admin",
        "groups all ops staff",
        "role all admin",
        "role match ^adm",
        "role match ^x n$",
        "groups match ^op",
        "deep.roles[0] eq reader",
        "deep.roles any reader",
        "level gt 6.9",
        "level ge 7",
        "level lt 8",
        "level le 7",
        "ratio gt -1",
        "big gt 9007199254740992",
        "big gt 9007199254740992.0",
        "big lt 9007199254740994.0",
        "largest lt 9223372036854775808.0",
        "largest lt 1e300",
        "least gt -1e300",
        "least eq -9223372036854775808.0",
        "wide eq 9007199254740992",
        "wide lt 9007199254740993",
        "wide gt 9007199254740991",
        "level lt 7.5",
        "level gt -7.5",
        "ratio gt 2",
        "ratio lt 3",
        "role exists",
        "off exists",
        "empty exists",
        "nothing exists",
        "deep exists",
    };

    all_hold(lines, COUNT(lines), true, *state);
}

static void what_is_not_fulfilled_does_not(void **state)
{
    static const char *const lines[] = {
        "role eq Admin",
        "role eq admi",
        "role eq admins",
        "level eq 07",
        "level eq +7",
        "level eq 0x7",
        "level eq seven",
        "on eq 1",
        "big eq 9007199254740992",
        "big eq 9007199254740992.0",
        "big le 9007199254740992.0",
        "largest eq 9223372036854775808.0",
        "wide eq 9007199254740993",
        "groups eq staff",
        "groups eq 7",
        "deep eq reader",
        "role ne admin",
        "level ne 7.0",
        "on ne true",
        "role in root editor",
        "groups in staff",
        "groups any root",
        "groups any false",
        "nothing any x",
        "groups all ops root",
        "nothing all x",
        "role match ^min",
        "level match 7",
        "groups match root",
        "deep match .",
        "level gt 7",
        "level ge 8",
        "level lt 7",
        "level le 6",
        "text7 ge 7",
        "role gt 0",
        "on ge 0",
        "big gt 9007199254740993",
    };

    all_hold(lines, COUNT(lines), false, *state);
}

/* Inequality is no way around a claim of another shape. */
static void ne_wants_one_value(void **state)
{
    static const char *const lines[] = {"groups ne root", "deep ne root",
                                        "nothing ne root"};

    all_hold(lines, COUNT(lines), false, *state);
}

static void an_absent_claim_satisfies_nothing(void **state)
{
    apr_pool_t *pool = *state;
    static const char *const names[] = {"eq", "ne",    "in", "any", "all",
                                        "gt", "match", "ge", "lt",  "le"};
    size_t i;

    for (i = 0; i < COUNT(names); i++) {
        assert_false(holds(apr_psprintf(pool, "absent %s 0", names[i]), pool));
        assert_false(holds(apr_psprintf(pool, "none %s 0", names[i]), pool));
        assert_false(holds(apr_psprintf(pool, "role.x %s 0", names[i]), pool));
    }
    assert_false(holds("absent exists", pool));
    assert_false(holds("none exists", pool));
}

static void operators_have_names(void **state)
{
    assert_string_equal(ajr_operator_names(*state),
                        "eq, ne, in, any, all, match, gt, ge, lt, le, exists");
    assert_null(ajr_operator_find("EQ"));
    assert_null(ajr_operator_find(""));
}

static void numbers_are_written_as_in_json(void **state)
{
    static const char *const good[] = {"0", "-1", "18", "2.5", "1e3"};
    static const char *const bad[] = {"",    "x",   "01", "1.", ".5",
                                      " 1",  "1 ",  "+1", "-",  "1e999",
                                      "0x1", "NaN", "1 2"};
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(good); i++) {
        assert_true(ajr_number_valid(good[i]));
    }
    for (i = 0; i < COUNT(bad); i++) {
        assert_false(ajr_number_valid(bad[i]));
    }
}

static bool granted(const char *claims, apr_array_header_t *wanted,
                    apr_pool_t *pool)
{
    json_t *json;

    assert_true(ajr_json_object(&json, ajr_bytes_of(claims), pool));
    return ajr_scopes_granted(json, wanted);
}

static void scopes_are_a_set_of_words(void **state)
{
    apr_pool_t *pool = *state;
    apr_array_header_t *both = unit_list(pool, "read", "write", NULL);
    static const char *const good[] = {
        "{\"scope\":\"read write\"}",
        "{\"scope\":\"write  x read\"}",
        "{\"scp\":\"read write\"}",
        "{\"scp\":[\"write\",\"read\"]}",
        "{\"scope\":\"read\",\"scp\":[\"write\"]}",
    };
    static const char *const bad[] = {
        "{}",
        "{\"scope\":\"read\"}",
        "{\"scope\":\"reads write\"}",
        "{\"scope\":\"read-write write\"}",
        "{\"scope\":\"READ write\"}",
        "{\"scope\":[\"read write\"]}",
        "{\"scope\":\"read\\twrite\"}",
        "{\"scope\":{\"read\":1,\"write\":1}}",
        "{\"scope\":null,\"scp\":7}",
        "{\"scopes\":\"read write\"}",
    };
    size_t i;

    for (i = 0; i < COUNT(good); i++) {
        assert_true(granted(good[i], both, pool));
    }
    for (i = 0; i < COUNT(bad); i++) {
        assert_false(granted(bad[i], both, pool));
    }
}

static void a_scope_can_be_quoted(void **state)
{
    static const char *const good[] = {"read", "a:b/c.d", "!#[]~",
                                       "https://x.example/y"};
    static const char *const bad[] = {"",     "a b",  "a\"b",     "a\\b",
                                      "a\tb", "a\nb", "\xc3\xa4", "a\x7f"};
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(good); i++) {
        assert_true(ajr_scope_valid(good[i]));
    }
    for (i = 0; i < COUNT(bad); i++) {
        assert_false(ajr_scope_valid(bad[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(what_is_fulfilled_holds),
        UNIT_TEST(what_is_not_fulfilled_does_not),
        UNIT_TEST(ne_wants_one_value),
        UNIT_TEST(an_absent_claim_satisfies_nothing),
        UNIT_TEST(operators_have_names),
        UNIT_TEST(numbers_are_written_as_in_json),
        UNIT_TEST(scopes_are_a_set_of_words),
        UNIT_TEST(a_scope_can_be_quoted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
