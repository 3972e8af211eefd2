/* SPDX-License-Identifier: Apache-2.0
 *
 * Dialect laravel: clients of a Laravel host with tymon/jwt-auth, or with the
 * fork that is maintained. One token is both: it opens the API, and it is
 * traded for its successor.
 */
#include "dialects.h"

#define GUARDED (AJR_AT_API | AJR_AT_REFRESH | AJR_AT_LOGOUT)
#define BLACKLISTED "The token has been blacklisted"
#define OVER "Token has expired and can no longer be refreshed"
#define SIGNATURE "Token Signature could not be verified."

/* `auth()->refresh()`, as the documentation of jwt-auth has it. */
static json_t *reply_json(const ajr_reply_t *reply)
{
    return json_pack("{so, ss, sI}", "access_token",
                     ajr_dialect_token(reply->access_token), "token_type",
                     "bearer", "expires_in", (json_int_t)reply->expires_in);
}

/* The guard says one word for all that is wrong; the middlewares say why, and
 * so does whoever set JwtErrorText. */
static json_t *refusal_json(const ajr_refusal_t *refusal,
                            const ajr_incident_t *incident)
{
    bool one_word =
        refusal->error != NULL && incident->text == NULL && !incident->explains;

    if (incident->place == AJR_PLACE_LOGIN && refusal->status == 401) {
        return json_pack("{ss}", "error", refusal->text);
    }
    return json_pack("{ss}", "message",
                     one_word && refusal->status == 401 ? refusal->error
                                                        : refusal->text);
}

static json_t *goodbye_json(const char *text)
{
    return json_pack("{ss}", "message", text);
}

static const ajr_refusal_row_t refusals[] = {
    {.places = AJR_AT_LOGIN, .of = 400, .status = 401, .text = "Unauthorized"},
    {.places = AJR_AT_LOGIN, .of = 401, .text = "Unauthorized"},
    {.places = AJR_AT_LOGIN, .of = 429, .text = "Too Many Attempts."},
    {GUARDED, AJR_TOKEN_MISSING, .text = "Token not provided"},
    {GUARDED, AJR_TOKEN_MALFORMED, .text = "Could not decode token"},
    {GUARDED, AJR_HEADER_REFUSED, .text = SIGNATURE},
    {GUARDED, AJR_ALG_REFUSED, .text = SIGNATURE},
    {GUARDED, AJR_KEY_UNKNOWN, .text = SIGNATURE},
    {GUARDED, AJR_SIGNATURE_BAD, .text = SIGNATURE},
    {GUARDED, AJR_CLAIM_MISSING,
     .text = "JWT payload does not contain the required claims"},
    {GUARDED, AJR_CLAIM_MALFORMED,
     .text = "Invalid value provided for a claim"},
    {GUARDED, AJR_TOKEN_EXPIRED, .text = "Token has expired"},
    {GUARDED, AJR_TOKEN_NOT_YET_VALID,
     .text = "Not Before (nbf) timestamp cannot be in the future"},
    {GUARDED, AJR_EXPIRED, .text = OVER},
    {GUARDED, AJR_IDLE, .text = OVER},
    {GUARDED, AJR_TOKEN_REVOKED, .text = BLACKLISTED},
    {GUARDED, AJR_TOKEN_SUPERSEDED, .text = BLACKLISTED},
    {GUARDED, AJR_REVOKED, .text = BLACKLISTED},
    {GUARDED, AJR_REUSED, .text = BLACKLISTED},
    {GUARDED, AJR_BLOCKED, .text = BLACKLISTED},
    {GUARDED, AJR_AHEAD, .text = BLACKLISTED},
    {GUARDED, AJR_SCOPE_INSUFFICIENT, .text = "This action is unauthorized."},
    {AJR_AT_LOGOUT, AJR_LOGGED_OUT, .text = "Successfully logged out"},
    {GUARDED, AJR_OK, .of = 400, .status = 401, .error = "Unauthenticated."},
    {GUARDED, AJR_OK, .of = 401, .error = "Unauthenticated."},
    {.places = 0}};

#define TOKEN_SPOTS                                         \
    {                                                       \
        {AJR_SPOT_BEARER, NULL}, {AJR_SPOT_QUERY, "token"}, \
            {AJR_SPOT_FIELD, "token"},                      \
        {                                                   \
            AJR_SPOT_COOKIE, "token"                        \
        }                                                   \
    }

static const char *const demanded[] = {"iss", "iat", "exp", "nbf",
                                       "sub", "jti", NULL};

const ajr_dialect_t ajr_dialect_laravel = {
    .name = "laravel",
    .access_type = "JWT",
    .style = {.nbf = true, .keeps_iat = true, .url_issuer = true},
    .demands = demanded,
    .pinned = "prv",
    .form = AJR_FORM_LARAVEL,
    .rotates = true,
    .supersedes = true,
    .ended = 200,
    .pages = GUARDED,
    .asks =
        {
            [AJR_PLACE_REFRESH] = {.methods = "GET, POST",
                                   .token = TOKEN_SPOTS,
                                   .any_body = true},
            [AJR_PLACE_LOGOUT] = {.methods = "GET, POST",
                                  .token = TOKEN_SPOTS,
                                  .any_body = true},
        },
    .refusals = refusals,
    .reply = reply_json,
    .refusal = refusal_json,
    .goodbye = goodbye_json,
};
