/* SPDX-License-Identifier: Apache-2.0
 *
 * JwtMintClaim: read as a directive, evaluated for each token minted.
 */
#include "commands.h"
#include "tokens.h"

#include <string.h>

#include "mint.h"
#include "record.h"

#define JSON_PREFIX "json:"

/* A value of any JSON type, NULL when the text is none. */
static json_t *value_read(const char *text, apr_pool_t *pool)
{
    json_t *object;

    if (!ajr_json_object(
            &object,
            ajr_bytes_of(apr_pstrcat(pool, "{\"value\":", text, "}", NULL)),
            pool) ||
        json_object_size(object) != 1) {
        return NULL;
    }
    return json_object_get(object, "value");
}

static const char *value_set(ajr_mint_claim_t *claim, cmd_parms *cmd,
                             const char *text)
{
    const char *wrong = NULL;

    if (strncmp(text, JSON_PREFIX, sizeof(JSON_PREFIX) - 1) == 0) {
        claim->value = value_read(text + sizeof(JSON_PREFIX) - 1, cmd->pool);
        return claim->value != NULL ? NULL
                                    : "is no JSON; write json:3, "
                                      "json:true or 'json:[\"a\"]'";
    }
    if (strstr(text, "%{") == NULL) {
        claim->value = ajr_json_own(json_string(text), cmd->pool);
        return claim->value != NULL ? NULL : "is no UTF-8";
    }
    /* What it gives is logged at trace4 as the core's: no level of ours shows
     * a claim. */
    claim->expression =
        ap_expr_parse_cmd_mi(cmd, text, AP_EXPR_FLAG_STRING_RESULT, &wrong,
                             NULL, core_module.module_index);
    return wrong == NULL ? NULL
                         : apr_psprintf(cmd->pool,
                                        "is no expression: %s; write it like "
                                        "%%{REMOTE_USER}",
                                        wrong);
}

static const char *name_refuses(const apr_array_header_t *claims,
                                const char *name)
{
    int i;

    if (!ajr_text_printable(ajr_bytes_of(name))) {
        return "is no UTF-8 without control characters";
    }
    if (ajr_mint_reserved(name)) {
        return "is a claim that only the module writes; choose another name";
    }
    for (i = 0; i < claims->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(claims, i, ajr_mint_claim_t).name, name) ==
            0) {
            return "is set twice here; keep one line";
        }
    }
    return NULL;
}

const char *ajr_set_mint_claims(cmd_parms *cmd, void *conf, const char *name,
                                const char *value)
{
    ajr_mint_claim_t claim = {name, NULL, NULL};
    apr_array_header_t *claims;
    const char *wrong;

    if (ajr_slot_emptied(&wrong, cmd, conf, sizeof(claim), "none",
                         value ? "" : name)) {
        return wrong;
    }
    if (value == NULL) {
        return "JwtMintClaim takes two arguments, a name and a value, or the "
               "word none";
    }
    claims = ajr_slot_array(cmd, conf, sizeof(claim));
    wrong = name_refuses(claims, name);
    if (wrong != NULL) {
        return apr_psprintf(cmd->pool, "JwtMintClaim: `%s` %s", name, wrong);
    }
    wrong = value_set(&claim, cmd, value);
    if (wrong != NULL) {
        return apr_psprintf(cmd->pool, "JwtMintClaim %s: `%s` %s", name, value,
                            wrong);
    }
    APR_ARRAY_PUSH(claims, ajr_mint_claim_t) = claim;
    return NULL;
}

/* A value of this request's own: children share the configuration's between
 * threads. NULL when the expression fails, or gives no UTF-8. */
static json_t *evaluate(request_rec *r, const ajr_mint_claim_t *claim)
{
    const char *wrong = NULL;
    const char *text;

    if (claim->expression == NULL) {
        return json_deep_copy(claim->value);
    }
    text = ap_expr_str_exec(r, claim->expression, &wrong);
    return wrong == NULL && text != NULL ? json_string(text) : NULL;
}

static ajr_outcome_t evaluate_all(json_t *out, request_rec *r,
                                  const apr_array_header_t *claims)
{
    int i;

    for (i = 0; i < claims->nelts; i++) {
        const ajr_mint_claim_t *claim =
            &APR_ARRAY_IDX(claims, i, const ajr_mint_claim_t);
        json_t *value = evaluate(r, claim);

        if (value == NULL) {
            ajr_record(r)->detail = apr_psprintf(
                r->pool, "the expression of JwtMintClaim %s gives no text",
                claim->name);
            return AJR_MISCONFIGURED;
        }
        if (json_object_set_new(out, claim->name, value) != 0) {
            return AJR_INTERNAL;
        }
    }
    return AJR_OK;
}

ajr_outcome_t ajr_mint_claims(json_t **out, request_rec *r, const char *subject)
{
    const apr_array_header_t *claims = ajr_conf_mint_claims(ajr_dir_conf(r));
    char *user = r->user;
    ajr_outcome_t outcome;

    *out = NULL;
    if (claims == NULL) {
        return AJR_OK;
    }
    *out = ajr_json_own(json_object(), r->pool);
    if (*out == NULL) {
        return AJR_INTERNAL;
    }
    r->user = apr_pstrdup(r->pool, subject);
    outcome = evaluate_all(*out, r, claims);
    r->user = user;
    return outcome;
}
