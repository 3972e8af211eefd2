/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is calling: first what clients claim to be is removed, then what the
 * token says is published.
 */
#include "identity.h"

#include <apr_lib.h>

#include "authn.h"
#include "basic.h"
#include "form.h"
#include "source.h"

/* A character of a header's name as backends see it: CGI makes HTTP_X_ROLE of
 * X-Role and of X_Role alike, some of X.Role too, so these are one name. */
static int header_character(char c)
{
    return apr_isalnum(c) ? apr_tolower(c) : '-';
}

bool ajr_identity_same_header(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        if (header_character(*a) != header_character(*b)) {
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
        if (ajr_identity_same_header(
                name, APR_ARRAY_IDX(scrub->names, i, const char *))) {
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

/* No backend has any use for a refresh token; handlers read the record. */
static void cookies_scrub(request_rec *r)
{
    const apr_array_header_t *names =
        ajr_server_conf(r->server)->refresh_cookies;
    const char *sent = apr_table_get(r->headers_in, "Cookie");
    const char *kept = sent;
    int i;

    for (i = 0; i < names->nelts && kept != NULL; i++) {
        kept = ajr_cookie_without(kept, APR_ARRAY_IDX(names, i, const char *),
                                  r->pool);
    }
    if (kept == sent) {
        return;
    }
    ajr_record(r)->cookies = apr_pstrdup(r->pool, sent);
    if (kept == NULL) {
        apr_table_unset(r->headers_in, "Cookie");
    } else {
        apr_table_setn(r->headers_in, "Cookie", kept);
    }
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
    cookies_scrub(r);
    return DECLINED;
}

const request_rec *ajr_identity_top(const request_rec *r)
{
    while (r->main != NULL || r->prev != NULL) {
        r = r->main != NULL ? r->main : r->prev;
    }
    return r;
}

void ajr_identity_hand_up(const request_rec *r, const ajr_record_t *record)
{
    ajr_record_t *parent;

    if (r->main == NULL) {
        return;
    }
    parent = ajr_record(r->main);
    parent->below =
        apr_pmemdup(ajr_identity_top(r)->pool, record, sizeof(*record));
    parent->section = r->per_dir_config;
}

/* A sub-request begins: what an earlier one handed up is not its. */
void ajr_identity_forget_below(const request_rec *r)
{
    ajr_record_t *parent = r->main == NULL ? NULL : ajr_record_peek(r->main);

    if (parent != NULL) {
        parent->below = NULL;
    }
}

/* The record of this very request, or of the sub-request it has become. */
static const ajr_record_t *own(const request_rec *r)
{
    const ajr_record_t *record = ajr_record_peek(r);

    return record != NULL && record->below != NULL &&
                   record->section == r->per_dir_config
               ? record->below
               : record;
}

/* The request whose verdict httpd took over for this one. */
static const request_rec *forerunner(const request_rec *r)
{
    if (r->prev != NULL) {
        return r->prev;
    }
    return r->main != NULL && r->main->per_dir_config == r->per_dir_config
               ? r->main
               : NULL;
}

/* Somebody else has said who it is. */
static bool contested(const request_rec *r, const ajr_record_t *record)
{
    return r->user != NULL && r->user != record->subject &&
           !ajr_authn_ours(r->ap_auth_type);
}

const ajr_record_t *ajr_identity_find(const request_rec *r)
{
    const request_rec *at;

    for (at = r; at != NULL; at = forerunner(at)) {
        const ajr_record_t *record = own(at);

        if (record != NULL && record->token.len > 0) {
            return record->granted && !contested(r, record) ? record : NULL;
        }
    }
    return NULL;
}

/* RFC 6750 2.3: what a URL with a token in it shows is for its holder alone,
 * whatever the backend says of caches. */
static void cache_bar(request_rec *r, const ajr_record_t *record)
{
    if (ajr_source_by_query(record->placed, record->places)) {
        apr_table_setn(r->err_headers_out, "Cache-Control", "private");
    }
}

/* fixups, the last: what httpd's directives and a redirect have lost is there
 * for the handler. */
int ajr_identity_fixup(request_rec *r)
{
    const ajr_record_t *record = ajr_identity_find(r);

    if (record != NULL) {
        r->user = (char *)record->subject;
        r->ap_auth_type = (char *)record->scheme;
        ajr_identity_publish(r, record);
        cache_bar(r, record);
        ajr_basic_strip(r, record);
        /* It has become its sub-request, which had a copy of the headers. */
        if (record == ajr_record(r)->below) {
            ajr_source_strip(r);
        }
    }
    return DECLINED;
}

void ajr_identity_read(ajr_record_t *record, apr_pool_t *pool)
{
    const apr_array_header_t *exports = ajr_conf_exports(record->conf);
    int count = exports == NULL ? 0 : exports->nelts;
    int i;

    record->texts = apr_palloc(pool, (apr_size_t)count * sizeof(char *));
    for (i = 0; i < count; i++) {
        const ajr_export_t *export =
            &APR_ARRAY_IDX(exports, i, const ajr_export_t);

        record->texts[i] = ajr_claim_text(
            ajr_claim_find(export->claim, record->jwt->claims), pool);
    }
}

static void export_header(request_rec *r, const char *name, const char *text)
{
    if (text != NULL) {
        apr_table_setn(r->headers_in, name, text);
    } else {
        apr_table_unset(r->headers_in, name);
    }
}

void ajr_identity_publish(request_rec *r, const ajr_record_t *record)
{
    const apr_array_header_t *exports = ajr_conf_exports(record->conf);
    int i;

    for (i = 0; exports != NULL && i < exports->nelts; i++) {
        const ajr_export_t *export =
            &APR_ARRAY_IDX(exports, i, const ajr_export_t);
        const char *text = record->texts[i];

        if (text != NULL && export->env != NULL) {
            apr_table_setn(r->subprocess_env, export->env, text);
        }
        if (export->header != NULL && record->granted) {
            export_header(r, export->header, text);
        }
    }
    if (record->granted) {
        apr_table_setn(r->subprocess_env, "JWT_OUTCOME",
                       ajr_outcome_row(AJR_OK)->tag);
    }
}
