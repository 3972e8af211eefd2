/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that all children share.
 */
#ifndef AJR_SHARED_H
#define AJR_SHARED_H

#include "module.h"

/* For processes that are forked while the pool lives: zeroed, aligned to 64
 * bytes. NULL when there is none. */
void *ajr_shared_make(apr_size_t size, apr_pool_t *pool);

/* post_config: the memory of that name, which lives as long as httpd: a
 * graceful restart forgets nothing. *made: it is new. NULL when there is none;
 * that has been logged. Its size tells its layout, for a restart may load
 * another version of this module. */
void *ajr_shared_kept(bool *made, const char *name, apr_size_t size,
                      server_rec *s, apr_pool_t *ptemp);

#endif
