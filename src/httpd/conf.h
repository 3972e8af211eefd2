/* SPDX-License-Identifier: Apache-2.0
 *
 * What the administrator said. Both structures are filled while the
 * configuration is read, as root, and are read-only afterwards, but for the
 * `runtime` part of the server's, which child_init sets.
 */
#ifndef AJR_CONF_H
#define AJR_CONF_H

#include <ap_expr.h>
#include <apr_time.h>
#include <httpd.h>
#include <http_config.h>
#include <mod_auth.h>

#include "cache.h"
#include "passwords.h"
#include "claim.h"
#include "cookie.h"
#include "dialect.h"
#include "jwks_file.h"
#include "key.h"
#include "limit.h"
#include "store.h"

#define AJR_CHOICE_OFF 0
#define AJR_CHOICE_ON 1
#define AJR_CHOICE_DIALECT 2

#define AJR_IAT_ORIGINAL 0
#define AJR_IAT_NOW 1

/* What an AuthBasicProvider lists. */
#define AJR_BASIC_BEARERS 0xffU /* how many are ours, or aliases of it */
#define AJR_BASIC_OTHERS 0x100U

typedef struct ajr_tally_t ajr_tally_t;

/* One JwtExport: at least one of env and header is set. */
typedef struct ajr_export_t {
    const ajr_claim_t *claim;
    const char *env;
    const char *header;
} ajr_export_t;

/* One JwtKeySet, and the server whose log it writes to. */
typedef struct ajr_key_file_t {
    ajr_jwks_file_t *file;
    server_rec *server;
} ajr_key_file_t;

/* One JwtMintClaim: a value or an expression of text. */
typedef struct ajr_mint_claim_t {
    const char *name;
    json_t *value;
    const ap_expr_info_t *expression;
} ajr_mint_claim_t;

/* One JwtReplyField. */
typedef struct ajr_reply_field_t {
    const char *name;
    const ajr_claim_t *claim;
} ajr_reply_field_t;

/* One place of JwtSource. */
typedef struct ajr_source_t {
    enum { AJR_SOURCE_HEADER, AJR_SOURCE_COOKIE, AJR_SOURCE_QUERY } kind;
    const char *name; /* of the cookie or parameter */
} ajr_source_t;

/* One JwtLoginProvider. */
typedef struct ajr_login_provider_t {
    const char *name;
    const authn_provider *provider;
} ajr_login_provider_t;

/* JwtLoginFields. */
typedef struct ajr_login_fields_t {
    const char *user;
    const char *password;
} ajr_login_fields_t;

/* One JwtErrorText. */
typedef struct ajr_error_text_t {
    ajr_outcome_t outcome;
    const char *text;
} ajr_error_text_t;

/* JwtRevocation. */
typedef struct ajr_revocation_t {
    bool on;
    bool open;                 /* without news tokens are accepted */
    apr_interval_time_t stale; /* how long without news is none */
} ajr_revocation_t;

/* In force when nothing is said. */
static inline const ajr_revocation_t *ajr_revocation_default(void)
{
    static const ajr_revocation_t revocation = {
        .on = true, .open = false, .stale = apr_time_from_sec(60)};

    return &revocation;
}

