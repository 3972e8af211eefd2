/* SPDX-License-Identifier: Apache-2.0
 *
 * The refresh token: a value that names a session and a generation, and that
 * nobody without the MAC key can make. Never stored, never compared as text.
 *
 *   jr1_ base64url(version | key id | sid | generation | S | MAC)
 *                  1         1        16    4            16  20   bytes
 *   js1_ base64url(sid | S)           as open_session() in SQL makes it
 *
 * generation is big-endian and at most 2^31 - 1. S, the family secret, is
 * random for each session and held by the client alone; the database has its
 * hash. MAC = HMAC-SHA-256(key, label | what stands before it), 160 bits.
 */
#ifndef AJR_GRANT_H
#define AJR_GRANT_H

#include "hmac.h"
#include "outcome.h"
#include "sha256.h"
#include "uuid.h"

#define AJR_SID_SIZE AJR_UUID_SIZE
#define AJR_SECRET_SIZE 16
#define AJR_SECRET_HASH_SIZE AJR_SHA256_SIZE
#define AJR_GENERATION_MAX 0x7fffffffu

/* Shortest MAC key accepted (DESIGN: >= the hash's length). */
#define AJR_GRANT_KEY_MIN 32

/* A JWT that acts as a refresh token has its signature for a MAC and no S; it
 * names its session by the claims sid and gen. */
typedef enum ajr_form_t {
    AJR_FORM_JR1,      /* opened by httpd */
    AJR_FORM_JS1,      /* as open_session() returned it: generation 0 */
    AJR_FORM_LARAVEL,  /* a JWT, the access token itself */
    AJR_FORM_SIMPLEJWT /* a JWT with token_type refresh */
} ajr_form_t;

typedef struct ajr_grant_t {
    ajr_form_t form;
    unsigned char sid[AJR_SID_SIZE]; /* UUID version 7, network order */
    apr_uint32_t generation;
    unsigned char secret[AJR_SECRET_SIZE]; /* S */
} ajr_grant_t;

typedef struct ajr_grant_key_t {
    unsigned char id; /* first byte of SHA-256(label | key) */
    const ajr_hmac_t *hmac;
} ajr_grant_key_t;

/* A MAC key of at least AJR_GRANT_KEY_MIN bytes. NULL or a sentence without
 * subject. */
const char *ajr_grant_key_make(ajr_grant_key_t **out, ajr_bytes_t material,
                               apr_pool_t *pool);

/* Writes the token of `grant`: a jr1_, or a js1_ for form JS1 at generation 0,
 * which is the only one it has. NULL when OpenSSL fails or the generation is
 * too large. The same grant and key give the same token. */
const char *ajr_grant_build(const ajr_grant_t *grant,
                            const ajr_grant_key_t *key, apr_pool_t *pool);

/* Reads a token and checks its MAC with every key of its key id. keys holds
 * const ajr_grant_key_t *. OK, GRANT_MALFORMED or GRANT_FORGED; *out is zero
 * unless OK. A js1_ has no MAC: the database alone judges it. */
ajr_outcome_t ajr_grant_parse(ajr_grant_t *out, ajr_bytes_t token,
                              const apr_array_header_t *keys, apr_pool_t *pool);

/* The grant of a verified JWT of form LARAVEL or SIMPLEJWT. OK; UNKNOWN when it
 * names no session of ours (somebody else minted it, whose sid and gen may mean
 * what they like); GRANT_MALFORMED when it does, but has no generation. *out is
 * zero unless OK. */
ajr_outcome_t ajr_grant_of_claims(ajr_grant_t *out, ajr_form_t form,
                                  const json_t *claims);

/* The session, and the generation, that the claims of a verified JWT name.
 * False when they name none, as a sid that is no UUID of version 7 or 8 does;
 * *out is undefined then. */
bool ajr_grant_sid_of(unsigned char out[AJR_SID_SIZE], const json_t *claims);
bool ajr_grant_generation_of(apr_uint32_t *out, const json_t *claims);

/* The same for the values of the claims. */
bool ajr_grant_sid_read(unsigned char out[AJR_SID_SIZE], const json_t *sid);
bool ajr_grant_generation_read(apr_uint32_t *out, const json_t *gen);

/* Whether an access token was minted with this grant or its predecessor: its
 * claims name the same session, at the same generation or the one before. */
bool ajr_grant_accompanies(const ajr_grant_t *grant, const json_t *claims);

/* Whether tokens of this form are a jr1_ or js1_, with an S. */
bool ajr_form_has_secret(ajr_form_t form);

/* What the database keeps of S: SHA-256(S). */
bool ajr_grant_secret_hash(unsigned char hash[AJR_SECRET_HASH_SIZE],
                           const ajr_grant_t *grant);

/* "jr1", "js1", "laravel" or "simplejwt": a session's column `form`. */
const char *ajr_form_name(ajr_form_t form);

/* Whether text starts like a refresh token (not whether it is one). */
bool ajr_grant_looks_like(ajr_bytes_t token);

#endif
