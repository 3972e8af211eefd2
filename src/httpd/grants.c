/* SPDX-License-Identifier: Apache-2.0 */
#include "grants.h"

#include <string.h>

#include "authn.h"
#include "derived.h"
#include "handler.h"

typedef ajr_outcome_t reader_t(ajr_presented_t *out, request_rec *r,
                               ajr_bytes_t token);

static ajr_outcome_t read_opaque(ajr_presented_t *out, request_rec *r,
                                 ajr_bytes_t token)
{
    return ajr_grant_parse(&out->grant, token,
                           ajr_server_refresh_keys(ajr_server_conf(r->server)),
                           r->pool);
}

/* Without sid and gen it is the host's own. */
static ajr_outcome_t host_read(ajr_presented_t *out, request_rec *r,
                               ajr_form_t form, ajr_bytes_t token)
{
    if (!ajr_conf_adopt(ajr_dir_conf(r))) {
        return AJR_UNKNOWN;
    }
    out->foreign = true;
    out->grant.form = form;
    return ajr_derived_sid(out->grant.sid, token, out->claims);
}

static ajr_outcome_t claims_read(ajr_presented_t *out, request_rec *r,
                                 ajr_form_t form, const json_t *claims,
                                 ajr_bytes_t token)
{
    ajr_outcome_t outcome;

    out->claims = claims;
    outcome = ajr_grant_of_claims(&out->grant, form, claims);
    return outcome == AJR_UNKNOWN ? host_read(out, r, form, token) : outcome;
}

/* An access token that is traded for its successor. Whether it may have expired
 * is asked at the refresh alone: a logout ends the session in any case. */
static ajr_outcome_t read_laravel(ajr_presented_t *out, request_rec *r,
                                  ajr_bytes_t token)
{
    bool strict = ajr_record(r)->handler->place == AJR_PLACE_REFRESH &&
                  !ajr_conf_refresh_expired(ajr_dir_conf(r));
    const ajr_jwt_t *jwt;
    ajr_outcome_t outcome =
        strict
            ? ajr_authn_judge(&jwt, &out->subject, token, r, r->pool)
            : ajr_authn_judge_expired(&jwt, &out->subject, token, r, r->pool);

    if (outcome != AJR_OK) {
        return outcome;
    }
    return claims_read(out, r, AJR_FORM_LARAVEL, jwt->claims, token);
}

static ajr_outcome_t read_simplejwt(ajr_presented_t *out, request_rec *r,
                                    ajr_bytes_t token)
{
    const ajr_jwt_t *jwt;
    ajr_outcome_t outcome =
        ajr_authn_judge_refresh(&jwt, &out->subject, token, r, r->pool);

    return outcome == AJR_OK
               ? claims_read(out, r, AJR_FORM_SIMPLEJWT, jwt->claims, token)
               : outcome;
}

/* By the form of the sessions that a dialect opens. */
static reader_t *const readers[] = {
    [AJR_FORM_JR1] = read_opaque,
    [AJR_FORM_LARAVEL] = read_laravel,
    [AJR_FORM_SIMPLEJWT] = read_simplejwt,
};

ajr_outcome_t ajr_grants_read(ajr_presented_t *out, request_rec *r,
                              ajr_bytes_t token)
{
    ajr_form_t form = ajr_conf_dialect(ajr_dir_conf(r))->form;

    memset(out, 0, sizeof(*out));
    return readers[form](out, r, token);
}

ajr_store_present_t ajr_grants_present(request_rec *r,
                                       const ajr_presented_t *presented)
{
    ajr_store_present_t ask = {.grant = &presented->grant,
                               .site = ajr_conf_site(ajr_dir_conf(r)),
                               .client = ajr_handler_client(r),
                               .subject = presented->subject};

    return ask;
}

ajr_store_host_t ajr_grants_host(request_rec *r,
                                 const ajr_presented_t *presented)
{
    const ajr_dir_conf_t *conf = ajr_dir_conf(r);
    ajr_store_host_t host = {
        .claims = presented->claims,
        .lifetime = ajr_conf_refresh_lifetime(conf),
        .idle = ajr_conf_refresh_idle(conf),
        .user_agent = apr_table_get(r->headers_in, "User-Agent"),
        .address = r->useragent_ip,
    };

    return host;
}
