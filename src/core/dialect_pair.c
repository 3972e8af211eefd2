/* SPDX-License-Identifier: Apache-2.0
 *
 * Dialect pair: clients that present the expired access token together with
 * the refresh token.
 */
#include "dialects.h"

static json_t *reply_json(const ajr_reply_t *reply)
{
    return json_pack("{so, so}", "accessToken",
                     ajr_dialect_token(reply->access_token), "refreshToken",
                     ajr_dialect_token(reply->refresh_token));
}

/* At a refresh, 401 is the access token's and 400 that of the refresh token,
 * but for what the request lacks. */
static const ajr_refusal_row_t refusals[] = {
    {.places = AJR_AT_HANDLERS,
     .outcome = AJR_PARAMETER_MISSING,
     .status = 400,
     .error = "invalid_request"},
    {.places = AJR_AT_HANDLERS,
     .outcome = AJR_BODY_MALFORMED,
     .status = 400,
     .error = "invalid_request"},
    {.places = AJR_AT_REFRESH,
     .outcome = AJR_TOKEN_MISMATCH,
     .error = "token_mismatch"},
    {.places = AJR_AT_REFRESH, .of = 401, .error = "invalid_access_token"},
    {.places = AJR_AT_REFRESH,
     .of = 400,
     .status = 401,
     .error = "invalid_refresh_token"},
    {.places = 0},
};

#define REFRESH_TOKEN                                                    \
    {AJR_SPOT_FIELD, "refreshToken"}, {AJR_SPOT_FIELD, "refresh_token"}, \
    {                                                                    \
        AJR_SPOT_HEADER, "X-Refresh-Token"                               \
    }

const ajr_dialect_t ajr_dialect_pair = {
    .name = "pair",
    .access_type = "JWT",
    .form = AJR_FORM_JR1,
    .rotates = true,
    .forgives = true,
    .tags = true,
    .ended = 204,
    .pages = AJR_AT_API,
    .asks =
        {
            [AJR_PLACE_REFRESH] = {.token = {REFRESH_TOKEN},
                                   .access = {{AJR_SPOT_BEARER, NULL}}},
            [AJR_PLACE_LOGOUT] = {.token = {REFRESH_TOKEN,
                                            {AJR_SPOT_BEARER, NULL}}},
        },
    .refusals = refusals,
    .reply = reply_json,
    .refusal = ajr_dialect_error_word,
};
