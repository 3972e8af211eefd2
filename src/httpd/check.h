/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether what the administrator said makes sense as a whole.
 */
#ifndef AJR_CHECK_H
#define AJR_CHECK_H

#include "module.h"

/* check_scope.c: notes what is not safe in the sections of a server; `first`
 * is the main one. check_tree.c: whether whoever asks for tokens has keys in
 * reach; logs a sentence where not. */
void ajr_scopes_check(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *first,
                      server_rec *s);
bool ajr_tree_check(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *first);

/* check_config: what only the whole configuration can show (a handler without
 * its key or database). Logs a sentence for each mistake; OK or 500. */
int ajr_conf_check(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                   server_rec *s);

#endif
