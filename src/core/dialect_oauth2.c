/* SPDX-License-Identifier: Apache-2.0
 *
 * Dialect oauth2: clients of RFC 6749, RFC 6750 and RFC 7009.
 */
#include "dialects.h"

#include <apr_strings.h>

/* RFC 6749 5.1 */
static json_t *reply_json(const ajr_reply_t *reply)
{
    return json_pack("{so, ss, sI, so*, ss*}", "access_token",
                     ajr_dialect_token(reply->access_token), "token_type",
                     "Bearer", "expires_in", (json_int_t)reply->expires_in,
                     "refresh_token", ajr_dialect_token(reply->refresh_token),
                     "scope", reply->scope);
}

/* The parameters that are missing. */
static const char *lacking(const apr_array_header_t *fields)
{
    const char *names = "";
    int i;

    for (i = 0; i < fields->nelts; i++) {
        names = apr_pstrcat(fields->pool, names, i > 0 ? ", " : ": ",
                            APR_ARRAY_IDX(fields, i, ajr_field_t).name, NULL);
    }
    return apr_pstrcat(fields->pool, "The request lacks a parameter", names,
                       NULL);
}

/* RFC 6749 5.2. The names of parameters may be the administrator's, and not fit
 * for what error_description may hold. */
static json_t *refusal_json(const ajr_refusal_t *refusal,
                            const ajr_incident_t *incident)
{
    const char *description = refusal->text;

    if (incident->outcome == AJR_PARAMETER_MISSING && incident->text == NULL &&
        incident->fields != NULL) {
        description = lacking(incident->fields);
    }
    return json_pack("{ss*, ss}", "error", refusal->error, "error_description",
                     ajr_dialect_describes(description) ? description
                                                        : refusal->text);
}

static const ajr_refusal_row_t refusals[] = {{.places = 0}};

const ajr_dialect_t ajr_dialect_oauth2 = {
    .name = "oauth2",
    .access_type = "at+jwt",
    .form = AJR_FORM_JR1,
    .rotates = true,
    .forgives = true, /* RFC 7009 2.2 */
    .ended = 200,
    .pages = AJR_AT_API,
    .asks =
        {
            /* RFC 6749 6 */
            [AJR_PLACE_REFRESH] = {.token = {{AJR_SPOT_FIELD, "refresh_token"}},
                                   .grant_type = "grant_type",
                                   .scope = "scope"},
            [AJR_PLACE_LOGOUT] = {.token = {{AJR_SPOT_FIELD, "token"}}},
        },
    .refusals = refusals,
    .reply = reply_json,
    .refusal = refusal_json,
};
