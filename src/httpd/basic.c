/* SPDX-License-Identifier: Apache-2.0
 *
 * The authn provider bearer: an access token as the password of AuthType Basic,
 * for clients that know nothing else (git, curl -u). mod_auth_basic asks for
 * it, under our guard: what came of the token decides the answer.
 */
#include "basic.h"

#include <ap_provider.h>
#include <mod_auth.h>

#include <string.h>

#include "authn.h"
#include "authz.h"
#include "respond.h"
#include "source.h"

/* Names that nobody has: the token alone says who it is. Any other is the
 * subject's, for a backend may believe the name that stands next to a password
 * which httpd has let in. */
static const char *const placeholders[] = {"", "oauth2", "x-access-token"};

static bool name_fits(const char *name, const char *subject)
{
    size_t i;

    for (i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++) {
        if (strcmp(name, placeholders[i]) == 0) {
            return true;
        }
    }
    return strcmp(name, subject) == 0;
}

/* What the header says behind its scheme is name and password to the last
 * byte: mod_auth_basic stops at a NUL, and at what is no base64. */
static bool exact(request_rec *r, const char *header, const char *name,
                  const char *password)
{
    char *text = apr_pstrcat(r->pool, name, ":", password, NULL);

    header += strcspn(header, " ");
    return strcmp(header + strspn(header, " "),
                  ap_pbase64encode(r->pool, text)) == 0;
}

/* Passwords of other providers do not look so. */
static bool token_shaped(const char *password)
{
    return strncmp(password, "eyJ", 3) == 0 && strchr(password, '.') != NULL;
}

static ajr_outcome_t password_judge(request_rec *r, ajr_record_t *record,
                                    const char *name, const char *password)
{
    const char *header = apr_table_get(r->headers_in, ajr_source_header(r));
    ajr_outcome_t outcome;

    record->detail = ajr_authn_incomplete(r, ajr_dir_conf(r));
    if (record->detail != NULL) {
        return AJR_MISCONFIGURED;
    }
    if (*password == '\0' || header == NULL) {
        return AJR_TOKEN_MISSING;
    }
    if (strchr(header, ',') != NULL) {
        return AJR_TOKEN_AMBIGUOUS;
    }
    if (!exact(r, header, name, password)) {
        return AJR_TOKEN_MALFORMED;
    }
    record->token = ajr_bytes_of(password);
    record->credentials = header;
    outcome = ajr_authn_judge_record(r, record);
    if (outcome == AJR_OK && !name_fits(name, record->subject)) {
        return AJR_NAME_REFUSED;
    }
    return outcome;
}

/* Who comes next: for a token another bearer, by an alias with other keys; for
 * anything else a provider of passwords. A token is nobody's password, so the
 * last bearer ends it. httpd logs each denial at level error; ours is in our
 * line at level info. */
static authn_status refuse(request_rec *r, const ajr_record_t *record,
                           const char *password)
{
    unsigned basic = ajr_dir_conf(r)->basic;
    bool next = token_shaped(password)
                    ? record->asked < (basic & AJR_BASIC_BEARERS)
                    : (basic & AJR_BASIC_OTHERS) != 0;

    if (ajr_outcome_row(record->password)->status >= 500) {
        return AUTH_GENERAL_ERROR;
    }
    if (next) {
        return AUTH_USER_NOT_FOUND;
    }
    r->log = ajr_authz_hushed(r);
    return AUTH_DENIED;
}

/* Of several bearers the one that knows the signature has the word. */
static void outcome_keep(ajr_record_t *record, ajr_outcome_t outcome)
{
    if (record->asked++ == 0 || outcome == AJR_OK || record->jwt != NULL ||
        ajr_outcome_row(outcome)->status >= 500) {
        record->password = outcome;
    }
}

static authn_status check_password(request_rec *r, const char *name,
                                   const char *password)
{
    ajr_record_t *record = ajr_record(r);

    if (!record->asking) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "the authn provider " AJR_BASIC_PROVIDER
                      " is for AuthType Basic and AuthBasicProvider alone");
        return AUTH_GENERAL_ERROR;
    }
    record->scheme = "Basic";
    outcome_keep(record, password_judge(r, record, name, password));
    if (record->password != AJR_OK) {
        return refuse(r, record, password);
    }
    ajr_authn_accept(r, record);
    return AUTH_GRANTED;
}

/* On the way through the server JwtStrip, or `RequestHeader unset`, may have
 * removed what a sub-request needs. */
static void credentials_restore(request_rec *r)
{
    const ajr_record_t *before = ajr_authn_before(r);

    if (before != NULL && before->credentials != NULL &&
        apr_table_get(r->headers_in, ajr_source_header(r)) == NULL) {
        apr_table_setn(r->headers_in, ajr_source_header(r),
                       before->credentials);
    }
}

/* fixups: not before, for DirectoryIndex asks by sub-requests of its own. */
void ajr_basic_strip(request_rec *r, const ajr_record_t *record)
{
    if (record->credentials != NULL && ajr_conf_strip(record->conf)) {
        apr_table_unset(r->headers_in, ajr_source_header(r));
    }
}

/* What httpd's Basic says of this request, asking us among others. */
static int basic_ask(request_rec *r, ajr_record_t *record)
{
    const struct ap_logconf *log = r->log;
    int verdict;

    credentials_restore(r);
    record->password = AJR_TOKEN_MISSING;
    record->asked = 0;
    record->asking = true;
    verdict = ap_run_check_user_id(r);
    record->asking = false;
    r->log = log;
    return verdict;
}

/* check_authn, before mod_auth_basic: a refusal has our status, line and
 * body. */
int ajr_basic_check(request_rec *r)
{
    ajr_record_t *record;
    int verdict;

    if (!ajr_authn_asks_basic(r)) {
        return DECLINED;
    }
    record = ajr_record(r);
    if (record->asking) {
        return DECLINED;
    }
    verdict = basic_ask(r, record);
    if (verdict == HTTP_UNAUTHORIZED ||
        (verdict != OK && ajr_outcome_row(record->password)->status >= 500)) {
        r->user = NULL;
        return ajr_respond_access(r, record->password);
    }
    record->tokenless = verdict == OK && !record->judged;
    return verdict;
}

void ajr_basic_register(apr_pool_t *pconf)
{
    static const authn_provider provider = {check_password, NULL};

    ap_register_auth_provider(pconf, AUTHN_PROVIDER_GROUP, AJR_BASIC_PROVIDER,
                              AUTHN_PROVIDER_VERSION, &provider,
                              AP_AUTH_INTERNAL_PER_CONF);
}
