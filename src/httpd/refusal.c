/* SPDX-License-Identifier: Apache-2.0
 *
 * The body of a refusal. Authentication and authorization write none: httpd
 * asks for it when it makes the error page, unless the administrator has one.
 */
#include "refusal.h"

#include <mod_core.h>

#include "handler.h"
#include "respond.h"

#define FILTER "AJR_REFUSAL"

/* A sub-request ends before the page of its main request is made. */
static const ajr_refused_t *copy(const ajr_refused_t *refused, apr_pool_t *pool)
{
    ajr_refused_t *own = apr_pmemdup(pool, refused, sizeof(*refused));

    own->challenge = apr_pstrdup(pool, refused->challenge);
    own->incident.text = apr_pstrdup(pool, refused->incident.text);
    own->incident.method = apr_pstrdup(pool, refused->incident.method);
    own->incident.fields = NULL; /* handlers' alone */
    return own;
}

void ajr_refusal_note(const request_rec *r, const ajr_refused_t *refused)
{
    for (; r != NULL; r = r->main) {
        ajr_record((request_rec *)r)->refused = copy(refused, r->pool);
    }
}

/* The refusal that this error page is made for, NULL = another error. */
static const ajr_refused_t *refused_of(const request_rec *r)
{
    const ajr_record_t *record = ajr_record_peek(r);

    return record != NULL && record->refused != NULL &&
                   record->refused->status == r->status
               ? record->refused
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
static void body_set(request_rec *r, const ajr_refused_t *refused)
{
    const ajr_refusal_t refusal =
        ajr_dialect_refuse(refused->dialect, &refused->incident);
    const char *text = ajr_json_text(
        ajr_json_own(refused->dialect->refusal(&refusal, &refused->incident),
                     r->pool),
        r->pool);

    if (text != NULL) {
        ap_custom_response(r, refused->status, text);
        ap_add_output_filter(FILTER, NULL, r, r->connection);
    }
}

/* Whether httpd itself turned a client away that asks for what sessions give,
 * before the handler was reached. */
static bool client_refused(request_rec *r)
{
    const ajr_record_t *record = ajr_record_peek(r);

    return r->status == HTTP_UNAUTHORIZED && record != NULL &&
           record->refused == NULL && record->handler != NULL &&
           (record->handler->needs & AJR_NEEDS_SESSIONS) != 0 &&
           ajr_conf_dialect(ajr_dir_conf(r)) == ajr_dialect_find(NULL);
}

/* insert_error_filter */
void ajr_refusal_render(request_rec *r)
{
    const ajr_refused_t *refused;

    if (client_refused(r)) {
        ajr_respond_client(r);
    }
    refused = refused_of(r);

    if (refused == NULL) {
        return;
    }
    /* DirectoryIndex drops the headers of the sub-request that was refused. */
    if (refused->challenge != NULL &&
        apr_table_get(r->err_headers_out, "WWW-Authenticate") == NULL) {
        apr_table_setn(r->err_headers_out, "WWW-Authenticate",
                       refused->challenge);
    }
    if (refused->status != HTTP_INTERNAL_SERVER_ERROR &&
        ap_response_code_string(r, ap_index_of_response(refused->status)) ==
            NULL) {
        body_set(r, refused);
    }
}

void ajr_refusal_register(void)
{
    ap_register_output_filter(FILTER, announce, NULL, AP_FTYPE_CONTENT_SET);
}
