/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer.h"

#include <apr_strings.h>

#include "derived.h"
#include "grant.h"

/* A date that the policy has accepted, in microseconds. */
static apr_time_t date_of(const json_t *value)
{
    double seconds = json_number_value(value);

    if (!json_is_number(value) || seconds < 0 ||
        seconds > (double)0xffffffffffu) {
        return APR_INT64_MIN;
    }
    return (apr_time_t)(seconds * APR_USEC_PER_SEC);
}

const char *ajr_bearer_name(const json_t *value, apr_pool_t *pool)
{
    return json_is_integer(value)
               ? apr_psprintf(pool, "%" APR_INT64_T_FMT,
                              (apr_int64_t)json_integer_value(value))
               : json_string_value(value);
}

/* Where iat is not kept, nbf may be long after it: a token can be revoked
 * before it is good. */
apr_time_t ajr_bearer_minted(const ajr_jwt_t *jwt, bool keeps_iat)
{
    apr_time_t nbf = date_of(jwt->known[AJR_KNOWN_NBF]);
    apr_time_t iat = date_of(jwt->known[AJR_KNOWN_IAT]);

    if (nbf == APR_INT64_MIN || iat == APR_INT64_MIN) {
        return nbf == APR_INT64_MIN ? iat : nbf;
    }
    return keeps_iat || nbf < iat ? nbf : iat;
}

static ajr_outcome_t sid_find(const unsigned char **out, bool *derived,
                              ajr_bytes_t token, const ajr_jwt_t *jwt,
                              apr_pool_t *pool)
{
    unsigned char *sid = apr_palloc(pool, AJR_UUID_SIZE);
    ajr_outcome_t outcome = AJR_OK;

    *out = NULL;
    *derived = !ajr_grant_sid_read(sid, jwt->known[AJR_KNOWN_SID]);
    if (*derived && jwt->derived != NULL) {
        *out = jwt->derived;
        return AJR_OK;
    }
    if (*derived) {
        outcome = ajr_derived_sid(sid, token, jwt->claims);
    }
    if (outcome == AJR_OK) {
        *out = sid;
    }
    return outcome == AJR_INTERNAL ? outcome : AJR_OK;
}

/* The birth that a sid has in its first 48 bits. That of version 7 is the
 * database's time. Others come from iat, by a clock that we take for our own:
 * where it is ahead of the database's, a token would seem younger than the
 * gate that was closed before it was made. */
static apr_time_t born_at(const unsigned char sid[AJR_UUID_SIZE],
                          apr_interval_time_t offset)
{
    apr_time_t born = 0;
    int i;

    for (i = 0; i < 6; i++) {
        born = born << 8 | sid[i];
    }
    born *= 1000;
    return (sid[6] & 0xf0) == 0x80 && offset < 0 ? born + offset : born;
}

/* A host's own token is where its session begins once it is adopted. */
static apr_int64_t generation_of(const json_t *gen, bool derived)
{
    apr_uint32_t generation = 0;

    if (!derived && !ajr_grant_generation_read(&generation, gen)) {
        return -1;
    }
    return generation;
}

ajr_outcome_t ajr_bearer_read(ajr_bearer_t *out, ajr_bytes_t token,
                              const ajr_jwt_t *jwt, const char *subject,
                              apr_interval_time_t offset, apr_pool_t *pool)
{
    bool derived;
    ajr_outcome_t outcome = sid_find(&out->sid, &derived, token, jwt, pool);

    out->subject = subject;
    out->client = ajr_bearer_name(jwt->known[AJR_KNOWN_CLIENT_ID], pool);
    out->born = out->sid == NULL ? APR_INT64_MIN : born_at(out->sid, offset);
    out->generation = generation_of(jwt->known[AJR_KNOWN_GEN], derived);
    return outcome;
}
