/* SPDX-License-Identifier: Apache-2.0 */
#include "pair.h"

#include <string.h>

#include <apr_atomic.h>

#include "authn.h"
#include "handler.h"

ajr_outcome_t ajr_pair_judge(request_rec *r, const char *access)
{
    ajr_record_t *handed;

    if (access == NULL) {
        return AJR_TOKEN_MISSING;
    }
    handed = ajr_record_handed(r, ajr_bytes_of(access));
    return ajr_authn_judge_expired(&handed->jwt, &handed->subject,
                                   handed->token, r, r->pool);
}

/* Whether this child has not reported that session in this minute yet; two
 * sessions in one place report now and then what was reported before, which
 * the database sees. */
static bool news(request_rec *r, const ajr_grant_t *grant)
{
    ajr_child_t *child = ajr_server_conf(r->server)->child;
    apr_uint32_t minute = (apr_uint32_t)(apr_time_sec(r->request_time) / 60);
    apr_uint32_t hash;
    apr_uint32_t *seat;

    memcpy(&hash, grant->sid + AJR_SID_SIZE - sizeof(hash), sizeof(hash));
    seat = &child->mismatches[hash % AJR_MISMATCHES];
    return apr_atomic_xchg32(seat, hash ^ minute) != (hash ^ minute);
}

ajr_outcome_t ajr_pair_match(request_rec *r, const ajr_grant_t *grant)
{
    ajr_record_t *record = ajr_record(r);

    if (ajr_grant_accompanies(grant, record->handed->jwt->claims)) {
        return AJR_OK;
    }
    if (news(r, grant)) {
        /* The refusal stands, whether or not it can be written down. */
        ajr_store_present_t ask = {.grant = grant,
                                   .site = ajr_conf_site(ajr_dir_conf(r)),
                                   .client = ajr_handler_client(r)};

        (void)ajr_store_mismatch(
            &record->detail, &ajr_server_conf(r->server)->store, &ask, r->pool);
    }
    return AJR_TOKEN_MISMATCH;
}
