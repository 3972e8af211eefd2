/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <apr_strings.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

static const ajr_bytes_t input = {
    (const unsigned char *)"eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiI0MiJ9", 37};

static ajr_bytes_t sign(const ajr_alg_t *alg, const ajr_key_t *key,
                        apr_pool_t *pool)
{
    ajr_bytes_t signature;

    assert_true(ajr_alg_sign(&signature, alg, &key->material, input, pool));
    return signature;
}

static bool verifies(const ajr_key_t *key, ajr_bytes_t signature,
                     apr_pool_t *pool)
{
    return ajr_alg_verify(key->alg, &key->material, input, signature, pool);
}

/* A copy that may be changed, with room for one byte more. */
static unsigned char *copy(ajr_bytes_t bytes, apr_pool_t *pool)
{
    unsigned char *data = apr_pcalloc(pool, bytes.len + 1);

    memcpy(data, bytes.data, bytes.len);
    return data;
}

/* ---- the table ---- */

static void names_are_found_exactly_and_none_is_no_algorithm(void **state)
{
    static const char *const bad[] = {
        "",       "none",   "None",     "NONE",  "NoNe",   "nonE",    "HS",
        "HS25",   "HS2566", "hs256",    "Hs256", " HS256", "HS256 ",  "HS128",
        "RS",     "RS256K", "ES256K",   "eddsa", "EDDSA",  "EdDSA2",  "EdDS",
        "A128KW", "dir",    "RSA-OAEP", "HMAC",  "SHA256", "HS256\n",
    };
    size_t i;
    int row;

    (void)state;
    for (i = 0; i < COUNT(bad); i++) {
        assert_null(ajr_alg_find(bad[i]));
    }
    for (row = 0; ajr_alg_at(row) != NULL; row++) {
        assert_ptr_equal(ajr_alg_find(ajr_alg_at(row)->name), ajr_alg_at(row));
    }
    assert_int_equal(row, 13);
    assert_null(ajr_alg_at(-1));
}

/* RFC 7518 3.2 to 3.5: a key at least as long as the hash, RSA from 2048 bits,
 * and the curve of that name. */
static void rows_demand_the_sizes_of_rfc_7518(void **state)
{
    static const struct {
        const char *name;
        ajr_key_type_t type;
        int min_bits;
        apr_size_t signature_size;
    } expected[] = {
        {"HS256", AJR_KEY_OCT, 256, 32}, {"HS384", AJR_KEY_OCT, 384, 48},
        {"HS512", AJR_KEY_OCT, 512, 64}, {"RS256", AJR_KEY_RSA, 2048, 0},
        {"RS384", AJR_KEY_RSA, 2048, 0}, {"RS512", AJR_KEY_RSA, 2048, 0},
        {"PS256", AJR_KEY_RSA, 2048, 0}, {"PS384", AJR_KEY_RSA, 2048, 0},
        {"PS512", AJR_KEY_RSA, 2048, 0}, {"ES256", AJR_KEY_EC, 256, 64},
        {"ES384", AJR_KEY_EC, 384, 96},  {"ES512", AJR_KEY_EC, 521, 132},
        {"EdDSA", AJR_KEY_OKP, 0, 64},
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(expected); i++) {
        const ajr_alg_t *row = ajr_alg_find(expected[i].name);

        assert_non_null(row);
        assert_int_equal(row->type, expected[i].type);
        assert_int_equal(row->min_bits, expected[i].min_bits);
        assert_int_equal(row->signature_size, expected[i].signature_size);
    }
}

/* ---- every row ---- */

static void every_row_verifies_what_it_signs(void **state)
{
    int row;

    for (row = 0; ajr_alg_at(row) != NULL; row++) {
        const ajr_alg_t *alg = ajr_alg_at(row);
        const ajr_key_t *key = unit_key(alg->name, 0, NULL, *state);
        ajr_bytes_t signature = sign(alg, key, *state);
        ajr_bytes_t empty;

        assert_int_equal(signature.len,
                         alg->signature_size != 0 ? alg->signature_size : 256);
        assert_true(verifies(key, signature, *state));
        assert_true(
            ajr_alg_sign(&empty, alg, &key->material, BYTES(""), *state));
        assert_true(
            ajr_alg_verify(alg, &key->material, BYTES(""), empty, *state));
        assert_false(verifies(key, empty, *state));
    }
}

