/* SPDX-License-Identifier: Apache-2.0
 *
 * UUIDs as text (RFC 9562 4): sid in tokens and SQL, jti in tokens.
 */
#ifndef AJR_UUID_H
#define AJR_UUID_H

#include <stdbool.h>

#include <apr_pools.h>

#define AJR_UUID_SIZE 16
#define AJR_UUID_TEXT_LEN 36 /* without the terminator */

/* Lower-case 8-4-4-4-12. Never NULL. */
char *ajr_uuid_format(const unsigned char uuid[AJR_UUID_SIZE],
                      apr_pool_t *pool);

/* The inverse, that spelling only. uuid is untouched on false; text may be
 * NULL. */
bool ajr_uuid_parse(unsigned char uuid[AJR_UUID_SIZE], const char *text);

#endif
