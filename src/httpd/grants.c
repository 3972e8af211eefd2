/* SPDX-License-Identifier: Apache-2.0 */
#include "grants.h"

typedef ajr_outcome_t reader_t(ajr_grant_t *out, request_rec *r,
                               ajr_bytes_t token);

static ajr_outcome_t read_opaque(ajr_grant_t *out, request_rec *r,
                                 ajr_bytes_t token)
{
    return ajr_grant_parse(out, token,
                           ajr_server_refresh_keys(ajr_server_conf(r->server)),
                           r->pool);
}

/* By the form of the sessions that a dialect opens. */
static reader_t *const readers[] = {
    [AJR_FORM_JR1] = read_opaque,
};

ajr_outcome_t ajr_grants_read(ajr_grant_t *out, request_rec *r,
                              ajr_bytes_t token)
{
    return readers[ajr_conf_dialect(ajr_dir_conf(r))->form](out, r, token);
}
