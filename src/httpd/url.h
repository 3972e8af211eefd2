/* SPDX-License-Identifier: Apache-2.0
 *
 * One parameter of the URL of a request, edited wherever the URL is written.
 * Everywhere the rest stays byte for byte; value NULL removes the parameter.
 */
#ifndef AJR_URL_H
#define AJR_URL_H

#include <httpd.h>

/* In a URL; `url` itself when it has no such parameter or is NULL. */
const char *ajr_url_edit(const char *url, const char *name, const char *value,
                         apr_pool_t *pool);

/* In what no handler works with, but logs, status pages and scripts show. */
void ajr_url_edit_shown(request_rec *r, const char *name, const char *value);

/* In what handlers read. */
void ajr_url_edit_read(request_rec *r, const char *name, const char *value);

#endif
