/* SPDX-License-Identifier: Apache-2.0
 *
 * What the claims of a verified token must say, and when.
 */
#ifndef AJR_POLICY_H
#define AJR_POLICY_H

#include <apr_time.h>

#include "jwt.h"

/* Lists hold const char *. NULL or empty issuers and audiences: not checked;
 * NULL required: "exp"; NULL types: "JWT", "at+jwt", "absent". */
typedef struct ajr_policy_t {
    const apr_array_header_t *issuers;
    const apr_array_header_t *audiences;
    const apr_array_header_t *required;
    const apr_array_header_t *types;
    const char *subject_claim;        /* NULL = "sub" */
    apr_interval_time_t leeway;       /* microseconds, >= 0 */
    apr_interval_time_t max_lifetime; /* microseconds, 0 = unlimited */
    bool lifetime_from_nbf;           /* dialect laravel, which keeps iat */
    const char *const *demanded; /* required too, NULL-terminated; NULL = no */
    const char *pinned;          /* a claim that, if it is there, must say .. */
    const char *pin;             /* .. this; NULL = anything */
    const char *token_type;      /* the claim of that name must be there and
                                    say this; NULL = see below */
    bool whole_times;            /* exp, nbf and iat must be integers */
    bool expired_too;            /* exp may have passed: to be traded */
} ajr_policy_t;

/* Judges a verified token at time `now`. *subject is the subject claim as
 * text (an integer is printed in decimal), from the pool; NULL unless OK. The
 * subject must be present, non-empty, valid UTF-8 without control characters.
 *
 * Required claims must be present and not null. Those of RFC 7519 4.1 must
 * have their type: sub and jti when required (sub may be an integer), the rest
 * whenever present; there a null is malformed, not missing.
 *
 * exp, nbf and iat are finite JSON numbers (RFC 7519 2); values beyond +-2^41
 * seconds (69 000 years) are clamped, so that no arithmetic in microseconds
 * overflows; whole_times refuses fractions and exponents as malformed. exp:
 * refused from exp + leeway on, unless expired_too. nbf and iat: refused
 * before, less leeway. max_lifetime bounds exp - iat, or exp - nbf where iat is
 * absent or lifetime_from_nbf says so, and makes exp and one of the two
 * required.
 *
 * A payload with token_type or token_use "refresh" or "id", in any case, is no
 * access token, whatever typ says, unless the policy names a token_type. typ is
 * compared without case and without a leading "application/" (RFC 7515 4.1.9).
 *
 * A pinned claim that says something else means another audience.
 *
 * Order: TYPE_REFUSED, CLAIM_MISSING, CLAIM_MALFORMED, ISSUER_REFUSED,
 * AUDIENCE_REFUSED, TOKEN_EXPIRED, TOKEN_NOT_YET_VALID, TOKEN_LIFETIME. */
ajr_outcome_t ajr_policy_judge(const char **subject, const ajr_jwt_t *jwt,
                               const ajr_policy_t *policy, apr_time_t now,
                               apr_pool_t *pool);

#endif
