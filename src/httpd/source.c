/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a token may sit (JwtSource): the Authorization header (RFC 6750 2.1),
 * cookies, query parameters; and out of where it is taken.
 */
#include "source.h"

#include <string.h>

#include <apr_lib.h>
#include <scoreboard.h>

#include "authn.h"
#include "form.h"
#include "handler.h"

/* What a log shows in place of a token. */
#define REDACTED "redacted"

/* What has been seen so far of one request. */
typedef struct search_t {
    ajr_bytes_t token;
    apr_uint64_t place;  /* the bit of the place that is searched now */
    apr_uint64_t places; /* where something was */
    bool found;
    bool ambiguous;
} search_t;

static const ajr_source_t header_alone = {AJR_SOURCE_HEADER, NULL};

/* Source i of a scope, NULL behind the last. */
static const ajr_source_t *source_at(const ajr_dir_conf_t *conf, int i)
{
    const apr_array_header_t *sources = ajr_conf_sources(conf);

    if (sources == NULL) {
        return i == 0 ? &header_alone : NULL;
    }
    return i < sources->nelts ? &APR_ARRAY_IDX(sources, i, const ajr_source_t)
                              : NULL;
}

/* ---- finding ---- */

/* "Bearer" and at least one space, in any case (RFC 9110 11.1); returns what
 * stands behind, NULL when the scheme is another. */
static const char *after_scheme(const char *header)
{
    static const char scheme[] = "Bearer";
    const apr_size_t length = sizeof(scheme) - 1;

    if (header == NULL || ap_cstr_casecmpn(header, scheme, length) != 0) {
        return NULL;
    }
    header += length;
    if (*header != '\0' && !apr_isspace(*header)) {
        return NULL;
    }
    return header + strspn(header, " ");
}

const char *ajr_source_bearer(const request_rec *r)
{
    return after_scheme(apr_table_get(r->headers_in, "Authorization"));
}

/* The same token twice is one token. */
static void see(search_t *search, const char *value)
{
    ajr_bytes_t token = ajr_bytes_of(value);

    search->places |= search->place;
    search->ambiguous |=
        search->found && !ajr_bytes_equal_secret(search->token, token);
    if (!search->found) {
        search->token = token;
        search->found = true;
    }
}

static void see_header(search_t *search, request_rec *r)
{
    const char *value = ajr_source_bearer(r);

    if (value != NULL) {
        see(search, value);
        /* httpd joins repeated headers with a comma, which no token has. */
        search->ambiguous |= strchr(value, ',') != NULL;
    }
}

/* A cookie or parameter that is empty is one that was cleared: no token. */
static void see_all(search_t *search, const apr_array_header_t *values)
{
    int i;

    for (i = 0; i < values->nelts; i++) {
        const char *value = APR_ARRAY_IDX(values, i, const char *);

        if (*value != '\0') {
            see(search, value);
        }
    }
}

static void see_source(search_t *search, request_rec *r,
                       const ajr_source_t *source)
{
    switch (source->kind) {
    case AJR_SOURCE_HEADER:
        see_header(search, r);
        break;
    case AJR_SOURCE_COOKIE:
        see_all(search,
                ajr_cookie_values(apr_table_get(r->headers_in, "Cookie"),
                                  source->name, r->pool));
        break;
    case AJR_SOURCE_QUERY:
        see_all(search, ajr_query_values(r->args, source->name, r->pool));
        break;
    }
}

ajr_outcome_t ajr_source_find(ajr_bytes_t *token, apr_uint64_t *places,
                              request_rec *r)
{
    const ajr_dir_conf_t *conf = ajr_dir_conf(r);
    search_t search = {ajr_bytes_of(""), 0, 0, false, false};
    const ajr_source_t *source;
    int i;

    for (i = 0; (source = source_at(conf, i)) != NULL; i++) {
        search.place = i < 64 ? APR_UINT64_C(1) << i : 0;
        see_source(&search, r, source);
    }
    *token = ajr_bytes_of("");
    *places = search.places;
    if (!search.found) {
        return AJR_TOKEN_MISSING;
    }
    if (search.ambiguous) {
        return AJR_TOKEN_AMBIGUOUS;
    }
    if (search.token.len == 0) {
        return AJR_TOKEN_MALFORMED;
    }
    *token = search.token;
    return AJR_OK;
}

