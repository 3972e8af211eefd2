/* SPDX-License-Identifier: Apache-2.0
 *
 * The sid of a token that a host minted: the vectors are those of tests/sql.
 */
#include "derived.h"
#include "unit.h"

#include <apr_strings.h>

#define SIGNED "eyJhbGciOiJIUzI1NiJ9.eyJpYXQiOjE3MDAwMDAwMDB9"

static const json_t *claims_of(const char *text, apr_pool_t *pool)
{
    json_t *claims = NULL;

    assert_true(ajr_json_object(&claims, ajr_bytes_of(text), pool));
    return claims;
}

static const char *sid_of(const char *token, const char *claims,
                          apr_pool_t *pool)
{
    unsigned char sid[AJR_UUID_SIZE];

    assert_int_equal(
        ajr_derived_sid(sid, ajr_bytes_of(token), claims_of(claims, pool)),
        AJR_OK);
    return ajr_uuid_format(sid, pool);
}

static void the_agreed_vector(void **state)
{
    assert_string_equal(sid_of(SIGNED ".c2ln", "{\"iat\":1700000000}", *state),
                        "018bcfe5-6800-8fdc-982f-754b7d53995a");
}

static void another_signature_over_it_is_the_same_session(void **state)
{
    assert_string_equal(
        sid_of(SIGNED ".b3RoZXI", "{\"iat\":1700000000}", *state),
        sid_of(SIGNED ".c2ln", "{\"iat\":1700000000}", *state));
}

static void another_payload_is_another_session(void **state)
{
    assert_string_not_equal(
        sid_of("eyJhbGciOiJIUzI1NiJ9.eyJpYXQiOjE3MDAwMDAwMDF9.c2ln",
               "{\"iat\":1700000000}", *state),
        sid_of(SIGNED ".c2ln", "{\"iat\":1700000000}", *state));
}

static void milliseconds_are_rounded_down_as_decimals(void **state)
{
    static const struct {
        const char *claims;
        const char *birth;
    } rows[] = {
        {"{\"iat\":0}", "00000000-0000-8"},
        {"{\"iat\":0.0009}", "00000000-0000-8"},
        {"{\"iat\":1700000000.123}", "018bcfe5-687b-8"},
        {"{\"iat\":1700000000.122999}", "018bcfe5-687a-8"},
        {"{\"iat\":1.7e9}", "018bcfe5-6800-8"},
        {"{\"iat\":281474976710.655}", "ffffffff-ffff-8"},
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        assert_memory_equal(sid_of(SIGNED ".c2ln", rows[i].claims, *state),
                            rows[i].birth, strlen(rows[i].birth));
    }
}

static void without_a_birth_there_is_no_sid(void **state)
{
    static const char *const rows[] = {
        "{}",
        "{\"iat\":null}",
        "{\"iat\":\"1700000000\"}",
        "{\"iat\":-1}",
        "{\"iat\":-0.0001}",
        "{\"iat\":281474976710.656}",
        "{\"iat\":1e300}",
        "{\"iat\":true}",
    };
    unsigned char sid[AJR_UUID_SIZE];
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        assert_int_equal(ajr_derived_sid(sid, ajr_bytes_of(SIGNED ".c2ln"),
                                         claims_of(rows[i], *state)),
                         AJR_UNKNOWN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(the_agreed_vector),
        UNIT_TEST(another_signature_over_it_is_the_same_session),
        UNIT_TEST(another_payload_is_another_session),
        UNIT_TEST(milliseconds_are_rounded_down_as_decimals),
        UNIT_TEST(without_a_birth_there_is_no_sid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
