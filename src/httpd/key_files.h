/* SPDX-License-Identifier: Apache-2.0
 *
 * JwtKeySet.
 */
#ifndef AJR_KEY_FILES_H
#define AJR_KEY_FILES_H

#include "module.h"

/* The keys that judge in a scope (NULL = none is configured), and their number:
 * no other keys of this process have it. What came of a file stays in memory
 * until the pool goes. */
const ajr_keyset_t *ajr_keys_judging(apr_uint64_t *number,
                                     const ajr_dir_conf_t *conf,
                                     apr_pool_t *pool);

/* check_config: warns of files that children cannot read. */
void ajr_key_files_check(server_rec *s);

#endif
