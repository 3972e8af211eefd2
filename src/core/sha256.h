/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256.
 */
#ifndef AJR_SHA256_H
#define AJR_SHA256_H

#include "wire.h"

#define AJR_SHA256_SIZE 32

/* SHA-256(label | bytes); a label tells what the hash is for, "" = none. False
 * when OpenSSL fails: then hash is zero. */
bool ajr_sha256(unsigned char hash[AJR_SHA256_SIZE], const char *label,
                ajr_bytes_t bytes);

#endif
