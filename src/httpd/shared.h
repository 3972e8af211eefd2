/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that all children share, and that lives as long as httpd: a graceful
 * restart forgets nothing.
 */
#ifndef AJR_SHARED_H
#define AJR_SHARED_H

#include "module.h"

/* post_config: the memory of that name, aligned to 64 bytes; zeroed, and *made
 * true, the first time. NULL when there is none; that has been logged. The name
 * tells its layout too, for a restart may load another version of this module.
 */
void *ajr_shared_memory(bool *made, const char *name, apr_size_t size,
                        server_rec *s);

#endif
