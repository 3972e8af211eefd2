/* SPDX-License-Identifier: Apache-2.0
 *
 * Access tokens. The first byte chooses:
 *
 *   T  a token as a client sends it
 *   S  header, newline, payload: signed as they are with the secret, so that
 *      what stands behind the signature is reached
 *   M  a place, a bit, then claims: signed by us, then damaged there
 */
#include <openssl/hmac.h>

#include "fuzz.h"
#include "policy.h"

static const char secret[] = "a secret for the fuzzers, 32 bytes at least";

static const char ec_key[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgfxUHSmPeM0iSk7vu\n"
    "wmNeQsaGpZcICxzxkC0/UvOnYz6hRANCAAQWC5aqlJALl7YaPwz/FxjJWUTjC+bw\n"
    "M7Eputu+Y9kmQyTUNyxWH1MqI5jlbjIHKf6tqMoHcYVgOZvcLYMsJpsG\n"
    "-----END PRIVATE KEY-----\n";

static const char ed_key[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEICu9Lgg5yMEf2eXCaGV44gdAdsT8Z6f+BQdyme/bIYZU\n"
    "-----END PRIVATE KEY-----\n";

/* The private half is lost: what is signed is in the corpus. */
static const char rsa_key[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArBr7bFksv8NSTj5LuKPb\n"
    "9SjZctI7ywqQ4pkxe/7UkNJyRUOseKwOWSfGHY2LMonOwXOhV8uzhlweUrWHska+\n"
    "TF+eGSmCL89CAYa/ECHeAXvA5lrLxSs/MRY7YAbhDGW2BSxZUZlqYBc0cFzXxjiO\n"
    "AtwGm7bPD+fpq5gZ7K8T3ZETmYQuEUotVrizMkSOjTn8hHw1R+OZmQhWtG2raS8o\n"
    "7c3xlrmsR8ZunavfhzH19Qn5heODqY2nIkA43hIAmsXRPwqVbhDUmVgu4MUhR9lu\n"
    "DQyhve2t8jLeYav6Sv6lPwF+Nc2Gbj/hSsIfQ8XW+YFKSSOgsdP8M+5LRoWLa2A7\n"
    "bQIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

static const ajr_keyset_t *keys(void)
{
    static const struct {
        const char *alg, *kid, *material;
    } rows[] = {{"HS256", NULL, secret},
                {"ES256", "ec", ec_key},
                {"EdDSA", "ed", ed_key},
                {"RS256", "rs", rsa_key},
                {"PS512", "ps", rsa_key}};
    static apr_array_header_t *all;
    size_t i;

    if (all != NULL) {
        return all;
    }
    fuzz_keep_begin();
    all = apr_array_make(fuzz_forever(), 5, sizeof(ajr_key_t *));
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ajr_key_t *key;

        MUST(ajr_key_make(&key, ajr_alg_find(rows[i].alg),
                          ajr_bytes_of(rows[i].material), rows[i].kid,
                          AJR_USE_ANY, fuzz_forever()) == NULL);
        APR_ARRAY_PUSH(all, const ajr_key_t *) = key;
    }
    fuzz_keep_end();
    return all;
}

static const char *hmac_of(ajr_bytes_t text, apr_pool_t *pool)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    ajr_bytes_t bytes = {mac, 0};

    MUST(HMAC(EVP_sha256(), secret, (int)strlen(secret), text.data, text.len,
              mac, &size) != NULL);
    bytes.len = size;
    return ajr_base64url_encode(bytes, pool);
}

/* Whether the last part is what the key's owner would have written there: made
 * anew where a text has one signature, else OpenSSL's verdict once more. */
static int was_signed(const ajr_jwt_t *jwt, ajr_bytes_t token, apr_pool_t *pool)
{
    const unsigned char *dot = token.data + token.len;
    ajr_bytes_t text = {token.data, 0};
    ajr_bytes_t signature;

    while (*--dot != '.') {
    }
    text.len = (size_t)(dot - token.data);
    signature.data = dot + 1;
    signature.len = token.len - text.len - 1;
    if (jwt->key->alg->type == AJR_KEY_OCT) {
        return fuzz_same(signature, ajr_bytes_of(hmac_of(text, pool)));
    }
    MUST(ajr_base64url_decode(&signature, signature, pool));
    if (jwt->key->alg->type == AJR_KEY_OKP) {
        ajr_bytes_t anew;

        return ajr_alg_sign(&anew, jwt->key->alg, &jwt->key->material, text,
                            pool) &&
               fuzz_same(anew, signature);
    }
    return ajr_alg_verify(jwt->key->alg, &jwt->key->material, text, signature,
                          pool);
}

static apr_array_header_t *list(apr_pool_t *pool, const char *a, const char *b)
{
    apr_array_header_t *made = apr_array_make(pool, 2, sizeof(char *));

    APR_ARRAY_PUSH(made, const char *) = a;
    APR_ARRAY_PUSH(made, const char *) = b;
    return made;
}

static int is_text(const json_t *value, const char *text)
{
    return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

static int holds(const json_t *array, const char *text)
{
    size_t i;

    for (i = 0; i < json_array_size(array); i++) {
        if (is_text(json_array_get(array, i), text)) {
            return 1;
        }
    }
    return 0;
}

/* Every demand at once, and what a token that meets them must hold. */
static void judge_strictly(const ajr_jwt_t *jwt, apr_pool_t *pool)
{
    static const char *const demanded[] = {"nbf", NULL};
    const json_t *aud = json_object_get(jwt->claims, "aud");
    const json_t *typ = json_object_get(jwt->header, "typ");
    ajr_policy_t policy = {.issuers = list(pool, "i", "j"),
                           .audiences = list(pool, "a", "b"),
                           .required = list(pool, "exp", "jti"),
                           .types = list(pool, "JWT", "x+jwt"),
                           .subject_claim = "uid",
                           .demanded = demanded,
                           .lifetime_from_nbf = true,
                           .whole_times = true,
                           .max_lifetime = apr_time_from_sec(3600)};
    const char *subject;

    if (ajr_policy_judge(&subject, jwt, &policy, APR_INT64_C(1700000000000000),
                         pool) != AJR_OK) {
        MUST(subject == NULL);
        return;
    }
    MUST(is_text(json_object_get(jwt->claims, "iss"), "i") ||
         is_text(json_object_get(jwt->claims, "iss"), "j"));
    MUST(is_text(aud, "a") || is_text(aud, "b") || holds(aud, "a") ||
         holds(aud, "b"));
    MUST(json_is_string(typ));
    MUST(json_is_string(json_object_get(jwt->claims, "jti")));
    MUST(json_object_get(jwt->claims, "uid") != NULL);
    MUST(json_integer_value(json_object_get(jwt->claims, "exp")) > 1700000000);
    MUST(json_integer_value(json_object_get(jwt->claims, "nbf")) <= 1700000000);
}

static void judge(const ajr_jwt_t *jwt, apr_pool_t *pool)
{
    static const apr_time_t times[] = {0, APR_INT64_C(1700000000000000)};
    ajr_policy_t policy = {.leeway = apr_time_from_sec(30)};
    size_t i;

    for (i = 0; i < 4; i++) {
        const char *subject;
        ajr_outcome_t outcome;

        policy.max_lifetime = i & 2 ? apr_time_from_sec(3600) : 0;
        outcome = ajr_policy_judge(&subject, jwt, &policy, times[i & 1], pool);
        MUST((outcome == AJR_OK) == (subject != NULL));
        MUST(subject == NULL ||
             (*subject != '\0' && ajr_text_printable(ajr_bytes_of(subject))));
    }
    judge_strictly(jwt, pool);
}

static ajr_outcome_t verify(ajr_bytes_t token, apr_pool_t *pool)
{
    const ajr_jwt_t *jwt;
    const char *alg, *kid;
    ajr_outcome_t outcome = ajr_jwt_verify(&jwt, token, keys(), pool);

    ajr_jwt_describe(&alg, &kid, token, pool);
    MUST(ajr_text_printable(ajr_bytes_of(alg)));
    MUST(ajr_text_printable(ajr_bytes_of(kid)) && strchr(kid, ' ') == NULL);
    MUST((outcome == AJR_OK) == (jwt != NULL));
    MUST(ajr_outcome_row(outcome)->status < 500);
    if (jwt != NULL) {
        MUST(was_signed(jwt, token, pool));
        judge(jwt, pool);
    }
    return outcome;
}

static void signed_as_it_is(ajr_bytes_t in, apr_pool_t *pool)
{
    const char *header = fuzz_line(&in, pool);
    const char *text =
        apr_pstrcat(pool, ajr_base64url_encode(ajr_bytes_of(header), pool), ".",
                    ajr_base64url_encode(in, pool), NULL);

    verify(ajr_bytes_of(apr_pstrcat(pool, text, ".",
                                    hmac_of(ajr_bytes_of(text), pool), NULL)),
           pool);
}

static void signed_by_us(ajr_bytes_t in, apr_pool_t *pool)
{
    unsigned high = fuzz_choice(&in);
    unsigned place = high << 8 | fuzz_choice(&in);
    unsigned char bit = fuzz_choice(&in);
    const ajr_key_t *key = APR_ARRAY_IDX(keys(), bit % 3, const ajr_key_t *);
    const char *token;
    json_t *claims;
    char *changed;
    ajr_bytes_t bytes;

    if (!ajr_json_object(&claims, in, pool) ||
        ajr_jwt_sign(&token, claims, "JWT", key, pool) != AJR_OK) {
        return;
    }
    MUST(verify(ajr_bytes_of(token), pool) == AJR_OK);
    bytes = ajr_bytes_of(token);
    changed = apr_pstrmemdup(pool, token, bytes.len);
    changed[place % bytes.len] ^= 1 << bit % 8;
    bytes.data = (const unsigned char *)changed;
    MUST(verify(bytes, pool) != AJR_OK);
}

void fuzz_one(ajr_bytes_t in, apr_pool_t *pool)
{
    switch (fuzz_choice(&in)) {
    case 'T':
        verify(in, pool);
        break;
    case 'S':
        signed_as_it_is(in, pool);
        break;
    case 'M':
        signed_by_us(in, pool);
        break;
    default:
        break;
    }
}
