/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdint.h>

#include <apr_strings.h>

#include "policy.h"

#define NOW APR_TIME_C(1000000000000)
#define SECOND APR_TIME_C(1000000)

static json_t *object(const char *text, apr_pool_t *pool)
{
    json_t *json = NULL;

    assert_true(ajr_json_object(&json, ajr_bytes_of(text), pool));
    return json;
}

static ajr_outcome_t judge_at(const char **subject, const char *header,
                              const char *claims, const ajr_policy_t *policy,
                              apr_time_t now, apr_pool_t *pool)
{
    ajr_jwt_t jwt = {.header = object(header, pool),
                     .claims = object(claims, pool)};
    ajr_outcome_t outcome;

    ajr_jwt_know(&jwt);
    *subject = "left over";
    outcome = ajr_policy_judge(subject, &jwt, policy, now, pool);
    assert_int_equal(outcome == AJR_OK, *subject != NULL);
    return outcome;
}

/* A token without typ at NOW. */
static ajr_outcome_t judge(const char *claims, const ajr_policy_t *policy,
                           apr_pool_t *pool)
{
    const char *subject;

    return judge_at(&subject, "{}", claims, policy, NOW, pool);
}

static const ajr_policy_t plain; /* every default, no leeway */

/* A good token with one more member. */
static ajr_outcome_t judge_with(const char *name, const char *value,
                                const ajr_policy_t *policy, apr_pool_t *pool)
{
    return judge(
        apr_psprintf(pool, "{\"x\":1,\"%s\":%s%s%s}", name, value,
                     strcmp(name, "sub") == 0 ? "" : ",\"sub\":\"42\"",
                     strcmp(name, "exp") == 0 ? "" : ",\"exp\":2000000"),
        policy, pool);
}

/* ---- typ ---- */

static ajr_outcome_t typ(const char *header, const apr_array_header_t *types,
                         apr_pool_t *pool)
{
    ajr_policy_t policy = {.types = types};
    const char *subject;

    return judge_at(&subject, header, "{\"sub\":\"42\",\"exp\":2000000}",
                    &policy, NOW, pool);
}

static void typ_of_access_tokens_is_accepted_by_default(void **state)
{
    static const char *const good[] = {
        "{}",
        "{\"typ\":\"JWT\"}",
        "{\"typ\":\"jwt\"}",
        "{\"typ\":\"at+jwt\"}",
        "{\"typ\":\"AT+JWT\"}",
        "{\"typ\":\"application/at+jwt\"}",
        "{\"typ\":\"Application/JWT\"}",
    };
    size_t i;

    for (i = 0; i < COUNT(good); i++) {
        assert_int_equal(typ(good[i], NULL, *state), AJR_OK);
    }
}

static void typ_of_other_tokens_is_refused(void **state)
{
    static const char *const bad[] = {
        "{\"typ\":\"refresh+jwt\"}",
        "{\"typ\":\"logout+jwt\"}",
        "{\"typ\":\"dpop+jwt\"}",
        "{\"typ\":\"\"}",
        "{\"typ\":\"JW\"}",
        "{\"typ\":\"JWTx\"}",
        "{\"typ\":\"application/\"}",
        "{\"typ\":\"application/application/JWT\"}",
        "{\"typ\":\"text/JWT\"}",
        "{\"typ\":\"absent\"}",
        "{\"typ\":\"application/absent\"}",
        "{\"typ\":null}",
        "{\"typ\":1}",
        "{\"typ\":[\"JWT\"]}",
    };
    size_t i;

    for (i = 0; i < COUNT(bad); i++) {
        assert_int_equal(typ(bad[i], NULL, *state), AJR_TYPE_REFUSED);
    }
}

static void typ_list_is_the_whole_list(void **state)
{
    apr_array_header_t *one =
        unit_list(*state, "application/refresh+jwt", NULL);

    assert_int_equal(typ("{\"typ\":\"refresh+JWT\"}", one, *state), AJR_OK);
    assert_int_equal(typ("{\"typ\":\"JWT\"}", one, *state), AJR_TYPE_REFUSED);
    assert_int_equal(typ("{}", one, *state), AJR_TYPE_REFUSED);
    assert_int_equal(typ("{}", unit_list(*state, "absent", NULL), *state),
                     AJR_OK);
    assert_int_equal(typ("{}", unit_list(*state, NULL), *state),
                     AJR_TYPE_REFUSED);
}