/* Right algorithm, another key. */
static void every_row_refuses_the_signature_of_another_key(void **state)
{
    int row;

    for (row = 0; ajr_alg_at(row) != NULL; row++) {
        const ajr_alg_t *alg = ajr_alg_at(row);
        const ajr_key_t *mine = unit_key(alg->name, 0, NULL, *state);
        const ajr_key_t *other = unit_key(alg->name, 1, NULL, *state);

        assert_false(verifies(mine, sign(alg, other, *state), *state));
    }
}

/* RS256 against PS256, HS256 against RS256, ES256 against ES384: no signature
 * made under one row counts under another, whichever key is tried. */
static void no_row_accepts_the_signature_of_another_row(void **state)
{
    int a, b, k;

    for (a = 0; ajr_alg_at(a) != NULL; a++) {
        const ajr_key_t *key = unit_key(ajr_alg_at(a)->name, 0, NULL, *state);
        ajr_bytes_t signature = sign(key->alg, key, *state);

        for (b = 0; ajr_alg_at(b) != NULL; b++) {
            for (k = 0; k < 2; k++) {
                const ajr_key_t *theirs =
                    unit_key(ajr_alg_at(k == 0 ? b : a)->name, 0, NULL, *state);

                assert_int_equal(ajr_alg_verify(ajr_alg_at(b),
                                                &theirs->material, input,
                                                signature, *state),
                                 a == b);
            }
        }
    }
}

/* A key of another row under this row: neither signs nor verifies, even when
 * OpenSSL could do something with it. */
static void no_row_works_with_a_key_of_another_type(void **state)
{
    const ajr_alg_key_t nothing = {NULL, NULL};
    ajr_bytes_t signature;
    int a, b;

    for (a = 0; ajr_alg_at(a) != NULL; a++) {
        const ajr_alg_t *alg = ajr_alg_at(a);

        assert_false(ajr_alg_sign(&signature, alg, &nothing, input, *state));
        assert_null(signature.data);
        assert_false(ajr_alg_verify(alg, &nothing, input, input, *state));
        for (b = 0; ajr_alg_at(b) != NULL; b++) {
            const ajr_key_t *other =
                unit_key(ajr_alg_at(b)->name, 0, NULL, *state);

            /* one RSA key serves six rows; everything else just one */
            if (alg->type != AJR_KEY_RSA || other->alg->type != AJR_KEY_RSA) {
                assert_int_equal(ajr_alg_sign(&signature, alg, &other->material,
                                              input, *state),
                                 a == b);
                assert_int_equal(signature.len > 0, a == b);
            }
        }
    }
}

/* r and s of P-256 fit into the halves of every longer curve. */
static void a_shorter_curve_under_a_longer_row_is_refused(void **state)
{
    EVP_PKEY *pkey = unit_pkey("prime256v1", 0);
    ajr_alg_key_t key = {NULL, pkey};
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char der[80], padded[132];
    const unsigned char *p = der;
    size_t size = sizeof(der);
    ECDSA_SIG *sig;

    assert_int_equal(
        EVP_DigestSignInit_ex(ctx, NULL, "SHA512", NULL, NULL, pkey, NULL), 1);
    assert_int_equal(EVP_DigestSign(ctx, der, &size, input.data, input.len), 1);
    EVP_MD_CTX_free(ctx);
    sig = d2i_ECDSA_SIG(NULL, &p, (long)size);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), padded, 66), 66);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), padded + 66, 66), 66);
    ECDSA_SIG_free(sig);
    assert_false(ajr_alg_verify(ajr_alg_find("ES512"), &key, input,
                                (ajr_bytes_t){padded, 132}, *state));
}

