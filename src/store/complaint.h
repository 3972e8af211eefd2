/* SPDX-License-Identifier: Apache-2.0
 *
 * What libpq and PostgreSQL complain of, as one printable line for the log
 * that holds neither a value nor the password.
 */
#ifndef AJR_COMPLAINT_H
#define AJR_COMPLAINT_H

#include <apr_pools.h>
#include <libpq-fe.h>

#define AJR_COMPLAINT_MAX 400 /* bytes of libpq's words that are kept */

/* Of a statement. Never NULL. */
const char *ajr_complaint_of_result(const PGresult *result, apr_pool_t *pool);

/* Of an attempt to connect, made with PQERRORS_VERBOSE. Never NULL. */
const char *ajr_complaint_of_connection(PGconn *connection, apr_pool_t *pool);

#endif