static void a_refresh_or_id_token_is_no_access_token(void **state)
{
    static const char *const kinds[][2] = {
        {"token_type", "\"refresh\""}, {"token_type", "\"Refresh\""},
        {"token_type", "\"id\""},      {"token_use", "\"id\""},
        {"token_use", "\"ID\""},       {"token_use", "\"REFRESH\""},
    };
    size_t i;

    for (i = 0; i < COUNT(kinds); i++) {
        assert_int_equal(judge_with(kinds[i][0], kinds[i][1], &plain, *state),
                         AJR_TYPE_REFUSED);
    }
    assert_int_equal(judge_with("token_type", "\"access\"", &plain, *state),
                     AJR_OK);
    assert_int_equal(judge_with("token_type", "\"Bearer\"", &plain, *state),
                     AJR_OK);
    assert_int_equal(judge_with("token_use", "\"access\"", &plain, *state),
                     AJR_OK);
    assert_int_equal(judge_with("token_use", "\"identity\"", &plain, *state),
                     AJR_OK);
}

/* ---- required claims ---- */

static void exp_is_required_unless_the_list_says_otherwise(void **state)
{
    ajr_policy_t nothing = {.required = unit_list(*state, NULL)};
    ajr_policy_t jti = {.required = unit_list(*state, "jti", NULL)};

    assert_int_equal(judge("{\"sub\":\"42\"}", &plain, *state),
                     AJR_CLAIM_MISSING);
    assert_int_equal(judge("{\"sub\":\"42\"}", &nothing, *state), AJR_OK);
    assert_int_equal(judge("{\"sub\":\"42\"}", &jti, *state),
                     AJR_CLAIM_MISSING);
    assert_int_equal(judge("{\"sub\":\"42\",\"jti\":\"a\"}", &jti, *state),
                     AJR_OK);
}

static void a_name_that_is_a_prefix_of_a_claim_is_not_that_claim(void **state)
{
    ajr_policy_t policy = {.required = unit_list(*state, "scope", NULL)};
    static const char *const bad[] = {
        "{\"sub\":\"42\",\"ex\":2000000}",
        "{\"sub\":\"42\",\"expi\":2000000}",
        "{\"sub\":\"42\",\"EXP\":2000000}",
        "{\"su\":\"42\",\"exp\":2000000}",
        "{\"subj\":\"42\",\"exp\":2000000}",
        "{\"sub \":\"42\",\"exp\":2000000}",
        "{\"x\":{\"sub\":\"42\"},\"exp\":2000000}",
    };
    size_t i;

    for (i = 0; i < COUNT(bad); i++) {
        assert_int_equal(judge(bad[i], &plain, *state), AJR_CLAIM_MISSING);
    }
    assert_int_equal(judge_with("scopes", "\"a\"", &policy, *state),
                     AJR_CLAIM_MISSING);
    assert_int_equal(judge_with("scop", "\"a\"", &policy, *state),
                     AJR_CLAIM_MISSING);
    assert_int_equal(judge_with("scope", "\"a\"", &policy, *state), AJR_OK);
}

static void a_required_claim_that_is_null_is_missing(void **state)
{
    ajr_policy_t policy = {.required = unit_list(*state, "role", NULL)};

    assert_int_equal(judge_with("role", "null", &policy, *state),
                     AJR_CLAIM_MISSING);
    assert_int_equal(judge_with("role", "false", &policy, *state), AJR_OK);
    assert_int_equal(judge_with("role", "[]", &policy, *state), AJR_OK);
}

/* name, value, whether its type is right when the claim is required, and when
 * it is not. */
