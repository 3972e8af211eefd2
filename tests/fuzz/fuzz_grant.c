/* SPDX-License-Identifier: Apache-2.0
 *
 * Refresh tokens. Even choice: a token as a client sends it. Odd choice: the
 * fields of one, and a bit of it to be changed.
 */
#include "fuzz.h"
#include "grant.h"

static const apr_array_header_t *keys(void)
{
    static const char *const secrets[] = {"0123456789abcdef0123456789abcdef",
                                          "another secret of thirty-two bytes"};
    static apr_array_header_t *all;
    size_t i;

    if (all != NULL) {
        return all;
    }
    fuzz_keep_begin();
    all = apr_array_make(fuzz_forever(), 2, sizeof(ajr_grant_key_t *));
    for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        ajr_grant_key_t *key;

        MUST(ajr_grant_key_make(&key, ajr_bytes_of(secrets[i]),
                                fuzz_forever()) == NULL);
        APR_ARRAY_PUSH(all, const ajr_grant_key_t *) = key;
    }
    fuzz_keep_end();
    return all;
}

/* What is accepted has one spelling: it builds to the same bytes. A foreign
 * MAC cannot be guessed, so a jr1_ gets here from the corpus alone. */
static void presented(ajr_bytes_t token, apr_pool_t *pool)
{
    ajr_grant_t grant;
    ajr_outcome_t outcome = ajr_grant_parse(&grant, token, keys(), pool);
    int same = 0;
    int i;

    MUST(outcome == AJR_OK || outcome == AJR_GRANT_MALFORMED ||
         outcome == AJR_GRANT_FORGED);
    if (outcome != AJR_OK) {
        return;
    }
    MUST(ajr_grant_looks_like(token));
    for (i = 0; i < keys()->nelts; i++) {
        const char *text = ajr_grant_build(
            &grant, APR_ARRAY_IDX(keys(), i, const ajr_grant_key_t *), pool);

        same += fuzz_same(ajr_bytes_of(text), token);
    }
    MUST(same > 0);
}

static int read_fields(ajr_grant_t *grant, ajr_bytes_t in)
{
    memset(grant, 0, sizeof(*grant));
    if (in.len < AJR_SID_SIZE + AJR_SECRET_SIZE + 6) {
        return 0;
    }
    memcpy(grant->sid, in.data, AJR_SID_SIZE);
    memcpy(grant->secret, in.data + AJR_SID_SIZE, AJR_SECRET_SIZE);
    memcpy(&grant->generation, in.data + AJR_SID_SIZE + AJR_SECRET_SIZE, 4);
    return 1;
}

/* What is built is accepted and says the same; with one bit changed it is
 * neither. */
static void built(ajr_bytes_t in, apr_pool_t *pool)
{
    ajr_grant_t grant, got;
    ajr_bytes_t token;
    const char *text;
    char *changed;

    if (!read_fields(&grant, in)) {
        return;
    }
    text = ajr_grant_build(
        &grant,
        APR_ARRAY_IDX(keys(), in.data[in.len - 2] & 1, const ajr_grant_key_t *),
        pool);
    MUST((text == NULL) == (grant.generation > AJR_GENERATION_MAX));
    if (text == NULL) {
        return;
    }
    token = ajr_bytes_of(text);
    MUST(ajr_grant_parse(&got, token, keys(), pool) == AJR_OK);
    MUST(got.form == AJR_FORM_JR1 && got.generation == grant.generation);
    MUST(memcmp(got.sid, grant.sid, AJR_SID_SIZE) == 0);
    MUST(memcmp(got.secret, grant.secret, AJR_SECRET_SIZE) == 0);
    changed = apr_pstrmemdup(pool, text, token.len);
    changed[in.data[in.len - 1] % token.len] ^= 1 << in.data[in.len - 2] % 8;
    token.data = (const unsigned char *)changed;
    MUST(ajr_grant_parse(&got, token, keys(), pool) != AJR_OK);
}

void fuzz_one(ajr_bytes_t in, apr_pool_t *pool)
{
    if ((fuzz_choice(&in) & 1) == 0) {
        presented(in, pool);
    } else {
        built(in, pool);
    }
}
