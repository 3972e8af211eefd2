/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <apr_strings.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

/* The sentence, NULL when the key was made. */
static const char *refusal(const char *alg, ajr_bytes_t material, ajr_use_t use,
                           apr_pool_t *pool)
{
    ajr_key_t *key = (ajr_key_t *)pool;
    const char *why =
        ajr_key_make(&key, ajr_alg_find(alg), material, NULL, use, pool);

    assert_int_equal(why == NULL, key != NULL);
    return why;
}

static ajr_key_t *made(const char *alg, ajr_bytes_t material, ajr_use_t use,
                       apr_pool_t *pool)
{
    ajr_key_t *key = NULL;
    const char *why =
        ajr_key_make(&key, ajr_alg_find(alg), material, NULL, use, pool);

    assert_null(why);
    assert_string_equal(key->alg->name, alg);
    return key;
}

static bool verifies_for(const ajr_key_t *verifier, const ajr_key_t *signer,
                         apr_pool_t *pool)
{
    ajr_bytes_t signature;

    assert_true(ajr_alg_sign(&signature, signer->alg, &signer->material,
                             BYTES("text"), pool));
    return ajr_alg_verify(verifier->alg, &verifier->material, BYTES("text"),
                          signature, pool);
}

/* ---- PEM ---- */

static void private_public_and_certificate_are_halves_of_one_key(void **state)
{
    int row;

    for (row = 0; ajr_alg_at(row) != NULL; row++) {
        const ajr_alg_t *alg = ajr_alg_at(row);
        EVP_PKEY *pkey;
        ajr_key_t *private, *public;

        if (alg->type == AJR_KEY_OCT) {
            continue;
        }
        pkey = unit_pkey(unit_kind(alg), 0);
        private = made(alg->name, unit_private_pem(pkey, *state), AJR_USE_ANY,
                       *state);
        public =
            made(alg->name, unit_public_pem(pkey, *state), AJR_USE_ANY, *state);
        assert_true(private->signs);
        assert_false(public->signs);
        assert_true(verifies_for(public, private, *state));
        public = made(alg->name, unit_certificate_pem(pkey, *state),
                      AJR_USE_ANY, *state);
        assert_false(public->signs);
        assert_true(verifies_for(public, private, *state));
    }
}

/* `openssl ecparam -genkey` writes the parameters in front of the key, people
 * put text around PEM, and editors add CRs. */
static void pem_is_found_behind_other_blocks_and_text(void **state)
{
    EVP_PKEY *pkey = unit_pkey("prime256v1", 0);
    ajr_bytes_t pem = unit_private_pem(pkey, *state);
    const char *key = apr_pstrmemdup(*state, (const char *)pem.data, pem.len);
    const char *text =
        apr_pstrcat(*state,
                    "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
                    "-----END EC PARAMETERS-----\n",
                    key, NULL);
    BIO *bio = BIO_new(BIO_s_mem());
    char *data;
    long len;

    assert_true(made("ES256", ajr_bytes_of(text), AJR_USE_ANY, *state)->signs);
    text = apr_pstrcat(*state, "Key of the demo\r\n\r\n", key, "\n\n", NULL);
    assert_true(made("ES256", ajr_bytes_of(text), AJR_USE_ANY, *state)->signs);
    assert_int_equal(PEM_write_bio_PrivateKey_traditional(bio, pkey, NULL, NULL,
                                                          0, NULL, NULL),
                     1);
    len = BIO_get_mem_data(bio, &data);
    assert_true(made("ES256", (ajr_bytes_t){(unsigned char *)data, (size_t)len},
                     AJR_USE_ANY, *state)
                    ->signs);
    BIO_free(bio);
}

static ajr_bytes_t encrypted(bool traditional, apr_pool_t *pool)
{
    EVP_PKEY *pkey = unit_pkey("RSA-2048", 0);
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;
    char password[] = "correct horse";
    ajr_bytes_t pem;
    int good = traditional
                   ? PEM_write_bio_PrivateKey_traditional(
                         bio, pkey, EVP_aes_128_cbc(), NULL, 0, NULL, password)
                   : PEM_write_bio_PKCS8PrivateKey(bio, pkey, EVP_aes_128_cbc(),
                                                   NULL, 0, NULL, password);

    assert_int_equal(good, 1);
    pem.len = (apr_size_t)BIO_get_mem_data(bio, &data);
    pem.data = (unsigned char *)apr_pstrmemdup(pool, data, pem.len);
    BIO_free(bio);
    return pem;
}

