/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks.h"

#include <apr_strings.h>

/* What was left out of a set. */
typedef struct left_out_t {
    int count;
    size_t first; /* counted from 1 */
    const char *why;
} left_out_t;

static const char *members_read(ajr_keyset_t *keys, left_out_t *left_out,
                                const json_t *members, apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < json_array_size(members); i++) {
        ajr_key_t *key = NULL;
        bool foreign = false;
        const char *why =
            ajr_jwk_member(&key, &foreign, json_array_get(members, i), pool);

        if (why == NULL) {
            APR_ARRAY_PUSH(keys, const ajr_key_t *) = key;
        } else if (!foreign && left_out->count++ == 0) {
            left_out->first = i + 1;
            left_out->why = why;
        }
        if (keys->nelts > AJR_JWKS_MAX) {
            return apr_psprintf(pool,
                                "holds more than %d keys for signatures; take "
                                "out those that nobody signs with",
                                AJR_JWKS_MAX);
        }
    }
    return NULL;
}

static const char *set_read(ajr_keyset_t *keys, left_out_t *left_out,
                            ajr_bytes_t text, apr_pool_t *scratch,
                            apr_pool_t *pool)
{
    json_t *set = NULL;
    const json_t *members;

    if (!ajr_json_object(&set, text, scratch)) {
        return "is no strict JSON object; a JWK set is {\"keys\":[..]}";
    }
    members = json_object_get(set, "keys");
    if (!json_is_array(members)) {
        return "has no array `keys`; it must be a JWK set (RFC 7517 5), a "
               "single JWK is for JwtKey and jwk:";
    }
    return members_read(keys, left_out, members, pool);
}

static const char *complain(const left_out_t *left_out, apr_pool_t *pool)
{
    return left_out->count == 0
               ? NULL
               : apr_psprintf(pool,
                              "%d of its keys left out, first number "
                              "%" APR_SIZE_T_FMT ", which %s",
                              left_out->count, left_out->first, left_out->why);
}

const char *ajr_jwks_read(ajr_keyset_t **out, const char **warning,
                          ajr_bytes_t text, apr_pool_t *pool)
{
    ajr_keyset_t *keys = apr_array_make(pool, 4, sizeof(ajr_key_t *));
    left_out_t left_out = {0, 0, NULL};
    apr_pool_t *scratch;
    const char *why;

    *out = NULL;
    apr_pool_create(&scratch, pool);
    why = set_read(keys, &left_out, text, scratch, pool);
    apr_pool_destroy(scratch);
    *warning = complain(&left_out, pool);
    if (why == NULL && keys->nelts == 0) {
        why =
            *warning == NULL
                ? "holds no key for signatures; put in the public keys of the "
                  "issuer"
                : apr_pstrcat(pool, "holds no key that can be used: ", *warning,
                              NULL);
    }
    if (why == NULL) {
        *out = keys;
    }
    return why;
}

static bool contains(const json_t *members, const json_t *jwk)
{
    size_t i;

    for (i = 0; i < json_array_size(members); i++) {
        if (json_equal(json_array_get(members, i), jwk)) {
            return true;
        }
    }
    return false;
}

json_t *ajr_jwks_export(const ajr_keyset_t *keys, apr_pool_t *pool)
{
    json_t *set = ajr_json_own(json_object(), pool);
    json_t *members = json_array();
    int i;

    if (json_object_set_new(set, "keys", members) != 0) {
        return NULL;
    }
    for (i = 0; keys != NULL && i < keys->nelts; i++) {
        json_t *jwk =
            ajr_jwk_export(APR_ARRAY_IDX(keys, i, const ajr_key_t *), pool);

        if (jwk != NULL && !contains(members, jwk) &&
            json_array_append(members, jwk) != 0) {
            return NULL;
        }
    }
    return set;
}
