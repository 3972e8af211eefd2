/* SPDX-License-Identifier: Apache-2.0 */
#include "document.h"

#include <string.h>

#include "respond.h"
#include "sha256.h"

#define TAG_BYTES 16

/* How soon others learn of a change; a new key must verify here for that long
 * before it signs. */
#define CACHE_CONTROL "public, max-age=300"

/* A strong ETag (RFC 9110 8.8.3): the same bytes have the same one on every
 * host. */
static const char *tag_of(const char *text, apr_pool_t *pool)
{
    unsigned char digest[AJR_SHA256_SIZE];
    char hex[2 * TAG_BYTES + 1];

    if (!ajr_sha256(digest, "", ajr_bytes_of(text))) {
        return NULL;
    }
    ap_bin2hex(digest, TAG_BYTES, hex);
    return apr_pstrcat(pool, "\"", hex, "\"", NULL);
}

int ajr_document_send(request_rec *r, const json_t *document, const char *type)
{
    const char *text = ajr_json_text(document, r->pool);
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
    ap_set_content_type(r, type);
    ap_set_content_length(r, (apr_off_t)strlen(text));
    ap_rputs(text, r);
    return OK;
}
