/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes over the wire in each dialect.
 */
#include "dialect.h"
#include "unit.h"

#include <apr_strings.h>

static void is(json_t *made, const char *wanted, apr_pool_t *pool)
{
    json_t *json;

    assert_true(ajr_json_object(&json, ajr_bytes_of(wanted), pool));
    assert_true(json_equal(ajr_json_own(made, pool), json));
}

/* The refusal, and its body as JSON. */
static ajr_refusal_t refused(const char *dialect, ajr_place_t place,
                             ajr_outcome_t outcome, const char *body,
                             apr_pool_t *pool)
{
    const ajr_dialect_t *row = ajr_dialect_find(dialect);
    const ajr_incident_t incident = {.outcome = outcome, .place = place};
    ajr_refusal_t refusal = ajr_dialect_refuse(row, &incident);

    is(row->refusal(&refusal, &incident), body, pool);
    return refusal;
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
    ajr_reply_t reply = {"a.b.c", 300, "jr1_x", "read write", true};

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
    refused("oauth2", AJR_PLACE_REFRESH, AJR_REVOKED,
            "{\"error\":\"invalid_grant\","
            "\"error_description\":\"The session was ended\"}",
            *state);
}

static void laravel_replies_as_jwt_auth_does(void **state)
{
    const ajr_dialect_t *laravel = ajr_dialect_find("laravel");
    const ajr_reply_t reply = {"a.b.c", 3600, NULL, "read", true};

    is(laravel->reply(&reply),
       "{\"access_token\":\"a.b.c\",\"token_type\":\"bearer\","
       "\"expires_in\":3600}",
       *state);
    is(laravel->goodbye("Bye"), "{\"message\":\"Bye\"}", *state);
}

static void laravel_has_one_word_for_all_that_is_wrong(void **state)
{
    static const ajr_outcome_t outcomes[] = {AJR_TOKEN_MISSING,
                                             AJR_TOKEN_EXPIRED, AJR_REVOKED,
                                             AJR_UNKNOWN, AJR_TOKEN_AMBIGUOUS};
    size_t i;

    for (i = 0; i < COUNT(outcomes); i++) {
        ajr_refusal_t refusal =
            refused("laravel", AJR_PLACE_REFRESH, outcomes[i],
                    "{\"message\":\"Unauthenticated.\"}", *state);

        assert_int_equal(refusal.status, 401);
    }
    refused("laravel", AJR_PLACE_LOGIN, AJR_LOGIN_REFUSED,
            "{\"error\":\"Unauthorized\"}", *state);
}

static void simplejwt_replies_with_refresh_only_when_it_is_new(void **state)
{
    const ajr_dialect_t *simplejwt = ajr_dialect_find("simplejwt");
    ajr_reply_t reply = {.access_token = "A", .refresh_token = "R"};

    is(simplejwt->reply(&reply), "{\"access\":\"A\"}", *state);
    reply.renewed = true;
    is(simplejwt->reply(&reply), "{\"refresh\":\"R\",\"access\":\"A\"}",
       *state);
    is(simplejwt->goodbye("Bye"), "{}", *state);
    assert_false(simplejwt->rotates);
}

static void simplejwt_refuses_as_django_does(void **state)
{
    static const ajr_outcome_t dead[] = {AJR_REVOKED, AJR_REUSED, AJR_BLOCKED,
                                         AJR_AHEAD};
    static const ajr_outcome_t bad[] = {
        AJR_TOKEN_MALFORMED, AJR_SIGNATURE_BAD, AJR_KEY_UNKNOWN,
        AJR_CLAIM_MISSING,   AJR_UNKNOWN,       AJR_GRANT_MALFORMED};
    size_t i;

    for (i = 0; i < COUNT(dead); i++) {
        refused("simplejwt", AJR_PLACE_REFRESH, dead[i],
                "{\"detail\":\"Token is blacklisted\","
                "\"code\":\"token_not_valid\"}",
                *state);
    }
    for (i = 0; i < COUNT(bad); i++) {
        refused("simplejwt", AJR_PLACE_VERIFY, bad[i],
                "{\"detail\":\"Token is invalid\","
                "\"code\":\"token_not_valid\"}",
                *state);
    }
    refused("simplejwt", AJR_PLACE_LOGIN, AJR_BLOCKED,
            "{\"detail\":\"No active account found with the given "
            "credentials\"}",
            *state);
    refused("simplejwt", AJR_PLACE_API, AJR_TOKEN_MISSING,
            "{\"detail\":\"Authentication credentials were not provided.\"}",
            *state);
    refused("simplejwt", AJR_PLACE_API, AJR_TOKEN_EXPIRED,
            "{\"detail\":\"Given token not valid for any token type\","
            "\"code\":\"token_not_valid\",\"messages\":[{\"token_class\":"
            "\"AccessToken\",\"token_type\":\"access\",\"message\":"
            "\"Token is expired\"}]}",
            *state);
}

