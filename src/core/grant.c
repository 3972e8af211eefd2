/* SPDX-License-Identifier: Apache-2.0 */
#include "grant.h"

#include <string.h>

#include <apr_strings.h>

/* What the key is used for here; the same bytes elsewhere give other MACs. */
#define MAC_LABEL "mod_auth_jwt_refresh grant 1"
#define ID_LABEL "mod_auth_jwt_refresh grant key id 1"

#define VERSION 1
#define PREFIX_LEN 4
#define MAC_SIZE 20

/* Where the parts of a jr1_ stand, in bytes. */
enum {
    AT_VERSION = 0,
    AT_KEY = 1,
    AT_SID = 2,
    AT_GENERATION = AT_SID + AJR_SID_SIZE,
    AT_SECRET = AT_GENERATION + 4,
    AT_MAC = AT_SECRET + AJR_SECRET_SIZE,
    JR1_SIZE = AT_MAC + MAC_SIZE,
    JS1_SIZE = AJR_SID_SIZE + AJR_SECRET_SIZE
};

/* ---- keys ---- */

static bool key_id(unsigned char *id, ajr_bytes_t material)
{
    unsigned char hash[AJR_SHA256_SIZE];
    bool good = ajr_sha256(hash, ID_LABEL, material);

    *id = hash[0];
    return good;
}

const char *ajr_grant_key_make(ajr_grant_key_t **out, ajr_bytes_t material,
                               apr_pool_t *pool)
{
    ajr_grant_key_t *key = apr_pcalloc(pool, sizeof(*key));

    *out = NULL;
    if (material.len < AJR_GRANT_KEY_MIN) {
        return apr_psprintf(pool,
                            "has %" APR_SIZE_T_FMT
                            " bytes, a refresh key needs at least %d",
                            material.len, AJR_GRANT_KEY_MIN);
    }
    key->hmac = ajr_hmac_make("SHA256", material, pool);
    if (key->hmac == NULL || !key_id(&key->id, material)) {
        return "cannot be used: OpenSSL offers no SHA-256";
    }
    *out = key;
    return NULL;
}

/* MAC over everything before it in the packed token. */
static bool sign(unsigned char mac[AJR_HMAC_MAX], const ajr_grant_key_t *key,
                 const unsigned char *packed)
{
    ajr_bytes_t text = {packed, AT_MAC};

    return ajr_hmac_sign(mac, key->hmac, ajr_bytes_of(MAC_LABEL), text);
}

/* ---- writing ---- */

static void put_generation(unsigned char at[4], apr_uint32_t generation)
{
    at[0] = (unsigned char)(generation >> 24);
    at[1] = (unsigned char)(generation >> 16);
    at[2] = (unsigned char)(generation >> 8);
    at[3] = (unsigned char)generation;
}

static const char *build_js1(const ajr_grant_t *grant, apr_pool_t *pool)
{
    unsigned char packed[JS1_SIZE];
    ajr_bytes_t bytes = {packed, sizeof(packed)};

    memcpy(packed, grant->sid, AJR_SID_SIZE);
    memcpy(packed + AJR_SID_SIZE, grant->secret, AJR_SECRET_SIZE);
    return apr_pstrcat(pool, "js1_", ajr_base64url_encode(bytes, pool), NULL);
}

const char *ajr_grant_build(const ajr_grant_t *grant,
                            const ajr_grant_key_t *key, apr_pool_t *pool)
{
    unsigned char packed[JR1_SIZE];
    unsigned char mac[AJR_HMAC_MAX];
    ajr_bytes_t bytes = {packed, sizeof(packed)};

    if (grant->generation > AJR_GENERATION_MAX) {
        return NULL;
    }
    if (grant->form == AJR_FORM_JS1 && grant->generation == 0) {
        return build_js1(grant, pool);
    }
    packed[AT_VERSION] = VERSION;
    packed[AT_KEY] = key->id;
    memcpy(packed + AT_SID, grant->sid, AJR_SID_SIZE);
    put_generation(packed + AT_GENERATION, grant->generation);
    memcpy(packed + AT_SECRET, grant->secret, AJR_SECRET_SIZE);
    if (!sign(mac, key, packed)) {
        return NULL;
    }
    memcpy(packed + AT_MAC, mac, MAC_SIZE);
    return apr_pstrcat(pool, "jr1_", ajr_base64url_encode(bytes, pool), NULL);
}

/* ---- reading ---- */

static apr_uint32_t get_generation(const unsigned char at[4])
{
    return (apr_uint32_t)at[0] << 24 | (apr_uint32_t)at[1] << 16 |
           (apr_uint32_t)at[2] << 8 | at[3];
}

/* Two keys may share an id, so the first that does not fit ends nothing. */
static bool genuine(const unsigned char *packed, const apr_array_header_t *keys)
{
    ajr_bytes_t presented = {packed + AT_MAC, MAC_SIZE};
    int i;

    for (i = 0; keys != NULL && i < keys->nelts; i++) {
        const ajr_grant_key_t *key =
            APR_ARRAY_IDX(keys, i, const ajr_grant_key_t *);
        unsigned char mac[AJR_HMAC_MAX];
        ajr_bytes_t expected = {mac, MAC_SIZE};

        if (key->id == packed[AT_KEY] && sign(mac, key, packed) &&
            ajr_bytes_equal_secret(presented, expected)) {
            return true;
        }
    }
    return false;
}

