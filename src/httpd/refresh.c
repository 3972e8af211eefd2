/* SPDX-License-Identifier: Apache-2.0
 *
 * SetHandler jwt-refresh: parse what is asked -> check the MAC -> rotate, one
 * round trip -> mint -> reply.
 */
#include "body.h"
#include "tokens.h"

#include <string.h>

typedef struct refresh_ask_t {
    const char *token;
    const char *scope; /* NULL: what the session has */
} refresh_ask_t;

/* RFC 6749 6 */
static ajr_outcome_t ask_read(refresh_ask_t *ask, request_rec *r)
{
    const char *grant_type = NULL;
    ajr_body_t body;
    ajr_outcome_t outcome = ajr_body_read(&body, r);

    if (outcome == AJR_OK) {
        outcome = ajr_body_needs(&grant_type, &body, "grant_type");
    }
    if (outcome == AJR_OK && strcmp(grant_type, "refresh_token") != 0) {
        return AJR_GRANT_TYPE_REFUSED;
    }
    if (outcome == AJR_OK) {
        outcome = ajr_body_needs(&ask->token, &body, "refresh_token");
    }
    if (outcome == AJR_OK) {
        outcome = ajr_body_text(&ask->scope, &body, "scope");
    }
    if (ask->scope != NULL && *ask->scope == '\0') {
        ask->scope = NULL;
    }
    return outcome;
}

static ajr_outcome_t rotate(ajr_session_t **out, request_rec *r,
                            const ajr_grant_t *grant, const char *scope)
{
    const ajr_dir_conf_t *conf = ajr_dir_conf(r);
    const ajr_server_conf_t *server = ajr_server_conf(r->server);
    ajr_store_rotate_t ask = {
        .present = {.grant = grant,
                    .site = ajr_conf_site(conf),
                    .client = ajr_handler_client(r)},
        .scope = scope,
        .rotate = ajr_conf_rotates(conf),
        .async = ajr_server_database_async(server),
        .grace = ajr_conf_refresh_grace(conf),
    };

    return ajr_store_rotate(out, &ajr_record(r)->detail, &server->store, &ask,
                            r->pool);
}

int ajr_refresh_run(request_rec *r)
{
    refresh_ask_t ask = {NULL, NULL};
    ajr_grant_t grant;
    ajr_session_t *session = NULL;
    ajr_outcome_t outcome = ask_read(&ask, r);

    if (outcome == AJR_OK) {
        outcome = ajr_grant_parse(
            &grant, ajr_bytes_of(ask.token),
            ajr_server_refresh_keys(ajr_server_conf(r->server)), r->pool);
    }
    if (outcome == AJR_OK) {
        ajr_record(r)->sid = apr_pmemdup(r->pool, grant.sid, sizeof(grant.sid));
        outcome = rotate(&session, r, &grant, ask.scope);
    }
    if (session == NULL) {
        return ajr_respond_refusal(r, outcome);
    }
    return ajr_tokens_reply(r, outcome, session, &grant);
}
