/* SPDX-License-Identifier: Apache-2.0
 *
 * Claims of a new access token, and the token.
 */
#ifndef AJR_MINT_H
#define AJR_MINT_H

#include <apr_time.h>

#include "grant.h"
#include "jwt.h"
#include "uuid.h"

/* What a dialect's clients and hosts expect of a token beyond RFC 9068. */
typedef struct ajr_mint_style_t {
    bool nbf;               /* there is one: the time of minting */
    bool keeps_iat;         /* iat is that of the token traded */
    bool jti_hex;           /* 32 digits, without hyphens */
    const char *token_type; /* claim of that name, NULL = none */
    bool url_issuer; /* without JwtIssuer, iss is the URL of the request */
} ajr_mint_style_t;

/* What the module itself puts into an access token. NULL strings are left
 * out. */
typedef struct ajr_mint_t {
    const char *issuer;
    const apr_array_header_t *audiences; /* const char *; one = string */
    const char *subject_claim;           /* NULL = "sub" */
    const char *subject;
    const char *client;
    const char *scope;
    unsigned char sid[AJR_SID_SIZE];
    apr_uint32_t generation;
    unsigned char jti[AJR_UUID_SIZE]; /* random */
    const json_t *claims;             /* from SQL, borrowed; NULL = none */
    const json_t *configured;         /* the same, of the configuration */
    apr_interval_time_t lifetime;     /* microseconds, > 0 */
    const ajr_mint_style_t *style;    /* NULL = nothing special */
    apr_time_t first_issued;          /* iat where style keeps it; 0 = now */
} ajr_mint_t;

/* Names that only the module may set: iss sub aud exp nbf iat jti sid gen
 * scope scp client_id token_type cnf. */
bool ajr_mint_reserved(const char *name);

/* Whether a minted token can carry the subject in a claim of that name: `sub`,
 * or one that is not reserved. */
bool ajr_mint_subject_fits(const char *claim);

/* Claims of SQL, over them those of the configuration (reserved names dropped;
 * a JSON null removes its claim), over all the module's; signed by key.
 * exp = now + lifetime, whole seconds. *expires_in is in seconds. OK or
 * INTERNAL. */
ajr_outcome_t ajr_mint_access(const char **out, apr_int64_t *expires_in,
                              const ajr_mint_t *mint, const char *typ,
                              const ajr_key_t *key, apr_time_t now,
                              apr_pool_t *pool);

#endif
