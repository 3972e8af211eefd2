/* SPDX-License-Identifier: Apache-2.0
 *
 * The .env file of a Laravel host, as vlucas/phpdotenv 5 reads it: comments,
 * `export`, single and double quotes with escapes, CR, BOM. What it would
 * take from elsewhere or read in a surprising way is an error here, not a
 * guess: `${..}`, a name assigned twice, a `#` glued to an unquoted value.
 */
#ifndef AJR_DOTENV_H
#define AJR_DOTENV_H

#include "wire.h"

/* Finds the value of `name`. Works in place: `text` is overwritten where the
 * value had escapes, and *out points into it. NULL, or a sentence without
 * subject that never contains a value. */
const char *ajr_dotenv_find(ajr_bytes_t *out, unsigned char *text,
                            apr_size_t len, const char *name, apr_pool_t *pool);

#endif