static void registered_claims_have_their_type(void **state)
{
    static const struct {
        const char *name, *value;
        bool required, optional;
    } rows[] = {
        {"exp", "2000000", true, true},
        {"exp", "2000000.5", true, true},
        {"exp", "\"2000000\"", false, false},
        {"exp", "true", false, false},
        {"exp", "null", false, false},
        {"exp", "[2000000]", false, false},
        {"exp", "{}", false, false},
        {"nbf", "1", true, true},
        {"nbf", "\"1\"", false, false},
        {"nbf", "true", false, false},
        {"nbf", "null", false, false},
        {"iat", "1", true, true},
        {"iat", "\"\"", false, false},
        {"iat", "false", false, false},
        {"iat", "null", false, false},
        {"iss", "\"a\"", true, true},
        {"iss", "1", false, false},
        {"iss", "[\"a\"]", false, false},
        {"iss", "null", false, false},
        {"iss", "{\"a\":1}", false, false},
        {"aud", "\"a\"", true, true},
        {"aud", "[\"a\"]", true, true},
        {"aud", "[\"a\",\"b\"]", true, true},
        {"aud", "[]", false, false},
        {"aud", "[1]", false, false},
        {"aud", "[\"a\",1]", false, false},
        {"aud", "[\"a\",null]", false, false},
        {"aud", "[[\"a\"]]", false, false},
        {"aud", "{}", false, false},
        {"aud", "1", false, false},
        {"aud", "null", false, false},
        {"jti", "\"a\"", true, true},
        {"jti", "1", false, true},
        {"jti", "null", false, true},
        {"sub", "\"42\"", true, true},
        {"sub", "42", true, true},
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        ajr_policy_t required = {.required =
                                     unit_list(*state, rows[i].name, NULL)};
        ajr_policy_t optional = {.required = unit_list(*state, NULL)};

        assert_int_equal(
            judge_with(rows[i].name, rows[i].value, &required, *state),
            rows[i].required ? AJR_OK : AJR_CLAIM_MALFORMED);
        assert_int_equal(
            judge_with(rows[i].name, rows[i].value, &optional, *state),
            rows[i].optional ? AJR_OK : AJR_CLAIM_MALFORMED);
    }
}

/* sub is required and mistyped, but another claim is the subject. */
static void
a_required_sub_has_its_type_even_when_it_is_not_the_subject(void **state)
{
    ajr_policy_t policy = {.required = unit_list(*state, "sub", NULL),
                           .subject_claim = "user_id"};

    assert_int_equal(judge("{\"user_id\":\"7\",\"sub\":[1]}", &policy, *state),
                     AJR_CLAIM_MALFORMED);
    assert_int_equal(judge("{\"user_id\":\"7\",\"sub\":1}", &policy, *state),
                     AJR_OK);
    policy.required = unit_list(*state, NULL);
    assert_int_equal(judge("{\"user_id\":\"7\",\"sub\":[1]}", &policy, *state),
                     AJR_OK);
}

/* ---- subject ---- */

static void the_subject_is_text_or_an_integer(void **state)
{
    static const char *const rows[][2] = {
        {"\"42\"", "42"},
        {"42", "42"},
        {"0", "0"},
        {"-7", "-7"},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"\"J\\u00fcrgen O'Neil, <a>\"", "J\xc3\xbcrgen O'Neil, <a>"},
        {"\"\\u00a0\"", "\xc2\xa0"},
        {"\"\xf0\x9f\x98\x80\"", "\xf0\x9f\x98\x80"},
    };
    const char *subject;
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        const char *claims = apr_pstrcat(
            *state, "{\"exp\":2000000,\"sub\":", rows[i][0], "}", NULL);

        assert_int_equal(judge_at(&subject, "{}", claims, &plain, NOW, *state),
                         AJR_OK);
        assert_string_equal(subject, rows[i][1]);
    }
}

static void a_subject_of_another_type_or_empty_is_malformed(void **state)
{
    static const char *const bad[] = {"\"\"", "null", "true",     "4.2",
                                      "1e3",  "[]",   "[\"42\"]", "{}"};
    size_t i;

    for (i = 0; i < COUNT(bad); i++) {
        assert_int_equal(judge_with("sub", bad[i], &plain, *state),
                         AJR_CLAIM_MALFORMED);
    }
}

/* They would split log lines and headers. */
static void control_characters_in_the_subject_are_malformed(void **state)
{
    int c;

    for (c = 1; c <= 0xa0; c++) {
        const char *value = apr_psprintf(*state, "\"a\\u%04xb\"", c);
        bool control = c < 0x20 || (c >= 0x7f && c <= 0x9f);

        assert_int_equal(judge_with("sub", value, &plain, *state),
                         control ? AJR_CLAIM_MALFORMED : AJR_OK);
    }
    assert_int_equal(
        judge_with("sub", "\"\\r\\nSet-Cookie: a=b\"", &plain, *state),
        AJR_CLAIM_MALFORMED);
    assert_int_equal(judge_with("sub", "\"\\u0080\"", &plain, *state),
                     AJR_CLAIM_MALFORMED);
}

