/* SPDX-License-Identifier: Apache-2.0
 *
 * Values -> text parameters of a statement. PostgreSQL answers text that is
 * not UTF-8 with an error; what clients write must not look like trouble with
 * the database.
 */
#ifndef AJR_SENDABLE_H
#define AJR_SENDABLE_H

#include <apr_time.h>

#include "grant.h"

/* "schema" as an identifier, with the function: "schema".name */
const char *ajr_sendable_function(const char *schema, const char *name,
                                  apr_pool_t *pool);

/* "12.345678 seconds", for ::interval. Seconds, since before version 15 a
 * number in an interval had 32 bits. */
const char *ajr_sendable_interval(apr_interval_time_t interval,
                                  apr_pool_t *pool);

/* "\x0a1b", for ::bytea. */
const char *ajr_sendable_bytea(ajr_bytes_t bytes, apr_pool_t *pool);

/* The hash of the grant's S, for ::bytea; NULL for a JWT, which has none. False
 * when OpenSSL fails. */
bool ajr_sendable_secret(const char **out, const ajr_grant_t *grant,
                         apr_pool_t *pool);

/* Whether PostgreSQL takes text as it is; NULL is fine. */
bool ajr_sendable_text(const char *text);

/* Text for people to read, such as a User-Agent: at most `max` bytes, what is
 * no printable UTF-8 becomes '?'. NULL for NULL and "". */
const char *ajr_sendable_note(const char *text, apr_size_t max,
                              apr_pool_t *pool);

#endif
