/* SPDX-License-Identifier: Apache-2.0
 *
 * The verbs of the session store: each is one function of conf/schema.sql and
 * one round trip. Verdicts of SQL come back as outcomes.
 */
#ifndef AJR_STORE_H
#define AJR_STORE_H

#include "board.h"
#include "grant.h"
#include "pg.h"

/* One database and schema; made when the configuration is read, read-only
 * afterwards but for `pg`, which each child sets. */
typedef struct ajr_store_t {
    ajr_pg_conf_t conf;
    const char *schema; /* as the administrator wrote it, unquoted */
    ajr_pg_t *pg;       /* NULL before child_init */
} ajr_store_t;

/* NULL when PostgreSQL can have a schema of that name, else a sentence without
 * subject. */
const char *ajr_store_schema_refuses(const char *schema);

/* What SQL says of a session that may go on. */
typedef struct ajr_session_t {
    unsigned char sid[AJR_SID_SIZE];
    apr_uint32_t generation;
    const char *subject;
    const char *client;            /* NULL = none */
    const char *scope;             /* NULL = none */
    json_t *claims;                /* an object, owned by the pool */
    apr_interval_time_t remaining; /* until the session's absolute end */
} ajr_session_t;

/* A login that httpd's provider has agreed to. */
typedef struct ajr_store_open_t {
    const char *login; /* subject_of() turns it into the subject */
    const char *site;  /* "" = none */
    const char *client;
    ajr_form_t form;                  /* not JS1 */
    const unsigned char *secret_hash; /* AJR_SECRET_HASH_SIZE bytes; NULL for
                                         a form without S */
    apr_interval_time_t lifetime;     /* absolute */
    apr_interval_time_t idle;
    const char *user_agent; /* NULL = unknown */
    const char *address;    /* textual IP address, NULL = unknown */
} ajr_store_open_t;

/* A refresh token presented; the same identity serves rotate and logout. */
typedef struct ajr_store_present_t {
    const ajr_grant_t *grant;
    const char *site;
    const char *client;
    const char *subject; /* of a JWT, which has no S: must be the session's;
                            NULL for a form with one */
} ajr_store_present_t;

typedef struct ajr_store_rotate_t {
    ajr_store_present_t present;
    const char *scope; /* wanted, within the session's; NULL = all of it */
    bool rotate;       /* JwtRefreshRotate */
    bool async;        /* JwtDatabaseAsync */
    bool supersede;    /* JwtSupersede: the access tokens traded go, too */
    apr_interval_time_t grace; /* JwtRefreshGrace */
} ajr_store_rotate_t;

/* Opens a session at generation 0. LOGGED_IN; LOGIN_REFUSED
 * (subject_of() knows no such login, or it is no UTF-8), BLOCKED, EXPIRED (its
 * life is over already), UNFIT or DATABASE_*. *detail is for the log, NULL when
 * there is nothing to say. */
ajr_outcome_t ajr_store_open(ajr_session_t **out, const char **detail,
                             const ajr_store_t *store,
                             const ajr_store_open_t *asked, apr_pool_t *pool);

/* One step of rotate() (DESIGN 4). ROTATED, HEALED, CURRENT, REPLAYED: *out is
 * the session with the generation to answer with. Else UNKNOWN, REVOKED,
 * EXPIRED, IDLE, AHEAD, REUSED, BLOCKED, SCOPE_REFUSED, UNFIT or
 * DATABASE_*. */
ajr_outcome_t ajr_store_rotate(ajr_session_t **out, const char **detail,
                               const ajr_store_t *store,
                               const ajr_store_rotate_t *asked,
                               apr_pool_t *pool);

/* Ends the session of a refresh token, whatever its generation. LOGGED_OUT,
 * UNKNOWN, REVOKED (ended before), UNFIT or DATABASE_*. */
ajr_outcome_t ajr_store_logout(const char **detail, const ajr_store_t *store,
                               const ajr_store_present_t *asked,
                               apr_pool_t *pool);

/* Writes down that a refresh token came with an access token that does not
 * belong to it. TOKEN_MISMATCH, UNKNOWN, UNFIT or DATABASE_*. */
ajr_outcome_t ajr_store_mismatch(const char **detail, const ajr_store_t *store,
                                 const ajr_store_present_t *asked,
                                 apr_pool_t *pool);

/* As logout, for a verified access token, which names its session and whose it
 * is. */
ajr_outcome_t ajr_store_logout_sid(const char **detail,
                                   const ajr_store_t *store,
                                   const unsigned char sid[AJR_SID_SIZE],
                                   const char *subject, const char *site,
                                   const char *client, apr_pool_t *pool);

/* What the board cannot say of an access token (standing() in SQL). OK,
 * TOKEN_REVOKED, TOKEN_SUPERSEDED, UNFIT or DATABASE_*. */
ajr_outcome_t ajr_store_standing(const char **detail, const ajr_store_t *store,
                                 const ajr_bearer_t *bearer, apr_pool_t *pool);

#endif