/* Claims that did not come through our own JSON reader. */
static void a_subject_that_is_not_utf8_or_holds_a_nul_is_malformed(void **state)
{
    static const ajr_bytes_t bad[] = {
        {(const unsigned char *)"a\xff", 2},
        {(const unsigned char *)"\xc3", 1},
        {(const unsigned char *)"\xc2", 1},
        {(const unsigned char *)"a\0b", 3},
        {(const unsigned char *)"\xed\xa0\x80", 3},
    };
    size_t i;

    for (i = 0; i < COUNT(bad); i++) {
        json_t *claims = object("{}", *state);
        ajr_jwt_t jwt = {.header = object("{}", *state), .claims = claims};
        const char *subject = "left over";

        json_object_set_new(claims, "exp", json_integer(2000000));
        json_object_set_new(
            claims, "sub",
            json_stringn_nocheck((const char *)bad[i].data, bad[i].len));
        ajr_jwt_know(&jwt);
        assert_int_equal(ajr_policy_judge(&subject, &jwt, &plain, NOW, *state),
                         AJR_CLAIM_MALFORMED);
        assert_null(subject);
    }
}

static void the_subject_claim_can_have_another_name(void **state)
{
    ajr_policy_t policy = {.subject_claim = "user_id"};
    const char *subject;

    assert_int_equal(judge_at(&subject, "{}",
                              "{\"exp\":2000000,\"sub\":\"1\",\"user_id\":2}",
                              &policy, NOW, *state),
                     AJR_OK);
    assert_string_equal(subject, "2");
    assert_int_equal(judge_with("sub", "\"1\"", &policy, *state),
                     AJR_CLAIM_MISSING);
}

/* ---- issuer and audience ---- */

static void an_issuer_that_is_absent_or_other_is_refused_once_set(void **state)
{
    ajr_policy_t policy = {
        .issuers = unit_list(*state, "https://a", "https://b", NULL)};
    ajr_policy_t empty = {.issuers = unit_list(*state, NULL)};
    static const char *const bad[] = {
        "\"https://c\"", "\"https://a/\"", "\"https://\"",           "\"\"",
        "\"HTTPS://A\"", "\"https://a \"", "\"https://a,https://b\""};
    size_t i;

    assert_int_equal(judge_with("iss", "\"https://a\"", &policy, *state),
                     AJR_OK);
    assert_int_equal(judge_with("iss", "\"https://b\"", &policy, *state),
                     AJR_OK);
    assert_int_equal(judge_with("y", "1", &policy, *state), AJR_ISSUER_REFUSED);
    for (i = 0; i < COUNT(bad); i++) {
        assert_int_equal(judge_with("iss", bad[i], &policy, *state),
                         AJR_ISSUER_REFUSED);
        assert_int_equal(judge_with("iss", bad[i], &plain, *state), AJR_OK);
        assert_int_equal(judge_with("iss", bad[i], &empty, *state), AJR_OK);
    }
    assert_int_equal(judge_with("iss", "[\"https://a\"]", &policy, *state),
                     AJR_CLAIM_MALFORMED);
}

static void one_audience_of_the_token_must_be_accepted_once_set(void **state)
{
    ajr_policy_t policy = {.audiences = unit_list(*state, "api", "web", NULL)};
    static const char *const good[] = {"\"api\"", "\"web\"", "[\"api\"]",
                                       "[\"x\",\"web\"]", "[\"api\",\"web\"]"};
    static const char *const bad[] = {
        "\"ap\"",      "\"apis\"", "\"API\"",          "\"\"",
        "\"api web\"", "[\"x\"]",  "[\"api \",\"we\"]"};
    size_t i;

    for (i = 0; i < COUNT(good); i++) {
        assert_int_equal(judge_with("aud", good[i], &policy, *state), AJR_OK);
    }
    for (i = 0; i < COUNT(bad); i++) {
        assert_int_equal(judge_with("aud", bad[i], &policy, *state),
                         AJR_AUDIENCE_REFUSED);
        assert_int_equal(judge_with("aud", bad[i], &plain, *state), AJR_OK);
    }
    assert_int_equal(judge_with("y", "1", &policy, *state),
                     AJR_AUDIENCE_REFUSED);
    assert_int_equal(judge_with("aud", "[\"api\",1]", &policy, *state),
                     AJR_CLAIM_MALFORMED);
}

