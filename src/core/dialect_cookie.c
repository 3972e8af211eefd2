/* SPDX-License-Identifier: Apache-2.0
 *
 * Dialect cookie: React and Axios, the access token in memory and the refresh
 * token in a cookie that no script sees. Their interceptor refreshes on 401,
 * so a refresh that answered 401 itself would be repeated for ever.
 */
#include "dialects.h"

static json_t *reply_json(const ajr_reply_t *reply)
{
    return json_pack("{so}", "accessToken",
                     ajr_dialect_token(reply->access_token));
}

static const ajr_refusal_row_t refusals[] = {
    {.places = AJR_AT_REFRESH,
     .of = 400,
     .status = 403,
     .error = "refresh_expired"},
    {.places = AJR_AT_REFRESH,
     .of = 401,
     .status = 403,
     .error = "refresh_expired"},
    {.places = 0},
};

const ajr_dialect_t ajr_dialect_cookie = {
    .name = "cookie",
    .access_type = "JWT",
    .form = AJR_FORM_JR1,
    .rotates = true,
    .cookie = true,
    .forgives = true,
    .tags = true,
    .ended = 204,
    .pages = AJR_AT_API,
    .asks =
        {
            [AJR_PLACE_REFRESH] = {.token = {{AJR_SPOT_REFRESH_COOKIE, NULL}},
                                   .any_body = true},
            [AJR_PLACE_LOGOUT] = {.token = {{AJR_SPOT_REFRESH_COOKIE, NULL}},
                                  .any_body = true},
        },
    .refusals = refusals,
    .reply = reply_json,
    .refusal = ajr_dialect_error_word,
};