static void a_key_with_a_password_is_refused_without_asking_for_it(void **state)
{
    int traditional;

    for (traditional = 0; traditional < 2; traditional++) {
        const char *why = refusal("RS256", encrypted(traditional, *state),
                                  AJR_USE_ANY, *state);

        assert_non_null(why);
        assert_non_null(strstr(why, "is protected by a password"));
    }
}

static void text_that_is_no_pem_is_refused(void **state)
{
    EVP_PKEY *pkey = unit_pkey("RSA-2048", 0);
    ajr_bytes_t pem = unit_public_pem(pkey, *state);
    const char *key = apr_pstrmemdup(*state, (const char *)pem.data, pem.len);
    unsigned char *der = NULL;
    int size = i2d_PUBKEY(pkey, &der);

    assert_string_equal(refusal("RS256", BYTES(""), AJR_USE_ANY, *state),
                        "is not PEM (no -----BEGIN line)");
    assert_string_equal(
        refusal("RS256", BYTES("ssh-rsa AAAAB3NzaC1yc2E"), AJR_USE_ANY, *state),
        "is not PEM (no -----BEGIN line)");
    assert_string_equal(
        refusal("RS256", BYTES("{\"kty\":\"RSA\"}"), AJR_USE_ANY, *state),
        "is not PEM (no -----BEGIN line)");
    assert_string_equal(refusal("RS256", (ajr_bytes_t){der, (apr_size_t)size},
                                AJR_USE_ANY, *state),
                        "is not PEM (no -----BEGIN line)");
    OPENSSL_free(der);
    assert_non_null(strstr(refusal("RS256",
                                   BYTES("-----BEGIN PUBLIC KEY-----\nAAAA\n"
                                         "-----END PUBLIC KEY-----\n"),
                                   AJR_USE_ANY, *state),
                           "holds no PEM private key"));
    for (pem.len = 0; pem.len < strlen(key) - 1; pem.len += 7) {
        assert_non_null(refusal("RS256", pem, AJR_USE_ANY, *state));
    }
}

static void a_key_of_another_algorithm_is_refused(void **state)
{
    ajr_bytes_t rsa = unit_private_pem(unit_pkey("RSA-2048", 0), *state);
    ajr_bytes_t small = unit_private_pem(unit_pkey("RSA-1024", 0), *state);
    ajr_bytes_t pss = unit_private_pem(unit_pkey("RSA-PSS", 0), *state);
    ajr_bytes_t koblitz = unit_public_pem(unit_pkey("secp256k1", 0), *state);

    assert_string_equal(refusal("ES256", rsa, AJR_USE_ANY, *state),
                        "is an RSA key, ES256 needs EC");
    assert_string_equal(refusal("EdDSA", rsa, AJR_USE_ANY, *state),
                        "is an RSA key, EdDSA needs ED25519");
    assert_string_equal(refusal("RS256", small, AJR_USE_ANY, *state),
                        "has 1024 bits, RS256 needs 2048");
    assert_string_equal(refusal("PS256", pss, AJR_USE_ANY, *state),
                        "is an RSA-PSS key, PS256 needs RSA");
    assert_string_equal(refusal("ES256", koblitz, AJR_USE_ANY, *state),
                        "is on the curve secp256k1, ES256 needs prime256v1");
}

/* The private number of one key with the public point of another. */
static EVP_PKEY *mismatched(void)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    unsigned char point[65];
    size_t size = 0;
    BIGNUM *d = NULL;
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params;

    EVP_PKEY_get_bn_param(unit_pkey("prime256v1", 0), OSSL_PKEY_PARAM_PRIV_KEY,
                          &d);
    EVP_PKEY_get_octet_string_param(unit_pkey("prime256v1", 1),
                                    OSSL_PKEY_PARAM_PUB_KEY, point,
                                    sizeof(point), &size);
    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
                                    "prime256v1", 0);
    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point,
                                     size);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, d);
    params = OSSL_PARAM_BLD_to_param(build);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params),
                     1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(d);
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

static void halves_that_do_not_belong_together_show_at_once(void **state)
{
    EVP_PKEY *pkey = mismatched();
    ajr_bytes_t pem = unit_private_pem(pkey, *state);

    EVP_PKEY_free(pkey);
    assert_string_equal(
        refusal("ES256", pem, AJR_USE_ANY, *state),
        "cannot verify what it signs; its halves do not belong together");
}