/* ---- times ---- */

static ajr_outcome_t at(const char *name, const char *value, apr_time_t leeway,
                        apr_time_t now, apr_pool_t *pool)
{
    ajr_policy_t policy = {.leeway = leeway, .required = unit_list(pool, NULL)};
    const char *claims =
        apr_psprintf(pool, "{\"sub\":\"42\",\"%s\":%s}", name, value);
    const char *subject;

    return judge_at(&subject, "{}", claims, &policy, now, pool);
}

static void exp_exactly_now_has_expired(void **state)
{
    assert_int_equal(at("exp", "1000000", 0, NOW - 1, *state), AJR_OK);
    assert_int_equal(at("exp", "1000000", 0, NOW, *state), AJR_TOKEN_EXPIRED);
    assert_int_equal(at("exp", "1000000", 0, NOW + 1, *state),
                     AJR_TOKEN_EXPIRED);
}

static void leeway_moves_the_edge_of_exp_by_itself(void **state)
{
    apr_time_t leeway = 30 * SECOND;

    assert_int_equal(at("exp", "1000000", leeway, NOW + leeway - 1, *state),
                     AJR_OK);
    assert_int_equal(at("exp", "1000000", leeway, NOW + leeway, *state),
                     AJR_TOKEN_EXPIRED);
}

static void nbf_and_iat_exactly_now_are_valid(void **state)
{
    static const char *const names[] = {"nbf", "iat"};
    apr_time_t leeway = 30 * SECOND;
    size_t i;

    for (i = 0; i < 2; i++) {
        assert_int_equal(at(names[i], "1000000", 0, NOW, *state), AJR_OK);
        assert_int_equal(at(names[i], "1000000", 0, NOW - 1, *state),
                         AJR_TOKEN_NOT_YET_VALID);
        assert_int_equal(at(names[i], "1000000", leeway, NOW - leeway, *state),
                         AJR_OK);
        assert_int_equal(
            at(names[i], "1000000", leeway, NOW - leeway - 1, *state),
            AJR_TOKEN_NOT_YET_VALID);
    }
}

static void fractions_of_a_second_count(void **state)
{
    assert_int_equal(at("exp", "1000000.5", 0, NOW + SECOND / 2 - 1, *state),
                     AJR_OK);
    assert_int_equal(at("exp", "1000000.5", 0, NOW + SECOND / 2, *state),
                     AJR_TOKEN_EXPIRED);
    assert_int_equal(at("nbf", "1000000.5", 0, NOW, *state),
                     AJR_TOKEN_NOT_YET_VALID);
    assert_int_equal(at("exp", "1e6", 0, NOW - 1, *state), AJR_OK);
    assert_int_equal(at("exp", "1e6", 0, NOW, *state), AJR_TOKEN_EXPIRED);
}

/* Milliseconds in place of seconds, 1e300, and the ends of the integers: far
 * away in the direction that they say, and no arithmetic overflows. */
static void huge_and_negative_times_are_only_far_away(void **state)
{
    static const char *const future[] = {
        "1e300",         "9223372036854775807",
        "9223372036855", "1.7976931348623157e308",
        "2199023255552", "2199023255551"};
    static const char *const past[] = {
        "-1e300", "-9223372036854775808", "-9223372036855", "-1", "0",
        "-0.0",   "-2199023255552",       "1e-300"};
    static const apr_time_t leeways[] = {0, 30 * SECOND, INT64_MAX};
    size_t i, j;

    for (j = 0; j < COUNT(leeways); j++) {
        bool bounded = leeways[j] < INT64_MAX;

        for (i = 0; i < COUNT(future); i++) {
            assert_int_equal(at("exp", future[i], leeways[j], NOW, *state),
                             AJR_OK);
            assert_int_equal(at("nbf", future[i], leeways[j], NOW, *state),
                             bounded ? AJR_TOKEN_NOT_YET_VALID : AJR_OK);
            assert_int_equal(at("iat", future[i], leeways[j], NOW, *state),
                             bounded ? AJR_TOKEN_NOT_YET_VALID : AJR_OK);
        }
        for (i = 0; i < COUNT(past); i++) {
            assert_int_equal(at("nbf", past[i], leeways[j], NOW, *state),
                             AJR_OK);
            assert_int_equal(at("iat", past[i], leeways[j], NOW, *state),
                             AJR_OK);
        }
        for (i = 0; bounded && i < COUNT(past); i++) {
            assert_int_equal(at("exp", past[i], leeways[j], NOW, *state),
                             AJR_TOKEN_EXPIRED);
        }
    }
}

