/* SPDX-License-Identifier: Apache-2.0
 *
 * SipHash-2-4 (Aumasson and Bernstein): a short hash whose collisions nobody
 * can look for who does not know the key.
 */
#ifndef AJR_SIPHASH_H
#define AJR_SIPHASH_H

#include "wire.h"

#define AJR_SIPHASH_KEY_SIZE 16

/* The hash of `kind` followed by the bytes: what is of one kind is never equal
 * to what is of another. */
apr_uint64_t ajr_siphash(const unsigned char key[AJR_SIPHASH_KEY_SIZE],
                         unsigned char kind, ajr_bytes_t bytes);

#endif
