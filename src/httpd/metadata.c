/* SPDX-License-Identifier: Apache-2.0
 *
 * SetHandler jwt-metadata: what an OAuth client can find out by itself
 * (RFC 8414). Published is what this server's Locations show: an endpoint
 * stands at the origin of the issuer, for that is what its clients believe.
 */
#include "authn.h"
#include "document.h"
#include "endpoint.h"
#include "handler.h"

#include <string.h>

#define ORIGIN "https://"

/* What a handler is in the document. Its methods of authentication: NULL where
 * there is nothing to authenticate for. */
typedef struct member_t {
    const char *handler;
    const char *url;
    const char *methods;
    bool oauth2; /* no such endpoint unless the dialect is oauth2 */
} member_t;

static const member_t members[] = {
    {"jwt-refresh", "token_endpoint", "token_endpoint_auth_methods_supported",
     true},
    {"jwt-logout", "revocation_endpoint",
     "revocation_endpoint_auth_methods_supported", true},
    {"jwt-introspect", "introspection_endpoint",
     "introspection_endpoint_auth_methods_supported", false},
    {"jwt-keys", "jwks_uri", NULL, false},
};

/* RFC 8414 2 */
bool ajr_metadata_issuer_fits(const ajr_dir_conf_t *conf)
{
    const char *issuer = ajr_conf_issuer(conf);

    return issuer != NULL && strncmp(issuer, ORIGIN, strlen(ORIGIN)) == 0 &&
           issuer[strlen(ORIGIN)] != '\0' && issuer[strlen(ORIGIN)] != '/' &&
           strpbrk(issuer, "?#@ ") == NULL;
}

/* The first endpoint of that kind whose tokens have this issuer. */
static const ajr_endpoint_t *
endpoint_find(request_rec *r, const member_t *member, const char *issuer)
{
    const apr_array_header_t *endpoints = ajr_server_conf(r->server)->endpoints;
    int i;

    for (i = 0; i < endpoints->nelts; i++) {
        const ajr_endpoint_t *endpoint =
            &APR_ARRAY_IDX(endpoints, i, const ajr_endpoint_t);
        const ajr_dir_conf_t *conf = ajr_endpoint_conf(endpoint);
        const char *theirs = ajr_conf_issuer(conf);

        if (strcmp(endpoint->handler->name, member->handler) == 0 &&
            theirs != NULL && strcmp(theirs, issuer) == 0 &&
            (!member->oauth2 ||
             ajr_conf_dialect(conf) == ajr_dialect_find(NULL))) {
            return endpoint;
        }
    }
    return NULL;
}

/* RFC 8414 2: absent would mean client_secret_basic. */
static json_t *methods_of(const ajr_endpoint_t *endpoint, request_rec *r)
{
    const char *auth_type = ajr_endpoint_auth_type(endpoint, r);

    if (auth_type == NULL) {
        return json_pack("[s]", "none");
    }
    if (ap_cstr_casecmp(auth_type, "Basic") == 0) {
        return json_pack("[s]", "client_secret_basic");
    }
    return ajr_authn_ours(auth_type) ? json_pack("[s]", "Bearer")
                                     : json_array();
}

static bool put_endpoint(json_t *document, request_rec *r,
                         const member_t *member, const char *issuer)
{
    const ajr_endpoint_t *endpoint = endpoint_find(r, member, issuer);
    const char *host = issuer + strlen(ORIGIN);
    const char *url;

    if (endpoint == NULL) {
        return true;
    }
    url = apr_pstrcat(r->pool, ORIGIN,
                      apr_pstrndup(r->pool, host, strcspn(host, "/")),
                      ap_os_escape_path(r->pool, endpoint->path, 1), NULL);
    return json_object_set_new(document, member->url, json_string(url)) == 0 &&
           (member->methods == NULL ||
            json_object_set_new(document, member->methods,
                                methods_of(endpoint, r)) == 0);
}

/* There is no authorization endpoint, hence no response type; the member is
 * required all the same. */
static json_t *document_make(request_rec *r)
{
    const char *issuer = ajr_conf_issuer(ajr_dir_conf(r));
    json_t *document = ajr_json_own(
        json_pack("{ss, s[]}", "issuer", issuer, "response_types_supported"),
        r->pool);
    bool good = issuer != NULL && document != NULL;
    size_t i;

    for (i = 0; good && i < sizeof(members) / sizeof(members[0]); i++) {
        good = put_endpoint(document, r, &members[i], issuer);
    }
    if (good && json_object_get(document, members[0].url) != NULL) {
        good = json_object_set_new(document, "grant_types_supported",
                                   json_pack("[s]", "refresh_token")) == 0;
    }
    return good ? document : NULL;
}

int ajr_metadata_run(request_rec *r)
{
    return ajr_document_send(r, document_make(r), "application/json");
}