/* ---- lifetime ---- */

static ajr_outcome_t lifetime(const char *claims, bool from_nbf,
                              apr_pool_t *pool)
{
    ajr_policy_t policy = {.max_lifetime = 300 * SECOND,
                           .lifetime_from_nbf = from_nbf,
                           .required = unit_list(pool, NULL)};

    return judge(apr_pstrcat(pool, "{\"sub\":\"42\"", claims, "}", NULL),
                 &policy, pool);
}

static void a_lifetime_above_the_limit_is_refused(void **state)
{
    assert_int_equal(
        lifetime(",\"iat\":1000000,\"exp\":1000300", false, *state), AJR_OK);
    assert_int_equal(
        lifetime(",\"iat\":1000000,\"exp\":1000300.1", false, *state),
        AJR_TOKEN_LIFETIME);
    assert_int_equal(lifetime(",\"iat\":1000000,\"exp\":1e300", false, *state),
                     AJR_TOKEN_LIFETIME);
    assert_int_equal(lifetime(",\"iat\":-1e300,\"exp\":1e300", false, *state),
                     AJR_TOKEN_LIFETIME);
    assert_int_equal(lifetime(",\"iat\":0,\"exp\":1000001", false, *state),
                     AJR_TOKEN_LIFETIME);
}

static void a_lifetime_is_counted_from_nbf_where_iat_is_absent(void **state)
{
    assert_int_equal(
        lifetime(",\"nbf\":1000000,\"exp\":1000300", false, *state), AJR_OK);
    assert_int_equal(
        lifetime(",\"nbf\":1000000,\"exp\":1000301", false, *state),
        AJR_TOKEN_LIFETIME);
    /* iat counts when both are there, whatever nbf says */
    assert_int_equal(
        lifetime(",\"iat\":1,\"nbf\":1000000,\"exp\":1000300", false, *state),
        AJR_TOKEN_LIFETIME);
}

/* Laravel keeps the iat of the login through every refresh. */
static void a_lifetime_is_counted_from_nbf_where_iat_is_kept(void **state)
{
    assert_int_equal(
        lifetime(",\"iat\":1,\"nbf\":1000000,\"exp\":1000300", true, *state),
        AJR_OK);
    assert_int_equal(
        lifetime(",\"iat\":1000000,\"nbf\":1,\"exp\":1000300", true, *state),
        AJR_TOKEN_LIFETIME);
    assert_int_equal(lifetime(",\"iat\":1000000,\"exp\":1000300", true, *state),
                     AJR_OK);
    assert_int_equal(lifetime(",\"iat\":1000000,\"exp\":1000301", true, *state),
                     AJR_TOKEN_LIFETIME);
}

static void a_lifetime_that_cannot_be_known_is_a_missing_claim(void **state)
{
    assert_int_equal(lifetime(",\"exp\":1000300", false, *state),
                     AJR_CLAIM_MISSING);
    assert_int_equal(lifetime(",\"iat\":1000000", false, *state),
                     AJR_CLAIM_MISSING);
    assert_int_equal(lifetime(",\"nbf\":1000000", true, *state),
                     AJR_CLAIM_MISSING);
    assert_int_equal(lifetime("", false, *state), AJR_CLAIM_MISSING);
    assert_int_equal(lifetime(",\"exp\":1000300,\"iat\":null", false, *state),
                     AJR_CLAIM_MALFORMED);
    assert_int_equal(
        judge("{\"sub\":\"42\",\"exp\":9e9,\"iat\":0}", &plain, *state),
        AJR_OK);
}

/* ---- what a dialect demands ---- */

