/* SPDX-License-Identifier: Apache-2.0
 *
 * JwtReplyField: members that clients look for beside the tokens.
 */
#include "commands.h"
#include "tokens.h"

#include <string.h>

static const char *name_refuses(const apr_array_header_t *fields,
                                const char *name)
{
    int i;

    if (!ajr_text_printable(ajr_bytes_of(name))) {
        return "is no UTF-8 without control characters";
    }
    for (i = 0; i < fields->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(fields, i, ajr_reply_field_t).name, name) ==
            0) {
            return "is set twice here; keep one line";
        }
    }
    return NULL;
}

const char *ajr_set_reply_fields(cmd_parms *cmd, void *conf, const char *name,
                                 const char *path)
{
    ajr_reply_field_t field = {name, NULL};
    ajr_claim_t *claim = NULL;
    apr_array_header_t *fields;
    const char *wrong;

    if (ajr_slot_emptied(&wrong, cmd, conf, sizeof(field), "none",
                         path ? "" : name)) {
        return wrong;
    }
    if (path == NULL) {
        return "JwtReplyField takes two arguments, a name and the path of a "
               "claim, or the word none";
    }
    fields = ajr_slot_array(cmd, conf, sizeof(field));
    wrong = name_refuses(fields, name);
    if (wrong != NULL) {
        return apr_psprintf(cmd->pool, "JwtReplyField: `%s` %s", name, wrong);
    }
    wrong = ajr_claim_compile(&claim, path, cmd->pool);
    if (wrong != NULL) {
        return apr_psprintf(cmd->pool, "JwtReplyField %s: `%s` %s", name, path,
                            wrong);
    }
    field.claim = claim;
    APR_ARRAY_PUSH(fields, ajr_reply_field_t) = field;
    return NULL;
}

/* The claims of a token that we have just signed. */
static bool claims_read(json_t **out, const char *token, apr_pool_t *pool)
{
    const char *payload = strchr(token, '.') + 1;
    ajr_bytes_t text = {(const unsigned char *)payload, strcspn(payload, ".")};
    ajr_bytes_t json;

    return ajr_base64url_decode(&json, text, pool) &&
           ajr_json_object(out, json, pool);
}

bool ajr_reply_fields_add(json_t *reply, request_rec *r, const char *token)
{
    const apr_array_header_t *fields = ajr_conf_reply_fields(ajr_dir_conf(r));
    json_t *claims = NULL;
    bool good;
    int i;

    if (apr_is_empty_array(fields)) {
        return true;
    }
    good = claims_read(&claims, token, r->pool);
    for (i = 0; good && i < fields->nelts; i++) {
        const ajr_reply_field_t *field =
            &APR_ARRAY_IDX(fields, i, const ajr_reply_field_t);
        const json_t *value = ajr_claim_find(field->claim, claims);

        if (value != NULL && json_object_get(reply, field->name) == NULL) {
            good = json_object_set_new(reply, field->name,
                                       json_deep_copy(value)) == 0;
        }
    }
    return good;
}
