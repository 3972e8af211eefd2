/* SPDX-License-Identifier: Apache-2.0 */
#include "mint.h"

#include <string.h>

bool ajr_mint_reserved(const char *name)
{
    static const char *const names[] = {
        "iss", "sub",   "aud", "exp",       "nbf",        "iat", "jti", "sid",
        "gen", "scope", "scp", "client_id", "token_type", "cnf", NULL};
    int i;

    for (i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

bool ajr_mint_subject_fits(const char *claim)
{
    return strcmp(claim, "sub") == 0 || !ajr_mint_reserved(claim);
}

/* ---- one claim; false when jansson cannot hold it ---- */

static bool put_text(json_t *claims, const char *name, const char *text)
{
    return text == NULL ||
           json_object_set_new(claims, name, json_string(text)) == 0;
}

static bool put_integer(json_t *claims, const char *name, json_int_t value)
{
    return json_object_set_new(claims, name, json_integer(value)) == 0;
}

/* RFC 7519 4.1.3: one audience may be a bare string, and most readers expect
 * that. */
static bool put_audiences(json_t *claims, const apr_array_header_t *audiences)
{
    json_t *list;
    bool good = true;
    int i;

    if (audiences == NULL || audiences->nelts == 0) {
        return true;
    }
    if (audiences->nelts == 1) {
        return put_text(claims, "aud",
                        APR_ARRAY_IDX(audiences, 0, const char *));
    }
    list = json_array();
    for (i = 0; i < audiences->nelts; i++) {
        const char *audience = APR_ARRAY_IDX(audiences, i, const char *);

        good &= json_array_append_new(list, json_string(audience)) == 0;
    }
    return json_object_set_new(claims, "aud", list) == 0 && good;
}

/* ---- who may say what ---- */

/* What others say, except what only the module may say. */
static bool put_foreign_claims(json_t *claims, const json_t *from)
{
    json_t *source = (json_t *)from; /* jansson reads through json_t * */
    const char *name;
    json_t *value;

    json_object_foreach(source, name, value)
    {
        if (ajr_mint_reserved(name)) {
            continue;
        }
        if (json_is_null(value)) {
            (void)json_object_del(claims, name);
        } else if (json_object_set(claims, name, value) != 0) {
            return false;
        }
    }
    return true;
}

/* RFC 9562 text, or its digits alone. */
static const char *jti_text(const ajr_mint_t *mint, bool hex, apr_pool_t *pool)
{
    char *text = ajr_uuid_format(mint->jti, pool);
    char *to = text;
    const char *from;

    for (from = text; hex && *from != '\0'; from++) {
        if (*from != '-') {
            *to++ = *from;
        }
    }
    if (hex) {
        *to = '\0';
    }
    return text;
}

/* Last, so that nothing of theirs can stand in for it. */
static bool put_module_claims(json_t *claims, const ajr_mint_t *mint,
                              json_int_t issued, json_int_t expires,
                              apr_pool_t *pool)
{
    static const ajr_mint_style_t plain = {.nbf = false};
    const ajr_mint_style_t *style = mint->style == NULL ? &plain : mint->style;
    bool kept = style->keeps_iat && mint->first_issued > 0;
    const char *subject =
        mint->subject_claim == NULL ? "sub" : mint->subject_claim;

    return put_text(claims, "iss", mint->issuer) &&
           put_text(claims, subject, mint->subject) &&
           put_audiences(claims, mint->audiences) &&
           put_integer(claims, "iat",
                       kept ? apr_time_sec(mint->first_issued) : issued) &&
           (!style->nbf || put_integer(claims, "nbf", issued)) &&
           put_integer(claims, "exp", expires) &&
           put_text(claims, "jti", jti_text(mint, style->jti_hex, pool)) &&
           put_text(claims, "token_type", style->token_type) &&
           put_text(claims, "sid", ajr_uuid_format(mint->sid, pool)) &&
           put_integer(claims, "gen", mint->generation) &&
           put_text(claims, "client_id", mint->client) &&
           put_text(claims, "scope", mint->scope);
}

ajr_outcome_t ajr_mint_access(const char **out, apr_int64_t *expires_in,
                              const ajr_mint_t *mint, const char *typ,
                              const ajr_key_t *key, apr_time_t now,
                              apr_pool_t *pool)
{
    json_t *claims = ajr_json_own(json_object(), pool);
    json_int_t issued = apr_time_sec(now);
    json_int_t expires;

    *out = NULL;
    *expires_in = 0;
    if (now < 0 || mint->lifetime <= 0 ||
        mint->lifetime > APR_INT64_MAX - now) {
        return AJR_INTERNAL;
    }
    expires = apr_time_sec(now + mint->lifetime);
    if (claims == NULL || !put_foreign_claims(claims, mint->claims) ||
        !put_foreign_claims(claims, mint->configured) ||
        !put_module_claims(claims, mint, issued, expires, pool) ||
        ajr_jwt_sign(out, claims, typ, key, pool) != AJR_OK) {
        *out = NULL;
        return AJR_INTERNAL;
    }
    *expires_in = expires - issued;
    return AJR_OK;
}
