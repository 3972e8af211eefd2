/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes over the wire in each dialect.
 */
#include "dialect.h"
#include "unit.h"

static void is(json_t *made, const char *wanted, apr_pool_t *pool)
{
    json_t *json;

    assert_true(ajr_json_object(&json, ajr_bytes_of(wanted), pool));
    assert_true(json_equal(ajr_json_own(made, pool), json));
}

static void oauth2_is_the_default(void **state)
{
    assert_string_equal(ajr_dialect_find(NULL)->name, "oauth2");
    assert_ptr_equal(ajr_dialect_find("oauth2"), ajr_dialect_find(NULL));
    assert_null(ajr_dialect_find("oauth"));
    assert_null(ajr_dialect_find(""));
    assert_non_null(strstr(ajr_dialect_names(*state), "oauth2"));
}

static void oauth2_replies_as_rfc_6749_says(void **state)
{
    const ajr_dialect_t *oauth2 = ajr_dialect_find("oauth2");
    ajr_reply_t reply = {"a.b.c", 300, "jr1_x", "read write"};

    is(oauth2->reply(&reply),
       "{\"access_token\":\"a.b.c\",\"token_type\":\"Bearer\","
       "\"expires_in\":300,\"refresh_token\":\"jr1_x\","
       "\"scope\":\"read write\"}",
       *state);
    reply.refresh_token = reply.scope = NULL;
    is(oauth2->reply(&reply),
       "{\"access_token\":\"a.b.c\",\"token_type\":\"Bearer\","
       "\"expires_in\":300}",
       *state);
}

static void oauth2_refuses_with_a_code_and_a_sentence(void **state)
{
    const ajr_dialect_t *oauth2 = ajr_dialect_find("oauth2");

    is(oauth2->refusal(ajr_outcome_row(AJR_REVOKED)),
       "{\"error\":\"invalid_grant\","
       "\"error_description\":\"The session was ended\"}",
       *state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(oauth2_is_the_default),
        UNIT_TEST(oauth2_replies_as_rfc_6749_says),
        UNIT_TEST(oauth2_refuses_with_a_code_and_a_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