static bool same_place(const ajr_source_t *a, const ajr_source_t *b)
{
    return a->kind == b->kind &&
           (a->name == NULL || strcmp(a->name, b->name) == 0);
}

static bool listed(const ajr_dir_conf_t *conf, const ajr_source_t *place)
{
    const ajr_source_t *source;
    int i;

    for (i = 0; (source = source_at(conf, i)) != NULL; i++) {
        if (same_place(source, place)) {
            return true;
        }
    }
    return false;
}

bool ajr_source_accepts(const ajr_dir_conf_t *here, apr_uint64_t places,
                        const ajr_dir_conf_t *there)
{
    int i;

    for (i = 0; i < 64 && places >> i != 0; i++) {
        if ((places >> i & 1) != 0 && listed(here, source_at(there, i))) {
            return true;
        }
    }
    return false;
}

bool ajr_source_by_cookie(const ajr_dir_conf_t *conf, apr_uint64_t places)
{
    const ajr_source_t *source;
    bool others = false;
    int i;

    for (i = 0; i < 64 && (source = source_at(conf, i)) != NULL; i++) {
        others |= (places >> i & 1) != 0 && source->kind != AJR_SOURCE_COOKIE;
    }
    return places != 0 && !others;
}

/* ---- stripping and redacting ---- */

/* Edits the query of a URL. */
static const char *url_edit(const char *url, const char *name,
                            const char *value, apr_pool_t *pool)
{
    const char *mark = url == NULL ? NULL : strchr(url, '?');
    const char *query;

    if (mark == NULL) {
        return url;
    }
    query = ajr_query_edit(mark + 1, name, value, pool);
    if (query == mark + 1) {
        return url;
    }
    return apr_pstrcat(pool,
                       apr_pstrmemdup(pool, url, (apr_size_t)(mark - url)),
                       *query == '\0' ? "" : "?", query, NULL);
}

/* Edits the query of a request line: METHOD SP URL [SP HTTP/x.y]. */
static const char *line_edit(const char *line, const char *name,
                             const char *value, apr_pool_t *pool)
{
    const char *mark = line == NULL ? NULL : strchr(line, '?');
    const char *behind = mark == NULL ? NULL : strrchr(mark, ' ');
    const char *url, *edited;

    if (behind == NULL) {
        return url_edit(line, name, value, pool);
    }
    url = apr_pstrmemdup(pool, line, (apr_size_t)(behind - line));
    edited = url_edit(url, name, value, pool);
    return edited == url ? line : apr_pstrcat(pool, edited, behind, NULL);
}

/* What no handler works with, but logs, status pages and scripts show. */
static void shown_edit(request_rec *r, const char *name, const char *value)
{
    r->the_request = (char *)line_edit(r->the_request, name, value, r->pool);
    r->unparsed_uri = (char *)url_edit(r->unparsed_uri, name, value, r->pool);
}

/* What handlers read. An empty query is none. */
static void args_edit(request_rec *r, const char *name, const char *value)
{
    char *args = (char *)ajr_query_edit(r->args, name, value, r->pool);

    r->args = args != NULL && *args == '\0' ? NULL : args;
    args = (char *)ajr_query_edit(r->parsed_uri.query, name, value, r->pool);
    r->parsed_uri.query = args != NULL && *args == '\0' ? NULL : args;
}

static void header_put(request_rec *r, const char *name, const char *value)
{
    if (value == NULL) {
        apr_table_unset(r->headers_in, name);
    } else {
        apr_table_setn(r->headers_in, name, value);
    }
}

static void strip_query(request_rec *r, const char *name)
{
    shown_edit(r, name, NULL);
    args_edit(r, name, NULL);
    /* A URL that translate_name has made for mod_proxy has its query with it:
     * ProxyPass nocanon, RewriteRule [P]. */
    if (r->filename != NULL && strncmp(r->filename, "proxy:", 6) == 0) {
        r->filename = (char *)url_edit(r->filename, name, NULL, r->pool);
    }
}

