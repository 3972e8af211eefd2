/* SPDX-License-Identifier: Apache-2.0
 *
 * SetHandler jwt-login: httpd's own authn providers check the name and the
 * password; a new session is opened for the subject that subject_of() names.
 */
#include "body.h"
#include "tokens.h"

#include <apr_atomic.h>
#include <apr_md5.h>
#include <openssl/rand.h>

/* Passwords judged at once in one child: bcrypt at cost 10 is 50 ms of CPU,
 * and what logs in must not starve what is logged in. */
#define LOGINS_AT_ONCE 16

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
        outcome = ajr_body_needs(&out->user, &body, fields->user);
    }
    if (outcome == AJR_OK) {
        outcome = ajr_body_needs(&out->password, &body, fields->password);
    }
    return outcome;
}

/* Costs what a wrong password costs, so that time does not tell which names
 * exist. The hash is of a password that nobody kept. */
static void password_pretend(const char *password)
{
    (void)apr_password_validate(
        password,
        "$2y$10$kFZgkK0BFl17P4lj0ezIseJi24ETUAsOBUcmfq9PHwFsYlbwTa.2W");
}

static ajr_outcome_t password_check(request_rec *r, const credentials_t *given)
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
    switch (status) {
    case AUTH_GRANTED:
        return AJR_OK;
    case AUTH_USER_NOT_FOUND:
        password_pretend(given->password);
        return AJR_LOGIN_REFUSED;
    case AUTH_DENIED:
        return AJR_LOGIN_REFUSED;
    default:
        return AJR_LOGIN_UNAVAILABLE;
    }
}

static ajr_outcome_t password_check_bounded(request_rec *r,
                                            const credentials_t *given)
{
    apr_uint32_t *count = &ajr_server_conf(r->server)->logins_in_progress;
    ajr_outcome_t outcome = AJR_LOGIN_BUSY;

    if (apr_atomic_inc32(count) < LOGINS_AT_ONCE) {
        outcome = password_check(r, given);
    }
    apr_atomic_dec32(count);
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
        .client = ajr_tokens_client(r),
        .secret_hash = hash,
        .lifetime = ajr_conf_refresh_lifetime(conf),
        .idle = ajr_conf_refresh_idle(conf),
        .user_agent = apr_table_get(r->headers_in, "User-Agent"),
        .address = r->useragent_ip,
    };

    *out = NULL;
    if (RAND_priv_bytes(grant->secret, sizeof(grant->secret)) != 1 ||
        !ajr_grant_secret_hash(hash, grant)) {
        return AJR_INTERNAL;
    }
    return ajr_store_open(out, &ajr_record(r)->detail,
                          &ajr_server_conf(r->server)->store, &ask, r->pool);
}

int ajr_login_run(request_rec *r)
{
    credentials_t given = {NULL, NULL};
    ajr_grant_t grant = {.form = AJR_FORM_JR1};
    ajr_session_t *session = NULL;
    ajr_outcome_t outcome = credentials_read(&given, r);

    if (outcome == AJR_OK) {
        outcome = password_check_bounded(r, &given);
    }
    if (outcome == AJR_OK) {
        outcome = session_open(&session, &grant, r, given.user);
    }
    if (session == NULL) {
        return ajr_respond_refusal(r, outcome);
    }
    ajr_record(r)->sid = session->sid;
    return ajr_tokens_reply(r, outcome, session, &grant);
}
