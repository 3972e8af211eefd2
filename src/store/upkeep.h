/* SPDX-License-Identifier: Apache-2.0
 *
 * What keeps the schema in order: nobody's request, but the janitor's work.
 */
#ifndef AJR_UPKEEP_H
#define AJR_UPKEEP_H

#include "store.h"

/* Removes what is over, `batch` rows of each kind at most; *removed = how many
 * went, 0 also while somebody else is at it. OK or DATABASE_*. */
ajr_outcome_t ajr_store_purge(apr_int64_t *removed, const char **detail,
                              const ajr_store_t *store, int batch,
                              apr_pool_t *pool);

/* Entries of the feed are to be kept for access tokens that live this long.
 * It never falls. OK, UNFIT or DATABASE_*. */
ajr_outcome_t ajr_store_raise_access_lifetime(const char **detail,
                                              const ajr_store_t *store,
                                              apr_interval_time_t lifetime,
                                              apr_pool_t *pool);

#endif
