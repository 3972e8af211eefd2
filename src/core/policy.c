/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

/* Seconds beyond which a time is clamped: 69 000 years each way. In
 * microseconds, the sum or difference of two such times still fits. */
#define FAR (APR_INT64_C(1) << 41)

typedef struct names_t {
    const char *const *at;
    int count;
} names_t;

/* A time of the payload, in microseconds. */
typedef struct when_t {
    bool present;
    apr_time_t at;
} when_t;

typedef struct times_t {
    when_t exp;
    when_t nbf;
    when_t iat;
} times_t;

static names_t names_of(const apr_array_header_t *list,
                        const char *const *defaults, int count)
{
    names_t names = {defaults, count};

    if (list != NULL) {
        names.at = (const char *const *)list->elts;
        names.count = list->nelts;
    }
    return names;
}

static bool named(names_t names, const char *text)
{
    int i;

    for (i = 0; i < names.count; i++) {
        if (strcmp(names.at[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- what kind of token it is ---- */

/* A media type without the prefix that may be left out (RFC 7515 4.1.9). */
static const char *bare(const char *type)
{
    static const char prefix[] = "application/";
    bool prefixed = apr_cstr_casecmpn(type, prefix, sizeof(prefix) - 1) == 0;

    return prefixed ? type + sizeof(prefix) - 1 : type;
}

static bool type_accepted(const json_t *typ, const apr_array_header_t *types)
{
    static const char *const defaults[] = {"JWT", "at+jwt", "absent"};
    names_t accepted = names_of(types, defaults, 3);
    const char *type = json_string_value(typ);
    int i;

    if (typ == NULL) {
        return named(accepted, "absent");
    }
    for (i = 0; type != NULL && i < accepted.count; i++) {
        /* "absent" stands for no typ; a token may not spell it. */
        if (strcmp(accepted.at[i], "absent") != 0 &&
            apr_cstr_casecmp(bare(accepted.at[i]), bare(type)) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the payload calls the token something else than an access token:
 * token_type of simplejwt, token_use of Cognito. */
static bool says_otherwise(const ajr_jwt_t *jwt)
{
    static const ajr_known_t members[] = {AJR_KNOWN_TOKEN_TYPE,
                                          AJR_KNOWN_TOKEN_USE};
    int i;

    for (i = 0; i < 2; i++) {
        const char *kind = json_string_value(jwt->known[members[i]]);

        if (kind != NULL && (apr_cstr_casecmp(kind, "refresh") == 0 ||
                             apr_cstr_casecmp(kind, "id") == 0)) {
            return true;
        }
    }
    return false;
}

static bool kind_accepted(const ajr_jwt_t *jwt, const char *token_type)
{
    const char *kind = json_string_value(jwt->known[AJR_KNOWN_TOKEN_TYPE]);

    return token_type == NULL ? !says_otherwise(jwt)
                              : kind != NULL && strcmp(kind, token_type) == 0;
}

/* ---- types of claims (RFC 7519 4.1) ---- */

static bool is_number(const json_t *value)
{
    return json_is_number(value);
}

static bool is_string(const json_t *value)
{
    return json_is_string(value);
}

static bool is_string_or_integer(const json_t *value)
{
    return json_is_string(value) || json_is_integer(value);
}

static bool is_audience(const json_t *value)
{
    const json_t *item;
    size_t i;

    if (!json_is_array(value)) {
        return json_is_string(value);
    }
    json_array_foreach((json_t *)value, i, item)
    {
        if (!json_is_string(item)) {
            return false;
        }
    }
    return json_array_size(value) > 0;
}

typedef struct typed_t {
    ajr_known_t known;
    const char *name;
    bool (*fits)(const json_t *value);
    bool always; /* judged whenever present, else only when required */
} typed_t;

static const typed_t typed[] = {
    {AJR_KNOWN_EXP, "exp", is_number, true},
    {AJR_KNOWN_NBF, "nbf", is_number, true},
    {AJR_KNOWN_IAT, "iat", is_number, true},
    {AJR_KNOWN_ISS, "iss", is_string, true},
    {AJR_KNOWN_AUD, "aud", is_audience, true},
    {AJR_KNOWN_JTI, "jti", is_string, false},
    {AJR_KNOWN_SUB, "sub", is_string_or_integer, false},
};

#define TYPED (sizeof(typed) / sizeof(typed[0]))

static bool is_typed(const char *name)
{
    size_t i;

    for (i = 0; i < TYPED; i++) {
        if (strcmp(typed[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool demanded(const ajr_policy_t *policy, const char *name)
{
    names_t names = {policy->demanded, 0};

    while (names.at != NULL && names.at[names.count] != NULL) {
        names.count++;
    }
    return named(names, name);
}

static bool well_typed(const ajr_jwt_t *jwt, names_t required,
                       const ajr_policy_t *policy)
{
    size_t i;

    for (i = 0; i < TYPED; i++) {
        const char *name = typed[i].name;
        const json_t *value = jwt->known[typed[i].known];

        if (value == NULL) {
            continue;
        }
        if (!typed[i].fits(value) &&
            (typed[i].always || named(required, name) ||
             demanded(policy, name))) {
            return false;
        }
        if (policy->whole_times && json_is_real(value)) {
            return false;
        }
    }
    return true;
}

/* Whether a claim is there. A null counts as absent, except where a type is
 * prescribed: there it is of the wrong one. */
static bool has(const ajr_jwt_t *jwt, const char *name)
{
    const json_t *value = ajr_jwt_claim(jwt, name);

    return value != NULL && (!json_is_null(value) || is_typed(name));
}

static bool complete(const ajr_jwt_t *jwt, names_t required,
                     const ajr_policy_t *policy)
{
    int i;

    for (i = 0; i < required.count; i++) {
        if (!has(jwt, required.at[i])) {
            return false;
        }
    }
    for (i = 0; policy->demanded != NULL && policy->demanded[i] != NULL; i++) {
        if (!has(jwt, policy->demanded[i])) {
            return false;
        }
    }
    return policy->max_lifetime == 0 ||
           (has(jwt, "exp") && (has(jwt, "iat") || has(jwt, "nbf")));
}

/* ---- values ---- */

static const char *subject_text(const json_t *value, apr_pool_t *pool)
{
    ajr_bytes_t text = {(const unsigned char *)json_string_value(value),
                        json_string_length(value)};

    if (json_is_integer(value)) {
        return apr_psprintf(pool, "%" APR_INT64_T_FMT,
                            (apr_int64_t)json_integer_value(value));
    }
    if (text.len == 0 || !ajr_text_printable(text)) {
        return NULL;
    }
    return apr_pstrmemdup(pool, (const char *)text.data, text.len);
}

static when_t read_time(const json_t *value)
{
    when_t when = {value != NULL, 0};
    double seconds = json_number_value(value);

    if (seconds >= (double)FAR) {
        when.at = FAR * APR_USEC_PER_SEC;
    } else if (seconds <= (double)-FAR) {
        when.at = -FAR * APR_USEC_PER_SEC;
    } else if (json_is_integer(value)) {
        when.at = json_integer_value(value) * APR_USEC_PER_SEC;
    } else {
        when.at = (apr_time_t)(seconds * APR_USEC_PER_SEC);
    }
    return when;
}

static bool issuer_accepted(const json_t *iss,
                            const apr_array_header_t *issuers)
{
    names_t accepted = names_of(issuers, NULL, 0);
    const char *issuer = json_string_value(iss);

    return accepted.count == 0 || (issuer != NULL && named(accepted, issuer));
}

static bool audience_accepted(const json_t *aud,
                              const apr_array_header_t *audiences)
{
    names_t accepted = names_of(audiences, NULL, 0);
    const json_t *item;
    size_t i;

    if (accepted.count == 0) {
        return true;
    }
    if (json_is_string(aud)) {
        return named(accepted, json_string_value(aud));
    }
    json_array_foreach((json_t *)aud, i, item)
    {
        if (named(accepted, json_string_value(item))) {
            return true;
        }
    }
    return false;
}

/* jwt-auth's `prv` keeps apart users of different classes, whose subjects are
 * the same numbers. */
static bool pin_kept(const ajr_jwt_t *jwt, const ajr_policy_t *policy)
{
    const json_t *value = NULL;

    if (policy->pinned != NULL && policy->pin != NULL) {
        value = ajr_jwt_claim(jwt, policy->pinned);
    }
    return value == NULL ||
           (json_is_string(value) &&
            strcmp(json_string_value(value), policy->pin) == 0);
}

static ajr_outcome_t judge_times(const times_t *times,
                                 const ajr_policy_t *policy, apr_time_t now)
{
    apr_interval_time_t leeway = policy->leeway < FAR * APR_USEC_PER_SEC
                                     ? policy->leeway
                                     : FAR * APR_USEC_PER_SEC;
    bool from_nbf = times->nbf.present &&
                    (policy->lifetime_from_nbf || !times->iat.present);
    apr_time_t start = from_nbf ? times->nbf.at : times->iat.at;

    if (times->exp.present && !policy->expired_too &&
        now >= times->exp.at + leeway) {
        return AJR_TOKEN_EXPIRED;
    }
    if ((times->nbf.present && now < times->nbf.at - leeway) ||
        (times->iat.present && now < times->iat.at - leeway)) {
        return AJR_TOKEN_NOT_YET_VALID;
    }
    if (policy->max_lifetime > 0 &&
        times->exp.at - start > policy->max_lifetime) {
        return AJR_TOKEN_LIFETIME;
    }
    return AJR_OK;
}

/* Whose token it is, once its claims can be trusted to have their types. */
static ajr_outcome_t judge_claims(const ajr_jwt_t *jwt,
                                  const ajr_policy_t *policy, apr_time_t now)
{
    times_t times = {read_time(jwt->known[AJR_KNOWN_EXP]),
                     read_time(jwt->known[AJR_KNOWN_NBF]),
                     read_time(jwt->known[AJR_KNOWN_IAT])};

    if (!issuer_accepted(jwt->known[AJR_KNOWN_ISS], policy->issuers)) {
        return AJR_ISSUER_REFUSED;
    }
    if (!audience_accepted(jwt->known[AJR_KNOWN_AUD], policy->audiences) ||
        !pin_kept(jwt, policy)) {
        return AJR_AUDIENCE_REFUSED;
    }
    return judge_times(&times, policy, now);
}

ajr_outcome_t ajr_policy_judge(const char **subject, const ajr_jwt_t *jwt,
                               const ajr_policy_t *policy, apr_time_t now,
                               apr_pool_t *pool)
{
    static const char *const defaults[] = {"exp"};
    names_t required = names_of(policy->required, defaults, 1);
    const json_t *value = policy->subject_claim == NULL
                              ? jwt->known[AJR_KNOWN_SUB]
                              : ajr_jwt_claim(jwt, policy->subject_claim);
    const char *text;
    ajr_outcome_t outcome;

    *subject = NULL;
    if (!type_accepted(jwt->typ, policy->types) ||
        !kind_accepted(jwt, policy->token_type)) {
        return AJR_TYPE_REFUSED;
    }
    if (value == NULL || !complete(jwt, required, policy)) {
        return AJR_CLAIM_MISSING;
    }
    text = subject_text(value, pool);
    if (text == NULL || !well_typed(jwt, required, policy)) {
        return AJR_CLAIM_MALFORMED;
    }
    outcome = judge_claims(jwt, policy, now);
    if (outcome == AJR_OK) {
        *subject = text;
    }
    return outcome;
}