/* The C type of each kind, and what stands for "not said here". */
#define AJR_TYPE_DURATION apr_interval_time_t
#define AJR_TYPE_LIFETIME apr_interval_time_t
#define AJR_TYPE_FLAG int
#define AJR_TYPE_NUMBER int
#define AJR_TYPE_COUNT int
#define AJR_TYPE_REVOCATION const ajr_revocation_t *
#define AJR_TYPE_CHOICE int
#define AJR_TYPE_IAT int
#define AJR_TYPE_TEXT const char *
#define AJR_TYPE_TEXT_OR_NONE const char *
#define AJR_TYPE_CONNINFO const char *
#define AJR_TYPE_SCHEMA const char *
#define AJR_TYPE_DIALECT const ajr_dialect_t *
#define AJR_TYPE_RATE const ajr_rate_t *
#define AJR_TYPE_FIELDS const ajr_login_fields_t *
#define AJR_TYPE_LIST apr_array_header_t * /* const char * */
#define AJR_TYPE_LIST_OR_ANY AJR_TYPE_LIST
#define AJR_TYPE_LIST_OR_NONE AJR_TYPE_LIST
#define AJR_TYPE_KEYS ajr_keyset_t *               /* const ajr_key_t * */
#define AJR_TYPE_KEY_FILES apr_array_header_t *    /* ajr_key_file_t */
#define AJR_TYPE_REFRESH_KEYS apr_array_header_t * /* ajr_grant_key_t * */
#define AJR_TYPE_EXPORTS apr_array_header_t *      /* ajr_export_t */
#define AJR_TYPE_REPLY_FIELDS apr_array_header_t * /* ajr_reply_field_t */
#define AJR_TYPE_MINT_CLAIMS apr_array_header_t *  /* ajr_mint_claim_t */
#define AJR_TYPE_SOURCES apr_array_header_t *      /* ajr_source_t */
#define AJR_TYPE_PROVIDERS apr_array_header_t *    /* ajr_login_provider_t */
#define AJR_TYPE_ERROR_TEXTS apr_array_header_t *  /* ajr_error_text_t */
#define AJR_TYPE_URL const char *
#define AJR_TYPE_COOKIE const ajr_cookie_t *
#define AJR_TYPE_ORIGINS apr_array_header_t * /* const char * */

#define AJR_UNSET_DURATION (-1)
#define AJR_UNSET_LIFETIME (-1)
#define AJR_UNSET_FLAG (-1)
#define AJR_UNSET_NUMBER (-1)
#define AJR_UNSET_COUNT (-1)
#define AJR_UNSET_REVOCATION NULL
#define AJR_UNSET_CHOICE (-1)
#define AJR_UNSET_IAT (-1)
#define AJR_UNSET_TEXT NULL
#define AJR_UNSET_TEXT_OR_NONE NULL
#define AJR_UNSET_CONNINFO NULL
#define AJR_UNSET_SCHEMA NULL
#define AJR_UNSET_DIALECT NULL
#define AJR_UNSET_RATE NULL
#define AJR_UNSET_FIELDS NULL
#define AJR_UNSET_LIST NULL
#define AJR_UNSET_LIST_OR_ANY NULL
#define AJR_UNSET_LIST_OR_NONE NULL
#define AJR_UNSET_KEYS NULL
#define AJR_UNSET_KEY_FILES NULL
#define AJR_UNSET_REFRESH_KEYS NULL
#define AJR_UNSET_EXPORTS NULL
#define AJR_UNSET_REPLY_FIELDS NULL
#define AJR_UNSET_MINT_CLAIMS NULL
#define AJR_UNSET_SOURCES NULL
#define AJR_UNSET_PROVIDERS NULL
#define AJR_UNSET_ERROR_TEXTS NULL
#define AJR_UNSET_URL NULL
#define AJR_UNSET_COOKIE NULL
#define AJR_UNSET_ORIGINS NULL

typedef struct ajr_dir_conf_t {
#define AJR_MEMBER_DIR(kind, member) AJR_TYPE_##kind member;
#define AJR_MEMBER_SERVER(kind, member)
#define ROW(scope, kind, member, directive, dflt, where, help) \
    AJR_MEMBER_##scope(kind, member)
#include "directives.def"
#undef ROW
#undef AJR_MEMBER_DIR
#undef AJR_MEMBER_SERVER

    unsigned basic; /* AJR_BASIC_*, of httpd's AuthBasicProvider; 0 = unset */
} ajr_dir_conf_t;

/* Sessions whose last token_mismatch a child remembers. */
#define AJR_MISMATCHES 256

/* What one child process remembers; made by child_init. */
typedef struct ajr_child_t {
    ajr_cache_t *cache; /* of verified tokens, NULL = none */
    ajr_passwords_t passwords;
    apr_uint32_t mismatches[AJR_MISMATCHES]; /* reported lately: atomic */
} ajr_child_t;

