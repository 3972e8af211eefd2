/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this layer share: the module record, the record of a
 * request, and the functions that mod_auth_jwt_refresh.c hooks into httpd.
 */
#ifndef AJR_MODULE_H
#define AJR_MODULE_H

#include <ap_expr.h>
#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

#include <apr_strings.h>

#include "conf.h"
#include "policy.h"

/* The one symbol that the shared object exports. */
extern module AP_MODULE_DECLARE_DATA auth_jwt_refresh_module
    __attribute__((visibility("default")));
APLOG_USE_MODULE(auth_jwt_refresh);

typedef struct ajr_handler_t ajr_handler_t;

/* A refusal of AuthType Bearer, for the page that tells it. */
typedef struct ajr_refused_t {
    const ajr_dialect_t *dialect;
    ajr_incident_t incident;
    int status;            /* sent */
    const char *challenge; /* NULL = none */
} ajr_refused_t;

/* What one request has become so far; lives in its pool. */
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

static inline ajr_dir_conf_t *ajr_dir_conf(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &auth_jwt_refresh_module);
}

static inline ajr_server_conf_t *ajr_server_conf(server_rec *s)
{
    return ap_get_module_config(s->module_config, &auth_jwt_refresh_module);
}

/* The record of this request, made when it is first asked for. */
ajr_record_t *ajr_record(request_rec *r);

/* The same, NULL when nobody has asked yet. */
ajr_record_t *ajr_record_peek(const request_rec *r);

/* Another one, kept as `handed`, for a token that a handler was handed: what
 * it says is nothing about who hands it in. */
ajr_record_t *ajr_record_handed(request_rec *r, ajr_bytes_t token);

/* Whether this AuthType is ours. */
bool ajr_authn_ours(const char *auth_type);

/* Whether a token is asked for here: by AuthType Bearer, or by AuthType Basic
 * with the provider bearer. */
bool ajr_authn_asks(request_rec *r);

/* source.c: where a token may sit. OK, TOKEN_MISSING, TOKEN_AMBIGUOUS or
 * TOKEN_MALFORMED; *token is empty unless OK. Bit i of *places: something was
 * in source i of this scope (of 64 at most). take() also strips: removes it
 * from the request where JwtStrip of this scope says so. accepts(): whether
 * one of the places `there` is a JwtSource `here` too. */
ajr_outcome_t ajr_source_find(ajr_bytes_t *token, apr_uint64_t *places,
                              request_rec *r);
ajr_outcome_t ajr_source_take(ajr_bytes_t *token, apr_uint64_t *places,
                              request_rec *r);
bool ajr_source_accepts(const ajr_dir_conf_t *here, apr_uint64_t places,
                        const ajr_dir_conf_t *there);

/* Whether these places of a scope are cookies, all of them. */
bool ajr_source_by_cookie(const ajr_dir_conf_t *conf, apr_uint64_t places);
void ajr_source_strip(request_rec *r);

/* What stands behind `Authorization: Bearer`, NULL when there is no such. */
const char *ajr_source_bearer(const request_rec *r);
int ajr_source_redact(request_rec *r);
int ajr_source_redact_log(request_rec *r);

/* preflight.c: OK for a preflight that JwtPreflight admits, a status for one
 * that httpd refuses, DECLINED for everything else. */
int ajr_preflight_admit(request_rec *r);

/* authn.c: the access pipeline. */
int ajr_authn_check(request_rec *r);
int ajr_authn_note_failure(request_rec *r, const char *auth_type);

/* Whether a token that is presented to be traded holds; of its session the
 * database is asked. _expired: exp may have passed. */
ajr_outcome_t ajr_authn_judge(const ajr_jwt_t **jwt, const char **subject,
                              ajr_bytes_t token, request_rec *r,
                              apr_pool_t *pool);
ajr_outcome_t ajr_authn_judge_expired(const ajr_jwt_t **jwt,
                                      const char **subject, ajr_bytes_t token,
                                      request_rec *r, apr_pool_t *pool);

/* The same for a JWT that is a refresh token of simplejwt and nothing else. */
#define AJR_TOKEN_TYPE_REFRESH "refresh"
ajr_outcome_t ajr_authn_judge_refresh(const ajr_jwt_t **jwt,
                                      const char **subject, ajr_bytes_t token,
                                      request_rec *r, apr_pool_t *pool);