static void laravel_says_why_where_a_middleware_would(void **state)
{
    const ajr_dialect_t *laravel = ajr_dialect_find("laravel");
    ajr_incident_t incident = {
        .outcome = AJR_TOKEN_EXPIRED, .place = AJR_PLACE_API, .explains = true};
    ajr_refusal_t refusal = ajr_dialect_refuse(laravel, &incident);

    is(laravel->refusal(&refusal, &incident),
       "{\"message\":\"Token has expired\"}", *state);
    incident.outcome = AJR_TOKEN_REVOKED;
    refusal = ajr_dialect_refuse(laravel, &incident);
    is(laravel->refusal(&refusal, &incident),
       "{\"message\":\"The token has been blacklisted\"}", *state);
    incident.explains = false;
    incident.text = "Please refresh";
    refusal = ajr_dialect_refuse(laravel, &incident);
    is(laravel->refusal(&refusal, &incident),
       "{\"message\":\"Please refresh\"}", *state);
}

/* ---- of every dialect ---- */

static void each(void (*check)(const ajr_dialect_t *), apr_pool_t *pool)
{
    const char *rest = ajr_dialect_names(pool);
    int count = 0;

    while (*rest != '\0') {
        const char *end = strchr(rest, ',');
        size_t length = end == NULL ? strlen(rest) : (size_t)(end - rest);

        check(ajr_dialect_find(apr_pstrmemdup(pool, rest, length)));
        rest += length + (end == NULL ? 0 : strlen(", "));
        count++;
    }
    assert_true(count >= 1);
}

/* DESIGN 6: database trouble is 503 in every dialect, wherever it happens. */
static void trouble_stays_trouble_in(const ajr_dialect_t *dialect)
{
    int place, outcome;

    for (place = 0; place < AJR_PLACES; place++) {
        for (outcome = 1; outcome < AJR_OUTCOMES; outcome++) {
            const ajr_incident_t incident = {.outcome = (ajr_outcome_t)outcome,
                                             .place = (ajr_place_t)place};
            ajr_refusal_t refusal = ajr_dialect_refuse(dialect, &incident);
            int own = ajr_outcome_row(incident.outcome)->status;

            assert_true(own < 500 || refusal.status == own);
            assert_false(own >= 500 && refusal.challenged);
            assert_true(own == 200 || refusal.status >= 400);
            assert_false(refusal.page && place == AJR_PLACE_API);
        }
    }
}

static void trouble_stays_trouble(void **state)
{
    each(trouble_stays_trouble_in, *state);
}

static void refresh_asks_for_something_in(const ajr_dialect_t *dialect)
{
    assert_int_not_equal(dialect->asks[AJR_PLACE_REFRESH].token[0].kind,
                         AJR_SPOT_END);
    assert_int_not_equal(dialect->asks[AJR_PLACE_LOGOUT].token[0].kind,
                         AJR_SPOT_END);
    assert_true(dialect->ended == 200 || dialect->ended == 204);
    assert_non_null(dialect->access_type);
}

static void refresh_asks_for_something(void **state)
{
    each(refresh_asks_for_something_in, *state);
}

/* ---- JwtErrorText ---- */

static void a_text_of_the_administrator_is_told(void **state)
{
    const ajr_incident_t incident = {
        .outcome = AJR_TOKEN_EXPIRED,
        .place = AJR_PLACE_API,
        .text = "Sitzung abgelaufen",
    };
    ajr_refusal_t refusal =
        ajr_dialect_refuse(ajr_dialect_find("oauth2"), &incident);

    (void)state;
    assert_string_equal(refusal.text, "Sitzung abgelaufen");
    assert_string_equal(refusal.description, "Sitzung abgelaufen");
}

/* RFC 6750 3: neither quotes nor anything but ASCII in error_description. */
static void what_no_challenge_may_hold_stays_out(void **state)
{
    static const char *const texts[] = {"say \"now\"", "a\\b",
                                        "m\xc3\xbc"
                                        "de",
                                        "/login"};
    size_t i;

    (void)state;
    for (i = 0; i < 4; i++) {
        const ajr_incident_t incident = {.outcome = AJR_TOKEN_EXPIRED,
                                         .place = AJR_PLACE_API,
                                         .text = texts[i]};
        ajr_refusal_t refusal =
            ajr_dialect_refuse(ajr_dialect_find("oauth2"), &incident);

        assert_string_equal(refusal.text, texts[i]);
        assert_string_equal(refusal.description,
                            i < 3 ? "The access token expired" : texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(oauth2_is_the_default),
        UNIT_TEST(oauth2_replies_as_rfc_6749_says),
        UNIT_TEST(oauth2_refuses_with_a_code_and_a_sentence),
        UNIT_TEST(laravel_replies_as_jwt_auth_does),
        UNIT_TEST(laravel_has_one_word_for_all_that_is_wrong),
        UNIT_TEST(simplejwt_replies_with_refresh_only_when_it_is_new),
        UNIT_TEST(simplejwt_refuses_as_django_does),
        UNIT_TEST(laravel_says_why_where_a_middleware_would),
        UNIT_TEST(trouble_stays_trouble),
        UNIT_TEST(refresh_asks_for_something),
        UNIT_TEST(a_text_of_the_administrator_is_told),
        UNIT_TEST(what_no_challenge_may_hold_stays_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