static ajr_outcome_t read_jr1(ajr_grant_t *out, const unsigned char *packed,
                              const apr_array_header_t *keys)
{
    apr_uint32_t generation = get_generation(packed + AT_GENERATION);

    if (packed[AT_VERSION] != VERSION || generation > AJR_GENERATION_MAX) {
        return AJR_GRANT_MALFORMED;
    }
    if (!genuine(packed, keys)) {
        return AJR_GRANT_FORGED;
    }
    out->form = AJR_FORM_JR1;
    out->generation = generation;
    memcpy(out->sid, packed + AT_SID, AJR_SID_SIZE);
    memcpy(out->secret, packed + AT_SECRET, AJR_SECRET_SIZE);
    return AJR_OK;
}

static ajr_outcome_t read_js1(ajr_grant_t *out, const unsigned char *packed)
{
    out->form = AJR_FORM_JS1;
    memcpy(out->sid, packed, AJR_SID_SIZE);
    memcpy(out->secret, packed + AJR_SID_SIZE, AJR_SECRET_SIZE);
    return AJR_OK;
}

static bool has_prefix(ajr_bytes_t token, const char *prefix)
{
    return token.len >= PREFIX_LEN &&
           memcmp(token.data, prefix, PREFIX_LEN) == 0;
}

/* The length is compared before anything is decoded, so hostile input of any
 * size costs the same. */
static bool unpack(ajr_bytes_t *packed, ajr_bytes_t token, apr_size_t size,
                   apr_pool_t *pool)
{
    ajr_bytes_t text;

    if (token.len != PREFIX_LEN + (size * 4 + 2) / 3) {
        return false;
    }
    text.data = token.data + PREFIX_LEN;
    text.len = token.len - PREFIX_LEN;
    return ajr_base64url_decode(packed, text, pool) && packed->len == size;
}

ajr_outcome_t ajr_grant_parse(ajr_grant_t *out, ajr_bytes_t token,
                              const apr_array_header_t *keys, apr_pool_t *pool)
{
    ajr_bytes_t packed;

    memset(out, 0, sizeof(*out));
    if (has_prefix(token, "jr1_") && unpack(&packed, token, JR1_SIZE, pool)) {
        return read_jr1(out, packed.data, keys);
    }
    if (has_prefix(token, "js1_") && unpack(&packed, token, JS1_SIZE, pool)) {
        return read_js1(out, packed.data);
    }
    return AJR_GRANT_MALFORMED;
}

bool ajr_grant_looks_like(ajr_bytes_t token)
{
    return has_prefix(token, "jr1_") || has_prefix(token, "js1_");
}

/* Versions 7, made by the database, and 8, derived by us. */
bool ajr_grant_sid_read(unsigned char out[AJR_SID_SIZE], const json_t *sid)
{
    return ajr_uuid_parse(out, json_string_value(sid)) &&
           ((out[6] & 0xf0) == 0x70 || (out[6] & 0xf0) == 0x80);
}

bool ajr_grant_generation_read(apr_uint32_t *out, const json_t *gen)
{
    json_int_t generation = json_integer_value(gen);

    *out = (apr_uint32_t)generation;
    return json_is_integer(gen) && generation >= 0 &&
           generation <= AJR_GENERATION_MAX;
}

bool ajr_grant_sid_of(unsigned char out[AJR_SID_SIZE], const json_t *claims)
{
    return ajr_grant_sid_read(out, json_object_get(claims, "sid"));
}

bool ajr_grant_generation_of(apr_uint32_t *out, const json_t *claims)
{
    return ajr_grant_generation_read(out, json_object_get(claims, "gen"));
}

ajr_outcome_t ajr_grant_of_claims(ajr_grant_t *out, ajr_form_t form,
                                  const json_t *claims)
{
    memset(out, 0, sizeof(*out));
    if (!ajr_grant_sid_of(out->sid, claims)) {
        memset(out, 0, sizeof(*out));
        return AJR_UNKNOWN;
    }
    if (!ajr_grant_generation_of(&out->generation, claims)) {
        memset(out, 0, sizeof(*out));
        return AJR_GRANT_MALFORMED;
    }
    out->form = form;
    return AJR_OK;
}

bool ajr_grant_accompanies(const ajr_grant_t *grant, const json_t *claims)
{
    ajr_grant_t named;

    return ajr_grant_of_claims(&named, grant->form, claims) == AJR_OK &&
           memcmp(named.sid, grant->sid, AJR_SID_SIZE) == 0 &&
           named.generation <= grant->generation &&
           grant->generation - named.generation <= 1;
}

/* ---- what SQL is told ---- */

bool ajr_grant_secret_hash(unsigned char hash[AJR_SECRET_HASH_SIZE],
                           const ajr_grant_t *grant)
{
    ajr_bytes_t secret = {grant->secret, AJR_SECRET_SIZE};

    return ajr_sha256(hash, "", secret);
}

bool ajr_form_has_secret(ajr_form_t form)
{
    return form == AJR_FORM_JR1 || form == AJR_FORM_JS1;
}

const char *ajr_form_name(ajr_form_t form)
{
    static const char *const names[] = {[AJR_FORM_JR1] = "jr1",
                                        [AJR_FORM_JS1] = "js1",
                                        [AJR_FORM_LARAVEL] = "laravel",
                                        [AJR_FORM_SIMPLEJWT] = "simplejwt"};

    return names[form];
}