static void what_a_dialect_demands_is_required_too(void **state)
{
    static const char *const demanded[] = {"jti", "iss", NULL};
    ajr_policy_t policy = {.demanded = demanded,
                           .required = unit_list(*state, "exp", NULL)};
    static const char good[] = "{\"sub\":\"42\",\"exp\":2000000,\"jti\":"
                               "\"x\",\"iss\":\"i\"}";

    assert_int_equal(judge(good, &policy, *state), AJR_OK);
    assert_int_equal(judge("{\"sub\":\"42\",\"exp\":2000000,\"jti\":\"x\"}",
                           &policy, *state),
                     AJR_CLAIM_MISSING);
    assert_int_equal(
        judge("{\"sub\":\"42\",\"jti\":\"x\",\"iss\":\"i\"}", &policy, *state),
        AJR_CLAIM_MISSING);
    assert_int_equal(judge("{\"sub\":\"42\",\"exp\":2000000,\"jti\":1,"
                           "\"iss\":\"i\"}",
                           &policy, *state),
                     AJR_CLAIM_MALFORMED);
}

/* jwt-auth's prv: users of another class have the same numbers. */
static void a_pinned_claim_may_be_absent_but_not_another(void **state)
{
    ajr_policy_t policy = {.pinned = "prv", .pin = "a"};

    assert_int_equal(judge_with("prv", "\"a\"", &policy, *state), AJR_OK);
    assert_int_equal(judge_with("iat", "1", &policy, *state), AJR_OK);
    assert_int_equal(judge_with("prv", "\"b\"", &policy, *state),
                     AJR_AUDIENCE_REFUSED);
    assert_int_equal(judge_with("prv", "null", &policy, *state),
                     AJR_AUDIENCE_REFUSED);
    assert_int_equal(judge_with("prv", "[\"a\"]", &policy, *state),
                     AJR_AUDIENCE_REFUSED);
    policy.pin = NULL;
    assert_int_equal(judge_with("prv", "\"b\"", &policy, *state), AJR_OK);
}

static void times_can_be_demanded_whole(void **state)
{
    static const char *const names[] = {"exp", "nbf", "iat"};
    ajr_policy_t policy = {.whole_times = true};
    size_t i;

    assert_int_equal(judge_with("iat", "999999", &policy, *state), AJR_OK);
    for (i = 0; i < COUNT(names); i++) {
        assert_int_equal(judge_with(names[i], "1e300", &policy, *state),
                         AJR_CLAIM_MALFORMED);
        assert_int_equal(judge_with(names[i], "999999.0", &policy, *state),
                         AJR_CLAIM_MALFORMED);
    }
}

/* A token that is presented to be traded. */
static void an_expired_token_can_be_let_through(void **state)
{
    ajr_policy_t policy = {.expired_too = true};

    assert_int_equal(judge_with("exp", "1", &policy, *state), AJR_OK);
    assert_int_equal(judge_with("exp", "\"1\"", &policy, *state),
                     AJR_CLAIM_MALFORMED);
    assert_int_equal(judge_with("nbf", "1000001", &policy, *state),
                     AJR_TOKEN_NOT_YET_VALID);
}

/* Where both tokens are JWTs, nothing else tells one from the other. */
static void a_token_type_that_is_wanted_must_be_said(void **state)
{
    ajr_policy_t policy = {.token_type = "refresh"};

    assert_int_equal(judge_with("token_type", "\"refresh\"", &policy, *state),
                     AJR_OK);
    assert_int_equal(judge_with("token_type", "\"access\"", &policy, *state),
                     AJR_TYPE_REFUSED);
    assert_int_equal(judge_with("token_type", "\"REFRESH\"", &policy, *state),
                     AJR_TYPE_REFUSED);
    assert_int_equal(judge_with("token_type", "[\"refresh\"]", &policy, *state),
                     AJR_TYPE_REFUSED);
    assert_int_equal(judge_with("other", "1", &policy, *state),
                     AJR_TYPE_REFUSED);
    policy.token_type = "access";
    assert_int_equal(judge_with("token_type", "\"access\"", &policy, *state),
                     AJR_OK);
    assert_int_equal(judge_with("token_type", "\"sliding\"", &policy, *state),
                     AJR_TYPE_REFUSED);
}

/* ---- order ---- */