/* Its signatures are as long as those of Ed25519. */
static void a_tiny_rsa_key_under_the_eddsa_row_is_refused(void **state)
{
    ajr_alg_key_t key = {NULL, unit_pkey("RSA-512", 0)};
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char data[64];
    size_t size = sizeof(data);

    assert_int_equal(
        EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL, NULL, key.pkey, NULL), 1);
    assert_int_equal(EVP_DigestSign(ctx, data, &size, input.data, input.len),
                     1);
    EVP_MD_CTX_free(ctx);
    assert_int_equal(size, 64);
    assert_false(ajr_alg_verify(ajr_alg_find("EdDSA"), &key, input,
                                (ajr_bytes_t){data, size}, *state));
}

/* What OpenSSL itself would accept for an EC key, offered as RS256. */
static void der_ecdsa_under_an_rsa_row_is_refused(void **state)
{
    const ajr_key_t *key = unit_key("ES256", 0, NULL, *state);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char der[80];
    size_t size = 0;

    /* OpenSSL's key size is the longest DER; most signatures are shorter */
    while (size != (size_t)EVP_PKEY_get_size(key->material.pkey)) {
        size = sizeof(der);
        assert_int_equal(EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL,
                                               key->material.pkey, NULL),
                         1);
        assert_int_equal(EVP_DigestSign(ctx, der, &size, input.data, input.len),
                         1);
        EVP_MD_CTX_reset(ctx);
    }
    EVP_MD_CTX_free(ctx);
    assert_false(ajr_alg_verify(ajr_alg_find("RS256"), &key->material, input,
                                (ajr_bytes_t){der, size}, *state));
}

static void one_flipped_bit_in_any_byte_is_refused(void **state)
{
    int row;

    for (row = 0; ajr_alg_at(row) != NULL; row++) {
        const ajr_alg_t *alg = ajr_alg_at(row);
        const ajr_key_t *key = unit_key(alg->name, 0, NULL, *state);
        ajr_bytes_t signature = sign(alg, key, *state);
        unsigned char *data = copy(signature, *state);
        size_t i;

        signature.data = data;
        for (i = 0; i < signature.len; i++) {
            data[i] ^= (unsigned char)(1 << i % 8);
            assert_false(verifies(key, signature, *state));
            data[i] ^= (unsigned char)(1 << i % 8);
        }
        assert_true(verifies(key, signature, *state));
    }
}

static void one_flipped_bit_in_the_input_is_refused(void **state)
{
    int row;

    for (row = 0; ajr_alg_at(row) != NULL; row++) {
        const ajr_alg_t *alg = ajr_alg_at(row);
        const ajr_key_t *key = unit_key(alg->name, 0, NULL, *state);
        ajr_bytes_t signature = sign(alg, key, *state);
        ajr_bytes_t changed = {copy(input, *state), input.len};

        ((unsigned char *)changed.data)[row] ^= 1;
        assert_false(
            ajr_alg_verify(alg, &key->material, changed, signature, *state));
    }
}

static void signatures_of_another_length_are_refused(void **state)
{
    int row;

    for (row = 0; ajr_alg_at(row) != NULL; row++) {
        const ajr_alg_t *alg = ajr_alg_at(row);
        const ajr_key_t *key = unit_key(alg->name, 0, NULL, *state);
        ajr_bytes_t signature = sign(alg, key, *state);
        unsigned char *data = copy(signature, *state);
        unsigned char *padded = apr_pcalloc(*state, 1024);
        size_t full = signature.len;

        memcpy(padded + 1, signature.data, full);
        assert_false(verifies(key, (ajr_bytes_t){padded, full + 1}, *state));
        assert_false(verifies(key, (ajr_bytes_t){padded + 1, 512}, *state));
        signature.data = data;
        signature.len = full + 1;
        assert_false(verifies(key, signature, *state));
        for (signature.len = 0; signature.len < full; signature.len++) {
            assert_false(verifies(key, signature, *state));
        }
    }
}

