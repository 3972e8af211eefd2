/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect.h"

#include <string.h>

#include <apr_strings.h>

/* RFC 6749 5.1 */
static json_t *oauth2_reply(const ajr_reply_t *reply)
{
    return json_pack("{ss, ss, sI, ss*, ss*}", "access_token",
                     reply->access_token, "token_type", "Bearer", "expires_in",
                     (json_int_t)reply->expires_in, "refresh_token",
                     reply->refresh_token, "scope", reply->scope);
}

/* RFC 6749 5.2 */
static json_t *oauth2_refusal(const ajr_outcome_row_t *row)
{
    return json_pack("{ss*, ss}", "error", row->error, "error_description",
                     row->text);
}

static const ajr_dialect_t dialects[] = {
    {"oauth2", "at+jwt", true, oauth2_reply, oauth2_refusal},
};

#define DIALECTS (sizeof(dialects) / sizeof(dialects[0]))

const ajr_dialect_t *ajr_dialect_find(const char *name)
{
    size_t i;

    if (name == NULL) {
        return &dialects[0];
    }
    for (i = 0; i < DIALECTS; i++) {
        if (strcmp(dialects[i].name, name) == 0) {
            return &dialects[i];
        }
    }
    return NULL;
}

const char *ajr_dialect_names(apr_pool_t *pool)
{
    const char *names = dialects[0].name;
    size_t i;

    for (i = 1; i < DIALECTS; i++) {
        names = apr_pstrcat(pool, names, ", ", dialects[i].name, NULL);
    }
    return names;
}
