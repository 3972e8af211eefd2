/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking at sessions: of a token (RFC 7662), and those of one's own.
 */
#ifndef AJR_INSPECT_H
#define AJR_INSPECT_H

#include "store.h"

/* A token somebody asks about: a refresh token, or a verified access token,
 * which names a session. */
typedef struct ajr_store_introspect_t {
    const unsigned char *sid;
    const ajr_grant_t *grant; /* NULL: an access token */
    const char *subject;      /* of a JWT, NULL = unknown */
    const char *site;
    apr_interval_time_t grace; /* JwtRefreshGrace */
} ajr_store_introspect_t;

typedef struct ajr_inspected_t {
    const char *subject;
    const char *client; /* NULL = none */
    const char *scope;  /* NULL = none */
    apr_time_t created;
    apr_time_t expires;
} ajr_inspected_t;

/* What rotate() would say, without writing. OK and *out, or its refusals,
 * UNFIT or DATABASE_*. */
ajr_outcome_t ajr_store_introspect(ajr_inspected_t **out, const char **detail,
                                   const ajr_store_t *store,
                                   const ajr_store_introspect_t *asked,
                                   apr_pool_t *pool);

/* One of somebody's sessions. NULL = unknown, or none. */
typedef struct ajr_own_session_t {
    const char *sid;
    const char *user_agent;
    const char *address;
    const char *client;
    apr_time_t created;
    apr_time_t used;
    apr_time_t expires;
    bool current;
} ajr_own_session_t;

/* The sessions on this site of the subject that has session sid, that one
 * first: const ajr_own_session_t. OK; UNKNOWN: sid is not live here;
 * DATABASE_*. */
ajr_outcome_t ajr_store_own_list(apr_array_header_t **out, const char **detail,
                                 const ajr_store_t *store,
                                 const unsigned char sid[AJR_SID_SIZE],
                                 const char *subject, const char *site,
                                 apr_pool_t *pool);

/* Ends one of these, or (which = NULL) all but sid; *ended = how many that
 * were. LOGGED_OUT; UNKNOWN: sid is not live here; UNFIT or DATABASE_*. */
ajr_outcome_t ajr_store_own_end(apr_int64_t *ended, const char **detail,
                                const ajr_store_t *store,
                                const unsigned char sid[AJR_SID_SIZE],
                                const char *subject, const char *site,
                                const unsigned char *which, apr_pool_t *pool);

#endif
