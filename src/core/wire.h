/* SPDX-License-Identifier: Apache-2.0
 *
 * Hostile bytes -> values. What is not well formed is refused, never mended:
 * each parser here accepts one spelling of a value. They know nothing of what
 * the value is for, so they answer true (well formed) or false; the caller
 * chooses the outcome. Out arguments are NULL or empty on false.
 */
#ifndef AJR_WIRE_H
#define AJR_WIRE_H

#include <stdbool.h>

#include <apr_pools.h>
#include <apr_tables.h>
#include <jansson.h>

/* Deepest nesting of JSON accepted; objects and arrays both count. */
#define AJR_JSON_DEPTH 32

/* Bytes with their length; not terminated unless a function says so. */
typedef struct ajr_bytes_t {
    const unsigned char *data;
    apr_size_t len;
} ajr_bytes_t;

/* The bytes of a C string, without its terminator. */
ajr_bytes_t ajr_bytes_of(const char *text);

/* Whether two secrets are equal, in time that depends on b.len alone. */
bool ajr_bytes_equal_secret(ajr_bytes_t a, ajr_bytes_t b);

/* The value of a hexadecimal digit of either case, -1 for other bytes. */
int ajr_hex_value(unsigned char c);

/* RFC 4648 5 without padding, terminated. Never NULL. */
char *ajr_base64url_encode(ajr_bytes_t in, apr_pool_t *pool);

/* The inverse: refuses padding, white space, other alphabets, impossible
 * lengths and non-zero trailing bits (RFC 4648 3.5). Empty text gives empty
 * bytes. out->data is terminated by a NUL that out->len does not count. */
bool ajr_base64url_decode(ajr_bytes_t *out, ajr_bytes_t in, apr_pool_t *pool);

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool ajr_utf8_valid(ajr_bytes_t in);

/* UTF-8 without control characters: C0, DEL, and C1, which is C2 80 to C2 9F.
 * Those would reach logs and headers. Empty text is printable. */
bool ajr_text_printable(ajr_bytes_t in);

/* One JSON object (RFC 8259): UTF-8, no duplicate members at any depth, no
 * U+0000, nesting <= AJR_JSON_DEPTH, nothing behind it but white space. The
 * object lives as long as the pool. */
bool ajr_json_object(json_t **out, ajr_bytes_t in, apr_pool_t *pool);

/* Any value as compact JSON, members in the order they were set; NULL for
 * NULL, and for what nests much deeper than AJR_JSON_DEPTH. */
char *ajr_json_text(const json_t *json, apr_pool_t *pool);

/* Ties a reference the caller owns to the pool; NULL stays NULL. */
json_t *ajr_json_own(json_t *json, apr_pool_t *pool);

#endif
