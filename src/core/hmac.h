/* SPDX-License-Identifier: Apache-2.0
 *
 * HMAC (RFC 2104) with the key schedule done once, when the key is loaded: a
 * request only copies two digest states. Safe to share between threads.
 */
#ifndef AJR_HMAC_H
#define AJR_HMAC_H

#include "wire.h"

#define AJR_HMAC_MAX 64 /* bytes of the longest MAC here, HMAC-SHA-512 */

typedef struct ajr_hmac_t ajr_hmac_t;

/* digest: OpenSSL's name, "SHA256". NULL when OpenSSL fails. Freed with the
 * pool; the key itself is not kept. */
ajr_hmac_t *ajr_hmac_make(const char *digest, ajr_bytes_t key,
                          apr_pool_t *pool);

/* MAC over the concatenation of a and b (either may be empty). Writes
 * ajr_hmac_size() bytes to mac. False when OpenSSL fails. */
bool ajr_hmac_sign(unsigned char mac[AJR_HMAC_MAX], const ajr_hmac_t *hmac,
                   ajr_bytes_t a, ajr_bytes_t b);

apr_size_t ajr_hmac_size(const ajr_hmac_t *hmac);

#endif