static void a_public_key_verifies_but_cannot_sign(void **state)
{
    int row;

    for (row = 0; ajr_alg_at(row) != NULL; row++) {
        const ajr_alg_t *alg = ajr_alg_at(row);
        const ajr_key_t *private = unit_key(alg->name, 0, NULL, *state);
        ajr_key_t *public = NULL;
        ajr_bytes_t signature;

        if (alg->type == AJR_KEY_OCT) {
            continue;
        }
        assert_null(ajr_key_make(
            &public, alg, unit_public_pem(private->material.pkey, *state), NULL,
            AJR_USE_ANY, *state));
        assert_true(verifies(public, sign(alg, private, *state), *state));
        assert_false(
            ajr_alg_sign(&signature, alg, &public->material, input, *state));
        assert_null(signature.data);
    }
}

/* ---- ECDSA (RFC 7518 3.4) ---- */

static const char *const curves[][2] = {
    {"ES256", "prime256v1"}, {"ES384", "secp384r1"}, {"ES512", "secp521r1"}};

static void ecdsa_in_der_is_refused(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(curves); i++) {
        const ajr_key_t *key = unit_key(curves[i][0], 0, NULL, *state);
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        unsigned char *der = apr_pcalloc(*state, 256);
        size_t size = 256;

        assert_int_equal(EVP_DigestSignInit_ex(ctx, NULL, key->alg->digest,
                                               NULL, NULL, key->material.pkey,
                                               NULL),
                         1);
        assert_int_equal(EVP_DigestSign(ctx, der, &size, input.data, input.len),
                         1);
        EVP_MD_CTX_free(ctx);
        assert_false(verifies(key, (ajr_bytes_t){der, size}, *state));
        assert_false(verifies(key, (ajr_bytes_t){der, key->alg->signature_size},
                              *state));
    }
}

static BIGNUM *order_of(const char *curve)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(curve));
    BIGNUM *n = BN_dup(EC_GROUP_get0_order(group));

    EC_GROUP_free(group);
    return n;
}

/* r, s = 0, 1, n, n + 1, and all ones, in every combination, and next to a
 * half that is right. */
static void ecdsa_halves_out_of_range_are_refused(void **state)
{
    size_t i;
    int a, b;

    for (i = 0; i < COUNT(curves); i++) {
        const ajr_key_t *key = unit_key(curves[i][0], 0, NULL, *state);
        size_t half = key->alg->signature_size / 2;
        BIGNUM *n = order_of(curves[i][1]);
        ajr_bytes_t good = sign(key->alg, key, *state);
        unsigned char halves[5][66], bad[132];
        ajr_bytes_t signature = {bad, 2 * half};

        memset(halves, 0, sizeof(halves));
        memset(halves[4], 0xff, half);
        halves[1][half - 1] = 1;
        BN_bn2binpad(n, halves[2], (int)half);
        BN_add_word(n, 1);
        BN_bn2binpad(n, halves[3], (int)half);
        BN_free(n);
        for (a = 0; a < 5; a++) {
            memcpy(bad, good.data, 2 * half);
            memcpy(bad, halves[a], half);
            assert_false(verifies(key, signature, *state));
            memcpy(bad, good.data, 2 * half);
            memcpy(bad + half, halves[a], half);
            assert_false(verifies(key, signature, *state));
            for (b = 0; b < 5; b++) {
                memcpy(bad, halves[a], half);
                memcpy(bad + half, halves[b], half);
                assert_false(verifies(key, signature, *state));
            }
        }
    }
}

/* s + n is s to whoever reduces first; P-521 has the room to write it. */
static void ecdsa_halves_beyond_the_order_are_refused_not_reduced(void **state)
{
    const ajr_key_t *key = unit_key("ES512", 0, NULL, *state);
    ajr_bytes_t good = sign(key->alg, key, *state);
    unsigned char *bad = copy(good, *state);
    BIGNUM *n = order_of("secp521r1");
    int half;

    for (half = 0; half < 2; half++) {
        BIGNUM *value = BN_bin2bn(good.data + 66 * half, 66, NULL);

        memcpy(bad, good.data, 132);
        BN_add(value, value, n);
        assert_int_equal(BN_bn2binpad(value, bad + 66 * half, 66), 66);
        BN_free(value);
        assert_false(verifies(key, (ajr_bytes_t){bad, 132}, *state));
    }
    BN_free(n);
}