static void strip_source(request_rec *r, const ajr_source_t *source)
{
    const char *cookies;

    switch (source->kind) {
    case AJR_SOURCE_HEADER:
        if (ajr_source_bearer(r) != NULL) {
            apr_table_unset(r->headers_in, "Authorization");
        }
        break;
    case AJR_SOURCE_COOKIE:
        cookies = apr_table_get(r->headers_in, "Cookie");
        if (cookies != NULL) {
            header_put(r, "Cookie",
                       ajr_cookie_without(cookies, source->name, r->pool));
        }
        break;
    case AJR_SOURCE_QUERY:
        strip_query(r, source->name);
        break;
    }
}

void ajr_source_strip(request_rec *r)
{
    const ajr_dir_conf_t *conf = ajr_dir_conf(r);
    const ajr_source_t *source;
    int i;

    if (!ajr_conf_strip(conf)) {
        return;
    }
    for (i = 0; (source = source_at(conf, i)) != NULL; i++) {
        strip_source(r, source);
    }
}

ajr_outcome_t ajr_source_take(ajr_bytes_t *token, apr_uint64_t *places,
                              request_rec *r)
{
    ajr_outcome_t outcome = ajr_source_find(token, places, r);

    if (outcome == AJR_OK) {
        ajr_source_strip(r);
    }
    return outcome;
}

/* A page that was asked for with a token names it to what it loads; the error
 * log and most access logs print this header. */
static void referer_redact(request_rec *r, const char *name)
{
    const char *before = apr_table_get(r->headers_in, "Referer");
    const char *after = url_edit(before, name, REDACTED, r->pool);

    if (after != before) {
        header_put(r, "Referer", after);
    }
}

/* Hides a query token in what is shown of r and of the requests that it came
 * from. */
static void redact_name(request_rec *r, const char *name, bool args)
{
    request_rec *at;

    for (at = r; at != NULL; at = at->prev != NULL ? at->prev : at->main) {
        shown_edit(at, name, REDACTED);
        referer_redact(at, name);
        if (args) {
            args_edit(at, name, REDACTED);
        }
    }
}

/* Those that JwtSource names. */
static void redact(request_rec *r, const ajr_dir_conf_t *scope, bool args)
{
    const ajr_source_t *source;
    int i;

    for (i = 0; (source = source_at(scope, i)) != NULL; i++) {
        if (source->kind == AJR_SOURCE_QUERY) {
            redact_name(r, source->name, args);
        }
    }
}

/* Those that the dialect of a handler reads. Its clients send them to what is
 * protected, too, where the application may have other parameters of the name:
 * there the logs alone do without. */
static void redact_spots(request_rec *r, bool args)
{
    const ajr_record_t *record = ajr_record_peek(r);
    const ajr_spot_t *spot;

    if (record != NULL && record->handler != NULL) {
        spot = ajr_handler_row(r)->token;
    } else if (args && ajr_authn_asks(r)) {
        spot = ajr_conf_dialect(ajr_dir_conf(r))->asks[AJR_PLACE_REFRESH].token;
    } else {
        return;
    }
    for (; spot->kind != AJR_SPOT_END; spot++) {
        if (spot->kind == AJR_SPOT_QUERY) {
            redact_name(r, spot->name, args);
        }
    }
}

/* post_perdir_config: the first moment at which the scope is known. */
int ajr_source_redact(request_rec *r)
{
    const char *before = r->the_request;

    redact(r, ajr_dir_conf(r), false);
    redact_spots(r, false);
    if (r->the_request != before && r->main == NULL) {
        /* mod_status shows a copy that was made of the request as it came. */
        ap_update_child_status(r->connection->sbh, SERVER_BUSY_WRITE, r);
    }
    return DECLINED;
}

/* Those of any scope: in the Referer, for what a page loads is seldom of the
 * page's scope; and where the request was refused before it had one. */
static void redact_server(request_rec *r)
{
    const apr_array_header_t *names =
        ajr_server_conf(r->server)->token_parameters;
    bool scoped = r->per_dir_config != r->server->lookup_defaults;
    int i;

    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (scoped) {
            referer_redact(r, name);
        } else {
            redact_name(r, name, true);
        }
    }
}

/* log_transaction, before any log is written: handlers are done with it. */
int ajr_source_redact_log(request_rec *r)
{
    request_rec *last = r;
    request_rec *at;

    while (last->next != NULL) {
        last = last->next;
    }
    for (at = last; at != NULL; at = at->prev) {
        redact(last, ajr_dir_conf(at), true);
        redact_spots(at, true);
        redact_server(at);
    }
    return DECLINED;
}
