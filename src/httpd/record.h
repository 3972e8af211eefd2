/* SPDX-License-Identifier: Apache-2.0
 *
 * What one request has become so far.
 */
#ifndef AJR_RECORD_H
#define AJR_RECORD_H

#include "module.h"
#include "policy.h"

typedef struct ajr_handler_t ajr_handler_t;

/* A refusal of AuthType Bearer, for the page that tells it. */
typedef struct ajr_refused_t {
    const ajr_dialect_t *dialect;
    ajr_incident_t incident;
    int status;            /* sent */
    const char *challenge; /* NULL = none */
} ajr_refused_t;

/* Lives in the pool of its request. */
typedef struct ajr_record_t {
    bool judged;                  /* the token held; the next three are set */
    ajr_bytes_t token;            /* the access token presented; empty = none */
    const char *scheme;           /* "Bearer" or "Basic": what brought it */
    apr_uint64_t places;          /* bit i: in JwtSource i .. */
    const ajr_dir_conf_t *placed; /* .. of this scope */
    const char *credentials;      /* the header of Basic, NULL = not by it */
    const ajr_jwt_t *jwt;         /* the same verified, NULL = not */
    const char *subject;          /* of jwt */
    const ajr_dir_conf_t *conf;   /* that jwt was judged by */
    const char **texts;           /* of its JwtExports, NULL = not there */
    bool granted;                 /* and it was enough */
    struct ajr_record_t *handed;  /* a token to talk about, NULL = none */
    bool authorizing;             /* guard of the authorization passes */
    bool undecided;               /* the verdict without a token is void */
    const char *scopes;           /* wanted and not there, NULL = none */
    const struct ajr_record_t *below; /* granted in a sub-request .. */
    const ap_conf_vector_t *section;  /* .. of this configuration */
    const ajr_refused_t *refused;     /* for its error page, NULL = none */
    const ajr_handler_t *handler; /* claimed by translate_name, NULL = none */
    bool asking;                  /* httpd's Basic is looking for a provider */
    unsigned asked;               /* providers bearer so far */
    ajr_outcome_t password;       /* what they said to it */
    bool tokenless;               /* another provider of Basic has let it in */
    const char *detail;           /* for the log line, NULL = none */
    const unsigned char *sid;     /* session the request named, NULL = none */
    apr_array_header_t *missing;  /* ajr_field_t, NULL = none */
    const char *cookies; /* header before refresh cookies left, NULL = same */
} ajr_record_t;

/* The record of this request, made when it is first asked for. */
ajr_record_t *ajr_record(request_rec *r);

/* The same, NULL when nobody has asked yet. */
ajr_record_t *ajr_record_peek(const request_rec *r);

/* Another one, kept as `handed`, for a token that a handler was handed: what
 * it says is nothing about who hands it in. */
ajr_record_t *ajr_record_handed(request_rec *r, ajr_bytes_t token);

#endif
