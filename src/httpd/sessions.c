/* SPDX-License-Identifier: Apache-2.0
 *
 * SetHandler jwt-sessions: who holds an access token sees where else they are
 * logged in, and ends it. Nothing is asked by name: the token's own session
 * says whose they are. A token that only a cookie brought has been through the
 * access pipeline's question of whose page made the request; one that was the
 * password of Basic, which browsers remember, is asked it here.
 */
#include "body.h"
#include "handler.h"
#include "inspect.h"
#include "origin_check.h"
#include "respond.h"
#include "uuid.h"

#include <string.h>

/* The session of the token that httpd let in here. */
static ajr_outcome_t caller_find(const unsigned char **sid, request_rec *r)
{
    ajr_record_t *record = ajr_record(r);
    unsigned char *found = apr_palloc(r->pool, AJR_SID_SIZE);

    if (r->user == NULL || !record->judged) {
        record->detail = "the Location needs AuthType Bearer";
        return AJR_CALLER_UNKNOWN;
    }
    if (!ajr_grant_sid_of(found, record->jwt->claims)) {
        record->detail = "the access token names no session";
        return AJR_CALLER_UNKNOWN;
    }
    record->sid = found;
    *sid = found;
    return AJR_OK;
}

static ajr_outcome_t caller_gone(request_rec *r, ajr_outcome_t outcome)
{
    if (outcome != AJR_UNKNOWN) {
        return outcome;
    }
    ajr_record(r)->detail = "the session of the access token is not live";
    return AJR_CALLER_UNKNOWN;
}

/* ---- list ---- */

static json_t *session_say(const ajr_own_session_t *session)
{
    return json_pack(
        "{ss, sb, sI, sI, sI, ss*, ss*, ss*}", "sid", session->sid, "current",
        session->current, "created", (json_int_t)apr_time_sec(session->created),
        "last_used", (json_int_t)apr_time_sec(session->used), "expires",
        (json_int_t)apr_time_sec(session->expires), "address", session->address,
        "agent", session->user_agent, "client", session->client);
}

static json_t *sessions_say(const apr_array_header_t *sessions)
{
    json_t *list = json_array();
    int i;

    for (i = 0; i < sessions->nelts; i++) {
        json_array_append_new(
            list, session_say(&APR_ARRAY_IDX(sessions, i, ajr_own_session_t)));
    }
    return json_pack("{so}", "sessions", list);
}

static int list_run(request_rec *r, const unsigned char *sid)
{
    apr_array_header_t *sessions;
    ajr_outcome_t outcome = ajr_store_own_list(
        &sessions, &ajr_record(r)->detail, &ajr_server_conf(r->server)->store,
        sid, ajr_record(r)->subject, ajr_conf_site(ajr_dir_conf(r)), r->pool);

    if (outcome != AJR_OK) {
        return ajr_respond_refusal(r, caller_gone(r, outcome));
    }
    return ajr_respond_json(r, AJR_OK,
                            ajr_json_own(sessions_say(sessions), r->pool));
}

/* ---- end ---- */

/* `end` is a sid, or `others`: nothing that a slip of the pen could say. */
static ajr_outcome_t which_read(const unsigned char **which, request_rec *r)
{
    unsigned char *sid = apr_palloc(r->pool, AJR_SID_SIZE);
    const char *text = NULL;
    ajr_body_t body;
    ajr_outcome_t outcome = ajr_body_read(&body, r);

    if (outcome == AJR_OK) {
        outcome = ajr_body_needs(&text, &body, "end");
    }
    if (outcome != AJR_OK || strcmp(text, "others") == 0) {
        return outcome;
    }
    *which = sid;
    return ajr_uuid_parse(sid, text) ? AJR_OK : AJR_BODY_MALFORMED;
}

static int end_run(request_rec *r, const unsigned char *sid)
{
    const unsigned char *which = NULL;
    apr_int64_t ended = 0;
    ajr_outcome_t outcome = which_read(&which, r);

    if (outcome == AJR_OK) {
        outcome = ajr_store_own_end(
            &ended, &ajr_record(r)->detail, &ajr_server_conf(r->server)->store,
            sid, ajr_record(r)->subject, ajr_conf_site(ajr_dir_conf(r)), which,
            r->pool);
    }
    if (outcome != AJR_LOGGED_OUT) {
        return ajr_respond_refusal(r, caller_gone(r, outcome));
    }
    return ajr_respond_json(
        r, outcome,
        ajr_json_own(json_pack("{sI}", "ended", (json_int_t)ended), r->pool));
}

int ajr_sessions_run(request_rec *r)
{
    const unsigned char *sid = NULL;
    ajr_outcome_t outcome = caller_find(&sid, r);

    if (outcome == AJR_OK && r->method_number == M_POST &&
        ajr_record(r)->credentials != NULL) {
        outcome = ajr_origin_check(r);
    }
    if (outcome != AJR_OK) {
        return ajr_respond_refusal(r, outcome);
    }
    return r->method_number == M_POST ? end_run(r, sid) : list_run(r, sid);
}