/* One in 128 signatures: the zero byte must stay. */
static void ecdsa_halves_with_leading_zeros_keep_their_length(void **state)
{
    const ajr_key_t *key = unit_key("ES256", 0, NULL, *state);
    int tries;

    for (tries = 0; tries < 20000; tries++) {
        ajr_bytes_t signature = sign(key->alg, key, *state);

        assert_int_equal(signature.len, 64);
        if (signature.data[0] == 0 || signature.data[32] == 0) {
            assert_true(verifies(key, signature, *state));
            return;
        }
        if (tries % 100 == 99) {
            apr_pool_clear(*state);
            key = unit_key("ES256", 0, NULL, *state);
        }
    }
    fail();
}

/* ---- EdDSA (RFC 8032 5.1.7) ---- */

static void eddsa_with_a_non_canonical_s_is_refused(void **state)
{
    /* L, little-endian: s + L satisfies the same equation */
    static const unsigned char order[32] = {
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
        0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
        0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
    const ajr_key_t *key = unit_key("EdDSA", 0, NULL, *state);
    ajr_bytes_t signature = sign(key->alg, key, *state);
    unsigned char *data = copy(signature, *state);
    unsigned carry = 0;
    int i;

    for (i = 0; i < 32; i++) {
        carry += data[32 + i] + (unsigned)order[i];
        data[32 + i] = (unsigned char)carry;
        carry >>= 8;
    }
    assert_int_equal(carry, 0);
    assert_false(verifies(key, (ajr_bytes_t){data, 64}, *state));
}

/* ---- RSA-PSS (RFC 7518 3.5) ---- */

static ajr_bytes_t sign_pss(const ajr_key_t *key, int salt, const char *mgf1,
                            apr_pool_t *pool)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *settings = NULL;
    unsigned char *data = apr_palloc(pool, 256);
    size_t size = 256;

    assert_int_equal(EVP_DigestSignInit_ex(ctx, &settings, key->alg->digest,
                                           NULL, NULL, key->material.pkey,
                                           NULL),
                     1);
    EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, salt);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md_name(settings, mgf1, NULL),
                     1);
    assert_int_equal(EVP_DigestSign(ctx, data, &size, input.data, input.len),
                     1);
    EVP_MD_CTX_free(ctx);
    return (ajr_bytes_t){data, size};
}

static void pss_salt_is_as_long_as_the_digest_and_mgf1_uses_it(void **state)
{
    static const struct {
        const char *alg;
        int salt;
    } rows[] = {{"PS256", 32}, {"PS384", 48}, {"PS512", 64}};
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        const ajr_key_t *key = unit_key(rows[i].alg, 0, NULL, *state);
        const char *digest = key->alg->digest;
        int salt = rows[i].salt;

        assert_true(verifies(key, sign_pss(key, salt, digest, *state), *state));
        assert_false(verifies(key, sign_pss(key, 0, digest, *state), *state));
        assert_false(
            verifies(key, sign_pss(key, salt - 1, digest, *state), *state));
        assert_false(
            verifies(key, sign_pss(key, salt + 1, digest, *state), *state));
        assert_false(
            verifies(key, sign_pss(key, salt, "SHA1", *state), *state));
    }
}

/* ---- which keys a row takes ---- */

static void a_row_refuses_every_key_that_is_not_its_own(void **state)
{
    static const char *const kinds[] = {
        "RSA-2048",  "RSA-1024",  "RSA-PSS",   "prime256v1",
        "secp384r1", "secp521r1", "secp256k1", "ED25519",
        "ED448",     "X25519",    "secp224r1",
    };
    size_t i;
    int row;

    for (row = 0; ajr_alg_at(row) != NULL; row++) {
        const ajr_alg_t *alg = ajr_alg_at(row);

        for (i = 0; i < COUNT(kinds); i++) {
            const char *why =
                ajr_alg_refuses(alg, unit_pkey(kinds[i], 0), *state);
            bool own =
                unit_kind(alg) != NULL && strcmp(unit_kind(alg), kinds[i]) == 0;

            assert_int_equal(why == NULL, own);
        }
    }
}

