/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers of the SQL functions, read strictly: what does not have the shape
 * agreed upon is DATABASE_ERROR, whoever changed the function.
 */
#ifndef AJR_ROW_H
#define AJR_ROW_H

#include <libpq-fe.h>

#include "store.h"

/* The columns asked for, in the order that ajr_row_session() reads. remaining
 * is turned into whole microseconds by SQL: a decimal point is a matter of the
 * process's locale in C. */
#define AJR_ROW_COLUMNS                                          \
    "verdict, sid, generation, subject, client, scope, claims, " \
    "(remaining * 1000000)::bigint"

/* Whether the answer is anything but `unfit`; for ajr_pg_query_t. */
bool ajr_row_fit(const PGresult *result);

/* The verdict in the first column of a single row, when it is one of `known`
 * (which ends with AJR_OUTCOMES); else DATABASE_ERROR and a detail. */
ajr_outcome_t ajr_row_verdict(const char **detail, const PGresult *result,
                              const ajr_outcome_t *known);

/* The session in AJR_ROW_COLUMNS. OK, EXPIRED, or DATABASE_ERROR and a detail;
 * *out is NULL unless OK. Texts belong to the result. */
ajr_outcome_t ajr_row_session(ajr_session_t **out, const char **detail,
                              const PGresult *result, apr_pool_t *pool);

/* A text, which belongs to the result; NULL for SQL NULL. */
const char *ajr_row_text(const PGresult *result, int row, int column);

/* A number; false when there is none. */
bool ajr_row_integer(apr_int64_t *out, const PGresult *result, int row,
                     int column);

#endif
