/* SPDX-License-Identifier: Apache-2.0
 *
 * SetHandler jwt-introspect (RFC 7662): a caller whom httpd has authenticated
 * asks what a token is worth. A token that is worth nothing here, for whatever
 * reason, is {"active":false} and no more (2.2).
 */
#include "body.h"
#include "handler.h"
#include "respond.h"
#include "uuid.h"
#include "worth.h"

/* What an opaque token does not say itself. */
static void session_describe(json_t *said, request_rec *r,
                             const ajr_worth_t *worth)
{
    const ajr_inspected_t *session = worth->session;

    (void)json_object_update_new(
        said,
        json_pack("{ss, sI, sI, ss*, ss*, ss*, ss}", "sub", session->subject,
                  "iat", (json_int_t)apr_time_sec(session->created), "exp",
                  (json_int_t)apr_time_sec(session->expires), "client_id",
                  session->client, "scope", session->scope, "iss",
                  ajr_conf_issuer(ajr_dir_conf(r)), "sid",
                  ajr_uuid_format(worth->sid, r->pool)));
}

static void claims_describe(json_t *said, const json_t *claims)
{
    static const char *const copied[] = {
        "scope", "client_id", "exp", "iat", "sub", "aud", "iss", "jti", "sid"};
    size_t i;

    for (i = 0; i < sizeof(copied) / sizeof(copied[0]); i++) {
        const json_t *value = json_object_get(claims, copied[i]);

        if (value != NULL) {
            (void)json_object_set_new(said, copied[i], json_deep_copy(value));
        }
    }
}

/* token_type tells a refresh token from an access token, for which a resource
 * server must not take it. */
static json_t *describe(request_rec *r, const ajr_worth_t *worth)
{
    json_t *said =
        ajr_json_own(json_pack("{sb, ss, ss}", "active", 1, "token_type",
                               worth->refresh ? "refresh_token" : "Bearer",
                               "username", worth->subject),
                     r->pool);

    if (worth->claims != NULL) {
        claims_describe(said, worth->claims);
    } else {
        session_describe(said, r, worth);
    }
    return said;
}

static int inactive(request_rec *r, ajr_outcome_t why)
{
    ajr_record_t *record = ajr_record(r);

    if (record->detail == NULL && record->handed != NULL) {
        record->detail = record->handed->detail;
    }
    if (record->detail == NULL) {
        record->detail = ajr_outcome_row(why)->tag;
    }
    return ajr_respond_json(
        r, AJR_INACTIVE, ajr_json_own(json_pack("{sb}", "active", 0), r->pool));
}

int ajr_introspect_run(request_rec *r)
{
    const char *text = NULL;
    ajr_worth_t worth;
    ajr_body_t body;
    ajr_outcome_t outcome =
        r->user == NULL ? AJR_CALLER_UNKNOWN : ajr_body_read(&body, r);

    if (outcome == AJR_OK) {
        outcome = ajr_body_needs(&text, &body, "token");
    }
    if (outcome != AJR_OK) {
        return ajr_respond_refusal(r, outcome);
    }
    outcome = ajr_worth_find(&worth, r, ajr_bytes_of(text));
    if (ajr_outcome_row(outcome)->status >= HTTP_INTERNAL_SERVER_ERROR) {
        return ajr_respond_refusal(r, outcome);
    }
    return outcome == AJR_OK ? ajr_respond_json(r, AJR_OK, describe(r, &worth))
                             : inactive(r, outcome);
}
