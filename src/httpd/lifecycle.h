/* SPDX-License-Identifier: Apache-2.0
 *
 * What is made when httpd starts, and when a child does.
 */
#ifndef AJR_LIFECYCLE_H
#define AJR_LIFECYCLE_H

#include "module.h"

/* post_config: the stores, and what the children of this host share. */
int ajr_lifecycle_share(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                        server_rec *s);

/* child_init: connections for each distinct database, the cache of verified
 * tokens, and what the child knows of passwords. */
void ajr_lifecycle_child(apr_pool_t *pchild, server_rec *s);

#endif
