/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths to claims, compiled when the configuration is read.
 *
 *   role   realm.roles[0]   https://example\.com/tenant
 *
 * Members are separated by dots; a backslash makes the next character part of
 * a name; [n] picks an element of an array.
 */
#ifndef AJR_CLAIM_H
#define AJR_CLAIM_H

#include "wire.h"

#define AJR_CLAIM_STEPS 16 /* longest path */

typedef struct ajr_claim_t ajr_claim_t;

/* Compiles a path. NULL or a sentence without subject. */
const char *ajr_claim_compile(ajr_claim_t **out, const char *path,
                              apr_pool_t *pool);

/* The value at the path, borrowed from claims; NULL when there is none. */
const json_t *ajr_claim_find(const ajr_claim_t *claim, const json_t *claims);

/* A value as text for environment and headers: strings as they are, numbers
 * and booleans as JSON writes them, arrays and objects as compact JSON. NULL
 * for null, and for text with control characters: a line break in a header or
 * a log is an attack, not a value. */
const char *ajr_claim_text(const json_t *value, apr_pool_t *pool);

#endif
