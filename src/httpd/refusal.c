/* SPDX-License-Identifier: Apache-2.0
 *
 * The body of a refusal. Authentication and authorization write none: httpd
 * asks for it when it makes the error page, unless the administrator has one.
 */
#include "module.h"

#include <mod_core.h>

#include <stdlib.h>

#define FILTER "AJR_REFUSAL"

void ajr_refusal_note(const request_rec *r, ajr_outcome_t outcome,
                      const char *challenge)
{
    for (; r != NULL; r = r->main) {
        ajr_record_t *record = ajr_record((request_rec *)r);

        record->refusal = outcome;
        record->challenge =
            challenge == NULL ? NULL : apr_pstrdup(r->pool, challenge);
    }
}

/* The refusal that this error page is made for, NULL = another error. */
static const ajr_record_t *refusal_of(const request_rec *r)
{
    const ajr_record_t *record = ajr_record_peek(r);

    return record != NULL && record->refusal != AJR_OK &&
                   ajr_outcome_row(record->refusal)->status == r->status
               ? record
               : NULL;
}

/* Once: httpd says text/html after it has asked us for filters. */
static apr_status_t announce(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    ap_set_content_type(f->r, "application/json");
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, brigade);
}

/* An object in braces: httpd takes no other text for a path or a URL. */
static void body_set(request_rec *r, const ajr_outcome_row_t *row)
{
    const ajr_dialect_t *dialect = ajr_conf_dialect(ajr_dir_conf(r));
    const json_t *body = ajr_json_own(dialect->refusal(row), r->pool);
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);

    if (text != NULL) {
        ap_custom_response(r, row->status, text);
        ap_add_output_filter(FILTER, NULL, r, r->connection);
        free(text);
    }
}

/* insert_error_filter */
void ajr_refusal_render(request_rec *r)
{
    const ajr_record_t *record = refusal_of(r);
    const ajr_outcome_row_t *row;

    if (record == NULL) {
        return;
    }
    row = ajr_outcome_row(record->refusal);
    /* DirectoryIndex drops the headers of the sub-request that was refused. */
    if (record->challenge != NULL &&
        apr_table_get(r->err_headers_out, "WWW-Authenticate") == NULL) {
        apr_table_setn(r->err_headers_out, "WWW-Authenticate",
                       record->challenge);
    }
    if (row->status < 500 &&
        ap_response_code_string(r, ap_index_of_response(row->status)) == NULL) {
        body_set(r, row);
    }
}

void ajr_refusal_register(void)
{
    ap_register_output_filter(FILTER, announce, NULL, AP_FTYPE_CONTENT_SET);
}
