/* SPDX-License-Identifier: Apache-2.0 */
#include "derived.h"

#include <string.h>

#include "sha256.h"

#define LABEL "mod_auth_jwt_refresh adopted sid v1"
#define BIRTH_SIZE 6 /* bytes of milliseconds */

/* Milliseconds, rounded down. SQL counts in decimals: half a microsecond makes
 * up for those that a double cannot hold. */
static bool birth_of(apr_uint64_t *out, const json_t *iat)
{
    double birth = json_number_value(iat) * 1000 + 0.0005;

    if (!json_is_number(iat) || json_number_value(iat) < 0 || birth >= 0x1p48) {
        return false;
    }
    *out = (apr_uint64_t)birth;
    return true;
}

/* What the signature is over: all before the second dot. */
static ajr_bytes_t signed_part(ajr_bytes_t token)
{
    while (token.len > 0 && token.data[token.len - 1] != '.') {
        token.len--;
    }
    if (token.len > 0) {
        token.len--;
    }
    return token;
}

ajr_outcome_t ajr_derived_sid(unsigned char sid[AJR_UUID_SIZE],
                              ajr_bytes_t token, const json_t *claims)
{
    unsigned char hash[AJR_SHA256_SIZE];
    apr_uint64_t birth;
    int i;

    if (!birth_of(&birth, json_object_get(claims, "iat"))) {
        return AJR_UNKNOWN;
    }
    if (!ajr_sha256(hash, LABEL, signed_part(token))) {
        return AJR_INTERNAL;
    }
    for (i = 0; i < BIRTH_SIZE; i++) {
        sid[i] = (unsigned char)(birth >> (8 * (BIRTH_SIZE - 1 - i)));
    }
    memcpy(sid + BIRTH_SIZE, hash, AJR_UUID_SIZE - BIRTH_SIZE);
    sid[6] = (unsigned char)(0x80 | (sid[6] & 0x0f));
    sid[8] = (unsigned char)(0x80 | (sid[8] & 0x3f));
    return AJR_OK;
}
