/* SPDX-License-Identifier: Apache-2.0
 *
 * Dialect express: pages of the Express and jsonwebtoken tutorials. They keep
 * one refresh token for ever, and refresh on a 403 alone.
 */
#include "dialects.h"

static json_t *reply_json(const ajr_reply_t *reply)
{
    return json_pack(
        "{so, so*}", "accessToken", ajr_dialect_token(reply->access_token),
        "refreshToken",
        ajr_dialect_token(reply->renewed ? reply->refresh_token : NULL));
}

static json_t *refusal_json(const ajr_refusal_t *refusal,
                            const ajr_incident_t *incident)
{
    (void)incident;
    return json_pack("{ss}", "error", refusal->text);
}

static const ajr_refusal_row_t refusals[] = {
    {.places = AJR_AT_LOGIN, .outcome = AJR_BODY_MALFORMED, .status = 400},
    {.places = AJR_AT_LOGIN, .of = 400, .status = 401, .page = true},
    {.places = AJR_AT_LOGIN, .of = 401, .page = true},
    {.places = AJR_AT_REFRESH, .of = 400, .status = 403},
    {.places = AJR_AT_REFRESH, .of = 401, .status = 403},
    {.places = AJR_AT_API, .outcome = AJR_TOKEN_MISSING, .status = 401},
    {.places = AJR_AT_API, .of = 401, .status = 403},
    {.places = 0},
};

const ajr_dialect_t ajr_dialect_express = {
    .name = "express",
    .access_type = "JWT",
    .form = AJR_FORM_JR1,
    .forgives = true,
    .ended = 204,
    .pages = AJR_AT_API,
    .asks =
        {
            [AJR_PLACE_REFRESH] = {.token = {{AJR_SPOT_FIELD, "refreshToken"}}},
            [AJR_PLACE_LOGOUT] = {.token = {{AJR_SPOT_FIELD, "refreshToken"}},
                                  .any_body = true},
        },
    .refusals = refusals,
    .reply = reply_json,
    .refusal = refusal_json,
};