static void a_refusal_names_what_is_and_what_is_needed(void **state)
{
    static const char *const rows[][3] = {
        {"RS256", "prime256v1", "is an EC key, RS256 needs RSA"},
        {"PS256", "RSA-PSS", "is an RSA-PSS key, PS256 needs RSA"},
        {"ES256", "RSA-2048", "is an RSA key, ES256 needs EC"},
        {"HS256", "RSA-2048", "is an RSA key, HS256 needs a secret"},
        {"EdDSA", "ED448", "is an ED448 key, EdDSA needs ED25519"},
        {"RS256", "RSA-1024", "has 1024 bits, RS256 needs 2048"},
        {"RS512", "RSA-2047", "has 2047 bits, RS512 needs 2048"},
        {"ES256", "secp256k1",
         "is on the curve secp256k1, ES256 needs prime256v1"},
        {"ES512", "secp384r1",
         "is on the curve secp384r1, ES512 needs secp521r1"},
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        const char *why = ajr_alg_refuses(ajr_alg_find(rows[i][0]),
                                          unit_pkey(rows[i][1], 0), *state);

        assert_non_null(why);
        assert_string_equal(why, rows[i][2]);
    }
}

/* A public key with that exponent and the modulus of a good key. */
static EVP_PKEY *with_exponent(unsigned long exponent)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *n = NULL, *e = BN_new();
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params;

    BN_set_word(e, exponent);
    EVP_PKEY_get_bn_param(unit_pkey("RSA-2048", 0), OSSL_PKEY_PARAM_RSA_N, &n);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e);
    params = OSSL_PARAM_BLD_to_param(build);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params),
                     1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

/* With e = 1 the signature is the padded hash: anybody can write it. */
static void an_rsa_exponent_that_anyone_can_sign_for_is_refused(void **state)
{
    const ajr_alg_t *alg = ajr_alg_find("RS256");
    EVP_PKEY *one = with_exponent(1), *even = with_exponent(65536);
    EVP_PKEY *usual = with_exponent(65537);

    assert_string_equal(ajr_alg_refuses(alg, one, *state),
                        "is not a sound public key");
    assert_string_equal(ajr_alg_refuses(alg, even, *state),
                        "is not a sound public key");
    assert_null(ajr_alg_refuses(alg, usual, *state));
    EVP_PKEY_free(one);
    EVP_PKEY_free(even);
    EVP_PKEY_free(usual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(names_are_found_exactly_and_none_is_no_algorithm),
        UNIT_TEST(rows_demand_the_sizes_of_rfc_7518),
        UNIT_TEST(every_row_verifies_what_it_signs),
        UNIT_TEST(every_row_refuses_the_signature_of_another_key),
        UNIT_TEST(no_row_accepts_the_signature_of_another_row),
        UNIT_TEST(no_row_works_with_a_key_of_another_type),
        UNIT_TEST(a_shorter_curve_under_a_longer_row_is_refused),
        UNIT_TEST(a_tiny_rsa_key_under_the_eddsa_row_is_refused),
        UNIT_TEST(der_ecdsa_under_an_rsa_row_is_refused),
        UNIT_TEST(one_flipped_bit_in_any_byte_is_refused),
        UNIT_TEST(one_flipped_bit_in_the_input_is_refused),
        UNIT_TEST(signatures_of_another_length_are_refused),
        UNIT_TEST(a_public_key_verifies_but_cannot_sign),
        UNIT_TEST(ecdsa_in_der_is_refused),
        UNIT_TEST(ecdsa_halves_out_of_range_are_refused),
        UNIT_TEST(ecdsa_halves_beyond_the_order_are_refused_not_reduced),
        UNIT_TEST(ecdsa_halves_with_leading_zeros_keep_their_length),
        UNIT_TEST(eddsa_with_a_non_canonical_s_is_refused),
        UNIT_TEST(pss_salt_is_as_long_as_the_digest_and_mgf1_uses_it),
        UNIT_TEST(a_row_refuses_every_key_that_is_not_its_own),
        UNIT_TEST(a_refusal_names_what_is_and_what_is_needed),
        UNIT_TEST(an_rsa_exponent_that_anyone_can_sign_for_is_refused),
    };

    return cmocka_run_group_tests_name("alg", tests, NULL, NULL);
}
