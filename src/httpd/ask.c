/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"

#include <string.h>

#include "body.h"
#include "handler.h"
#include "origin_check.h"
#include "refresh_cookie.h"
#include "source.h"

/* The first of several that is not empty, NULL = none. */
static const char *first_of(const apr_array_header_t *values)
{
    int i;

    for (i = 0; i < values->nelts; i++) {
        const char *value = APR_ARRAY_IDX(values, i, const char *);

        if (*value != '\0') {
            return value;
        }
    }
    return NULL;
}

static const char *cookie(request_rec *r, const char *name)
{
    return first_of(ajr_cookie_values(apr_table_get(r->headers_in, "Cookie"),
                                      name, r->pool));
}

/* What stands in a spot, NULL = nothing. OK or BODY_MALFORMED. */
static ajr_outcome_t spot_read(const char **value, const ajr_spot_t *spot,
                               const ajr_body_t *body, request_rec *r)
{
    ajr_outcome_t outcome = AJR_OK;

    *value = NULL;
    switch (spot->kind) {
    case AJR_SPOT_BEARER:
        *value = ajr_source_bearer(r);
        break;
    case AJR_SPOT_QUERY:
        *value = first_of(ajr_query_values(r->args, spot->name, r->pool));
        break;
    case AJR_SPOT_FIELD:
        outcome = ajr_body_text(value, body, spot->name);
        break;
    case AJR_SPOT_HEADER:
        *value = apr_table_get(r->headers_in, spot->name);
        break;
    case AJR_SPOT_COOKIE:
        *value = cookie(r, spot->name);
        break;
    case AJR_SPOT_REFRESH_COOKIE:
        *value = ajr_refresh_cookie_find(r);
        break;
    case AJR_SPOT_END:
        break;
    }
    if (*value != NULL && **value == '\0') {
        *value = NULL;
    }
    return outcome;
}

/* A browser adds cookies to what any page asks for. */
static ajr_outcome_t spots_read(const char **value, const ajr_spot_t *spots,
                                const ajr_body_t *body, request_rec *r)
{
    ajr_outcome_t outcome = AJR_OK;

    *value = NULL;
    for (; spots->kind != AJR_SPOT_END && *value == NULL && outcome == AJR_OK;
         spots++) {
        outcome = spot_read(value, spots, body, r);
        if (*value != NULL && (spots->kind == AJR_SPOT_COOKIE ||
                               spots->kind == AJR_SPOT_REFRESH_COOKIE)) {
            outcome = ajr_origin_check(r);
        }
    }
    return outcome;
}

/* Nothing in any spot: what is told of it. */
static ajr_outcome_t nothing(const ajr_spot_t *spots, const ajr_body_t *body)
{
    const char *value;

    return spots->kind == AJR_SPOT_FIELD
               ? ajr_body_needs(&value, body, spots->name)
               : AJR_TOKEN_MISSING;
}

static ajr_outcome_t grant_type_check(const ajr_ask_row_t *row,
                                      const ajr_body_t *body)
{
    const char *type = NULL;
    ajr_outcome_t outcome = AJR_OK;

    if (row->grant_type != NULL) {
        outcome = ajr_body_needs(&type, body, row->grant_type);
    }
    return type == NULL || strcmp(type, "refresh_token") == 0
               ? outcome
               : AJR_GRANT_TYPE_REFUSED;
}

static ajr_outcome_t token_read(ajr_ask_t *ask, const ajr_ask_row_t *row,
                                const ajr_body_t *body, request_rec *r)
{
    ajr_outcome_t outcome = grant_type_check(row, body);

    if (outcome == AJR_OK) {
        outcome = spots_read(&ask->token, row->token, body, r);
    }
    if (outcome == AJR_OK && ask->token == NULL) {
        outcome = nothing(row->token, body);
    }
    if (outcome == AJR_OK && row->scope != NULL) {
        outcome = ajr_body_text(&ask->scope, body, row->scope);
    }
    if (ask->scope != NULL && *ask->scope == '\0') {
        ask->scope = NULL;
    }
    return outcome;
}

ajr_outcome_t ajr_ask_read(ajr_ask_t *ask, request_rec *r)
{
    const ajr_ask_row_t *row = ajr_handler_row(r);
    ajr_body_t body;
    ajr_outcome_t outcome = ajr_body_read(&body, r);

    memset(ask, 0, sizeof(*ask));
    if (outcome != AJR_OK &&
        !(row->any_body && outcome == AJR_BODY_MALFORMED)) {
        return outcome;
    }
    outcome = spots_read(&ask->access, row->access, &body, r);
    return outcome == AJR_OK ? token_read(ask, row, &body, r) : outcome;
}
