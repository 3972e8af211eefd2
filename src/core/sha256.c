/* SPDX-License-Identifier: Apache-2.0 */
#include "sha256.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

bool ajr_sha256(unsigned char hash[AJR_SHA256_SIZE], const char *label,
                ajr_bytes_t bytes)
{
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    bool good = state != NULL &&
                EVP_DigestInit_ex2(state, EVP_sha256(), NULL) == 1 &&
                EVP_DigestUpdate(state, label, strlen(label)) == 1 &&
                EVP_DigestUpdate(state, bytes.data, bytes.len) == 1 &&
                EVP_DigestFinal_ex(state, hash, NULL) == 1;

    EVP_MD_CTX_free(state);
    if (!good) {
        ERR_clear_error();
        memset(hash, 0, AJR_SHA256_SIZE);
    }
    return good;
}