/* What must be configured before a token can be judged, NULL = nothing. */
const char *ajr_authn_incomplete(request_rec *r, const ajr_dir_conf_t *conf);

/* Judges record->token by the policy of this scope, where a verdict that was
 * made on the way here is taken over, and asks whether it was revoked. */
ajr_outcome_t ajr_authn_judge_record(request_rec *r, ajr_record_t *record);

/* The record of the nearest request before this one that had a token. */
const ajr_record_t *ajr_authn_before(const request_rec *r);

/* The token holds: this request has its user. */
void ajr_authn_accept(request_rec *r, ajr_record_t *record);

/* basic.c: the authn provider bearer, a token as the password of Basic. */
#define AJR_BASIC_PROVIDER "bearer"
void ajr_basic_register(apr_pool_t *pconf);
int ajr_basic_check(request_rec *r);
void ajr_basic_strip(request_rec *r, const ajr_record_t *record);

/* revocation.c: OK, TOKEN_REVOKED, TOKEN_SUPERSEDED, REVOCATION_STALE, or what
 * PostgreSQL said where it had to be asked, for the token that record says
 * holds. */
ajr_outcome_t ajr_revocation_judge(request_rec *r, ajr_record_t *record);

/* authz.c: httpd's authorization before and after the token is known, and the
 * 403 of a token that is good but not enough. */
int ajr_authz_before(request_rec *r);
int ajr_authz_force(request_rec *r);
int ajr_authz_after(request_rec *r);
/* The request's log levels without what httpd's modules say of each refusal. */
const struct ap_logconf *ajr_authz_hushed(request_rec *r);
int ajr_authz_prepare(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                      server_rec *s);

/* require.c: the providers of Require bearer-scope and bearer-claim. */
void ajr_require_register(apr_pool_t *pconf);

/* expr.c: jwt_claim() of ap_expr. */
int ajr_expr_find(ap_expr_lookup_parms *parms);

/* identity.c: scrub what clients must not say, publish what we know. */
/* Whether two header names are one to some backend. */
bool ajr_identity_same_header(const char *a, const char *b);
int ajr_identity_scrub(request_rec *r);
int ajr_identity_fixup(request_rec *r);

/* What the token granted here, or on the way here, says in the environment
 * and, once it was enough, in request headers. */
void ajr_identity_publish(request_rec *r, const ajr_record_t *record);

/* The record of the token that speaks for this request: its own, or that of
 * the request which was redirected here. NULL when there is none, or it was
 * refused. */
const ajr_record_t *ajr_identity_find(const request_rec *r);

/* Lets the request that asked for this one know who was granted it:
 * DirectoryIndex makes of a sub-request the answer, and forgets its user. */
void ajr_identity_hand_up(const request_rec *r, const ajr_record_t *record);
void ajr_identity_forget_below(const request_rec *r);

/* The first request of a chain of sub-requests and redirects. */
const request_rec *ajr_identity_top(const request_rec *r);

/* respond.c: an outcome -> status, challenge, body, the one log line, in the
 * dialect of the scope. access() is for AuthType Bearer, the others for
 * handlers; empty() sends `status`, and what the outcome says is logged. */
void ajr_respond_challenge(request_rec *r, ajr_outcome_t outcome);
int ajr_respond_access(request_rec *r, ajr_outcome_t outcome);
int ajr_respond_refusal(request_rec *r, ajr_outcome_t outcome);
int ajr_respond_json(request_rec *r, ajr_outcome_t outcome, json_t *body);
int ajr_respond_empty(request_rec *r, ajr_outcome_t outcome, int status);

/* httpd turned the client of a handler away: its error page says invalid_client. */
void ajr_respond_client(request_rec *r);

/* What a logout answers that went well, or that is not told how it went. */
int ajr_respond_goodbye(request_rec *r, ajr_outcome_t outcome);

/* login_page.c: JwtLoginPage. The URL to send this request to instead of a
 * refusal, NULL = none. */
const char *ajr_login_page(request_rec *r, ajr_place_t place,
                           ajr_outcome_t outcome);

/* refusal.c: the body of a refusal of AuthType Bearer, for this request and for
 * those it is a part of. */