/* ---- secrets ---- */

static void a_secret_is_at_least_as_long_as_its_hash(void **state)
{
    static const struct {
        const char *alg;
        apr_size_t min;
    } rows[] = {{"HS256", 32}, {"HS384", 48}, {"HS512", 64}};
    ajr_bytes_t secret = BYTES("0123456789012345678901234567890123456789"
                               "0123456789012345678901234567890123456789");
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        for (secret.len = 0; secret.len < rows[i].min; secret.len++) {
            assert_non_null(refusal(rows[i].alg, secret, AJR_USE_ANY, *state));
        }
        assert_true(made(rows[i].alg, secret, AJR_USE_ANY, *state)->signs);
    }
    assert_string_equal(refusal("HS256", BYTES("hunter2"), AJR_USE_ANY, *state),
                        "has 7 bytes, HS256 needs at least 32");
}

static void pem_as_an_hmac_secret_is_refused(void **state)
{
    static const char *const kinds[] = {"RSA-2048", "prime256v1", "ED25519"};
    size_t i;

    for (i = 0; i < COUNT(kinds); i++) {
        EVP_PKEY *pkey = unit_pkey(kinds[i], 0);
        ajr_bytes_t pem = unit_public_pem(pkey, *state);
        const char *text =
            apr_pstrmemdup(*state, (const char *)pem.data, pem.len);

        assert_non_null(strstr(refusal("HS256", pem, AJR_USE_ANY, *state),
                               "is PEM text, but HS256 needs a secret"));
        text = apr_pstrcat(*state, "\r\n  ", text, NULL);
        assert_non_null(
            refusal("HS512", ajr_bytes_of(text), AJR_USE_ANY, *state));
        pem = unit_private_pem(pkey, *state);
        assert_non_null(refusal("HS384", pem, AJR_USE_ANY, *state));
    }
}

static void a_secret_may_hold_every_byte(void **state)
{
    ajr_bytes_t a = BYTES("0123456789abcdef\0"
                          "0123456789abcdef");
    ajr_bytes_t b = BYTES("0123456789abcdef\0"
                          "0123456789abcdeX");
    ajr_key_t *one = made("HS256", a, AJR_USE_ANY, *state);
    ajr_key_t *other = made("HS256", b, AJR_USE_ANY, *state);

    assert_true(verifies_for(one, one, *state));
    assert_false(verifies_for(one, other, *state));
}

/* ---- use and kid ---- */

static void use_sign_needs_a_key_that_can(void **state)
{
    EVP_PKEY *pkey = unit_pkey("prime256v1", 0);

    assert_string_equal(
        refusal("ES256", unit_public_pem(pkey, *state), AJR_USE_SIGN, *state),
        "is a public key, and use=sign needs the private one");
    assert_string_equal(refusal("ES256", unit_certificate_pem(pkey, *state),
                                AJR_USE_SIGN, *state),
                        "is a public key, and use=sign needs the private one");
    assert_true(
        made("ES256", unit_private_pem(pkey, *state), AJR_USE_SIGN, *state)
            ->signs);
}

static void use_verify_keeps_a_private_key_or_secret_from_minting(void **state)
{
    EVP_PKEY *pkey = unit_pkey("prime256v1", 0);
    ajr_key_t *private =
        made("ES256", unit_private_pem(pkey, *state), AJR_USE_VERIFY, *state);
    ajr_key_t *secret = made("HS256", BYTES("0123456789abcdef0123456789abcdef"),
                             AJR_USE_VERIFY, *state);

    assert_false(private->signs);
    assert_false(secret->signs);
    assert_true(
        verifies_for(private, unit_key("ES256", 0, NULL, *state), *state));
}

static void a_kid_is_copied_and_must_be_text(void **state)
{
    ajr_bytes_t secret = BYTES("0123456789abcdef0123456789abcdef");
    const ajr_alg_t *alg = ajr_alg_find("HS256");
    char kid[] = "2026-10";
    ajr_key_t *key = NULL;

    assert_null(ajr_key_make(&key, alg, secret, kid, AJR_USE_ANY, *state));
    kid[0] = 'X';
    assert_string_equal(key->kid, "2026-10");
    assert_non_null(ajr_key_make(&key, alg, secret, "", AJR_USE_ANY, *state));
    assert_null(key);
    assert_non_null(
        ajr_key_make(&key, alg, secret, "\xff", AJR_USE_ANY, *state));
    assert_null(ajr_key_make(&key, alg, secret, NULL, AJR_USE_ANY, *state));
    assert_null(key->kid);
}

