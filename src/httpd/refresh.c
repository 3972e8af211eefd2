/* SPDX-License-Identifier: Apache-2.0
 *
 * SetHandler jwt-refresh: parse what is asked -> check the MAC -> rotate, one
 * round trip -> mint -> reply. A token that the host minted is adopted first.
 */
#include "ask.h"
#include "grants.h"
#include "handler.h"
#include "pair.h"
#include "respond.h"
#include "tokens.h"

static ajr_outcome_t rotate(ajr_session_t **out, request_rec *r,
                            const ajr_presented_t *presented, const char *scope)
{
    const ajr_dir_conf_t *conf = ajr_dir_conf(r);
    const ajr_server_conf_t *server = ajr_server_conf(r->server);
    const char **detail = &ajr_record(r)->detail;
    ajr_store_rotate_t ask = {
        .present = ajr_grants_present(r, presented),
        .scope = scope,
        .rotate = ajr_conf_rotates(conf),
        .async = ajr_server_database_async(server),
        .supersede = ajr_conf_supersedes(conf),
        .grace = ajr_conf_refresh_grace(conf),
    };

    if (presented->foreign) {
        const ajr_store_host_t host = ajr_grants_host(r, presented);

        return ajr_store_adopt(out, detail, &server->store, &ask, &host,
                               r->pool);
    }
    return ajr_store_rotate(out, detail, &server->store, &ask, r->pool);
}

/* What was presented, and whether it may be traded as far as can be known
 * without the database. */
static ajr_outcome_t present(ajr_presented_t *presented, ajr_ask_t *ask,
                             request_rec *r)
{
    const ajr_grant_t *grant = &presented->grant;
    bool paired = ajr_handler_row(r)->access[0].kind != AJR_SPOT_END;
    ajr_outcome_t outcome = ajr_ask_read(ask, r);

    if (paired && (outcome == AJR_OK || outcome == AJR_PARAMETER_MISSING)) {
        ajr_outcome_t judged = ajr_pair_judge(r, ask->access);

        outcome = judged != AJR_OK ? judged : outcome;
    }
    if (outcome == AJR_OK) {
        outcome = ajr_grants_read(presented, r, ajr_bytes_of(ask->token));
    }
    if (outcome == AJR_OK) {
        ajr_record(r)->sid =
            apr_pmemdup(r->pool, grant->sid, sizeof(grant->sid));
    }
    return outcome == AJR_OK && paired ? ajr_pair_match(r, grant) : outcome;
}

int ajr_refresh_run(request_rec *r)
{
    ajr_ask_t ask;
    ajr_presented_t presented;
    ajr_session_t *session = NULL;
    ajr_outcome_t outcome = present(&presented, &ask, r);

    if (outcome == AJR_OK) {
        outcome = rotate(&session, r, &presented, ask.scope);
    }
    if (session == NULL) {
        return ajr_respond_refusal(r, outcome);
    }
    return ajr_tokens_reply(r, outcome, session, &presented);
}
