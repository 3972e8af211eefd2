/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a key's bytes come from, as the administrator writes it:
 *
 *   file:PATH         the file's bytes
 *   env:NAME          an environment variable of httpd
 *   dotenv:PATH#NAME  one assignment of a Laravel .env file
 *   jwk:PATH          the file's bytes, which are one JWK (RFC 7517)
 *   exec:PROGRAM ARGS what a program prints, without its last newline
 *
 * Read when the configuration is read, as root.
 */
#ifndef AJR_KEYSOURCE_H
#define AJR_KEYSOURCE_H

#include "wire.h"

#define AJR_KEYSOURCE_JWK "jwk:"

/* How the text of a symmetric key stands for its bytes. */
typedef enum ajr_encoding_t {
    AJR_ENCODING_RAW,
    AJR_ENCODING_BASE64,
    AJR_ENCODING_HEX
} ajr_encoding_t;

/* What was read. The bytes are wiped when the pool goes. */
typedef struct ajr_secret_t {
    ajr_bytes_t bytes;
    const char *warning; /* a sentence worth logging, NULL = none */
    bool jwk;            /* the bytes are a JWK, for ajr_jwk_make() */
} ajr_secret_t;

/* Reads `source`; relative paths are taken below `root`. Returns NULL, or a
 * sentence that names the source, what is wrong and the remedy, and never
 * the secret (a source of no known kind is not repeated: it may be the key
 * itself). Warns of a file that others can read. A .env construct that is
 * not understood (`${..}`, a name assigned twice) is an error, not a guess.
 * Empty material is an error. At most 64 KiB. A program has ten seconds. */
const char *ajr_keysource_read(ajr_secret_t *out, const char *source,
                               const char *root, apr_pool_t *pool);

/* Turns text into key bytes. RAW strips one trailing newline (LF or CRLF)
 * and warns of it; BASE64 takes either alphabet, padded or not; that and HEX
 * pass over one trailing newline, which cannot be meant; all refuse what does
 * not fit. NULL or a sentence without subject. out->warning, also without
 * subject, is of this step alone. */
const char *ajr_keysource_decode(ajr_secret_t *out, const ajr_secret_t *in,
                                 ajr_encoding_t encoding, apr_pool_t *pool);

#endif
