/* SPDX-License-Identifier: Apache-2.0 */
#include "hmac.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#define BLOCK_MAX 128 /* bytes of SHA-512's block, the longest here */

struct ajr_hmac_t {
    EVP_MD *md;
    EVP_MD_CTX *inner; /* has seen key ^ ipad; only ever copied from */
    EVP_MD_CTX *outer; /* has seen key ^ opad; only ever copied from */
    apr_size_t size;
};

static apr_status_t release(void *data)
{
    ajr_hmac_t *hmac = data;

    EVP_MD_CTX_free(hmac->inner);
    EVP_MD_CTX_free(hmac->outer);
    EVP_MD_free(hmac->md);
    return APR_SUCCESS;
}

/* The key as one block, padded with zeros: hashed first when it is longer
 * (RFC 2104 2). */
static bool key_block(unsigned char block[BLOCK_MAX], const EVP_MD *md,
                      ajr_bytes_t key)
{
    memset(block, 0, BLOCK_MAX);
    if (key.len > (apr_size_t)EVP_MD_get_block_size(md)) {
        return EVP_Digest(key.data, key.len, block, NULL, md, NULL) == 1;
    }
    if (key.len > 0) {
        memcpy(block, key.data, key.len);
    }
    return true;
}

/* A digest state that has seen the block with every byte changed by pad. */
static EVP_MD_CTX *keyed(const EVP_MD *md, const unsigned char block[BLOCK_MAX],
                         unsigned char pad)
{
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    apr_size_t size = (apr_size_t)EVP_MD_get_block_size(md);
    unsigned char padded[BLOCK_MAX];
    bool good;
    apr_size_t i;

    for (i = 0; i < size; i++) {
        padded[i] = block[i] ^ pad;
    }
    good = state != NULL && EVP_DigestInit_ex2(state, md, NULL) == 1 &&
           EVP_DigestUpdate(state, padded, size) == 1;
    OPENSSL_cleanse(padded, sizeof(padded));
    if (!good) {
        EVP_MD_CTX_free(state);
        return NULL;
    }
    return state;
}

static bool prepare(ajr_hmac_t *hmac, ajr_bytes_t key)
{
    unsigned char block[BLOCK_MAX];

    if (hmac->md == NULL || EVP_MD_get_size(hmac->md) > AJR_HMAC_MAX ||
        EVP_MD_get_size(hmac->md) <= 0 ||
        EVP_MD_get_block_size(hmac->md) > BLOCK_MAX) {
        return false;
    }
    hmac->size = (apr_size_t)EVP_MD_get_size(hmac->md);
    if (key_block(block, hmac->md, key)) {
        hmac->inner = keyed(hmac->md, block, 0x36);
        hmac->outer = keyed(hmac->md, block, 0x5c);
    }
    OPENSSL_cleanse(block, sizeof(block));
    return hmac->inner != NULL && hmac->outer != NULL;
}

ajr_hmac_t *ajr_hmac_make(const char *digest, ajr_bytes_t key, apr_pool_t *pool)
{
    ajr_hmac_t *hmac = apr_pcalloc(pool, sizeof(*hmac));

    hmac->md = EVP_MD_fetch(NULL, digest, NULL);
    apr_pool_cleanup_register(pool, hmac, release, apr_pool_cleanup_null);
    if (!prepare(hmac, key)) {
        ERR_clear_error();
        return NULL;
    }
    return hmac;
}

static bool run(unsigned char *mac, EVP_MD_CTX *work, const ajr_hmac_t *hmac,
                ajr_bytes_t a, ajr_bytes_t b)
{
    unsigned char middle[AJR_HMAC_MAX];

    return work != NULL && EVP_MD_CTX_copy_ex(work, hmac->inner) == 1 &&
           EVP_DigestUpdate(work, a.data, a.len) == 1 &&
           EVP_DigestUpdate(work, b.data, b.len) == 1 &&
           EVP_DigestFinal_ex(work, middle, NULL) == 1 &&
           EVP_MD_CTX_copy_ex(work, hmac->outer) == 1 &&
           EVP_DigestUpdate(work, middle, hmac->size) == 1 &&
           EVP_DigestFinal_ex(work, mac, NULL) == 1;
}

bool ajr_hmac_sign(unsigned char mac[AJR_HMAC_MAX], const ajr_hmac_t *hmac,
                   ajr_bytes_t a, ajr_bytes_t b)
{
    EVP_MD_CTX *work = EVP_MD_CTX_new();
    bool good = run(mac, work, hmac, a, b);

    EVP_MD_CTX_free(work);
    if (!good) {
        ERR_clear_error();
    }
    return good;
}

apr_size_t ajr_hmac_size(const ajr_hmac_t *hmac)
{
    return hmac->size;
}
