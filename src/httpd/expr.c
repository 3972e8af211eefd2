/* SPDX-License-Identifier: Apache-2.0
 *
 * jwt_claim('path') and %{jwt_claim:path} in expressions of httpd.
 */
#include "authz.h"
#include "identity.h"

#include <ap_expr.h>

#include <string.h>

/* The claims of the token that speaks for this request, NULL = none. While
 * httpd asks whether a request may pass without a token, that verdict is void:
 * nothing is known of its claims yet. */
static const json_t *claims_of(request_rec *r)
{
    ajr_record_t *record = ajr_record_peek(r);
    const ajr_record_t *identity;

    if (record != NULL && record->judged) {
        return record->jwt->claims;
    }
    if (record != NULL) {
        record->undecided = true;
    }
    identity =
        record != NULL && record->authorizing ? NULL : ajr_identity_find(r);
    return identity == NULL ? NULL : identity->jwt->claims;
}

/* data is the compiled path, NULL where only the request shows it. Never NULL:
 * an absent claim is empty. */
static const char *claim_text(ap_expr_eval_ctx_t *ctx, const void *data,
                              const char *path)
{
    const json_t *claims = claims_of(ctx->r);
    const char *text;
    ajr_claim_t *claim = NULL;

    if (claims == NULL) {
        return "";
    }
    if (data == NULL) {
        const char *wrong = ajr_claim_compile(&claim, path, ctx->p);

        if (wrong != NULL) {
            *ctx->err = apr_psprintf(ctx->p, "jwt_claim: `%s` %s", path, wrong);
            return "";
        }
        data = claim;
    }
    text = ajr_claim_text(ajr_claim_find(data, claims), ctx->p);
    return text == NULL ? "" : text;
}

/* expr_lookup */
int ajr_expr_find(ap_expr_lookup_parms *parms)
{
    ajr_claim_t *claim = NULL;
    const char *wrong;

    if (parms->type != AP_EXPR_FUNC_STRING ||
        strcmp(parms->name, "jwt_claim") != 0) {
        return DECLINED;
    }
    *parms->func = (const void *)claim_text;
    *parms->data = NULL;
    if (parms->arg == NULL) {
        return OK;
    }
    wrong = ajr_claim_compile(&claim, parms->arg, parms->pool);
    if (wrong != NULL) {
        *parms->err =
            apr_psprintf(parms->pool, "jwt_claim: `%s` %s", parms->arg, wrong);
        return !OK;
    }
    *parms->data = claim;
    return OK;
}
