/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <pthread.h>
#include <stdlib.h>

#include <apr_strings.h>
#include <openssl/crypto.h>

#include "hmac.h"

static void rfc_4231_vectors_hold(void **state)
{
    static const struct {
        const char *digest, *key, *text, *mac;
    } rows[] = {
        {"SHA256", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"SHA384", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "Hi There",
         "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
         "faea9ea9076ede7f4af152e8b2fa9cb6"},
        {"SHA512", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "Hi There",
         "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
         "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"},
        {"SHA256", "4a656665", "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        ajr_hmac_t *hmac = ajr_hmac_make(
            rows[i].digest, unit_unhex(rows[i].key, *state), *state);
        ajr_bytes_t expected = unit_unhex(rows[i].mac, *state);
        unsigned char mac[AJR_HMAC_MAX];

        assert_non_null(hmac);
        assert_int_equal(ajr_hmac_size(hmac), expected.len);
        assert_true(
            ajr_hmac_sign(mac, hmac, ajr_bytes_of(rows[i].text), BYTES("")));
        assert_memory_equal(mac, expected.data, expected.len);
    }
}

/* Shorter than, as long as and longer than a block, against OpenSSL's own. */
static void every_key_length_agrees_with_openssl(void **state)
{
    static const char *const digests[] = {"SHA256", "SHA384", "SHA512"};
    unsigned char key[260], mac[AJR_HMAC_MAX], expected[AJR_HMAC_MAX];
    ajr_bytes_t input = BYTES("header.payload");
    size_t i, len, size;

    for (i = 0; i < sizeof(key); i++) {
        key[i] = (unsigned char)(i * 31 + 7);
    }
    for (i = 0; i < COUNT(digests); i++) {
        for (len = 1; len < sizeof(key); len++) {
            ajr_hmac_t *hmac =
                ajr_hmac_make(digests[i], (ajr_bytes_t){key, len}, *state);

            assert_true(ajr_hmac_sign(mac, hmac, input, BYTES("")));
            assert_non_null(EVP_Q_mac(NULL, "HMAC", NULL, digests[i], NULL, key,
                                      len, input.data, input.len, expected,
                                      sizeof(expected), &size));
            assert_int_equal(size, ajr_hmac_size(hmac));
            assert_memory_equal(mac, expected, size);
        }
    }
}

static void two_parts_are_signed_as_their_concatenation(void **state)
{
    ajr_hmac_t *hmac = ajr_hmac_make("SHA256", BYTES("key"), *state);
    ajr_bytes_t whole = BYTES("0123456789");
    unsigned char expected[AJR_HMAC_MAX], mac[AJR_HMAC_MAX];
    size_t cut;

    assert_true(ajr_hmac_sign(expected, hmac, whole, BYTES("")));
    for (cut = 0; cut <= whole.len; cut++) {
        ajr_bytes_t a = {whole.data, cut};
        ajr_bytes_t b = {whole.data + cut, whole.len - cut};

        assert_true(ajr_hmac_sign(mac, hmac, a, b));
        assert_memory_equal(mac, expected, 32);
    }
    assert_true(ajr_hmac_sign(mac, hmac, (ajr_bytes_t){NULL, 0}, whole));
    assert_memory_equal(mac, expected, 32);
}

static void a_digest_that_does_not_exist_or_fit_makes_no_key(void **state)
{
    assert_null(ajr_hmac_make("SHA257", BYTES("key"), *state));
    assert_null(ajr_hmac_make("", BYTES("key"), *state));
    assert_null(ajr_hmac_make("SHA3-224", BYTES("key"), *state));
    assert_null(ajr_hmac_make("SHAKE256", BYTES("key"), *state));
}

static void *sign_many(void *data)
{
    unsigned char first[AJR_HMAC_MAX], mac[AJR_HMAC_MAX];
    int i;

    if (!ajr_hmac_sign(first, data, BYTES("a"), BYTES("b"))) {
        return "failed";
    }
    for (i = 0; i < 5000; i++) {
        if (!ajr_hmac_sign(mac, data, BYTES("a"), BYTES("b")) ||
            memcmp(mac, first, 32) != 0) {
            return "differs";
        }
    }
    return NULL;
}

static void one_key_serves_many_threads(void **state)
{
    ajr_hmac_t *hmac = ajr_hmac_make("SHA256", BYTES("key"), *state);
    pthread_t threads[4];
    void *fault;
    size_t i;

    for (i = 0; i < COUNT(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, sign_many, hmac), 0);
    }
    for (i = 0; i < COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], &fault), 0);
        assert_null(fault);
    }
}

/* OpenSSL's memory, of which the n-th piece from now on can be refused. */
static int until_failure = -1;

static bool refused(void)
{
    return until_failure >= 0 && until_failure-- == 0;
}

static void *failing_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return refused() ? NULL : malloc(size);
}

static void *failing_realloc(void *old, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return refused() ? NULL : realloc(old, size);
}

static void plain_free(void *data, const char *file, int line)
{
    (void)file;
    (void)line;
    free(data);
}

static void want_of_memory_is_reported(void **state)
{
    unsigned char mac[AJR_HMAC_MAX];
    ajr_hmac_t *hmac = NULL;
    int n, failed = 0;

    for (n = 0; n < 20; n++) {
        until_failure = n;
        hmac = ajr_hmac_make("SHA256", BYTES("key"), *state);
        until_failure = -1;
        failed += hmac == NULL;
        assert_true(hmac == NULL ||
                    ajr_hmac_sign(mac, hmac, BYTES("a"), BYTES("b")));
    }
    assert_true(failed >= 4);
    hmac = ajr_hmac_make("SHA256", BYTES("key"), *state);
    assert_non_null(hmac);
    for (n = 0; n < 3; n++) {
        until_failure = n;
        assert_false(ajr_hmac_sign(mac, hmac, BYTES("a"), BYTES("b")));
        until_failure = -1;
    }
    assert_true(ajr_hmac_sign(mac, hmac, BYTES("a"), BYTES("b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(rfc_4231_vectors_hold),
        UNIT_TEST(every_key_length_agrees_with_openssl),
        UNIT_TEST(two_parts_are_signed_as_their_concatenation),
        UNIT_TEST(a_digest_that_does_not_exist_or_fit_makes_no_key),
        UNIT_TEST(one_key_serves_many_threads),
        UNIT_TEST(want_of_memory_is_reported),
    };

    if (CRYPTO_set_mem_functions(failing_malloc, failing_realloc, plain_free) !=
        1) {
        return 1;
    }
    return cmocka_run_group_tests_name("hmac", tests, NULL, NULL);
}