typedef struct ajr_server_conf_t {
#define AJR_MEMBER_DIR(kind, member)
#define AJR_MEMBER_SERVER(kind, member) AJR_TYPE_##kind member;
#define ROW(scope, kind, member, directive, dflt, where, help) \
    AJR_MEMBER_##scope(kind, member)
#include "directives.def"
#undef ROW
#undef AJR_MEMBER_DIR
#undef AJR_MEMBER_SERVER

    /* Headers that some JwtExport of this server writes: const char *. */
    apr_array_header_t *exported_headers;

    /* Cookies that some JwtCookie of this server is: const char *. */
    apr_array_header_t *refresh_cookies;

    /* Query parameters that hold tokens in some scope of it: const char *. */
    apr_array_header_t *token_parameters;

    /* The server's log levels while httpd's modules judge what we report. */
    const struct ap_logconf *hushed;

    /* Every JwtKeySet in this server, in whatever scope: ajr_key_file_t. */
    apr_array_header_t *key_files;

    /* Where this server's handlers are: ajr_endpoint_t; by check_config. */
    apr_array_header_t *endpoints;

    apr_array_header_t *warnings; /* const char *; NULL = none */

    /* What all children of all servers share; by post_config. */
    ajr_limit_t *logins;
    ajr_tally_t *tally;

    /* The longest life of an access token that a scope of this server, or of
     * the one it inherits from, gives or allows; 0 = none says so. */
    apr_interval_time_t longest;

    struct ajr_shared_board_t *board; /* by post_config; NULL = no database */

    ajr_store_t store; /* filled by post_config; its pool by child_init */

    ajr_child_t *child;           /* one for all servers of a child */
    apr_uint32_t plain_http_told; /* of a Secure cookie, in a child */
    apr_uint32_t trouble_logged;  /* second of the last ERR line, in a child */
    apr_uint32_t storm_logged;    /* the same of what a storm of logins makes */
} ajr_server_conf_t;

/* ajr_conf_<member>(dir conf) and ajr_server_<member>(server conf): the value
 * in force, or the default. */
#define AJR_GETTER_DIR(kind, member, dflt)                                   \
    static inline AJR_TYPE_##kind ajr_conf_##member(const ajr_dir_conf_t *c) \
    {                                                                        \
        return c->member == AJR_UNSET_##kind ? (dflt) : c->member;           \
    }
#define AJR_GETTER_SERVER(kind, member, dflt)                      \
    static inline AJR_TYPE_##kind ajr_server_##member(             \
        const ajr_server_conf_t *c)                                \
    {                                                              \
        return c->member == AJR_UNSET_##kind ? (dflt) : c->member; \
    }
#define ROW(scope, kind, member, directive, dflt, where, help) \
    AJR_GETTER_##scope(kind, member, dflt)
#include "directives.def"
#undef ROW
#undef AJR_GETTER_DIR
#undef AJR_GETTER_SERVER

/* The module record's members. */
void *ajr_dir_conf_create(apr_pool_t *pconf, char *path);
void *ajr_dir_conf_merge(apr_pool_t *pool, void *parent, void *child);
void *ajr_server_conf_create(apr_pool_t *pconf, server_rec *s);
void *ajr_server_conf_merge(apr_pool_t *pconf, void *parent, void *child);
extern const command_rec ajr_commands[];

/* Whether two scopes judge alike: each directive has the same value. */
bool ajr_dir_conf_same(const ajr_dir_conf_t *a, const ajr_dir_conf_t *b);

/* Whether there is something to judge tokens by in this scope. */
bool ajr_conf_has_keys(const ajr_dir_conf_t *conf);

/* The issuer of what is minted in this scope, NULL = none. */
const char *ajr_conf_issuer(const ajr_dir_conf_t *conf);

/* Whether refreshes rotate in this scope. */
bool ajr_conf_rotates(const ajr_dir_conf_t *conf);

/* Whether an access token that was traded stops working in this scope. */
bool ajr_conf_supersedes(const ajr_dir_conf_t *conf);

/* Logs what was worth a warning when the configuration of these servers was
 * read. */
void ajr_conf_warn(server_rec *first);

/* Keeps a warning for ajr_conf_warn(). */
void ajr_conf_note(ajr_server_conf_t *conf, apr_pool_t *pconf,
                   const char *warning);

#endif