/* A token with every fault there is, mended one by one. */
static void faults_are_reported_in_the_order_of_the_contract(void **state)
{
    static const struct {
        const char *header, *claims;
        ajr_outcome_t expected;
    } rows[] = {
        {"{\"typ\":\"x\"}", "{\"iss\":1,\"exp\":\"\"}", AJR_TYPE_REFUSED},
        {"{}", "{\"iss\":1,\"exp\":\"\"}", AJR_CLAIM_MISSING},
        {"{}", "{\"sub\":\"42\",\"iss\":1,\"exp\":1,\"iat\":9e9}",
         AJR_CLAIM_MALFORMED},
        {"{}", "{\"sub\":\"42\",\"exp\":1,\"iat\":9e9}", AJR_ISSUER_REFUSED},
        {"{}", "{\"sub\":\"42\",\"iss\":\"i\",\"exp\":1,\"iat\":9e9}",
         AJR_AUDIENCE_REFUSED},
        {"{}",
         "{\"sub\":\"42\",\"iss\":\"i\",\"aud\":\"a\",\"exp\":1,\"iat\":9e9}",
         AJR_TOKEN_EXPIRED},
        {"{}",
         "{\"sub\":\"42\",\"iss\":\"i\",\"aud\":\"a\",\"exp\":9e12,"
         "\"iat\":9e9}",
         AJR_TOKEN_NOT_YET_VALID},
        {"{}",
         "{\"sub\":\"42\",\"iss\":\"i\",\"aud\":\"a\",\"exp\":9e12,\"iat\":1}",
         AJR_TOKEN_LIFETIME},
        {"{}",
         "{\"sub\":\"42\",\"iss\":\"i\",\"aud\":\"a\",\"exp\":1000001,"
         "\"iat\":1000000}",
         AJR_OK},
    };
    ajr_policy_t policy = {.issuers = unit_list(*state, "i", NULL),
                           .audiences = unit_list(*state, "a", NULL),
                           .max_lifetime = SECOND};
    const char *subject;
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        assert_int_equal(judge_at(&subject, rows[i].header, rows[i].claims,
                                  &policy, NOW, *state),
                         rows[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(typ_of_access_tokens_is_accepted_by_default),
        UNIT_TEST(typ_of_other_tokens_is_refused),
        UNIT_TEST(typ_list_is_the_whole_list),
        UNIT_TEST(a_refresh_or_id_token_is_no_access_token),
        UNIT_TEST(exp_is_required_unless_the_list_says_otherwise),
        UNIT_TEST(a_name_that_is_a_prefix_of_a_claim_is_not_that_claim),
        UNIT_TEST(a_required_claim_that_is_null_is_missing),
        UNIT_TEST(registered_claims_have_their_type),
        UNIT_TEST(a_required_sub_has_its_type_even_when_it_is_not_the_subject),
        UNIT_TEST(the_subject_is_text_or_an_integer),
        UNIT_TEST(a_subject_of_another_type_or_empty_is_malformed),
        UNIT_TEST(control_characters_in_the_subject_are_malformed),
        UNIT_TEST(a_subject_that_is_not_utf8_or_holds_a_nul_is_malformed),
        UNIT_TEST(the_subject_claim_can_have_another_name),
        UNIT_TEST(an_issuer_that_is_absent_or_other_is_refused_once_set),
        UNIT_TEST(one_audience_of_the_token_must_be_accepted_once_set),
        UNIT_TEST(exp_exactly_now_has_expired),
        UNIT_TEST(leeway_moves_the_edge_of_exp_by_itself),
        UNIT_TEST(nbf_and_iat_exactly_now_are_valid),
        UNIT_TEST(fractions_of_a_second_count),
        UNIT_TEST(huge_and_negative_times_are_only_far_away),
        UNIT_TEST(a_lifetime_above_the_limit_is_refused),
        UNIT_TEST(a_lifetime_is_counted_from_nbf_where_iat_is_absent),
        UNIT_TEST(a_lifetime_is_counted_from_nbf_where_iat_is_kept),
        UNIT_TEST(a_lifetime_that_cannot_be_known_is_a_missing_claim),
        UNIT_TEST(what_a_dialect_demands_is_required_too),
        UNIT_TEST(a_pinned_claim_may_be_absent_but_not_another),
        UNIT_TEST(times_can_be_demanded_whole),
        UNIT_TEST(an_expired_token_can_be_let_through),
        UNIT_TEST(a_token_type_that_is_wanted_must_be_said),
        UNIT_TEST(faults_are_reported_in_the_order_of_the_contract),
    };

    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
