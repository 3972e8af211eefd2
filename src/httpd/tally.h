/* SPDX-License-Identifier: Apache-2.0
 *
 * How often requests ended in each way, over all children.
 */
#ifndef AJR_TALLY_H
#define AJR_TALLY_H

#include "module.h"

/* post_config */
int ajr_tally_share(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                    server_rec *s);

void ajr_tally_count(ajr_tally_t *tally, ajr_outcome_t outcome);
apr_uint64_t ajr_tally_read(const ajr_tally_t *tally, ajr_outcome_t outcome);

#endif
