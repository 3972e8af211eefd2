/* SPDX-License-Identifier: Apache-2.0
 *
 * One line for each request that we ended, from the outcome table. No token,
 * cookie, password, connection string or claim value is ever in it.
 */
#include "record.h"
#include "respond.h"
#include "tally.h"

#include <apr_atomic.h>

#include "sha256.h"

/* Seconds: more than a request takes. */
#define CLOCK_STEP 60

/* The first of each second has its level; those behind it, which a broken
 * database or a storm of logins makes by the thousand, are INFO. */
static bool is_news(request_rec *r, apr_uint32_t *logged)
{
    apr_uint32_t second = (apr_uint32_t)apr_time_sec(r->request_time);
    apr_uint32_t last = apr_atomic_read32(logged);

    /* Requests of two seconds end in any order, and a clock may be set back. */
    return (second > last || last - second > CLOCK_STEP) &&
           apr_atomic_cas32(logged, second, last) == last;
}

/* Takes this second's line when it answers more than APLOG_INFO. */
static int level_claim(request_rec *r, const ajr_outcome_row_t *row)
{
    ajr_server_conf_t *conf = ajr_server_conf(r->server);
    bool often = row->status == HTTP_SERVICE_UNAVAILABLE;

    switch (row->level) {
    case AJR_LEVEL_ERR:
        return often && !is_news(r, &conf->trouble_logged) ? APLOG_INFO
                                                           : APLOG_ERR;
    case AJR_LEVEL_WARNING:
        return often && !is_news(r, &conf->storm_logged) ? APLOG_INFO
                                                         : APLOG_WARNING;
    case AJR_LEVEL_INFO:
        return APLOG_INFO;
    case AJR_LEVEL_NONE:
        break;
    }
    return APLOG_DEBUG;
}

/* A session in the log: enough to follow one, nothing to use. */
static const char *sid_short(const unsigned char *sid, apr_pool_t *pool)
{
    unsigned char hash[AJR_SHA256_SIZE];
    ajr_bytes_t bytes = {sid, AJR_SID_SIZE};

    if (!ajr_sha256(hash, "", bytes)) {
        return "-";
    }
    return apr_psprintf(pool, "%02x%02x%02x%02x", hash[0], hash[1], hash[2],
                        hash[3]);
}

static const char *jwt_fields(const ajr_record_t *record, apr_pool_t *pool)
{
    const char *alg = "-";
    const char *kid = "-";

    if (record->jwt != NULL) {
        alg = record->jwt->key->alg->name;
        kid = record->jwt->key->kid;
    } else if (record->token.len > 0) {
        ajr_jwt_describe(&alg, &kid, record->token, pool);
    }
    return apr_psprintf(pool, " alg=%s kid=%s", alg,
                        kid == NULL ? "-" : ap_escape_logitem(pool, kid));
}

void ajr_log_outcome(request_rec *r, ajr_outcome_t outcome)
{
    const ajr_outcome_row_t *row = ajr_outcome_row(outcome);
    const ajr_record_t *record = ajr_record(r);
    const ajr_record_t *about =
        record->handed != NULL ? record->handed : record;
    const char *realm = ap_auth_name(r);
    const char *detail =
        record->detail != NULL ? record->detail : about->detail;
    const unsigned char *sid = record->sid != NULL ? record->sid : about->sid;
    /* Once: ap_log_rerror() is a macro that evaluates its level twice. */
    int level = level_claim(r, row);

    ajr_tally_count(ajr_server_conf(r->server)->tally, outcome);
    apr_table_setn(r->subprocess_env, "JWT_OUTCOME", row->tag);
    apr_table_setn(r->notes, "JWT_OUTCOME", row->tag);
    ap_log_rerror(APLOG_MARK, level, 0, r,
                  "outcome=%s%s realm=\"%s\" sid=%s%s%s", row->tag,
                  jwt_fields(about, r->pool), realm == NULL ? "" : realm,
                  sid == NULL ? "-" : sid_short(sid, r->pool),
                  detail == NULL ? "" : ": ", detail == NULL ? "" : detail);
}
