/* SPDX-License-Identifier: Apache-2.0
 *
 * SetHandler jwt-login: httpd's own authn providers check the name and the
 * password; a new session is opened for the subject that subject_of() names.
 */
#include "body.h"
#include "grants.h"
#include "handler.h"
#include "login_limit.h"
#include "random.h"
#include "refresh_cookie.h"
#include "respond.h"
#include "tokens.h"

#include <string.h>

static const ajr_login_fields_t default_fields = {"username", "password"};

typedef struct credentials_t {
    const char *user;
    const char *password;
} credentials_t;

static ajr_outcome_t credentials_read(credentials_t *out, request_rec *r)
{
    const ajr_login_fields_t *fields = ajr_conf_login_fields(ajr_dir_conf(r));
    ajr_body_t body;
    ajr_outcome_t outcome = ajr_body_read(&body, r);

    if (fields == NULL) {
        fields = &default_fields;
    }
    if (outcome == AJR_OK) {
        /* Both, for a refusal may name all that is missing. */
        ajr_outcome_t user = ajr_body_needs(&out->user, &body, fields->user);
        ajr_outcome_t password =
            ajr_body_needs(&out->password, &body, fields->password);

        outcome = user != AJR_OK ? user : password;
    }
    return outcome;
}

/* What the first provider that knows the name says. */
static authn_status providers_ask(request_rec *r, const credentials_t *given)
{
    const apr_array_header_t *providers =
        ajr_conf_login_providers(ajr_dir_conf(r));
    authn_status status = AUTH_USER_NOT_FOUND;
    int i;

    for (i = 0; i < providers->nelts && status == AUTH_USER_NOT_FOUND; i++) {
        const ajr_login_provider_t *entry =
            &APR_ARRAY_IDX(providers, i, const ajr_login_provider_t);

        apr_table_setn(r->notes, AUTHN_PROVIDER_NAME_NOTE, entry->name);
        status =
            entry->provider->check_password(r, given->user, given->password);
        apr_table_unset(r->notes, AUTHN_PROVIDER_NAME_NOTE);
    }
    return status;
}

static ajr_outcome_t password_judge(request_rec *r, const credentials_t *given,
                                    ajr_passwords_t *passwords)
{
    apr_time_t started = apr_time_now();
    authn_status status = providers_ask(r, given);
    apr_interval_time_t taken = apr_time_now() - started;

    switch (status) {
    case AUTH_GRANTED:
        ajr_passwords_judged(passwords, taken);
        return AJR_OK;
    case AUTH_DENIED:
        ajr_passwords_judged(passwords, taken);
        return AJR_LOGIN_REFUSED;
    case AUTH_USER_NOT_FOUND:
        ajr_passwords_pretend(passwords, given->password, taken,
                              (apr_uint32_t)started);
        return AJR_LOGIN_REFUSED;
    default:
        return AJR_LOGIN_UNAVAILABLE;
    }
}

static ajr_outcome_t password_check(request_rec *r, const credentials_t *given)
{
    ajr_passwords_t *passwords = &ajr_server_conf(r->server)->child->passwords;
    ajr_outcome_t outcome;

    if (strlen(given->password) > AJR_PASSWORD_MAX) {
        return AJR_LOGIN_REFUSED;
    }
    if (!ajr_passwords_enter(passwords)) {
        return AJR_LOGIN_BUSY;
    }
    outcome = password_judge(r, given, passwords);
    ajr_passwords_leave(passwords);
    return outcome;
}

static ajr_outcome_t session_open(ajr_session_t **out, ajr_grant_t *grant,
                                  request_rec *r, const char *login)
{
    const ajr_dir_conf_t *conf = ajr_dir_conf(r);
    unsigned char hash[AJR_SECRET_HASH_SIZE];
    ajr_store_open_t ask = {
        .login = login,
        .site = ajr_conf_site(conf),
        .client = ajr_handler_client(r),
        .form = grant->form,
        .secret_hash = ajr_form_has_secret(grant->form) ? hash : NULL,
        .lifetime = ajr_conf_refresh_lifetime(conf),
        .idle = ajr_conf_refresh_idle(conf),
        .user_agent = apr_table_get(r->headers_in, "User-Agent"),
        .address = r->useragent_ip,
    };

    *out = NULL;
    if (ask.secret_hash != NULL &&
        (!ajr_random_fill(grant->secret, sizeof(grant->secret)) ||
         !ajr_grant_secret_hash(hash, grant))) {
        return AJR_INTERNAL;
    }
    return ajr_store_open(out, &ajr_record(r)->detail,
                          &ajr_server_conf(r->server)->store, &ask, r->pool);
}

static ajr_outcome_t log_in(ajr_session_t **session, ajr_grant_t *grant,
                            request_rec *r, const credentials_t *given)
{
    ajr_attempt_t attempt;
    ajr_outcome_t outcome = ajr_login_limit_enter(&attempt, r, given->user);

    if (outcome != AJR_OK) {
        return outcome;
    }
    outcome = password_check(r, given);
    if (outcome == AJR_OK) {
        outcome = session_open(session, grant, r, given->user);
    }
    ajr_login_limit_leave(&attempt, outcome);
    return outcome;
}

/* The session of a cookie sent along ends. Where that cannot be known, nobody
 * learns of the new one: who tries again has lost nothing. */
static ajr_outcome_t old_session_end(request_rec *r)
{
    const ajr_dir_conf_t *conf = ajr_dir_conf(r);
    const char *token =
        ajr_conf_dialect(conf)->cookie ? ajr_refresh_cookie_find(r) : NULL;
    ajr_presented_t presented;
    ajr_store_present_t ask;
    ajr_outcome_t outcome;

    if (token == NULL ||
        ajr_grants_read(&presented, r, ajr_bytes_of(token)) != AJR_OK) {
        return AJR_OK;
    }
    ask = ajr_grants_present(r, &presented);
    outcome =
        ajr_store_logout(&ajr_record(r)->detail,
                         &ajr_server_conf(r->server)->store, &ask, r->pool);
    return ajr_outcome_row(outcome)->status < HTTP_INTERNAL_SERVER_ERROR
               ? AJR_OK
               : outcome;
}

int ajr_login_run(request_rec *r)
{
    credentials_t given = {NULL, NULL};
    ajr_presented_t opened = {
        .grant = {.form = ajr_conf_dialect(ajr_dir_conf(r))->form}};
    ajr_session_t *session = NULL;
    ajr_outcome_t outcome = credentials_read(&given, r);

    if (outcome == AJR_OK) {
        outcome = log_in(&session, &opened.grant, r, &given);
    }
    if (session != NULL) {
        ajr_outcome_t ended = old_session_end(r);

        if (ended != AJR_OK) {
            return ajr_respond_refusal(r, ended);
        }
    }
    if (session == NULL) {
        return ajr_respond_refusal(r, outcome);
    }
    ajr_record(r)->sid = session->sid;
    return ajr_tokens_reply(r, outcome, session, &opened);
}
