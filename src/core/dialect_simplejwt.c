/* SPDX-License-Identifier: Apache-2.0
 *
 * Dialect simplejwt: clients of a Django host with
 * djangorestframework-simplejwt. Both tokens are JWTs; the claim token_type
 * tells one from the other.
 */
#include "dialects.h"

#define TOKENS (AJR_AT_REFRESH | AJR_AT_LOGOUT | AJR_AT_VERIFY)
#define JUDGED (TOKENS | AJR_AT_API)
#define NO_ACCOUNT "No active account found with the given credentials"
#define INVALID "Token is invalid"
#define OVER "Token is expired"
#define WRONG_TYPE "Token has wrong type"
#define BLACKLISTED "Token is blacklisted"

static json_t *reply_json(const ajr_reply_t *reply)
{
    return json_pack(
        "{so*, so}", "refresh",
        ajr_dialect_token(reply->renewed ? reply->refresh_token : NULL),
        "access", ajr_dialect_token(reply->access_token));
}

/* As a serializer of Django REST framework says what it wants. */
static json_t *fields_json(const apr_array_header_t *fields)
{
    static const char *const sentences[] = {
        [AJR_LACK_ABSENT] = "This field is required.",
        [AJR_LACK_BLANK] = "This field may not be blank.",
        [AJR_LACK_NULL] = "This field may not be null."};
    json_t *said = json_object();
    int i;

    for (i = 0; i < fields->nelts; i++) {
        const ajr_field_t *field = &APR_ARRAY_IDX(fields, i, ajr_field_t);

        (void)json_object_set_new(said, field->name,
                                  json_pack("[s]", sentences[field->lack]));
    }
    return said;
}

/* An authentication that was tried and failed: each class of tokens that the
 * host accepts has its say. */
static json_t *api_json(const ajr_refusal_t *refusal)
{
    return json_pack("{ss, ss, s[{ss, ss, ss}]}", "detail",
                     "Given token not valid for any token type", "code",
                     "token_not_valid", "messages", "token_class",
                     "AccessToken", "token_type", "access", "message",
                     refusal->text);
}

static json_t *refusal_json(const ajr_refusal_t *refusal,
                            const ajr_incident_t *incident)
{
    bool judged =
        refusal->status == 401 && incident->outcome != AJR_TOKEN_MISSING;

    if (incident->outcome == AJR_PARAMETER_MISSING &&
        incident->fields != NULL) {
        return fields_json(incident->fields);
    }
    if (incident->outcome == AJR_METHOD_REFUSED && incident->text == NULL &&
        incident->method != NULL) {
        return json_pack(
            "{so}", "detail",
            json_sprintf("Method \"%s\" not allowed.", incident->method));
    }
    if (judged && incident->place == AJR_PLACE_API) {
        return api_json(refusal);
    }
    return json_pack("{ss, ss*}", "detail", refusal->text, "code",
                     judged && (1U << incident->place & TOKENS) != 0
                         ? "token_not_valid"
                         : NULL);
}

static json_t *goodbye_json(const char *text)
{
    (void)text;
    return json_object();
}

static const ajr_refusal_row_t refusals[] = {
    {AJR_AT_LOGIN, AJR_LOGIN_REFUSED, .text = NO_ACCOUNT},
    {AJR_AT_LOGIN, AJR_BLOCKED, .status = 401, .text = NO_ACCOUNT},
    {.places = AJR_AT_LOGIN, .of = 429, .text = "Request was throttled."},
    {.places = AJR_AT_API,
     .outcome = AJR_TOKEN_MISSING,
     .text = "Authentication credentials were not provided."},
    {.places = AJR_AT_API,
     .of = 403,
     .text = "You do not have permission to perform this action."},
    {.places = AJR_AT_HANDLERS,
     .outcome = AJR_BODY_MALFORMED,
     .text = "JSON parse error - expected one JSON object"},
    {JUDGED, AJR_TOKEN_EXPIRED, .text = OVER},
    {JUDGED, AJR_TYPE_REFUSED, .text = WRONG_TYPE},
    {JUDGED, AJR_TOKEN_REVOKED, .text = BLACKLISTED},
    {JUDGED, AJR_TOKEN_SUPERSEDED, .text = BLACKLISTED},
    {TOKENS, AJR_EXPIRED, .status = 401, .text = OVER},
    {TOKENS, AJR_IDLE, .status = 401, .text = OVER},
    {TOKENS, AJR_REVOKED, .status = 401, .text = BLACKLISTED},
    {TOKENS, AJR_REUSED, .status = 401, .text = BLACKLISTED},
    {TOKENS, AJR_BLOCKED, .status = 401, .text = BLACKLISTED},
    {TOKENS, AJR_AHEAD, .status = 401, .text = BLACKLISTED},
    {TOKENS, AJR_UNKNOWN, .status = 401, .text = INVALID},
    {TOKENS, AJR_GRANT_MALFORMED, .status = 401, .text = INVALID},
    {TOKENS, AJR_GRANT_FORGED, .status = 401, .text = INVALID},
    {.places = JUDGED, .of = 401, .text = INVALID},
    {.places = 0}};

static const char *const demanded[] = {"exp", "jti", NULL};

#define ASKS(field)                          \
    {                                        \
        .token = { {AJR_SPOT_FIELD, field} } \
    }

const ajr_dialect_t ajr_dialect_simplejwt = {
    .name = "simplejwt",
    .access_type = "JWT",
    .style = {.jti_hex = true, .token_type = "access"},
    .demands = demanded,
    .form = AJR_FORM_SIMPLEJWT,
    .ended = 200,
    .realms = AJR_AT_HANDLERS,
    .realm_alone = true,
    .asks =
        {
            [AJR_PLACE_REFRESH] = ASKS("refresh"),
            [AJR_PLACE_LOGOUT] = ASKS("refresh"),
        },
    .refusals = refusals,
    .reply = reply_json,
    .refusal = refusal_json,
    .goodbye = goodbye_json,
};
