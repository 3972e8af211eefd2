/* SPDX-License-Identifier: Apache-2.0
 *
 * How often requests ended in each way, over all children, since httpd was
 * started. A request that is let in is not counted: that is httpd's own
 * business, and the only one where a shared word would cost something.
 */
#include "tally.h"

#include <stdatomic.h>

#include "shared.h"

struct ajr_tally_t {
    _Atomic apr_uint64_t counts[AJR_OUTCOMES];
};

int ajr_tally_share(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                    server_rec *s)
{
    bool made;
    ajr_tally_t *tally =
        ajr_shared_kept(&made, "tally", sizeof(*tally), s, ptemp);

    (void)pconf;
    (void)plog;
    for (; s != NULL; s = s->next) {
        ajr_server_conf(s)->tally = tally;
    }
    return tally != NULL ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

void ajr_tally_count(ajr_tally_t *tally, ajr_outcome_t outcome)
{
    atomic_fetch_add_explicit(&tally->counts[outcome], 1, memory_order_relaxed);
}

apr_uint64_t ajr_tally_read(const ajr_tally_t *tally, ajr_outcome_t outcome)
{
    return atomic_load_explicit(&tally->counts[outcome], memory_order_relaxed);
}
