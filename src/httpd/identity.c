/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is calling: first what clients claim to be is removed, then what the
 * token says is published.
 */
#include "module.h"

#include <apr_lib.h>

/* Header names as backends see them: CGI makes HTTP_X_ROLE of X-Role and of
 * X_Role alike, so both spellings are one name here. */
static bool same_header(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        int left = *a == '_' ? '-' : apr_tolower(*a);
        int right = *b == '_' ? '-' : apr_tolower(*b);

        if (left != right) {
            return false;
        }
    }
    return *a == *b;
}

typedef struct scrub_t {
    const apr_array_header_t *names;
    apr_table_t *found;
} scrub_t;

static int scrub_look(void *baton, const char *name, const char *value)
{
    scrub_t *scrub = baton;
    int i;

    (void)value;
    for (i = 0; i < scrub->names->nelts; i++) {
        if (same_header(name, APR_ARRAY_IDX(scrub->names, i, const char *))) {
            apr_table_setn(scrub->found, name, "");
        }
    }
    return 1;
}

static int scrub_drop(void *request, const char *name, const char *value)
{
    request_rec *r = request;

    (void)value;
    apr_table_unset(r->headers_in, name);
    return 1;
}

/* post_read_request: whatever the path, whatever its verdict. */
int ajr_identity_scrub(request_rec *r)
{
    scrub_t scrub = {ajr_server_conf(r->server)->exported_headers, NULL};

    if (scrub.names->nelts > 0) {
        scrub.found = apr_table_make(r->pool, 2);
        apr_table_do(scrub_look, &scrub, r->headers_in, NULL);
        apr_table_do(scrub_drop, r, scrub.found, NULL);
    }
    return DECLINED;
}

void ajr_identity_publish(request_rec *r, const ajr_record_t *record)
{
    const apr_array_header_t *exports = ajr_conf_exports(ajr_dir_conf(r));
    int i;

    apr_table_setn(r->subprocess_env, "JWT_OUTCOME",
                   ajr_outcome_row(AJR_OK)->tag);
    for (i = 0; exports != NULL && i < exports->nelts; i++) {
        const ajr_export_t *export =
            &APR_ARRAY_IDX(exports, i, const ajr_export_t);
        const char *text = ajr_claim_text(
            ajr_claim_find(export->claim, record->jwt->claims), r->pool);

        if (text != NULL && export->env != NULL) {
            apr_table_setn(r->subprocess_env, export->env, text);
        }
        if (text != NULL && export->header != NULL) {
            apr_table_setn(r->headers_in, export->header, text);
        }
    }
}