void ajr_refusal_note(const request_rec *r, const ajr_refused_t *refused);
void ajr_refusal_render(request_rec *r);
void ajr_refusal_register(void);

/* log.c: the one line of a request that we ended. */
void ajr_log_outcome(request_rec *r, ajr_outcome_t outcome);

/* handler.c: SetHandler jwt-*, claimed before anything is mapped to disk. What
 * a handler needs of the configuration: */
#define AJR_NEEDS_SESSIONS 1U /* JwtDatabase and JwtRefreshKey */
#define AJR_NEEDS_SIGNER 2U   /* a JwtKey that can sign */
#define AJR_NEEDS_LOGIN 4U    /* a JwtLoginProvider */
#define AJR_NEEDS_ISSUER 8U   /* a JwtIssuer that RFC 8414 allows */
struct ajr_handler_t {
    const char *name;
    const char *methods; /* for Allow; a dialect may have others */
    unsigned needs;      /* AJR_NEEDS_* */
    int (*run)(request_rec *r);
    ajr_place_t place; /* of the dialects' tables */
    bool paged;        /* pages ask it, those of JwtOrigin too */
};
int ajr_handler_claim(request_rec *r);
int ajr_handler_unmapped(request_rec *r);
int ajr_handler_run(request_rec *r);
const ajr_handler_t *ajr_handler_find(const char *name);
const char *ajr_handler_names(apr_pool_t *pool);

/* The methods that the handler of this request takes here, for Allow. */
const char *ajr_handler_methods(request_rec *r);

/* What its dialect says of the handler that was claimed for this request. */
const ajr_ask_row_t *ajr_handler_row(request_rec *r);

/* What a handler lacks in a configuration, NULL = nothing. */
const char *ajr_handler_missing(const ajr_dir_conf_t *conf,
                                const ajr_server_conf_t *server,
                                const ajr_handler_t *handler);

/* The client id that httpd's own authentication of a handler's Location gave;
 * NULL when there is none. */
const char *ajr_handler_client(request_rec *r);

/* lifecycle.c */
/* post_config: the stores, and what the children of this host share. */
int ajr_lifecycle_share(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                        server_rec *s);

/* child_init: connections for each distinct database, the cache of verified
 * tokens, and what the child knows of passwords. */
void ajr_lifecycle_child(apr_pool_t *pchild, server_rec *s);

/* login_limit.c, post_config: what all children know of failed logins. */
int ajr_login_limit_share(apr_pool_t *pconf, apr_pool_t *plog,
                          apr_pool_t *ptemp, server_rec *s);

/* tally.c: how often requests ended in each way. */
int ajr_tally_share(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                    server_rec *s);
void ajr_tally_count(ajr_tally_t *tally, ajr_outcome_t outcome);
apr_uint64_t ajr_tally_read(const ajr_tally_t *tally, ajr_outcome_t outcome);
/* janitor.c: child_init, once there are connections: the threads that keep the
 * boards, one for each of them. */
void ajr_janitor_start(apr_pool_t *pchild, server_rec *first);

/* key_files.c: JwtKeySet. The keys that judge in a scope (NULL = none is
 * configured), and their number: no other keys of this process have it. What
 * came of a file stays in memory until the pool goes. */
const ajr_keyset_t *ajr_keys_judging(apr_uint64_t *number,
                                     const ajr_dir_conf_t *conf,
                                     apr_pool_t *pool);
void ajr_key_files_check(apr_pool_t *ptemp, server_rec *s);

/* login.c refresh.c logout.c introspect.c verify.c sessions.c keys.c metadata.c status.c:
 * one handler each. */
int ajr_login_run(request_rec *r);
int ajr_refresh_run(request_rec *r);
int ajr_logout_run(request_rec *r);
int ajr_introspect_run(request_rec *r);
int ajr_verify_run(request_rec *r);
int ajr_sessions_run(request_rec *r);
int ajr_keys_run(request_rec *r);
int ajr_metadata_run(request_rec *r);
int ajr_status_run(request_rec *r);

/* Whether the issuer of a scope can be published (RFC 8414 2). */
bool ajr_metadata_issuer_fits(const ajr_dir_conf_t *conf);

#endif
