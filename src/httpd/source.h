/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a token may sit (JwtSource), and its removal (JwtStrip).
 */
#ifndef AJR_SOURCE_H
#define AJR_SOURCE_H

#include "record.h"

/* Source i of a scope, NULL behind the last. */
const ajr_source_t *ajr_source_at(const ajr_dir_conf_t *conf, int i);

/* OK, TOKEN_MISSING, TOKEN_AMBIGUOUS or TOKEN_MALFORMED; *token is empty unless
 * OK. Bit i of *places: something was in source i of this scope (of 64 at
 * most). accepts(): whether one of the places `there` is a JwtSource `here`
 * too. */
ajr_outcome_t ajr_source_find(ajr_bytes_t *token, apr_uint64_t *places,
                              request_rec *r);
bool ajr_source_accepts(const ajr_dir_conf_t *here, apr_uint64_t places,
                        const ajr_dir_conf_t *there);

/* Whether these places of a scope are cookies, all of them; whether a query is
 * among them. Without places there need be no scope. */
bool ajr_source_by_cookie(const ajr_dir_conf_t *conf, apr_uint64_t places);
bool ajr_source_by_query(const ajr_dir_conf_t *conf, apr_uint64_t places);

/* strip.c: removes tokens from the request where JwtStrip of this scope says
 * so; take() finds and strips. */
void ajr_source_strip(request_rec *r);
ajr_outcome_t ajr_source_take(ajr_bytes_t *token, apr_uint64_t *places,
                              request_rec *r);

/* The header of credentials. A client that knows that we are its proxy has
 * another one for whoever it asks through us (RFC 9110 11.7). */
const char *ajr_source_header(const request_rec *r);

/* What stands behind `Bearer` in it, NULL when there is no such. */
const char *ajr_source_bearer(const request_rec *r);

#endif
