/* SPDX-License-Identifier: Apache-2.0 */
#include "jwt.h"

#include <string.h>

#include <apr_strings.h>

static const char *const known_names[AJR_KNOWN_CLAIMS] = {
    [AJR_KNOWN_EXP] = "exp",
    [AJR_KNOWN_SUB] = "sub",
    [AJR_KNOWN_NBF] = "nbf",
    [AJR_KNOWN_IAT] = "iat",
    [AJR_KNOWN_ISS] = "iss",
    [AJR_KNOWN_AUD] = "aud",
    [AJR_KNOWN_JTI] = "jti",
    [AJR_KNOWN_TOKEN_TYPE] = "token_type",
    [AJR_KNOWN_TOKEN_USE] = "token_use",
    [AJR_KNOWN_CLIENT_ID] = "client_id",
    [AJR_KNOWN_SID] = "sid",
    [AJR_KNOWN_GEN] = "gen",
};

void ajr_jwt_know(ajr_jwt_t *jwt)
{
    int i;

    jwt->typ = json_object_get(jwt->header, "typ");
    for (i = 0; i < AJR_KNOWN_CLAIMS; i++) {
        jwt->known[i] = json_object_get(jwt->claims, known_names[i]);
    }
}

const json_t *ajr_jwt_claim(const ajr_jwt_t *jwt, const char *name)
{
    int i;

    for (i = 0; i < AJR_KNOWN_CLAIMS; i++) {
        if (strcmp(known_names[i], name) == 0) {
            return jwt->known[i];
        }
    }
    return json_object_get(jwt->claims, name);
}

/* A compact JWS taken apart. */
typedef struct parts_t {
    ajr_bytes_t signed_text; /* header.payload, as the signature covers it */
    ajr_bytes_t header;      /* the rest: decoded */
    ajr_bytes_t payload;
    ajr_bytes_t signature;
} parts_t;

/* Three parts, none empty, within AJR_JWT_MAX. base64url knows no dot, so a
 * fourth part fails when the third is decoded. */
static bool split(parts_t *parts, ajr_bytes_t token)
{
    const unsigned char *end, *dot, *second;

    if (token.len == 0 || token.len > AJR_JWT_MAX) {
        return false;
    }
    end = token.data + token.len;
    dot = memchr(token.data, '.', token.len);
    if (dot == NULL) {
        return false;
    }
    second = memchr(dot + 1, '.', (apr_size_t)(end - dot) - 1);
    if (second == NULL) {
        return false;
    }
    parts->signed_text.data = parts->header.data = token.data;
    parts->signed_text.len = (apr_size_t)(second - token.data);
    parts->header.len = (apr_size_t)(dot - token.data);
    parts->payload.data = dot + 1;
    parts->payload.len = (apr_size_t)(second - dot) - 1;
    parts->signature.data = second + 1;
    parts->signature.len = (apr_size_t)(end - second) - 1;
    return parts->header.len > 0 && parts->payload.len > 0 &&
           parts->signature.len > 0 &&
           memchr(second + 1, '.', parts->signature.len) == NULL;
}

static bool decode_parts(parts_t *parts, apr_pool_t *pool)
{
    return ajr_base64url_decode(&parts->header, parts->header, pool) &&
           ajr_base64url_decode(&parts->payload, parts->payload, pool) &&
           ajr_base64url_decode(&parts->signature, parts->signature, pool);
}

/* What the header asks for: an algorithm of the table and, perhaps, a key.
 * Extensions that change how the token is to be read are refused: `crit` (none
 * is supported, RFC 7515 4.1.11), `b64` (RFC 7797), and the marks of an
 * encrypted or compressed token (RFC 7516 4.1.2, 4.1.3). Keys that the token
 * brings along or points at are never looked at. */
static ajr_outcome_t read_header(const ajr_alg_t **alg, const char **kid,
                                 const json_t *header)
{
    static const char *const refused[] = {"crit", "b64", "enc", "zip"};
    const json_t *key_id = json_object_get(header, "kid");
    const char *name = json_string_value(json_object_get(header, "alg"));
    size_t i;

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (json_object_get(header, refused[i]) != NULL) {
            return AJR_HEADER_REFUSED;
        }
    }
    *kid = json_string_value(key_id);
    if (key_id != NULL && *kid == NULL) {
        return AJR_HEADER_REFUSED;
    }
    *alg = name != NULL ? ajr_alg_find(name) : NULL;
    return *alg != NULL ? AJR_OK : AJR_ALG_REFUSED;
}

