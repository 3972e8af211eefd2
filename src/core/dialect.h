/* SPDX-License-Identifier: Apache-2.0
 *
 * The wire formats that clients speak, one row each: what a reply and a
 * refusal look like, and what the clients expect of rotation.
 */
#ifndef AJR_DIALECT_H
#define AJR_DIALECT_H

#include "outcome.h"
#include "wire.h"

/* What a login or a refresh gives. NULL strings are left out. */
typedef struct ajr_reply_t {
    const char *access_token;
    apr_int64_t expires_in; /* seconds */
    const char *refresh_token;
    const char *scope;
} ajr_reply_t;

typedef struct ajr_dialect_t {
    const char *name;        /* as JwtDialect takes it */
    const char *access_type; /* `typ` of the access tokens minted */
    bool rotates;            /* what JwtRefreshRotate Dialect means */
    json_t *(*reply)(const ajr_reply_t *reply);
    json_t *(*refusal)(const ajr_outcome_row_t *row);
} ajr_dialect_t;

/* The row of that name, NULL when there is none; NULL asks for the default,
 * oauth2. */
const ajr_dialect_t *ajr_dialect_find(const char *name);

/* The names, for messages: "oauth2, laravel". */
const char *ajr_dialect_names(apr_pool_t *pool);

#endif