/* ---- key sets ---- */

static void the_first_key_that_may_mint_mints(void **state)
{
    ajr_key_t *verify = made("HS256", BYTES("0123456789abcdef0123456789abcdef"),
                             AJR_USE_VERIFY, *state);
    const ajr_key_t *second = unit_key("HS512", 0, NULL, *state);
    const ajr_key_t *third = unit_key("HS256", 0, NULL, *state);

    assert_ptr_equal(
        ajr_keyset_signer(unit_keyset(verify, second, third, *state)), second);
    assert_ptr_equal(
        ajr_keyset_signer(unit_keyset(third, verify, second, *state)), third);
    assert_null(ajr_keyset_signer(unit_keyset(verify, NULL, NULL, *state)));
    assert_null(ajr_keyset_signer(unit_keyset(NULL, NULL, NULL, *state)));
    assert_null(ajr_keyset_signer(NULL));
}

static void keys_of_another_algorithm_are_never_tried(void **state)
{
    const ajr_key_t *rsa = unit_key("RS256", 0, NULL, *state);
    const ajr_key_t *pss = unit_key("PS256", 0, NULL, *state);
    const ajr_keyset_t *keys = unit_keyset(rsa, pss, NULL, *state);

    assert_ptr_equal(ajr_keyset_next(keys, NULL, rsa->alg, NULL), rsa);
    assert_null(ajr_keyset_next(keys, rsa, rsa->alg, NULL));
    assert_ptr_equal(ajr_keyset_next(keys, NULL, pss->alg, NULL), pss);
    assert_null(ajr_keyset_next(keys, NULL, ajr_alg_find("HS256"), NULL));
    assert_null(ajr_keyset_next(NULL, NULL, rsa->alg, NULL));
}

static void a_kid_leads_to_its_keys_and_to_those_without_one(void **state)
{
    const ajr_key_t *a = unit_key("HS256", 0, "a", *state);
    const ajr_key_t *b = unit_key("HS256", 1, "b", *state);
    const ajr_key_t *any = unit_key("HS256", 2, NULL, *state);
    const ajr_keyset_t *keys = unit_keyset(a, b, any, *state);
    const ajr_alg_t *alg = a->alg;

    assert_ptr_equal(ajr_keyset_next(keys, NULL, alg, "a"), a);
    assert_ptr_equal(ajr_keyset_next(keys, a, alg, "a"), any);
    assert_null(ajr_keyset_next(keys, any, alg, "a"));
    assert_ptr_equal(ajr_keyset_next(keys, NULL, alg, "b"), b);
    assert_ptr_equal(ajr_keyset_next(keys, NULL, alg, "A"), any);
    assert_ptr_equal(ajr_keyset_next(keys, NULL, alg, ""), any);
    assert_ptr_equal(ajr_keyset_next(keys, NULL, alg, NULL), a);
    assert_ptr_equal(ajr_keyset_next(keys, a, alg, NULL), b);
    assert_ptr_equal(ajr_keyset_next(keys, b, alg, NULL), any);
    assert_null(ajr_keyset_next(unit_keyset(a, b, NULL, *state), NULL, alg,
                                "../../etc/passwd"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(private_public_and_certificate_are_halves_of_one_key),
        UNIT_TEST(pem_is_found_behind_other_blocks_and_text),
        UNIT_TEST(a_key_with_a_password_is_refused_without_asking_for_it),
        UNIT_TEST(text_that_is_no_pem_is_refused),
        UNIT_TEST(a_key_of_another_algorithm_is_refused),
        UNIT_TEST(halves_that_do_not_belong_together_show_at_once),
        UNIT_TEST(a_secret_is_at_least_as_long_as_its_hash),
        UNIT_TEST(pem_as_an_hmac_secret_is_refused),
        UNIT_TEST(a_secret_may_hold_every_byte),
        UNIT_TEST(use_sign_needs_a_key_that_can),
        UNIT_TEST(use_verify_keeps_a_private_key_or_secret_from_minting),
        UNIT_TEST(a_kid_is_copied_and_must_be_text),
        UNIT_TEST(the_first_key_that_may_mint_mints),
        UNIT_TEST(keys_of_another_algorithm_are_never_tried),
        UNIT_TEST(a_kid_leads_to_its_keys_and_to_those_without_one),
    };

    return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