static ajr_outcome_t find_key(const ajr_key_t **out, const parts_t *parts,
                              const json_t *header, const ajr_keyset_t *keys,
                              apr_pool_t *pool)
{
    const ajr_alg_t *alg = NULL;
    const char *kid = NULL;
    ajr_outcome_t outcome = read_header(&alg, &kid, header);
    const ajr_key_t *key;

    if (outcome != AJR_OK) {
        return outcome;
    }
    outcome = AJR_KEY_UNKNOWN;
    for (key = ajr_keyset_next(keys, NULL, alg, kid); key != NULL;
         key = ajr_keyset_next(keys, key, alg, kid)) {
        if (ajr_alg_verify(alg, &key->material, parts->signed_text,
                           parts->signature, pool)) {
            *out = key;
            return AJR_OK;
        }
        outcome = AJR_SIGNATURE_BAD;
    }
    return outcome;
}

ajr_outcome_t ajr_jwt_verify(const ajr_jwt_t **out, ajr_bytes_t token,
                             const ajr_keyset_t *keys, apr_pool_t *pool)
{
    ajr_jwt_t *jwt;
    json_t *header, *claims;
    parts_t parts;
    ajr_outcome_t outcome;

    *out = NULL;
    if (!split(&parts, token) || !decode_parts(&parts, pool)) {
        return AJR_TOKEN_MALFORMED;
    }
    if (!ajr_json_object(&header, parts.header, pool)) {
        return AJR_TOKEN_MALFORMED;
    }
    jwt = apr_pcalloc(pool, sizeof(*jwt));
    jwt->header = header;
    outcome = find_key(&jwt->key, &parts, jwt->header, keys, pool);
    if (outcome != AJR_OK) {
        return outcome;
    }
    if (!ajr_json_object(&claims, parts.payload, pool)) {
        return AJR_TOKEN_MALFORMED;
    }
    jwt->claims = claims;
    ajr_jwt_know(jwt);
    *out = jwt;
    return AJR_OK;
}

/* Short and printable without a blank or a quote: fit for a log line. */
static bool loggable(const char *kid)
{
    const char *at;

    for (at = kid; *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~' || *at == '"' || at - kid >= 64) {
            return false;
        }
    }
    return at != kid;
}

void ajr_jwt_describe(const char **alg, const char **kid, ajr_bytes_t token,
                      apr_pool_t *pool)
{
    const ajr_alg_t *row = NULL;
    json_t *header = NULL;
    parts_t parts;

    *alg = "-";
    *kid = "-";
    if (!split(&parts, token) ||
        !ajr_base64url_decode(&parts.header, parts.header, pool) ||
        !ajr_json_object(&header, parts.header, pool)) {
        return;
    }
    if (read_header(&row, kid, header) == AJR_OK) {
        *alg = row->name;
    }
    if (*kid == NULL || !loggable(*kid)) {
        *kid = "-";
    }
}

/* ---- signing ---- */

/* Compact JSON as base64url, NULL when it is no object or cannot be written. */
static const char *encode_json(const json_t *object, apr_pool_t *pool)
{
    const char *text =
        json_is_object(object) ? ajr_json_text(object, pool) : NULL;

    return text == NULL ? NULL : ajr_base64url_encode(ajr_bytes_of(text), pool);
}

static const char *encode_header(const char *typ, const ajr_key_t *key,
                                 apr_pool_t *pool)
{
    json_t *header = ajr_json_own(json_object(), pool);

    if ((typ != NULL &&
         json_object_set_new(header, "typ", json_string(typ)) != 0) ||
        json_object_set_new(header, "alg", json_string(key->alg->name)) != 0 ||
        (key->kid != NULL &&
         json_object_set_new(header, "kid", json_string(key->kid)) != 0)) {
        return NULL;
    }
    return encode_json(header, pool);
}

ajr_outcome_t ajr_jwt_sign(const char **out, const json_t *claims,
                           const char *typ, const ajr_key_t *key,
                           apr_pool_t *pool)
{
    const char *header = encode_header(typ, key, pool);
    const char *payload = encode_json(claims, pool);
    const char *text, *token;
    ajr_bytes_t signature;

    *out = NULL;
    if (header == NULL || payload == NULL || !key->signs) {
        return AJR_INTERNAL;
    }
    text = apr_pstrcat(pool, header, ".", payload, NULL);
    if (!ajr_alg_sign(&signature, key->alg, &key->material, ajr_bytes_of(text),
                      pool)) {
        return AJR_INTERNAL;
    }
    token = apr_pstrcat(pool, text, ".", ajr_base64url_encode(signature, pool),
                        NULL);
    if (strlen(token) > AJR_JWT_MAX) {
        return AJR_INTERNAL;
    }
    *out = token;
    return AJR_OK;
}
