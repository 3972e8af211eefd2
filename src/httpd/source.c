/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a token may sit (JwtSource): the Authorization header (RFC 6750 2.1),
 * cookies, query parameters.
 */
#include "source.h"

#include <string.h>

#include <apr_lib.h>

#include "form.h"

/* What has been seen so far of one request. */
typedef struct search_t {
    ajr_bytes_t token;
    apr_uint64_t place;  /* the bit of the place that is searched now */
    apr_uint64_t places; /* where something was */
    bool found;
    bool ambiguous;
} search_t;

static const ajr_source_t header_alone = {AJR_SOURCE_HEADER, NULL};

const ajr_source_t *ajr_source_at(const ajr_dir_conf_t *conf, int i)
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

const char *ajr_source_header(const request_rec *r)
{
    return r->proxyreq == PROXYREQ_PROXY ? "Proxy-Authorization"
                                         : "Authorization";
}

const char *ajr_source_bearer(const request_rec *r)
{
    return after_scheme(apr_table_get(r->headers_in, ajr_source_header(r)));
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

    for (i = 0; (source = ajr_source_at(conf, i)) != NULL; i++) {
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

    for (i = 0; (source = ajr_source_at(conf, i)) != NULL; i++) {
        if (same_place(source, place)) {
            return true;
        }
    }
    return false;
}

bool ajr_source_accepts(const ajr_dir_conf_t *here, apr_uint64_t places,
                        const ajr_dir_conf_t *there)
{
    const ajr_source_t *place;
    int i;

    for (i = 0; i < 64 && (place = ajr_source_at(there, i)) != NULL; i++) {
        if ((places >> i & 1) != 0 && listed(here, place)) {
            return true;
        }
    }
    return false;
}

/* Whether one of these places of a scope is of that kind, or is of another. */
static bool some(const ajr_dir_conf_t *conf, apr_uint64_t places, int kind,
                 bool of_it)
{
    const ajr_source_t *source;
    int i;

    for (i = 0; i < 64 && (source = ajr_source_at(conf, i)) != NULL; i++) {
        if ((places >> i & 1) != 0 && ((int)source->kind == kind) == of_it) {
            return true;
        }
    }
    return false;
}

bool ajr_source_by_cookie(const ajr_dir_conf_t *conf, apr_uint64_t places)
{
    return places != 0 && !some(conf, places, AJR_SOURCE_COOKIE, false);
}

bool ajr_source_by_query(const ajr_dir_conf_t *conf, apr_uint64_t places)
{
    return places != 0 && some(conf, places, AJR_SOURCE_QUERY, true);
}
