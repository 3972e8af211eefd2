/* SPDX-License-Identifier: Apache-2.0
 *
 * The wire formats that clients speak: one row each (dialect_<name>.c). A row
 * says where tokens are looked for, what replies and refusals look like, and
 * what its clients expect of rotation.
 */
#ifndef AJR_DIALECT_H
#define AJR_DIALECT_H

#include "grant.h"
#include "mint.h"
#include "outcome.h"
#include "wire.h"

/* Who answers. Handlers that are alike in every dialect are OTHER. */
typedef enum ajr_place_t {
    AJR_PLACE_OTHER,
    AJR_PLACE_API, /* AuthType Bearer */
    AJR_PLACE_LOGIN,
    AJR_PLACE_REFRESH,
    AJR_PLACE_LOGOUT,
    AJR_PLACE_VERIFY,
    AJR_PLACES
} ajr_place_t;

/* Sets of places. */
#define AJR_AT_OTHER (1U << AJR_PLACE_OTHER)
#define AJR_AT_API (1U << AJR_PLACE_API)
#define AJR_AT_LOGIN (1U << AJR_PLACE_LOGIN)
#define AJR_AT_REFRESH (1U << AJR_PLACE_REFRESH)
#define AJR_AT_LOGOUT (1U << AJR_PLACE_LOGOUT)
#define AJR_AT_VERIFY (1U << AJR_PLACE_VERIFY)
#define AJR_AT_HANDLERS (~AJR_AT_API)

/* ---- what is asked ---- */

/* Where a handler looks for a token. */
typedef enum ajr_spot_kind_t {
    AJR_SPOT_END,    /* of a list */
    AJR_SPOT_BEARER, /* Authorization: Bearer */
    AJR_SPOT_QUERY,  /* a parameter of the URL; its value stays out of logs */
    AJR_SPOT_FIELD,  /* a field of the form or JSON body */
    AJR_SPOT_HEADER, /* a request header */
    AJR_SPOT_COOKIE, /* a cookie of that name */
    AJR_SPOT_REFRESH_COOKIE /* the cookie of JwtCookie */
} ajr_spot_kind_t;

typedef struct ajr_spot_t {
    ajr_spot_kind_t kind;
    const char *name; /* NULL where the kind says it all */
} ajr_spot_t;

/* Up to this many places, the last of them AJR_SPOT_END. */
#define AJR_SPOTS 6

/* What one handler reads. The first spot that has something decides: a bad
 * token there is not rescued by a good one elsewhere. */
typedef struct ajr_ask_row_t {
    const char *methods;          /* NULL = the handler's own */
    ajr_spot_t token[AJR_SPOTS];  /* the refresh token */
    ajr_spot_t access[AJR_SPOTS]; /* an access token that must come with it */
    const char
        *grant_type;   /* field that must be `refresh_token`, NULL = none */
    const char *scope; /* field that narrows the scope, NULL = none */
    bool any_body;     /* a body that cannot be read is none */
} ajr_ask_row_t;

/* ---- what is answered ---- */

/* What a login or a refresh gives. NULL strings are left out. */
typedef struct ajr_reply_t {
    const char *access_token;
    apr_int64_t expires_in; /* seconds */
    const char *refresh_token;
    const char *scope;
    bool renewed; /* the client has not had this refresh token before */
} ajr_reply_t;

/* How a field was missing. */
typedef enum ajr_lack_t {
    AJR_LACK_ABSENT,
    AJR_LACK_BLANK,
    AJR_LACK_NULL
} ajr_lack_t;

typedef struct ajr_field_t {
    const char *name;
    ajr_lack_t lack;
} ajr_field_t;

/* What happened, and where; from it a refusal is made. */
typedef struct ajr_incident_t {
    ajr_outcome_t outcome;
    ajr_place_t place;
    const char *text;   /* of JwtErrorText, NULL = the dialect's */
    const char *method; /* of the request, NULL = unknown */
    const apr_array_header_t *fields; /* ajr_field_t missing, NULL = none */
    bool explains; /* JwtReplyHeader: laravel's middlewares say why */
} ajr_incident_t;

/* The refusal: all that goes over the wire but the realm. */
typedef struct ajr_refusal_t {
    int status;
    const char *error;       /* the word for programs, NULL = none */
    const char *text;        /* the sentence for people */
    const char *description; /* the same, fit for a challenge (RFC 6750 3) */
    bool page;               /* text alone as text/html, instead of JSON */
    bool challenged;         /* with a challenge: .. */
    bool realm_alone;        /* .. of the realm and nothing else */
} ajr_refusal_t;

/* One line of a dialect's table of refusals. Each column on the right is taken
 * from the first line that fits the incident and has it; what no line has is
 * the outcome's own. */
typedef struct ajr_refusal_row_t {
    unsigned places;       /* AJR_AT_* */
    ajr_outcome_t outcome; /* AJR_OK = every one .. */
    int of;                /* .. whose own status this is, 0 = any */
    int status;            /* sent instead; 0 = unchanged. Never for 5xx */
    const char *error;     /* NULL = unchanged */
    const char *text;      /* NULL = unchanged */
    bool page;             /* text/html; not at AJR_PLACE_API */
} ajr_refusal_row_t;

typedef struct ajr_dialect_t {
    const char *name;           /* as JwtDialect takes it */
    const char *access_type;    /* `typ` of the access tokens minted .. */
    ajr_mint_style_t style;     /* .. and their claims */
    const char *const *demands; /* claims without which no token is taken, and
                                   times are whole; NULL = as configured */
    const char *pinned; /* a claim that tokens may lack, but not have other than
                           JwtMintClaim gives it; NULL = none */
    ajr_form_t form;    /* of the sessions that its logins open */
    bool rotates;       /* what JwtRefreshRotate Dialect means */
    bool supersedes;    /* what JwtSupersede Dialect means */
    bool cookie;        /* the refresh token travels in JwtCookie alone */
    bool forgives;      /* logout says yes to tokens that mean nothing */
    bool tags;          /* the word in a refusal is the outcome's tag */
    int ended;          /* status of a logout */
    unsigned pages;     /* where JwtLoginPage is obeyed: AJR_AT_* */
    unsigned realms;    /* handlers whose 401 has a challenge: AJR_AT_* */
    bool realm_alone;   /* challenges have no error and no description */
    ajr_ask_row_t asks[AJR_PLACES];    /* by place */
    const ajr_refusal_row_t *refusals; /* ends with places 0 */

    json_t *(*reply)(const ajr_reply_t *reply);
    /* The body of a refusal. */
    json_t *(*refusal)(const ajr_refusal_t *refusal,
                       const ajr_incident_t *incident);
    /* The body of a logout that went well, NULL = empty. */
    json_t *(*goodbye)(const char *text);
} ajr_dialect_t;

/* The row of that name, NULL when there is none; NULL asks for the default,
 * oauth2. */
const ajr_dialect_t *ajr_dialect_find(const char *name);

/* The names, for messages: "oauth2, express". */
const char *ajr_dialect_names(apr_pool_t *pool);

/* What an incident becomes in a dialect. A 5xx stays what it is: trouble is
 * never told as a refusal. */
ajr_refusal_t ajr_dialect_refuse(const ajr_dialect_t *dialect,
                                 const ajr_incident_t *incident);

#endif
