/* SPDX-License-Identifier: Apache-2.0
 *
 * SetHandler jwt-keys: the public keys that judge in this scope, as a JWK set
 * (RFC 7517 5), for those who verify our tokens elsewhere.
 */
#include "module.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "jwks.h"

#define TAG_BYTES 16

/* How soon others learn of a new key: it must verify here for that long before
 * it signs. */
#define CACHE_CONTROL "public, max-age=300"

/* A strong ETag (RFC 9110 8.8.3): the same bytes have the same one on every
 * host. */
static const char *tag_of(const char *text, apr_pool_t *pool)
{
    unsigned char digest[EVP_MAX_MD_SIZE] = {0};
    char hex[2 * TAG_BYTES + 1];

    if (EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL) != 1) {
        return NULL;
    }
    ap_bin2hex(digest, TAG_BYTES, hex);
    return apr_pstrcat(pool, "\"", hex, "\"", NULL);
}

static const char *set_text(request_rec *r)
{
    apr_uint64_t number;
    const ajr_keyset_t *keys =
        ajr_keys_judging(&number, ajr_dir_conf(r), r->pool);
    json_t *set = ajr_jwks_export(keys, r->pool);
    char *text = set == NULL ? NULL : json_dumps(set, JSON_COMPACT);
    const char *copy = apr_pstrdup(r->pool, text);

    free(text);
    return copy;
}

int ajr_keys_run(request_rec *r)
{
    const char *text = set_text(r);
    const char *tag = text == NULL ? NULL : tag_of(text, r->pool);
    int status;

    if (tag == NULL) {
        return ajr_respond_refusal(r, AJR_INTERNAL);
    }
    ajr_log_outcome(r, AJR_OK);
    apr_table_setn(r->headers_out, "Cache-Control", CACHE_CONTROL);
    apr_table_setn(r->headers_out, "ETag", tag);
    status = ap_meets_conditions(r);
    if (status != OK) {
        return status;
    }
    ap_set_content_type(r, "application/jwk-set+json");
    ap_set_content_length(r, (apr_off_t)strlen(text));
    ap_rputs(text, r);
    return OK;
}
