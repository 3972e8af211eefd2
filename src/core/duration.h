/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AJR_DURATION_H
#define AJR_DURATION_H

#include <stdbool.h>

#include <apr_time.h>

/* Longest duration accepted: 100 years, far from any overflow. */
#define AJR_DURATION_MAX (apr_time_from_sec(100 * 366 * 24 * 60 * 60LL))

/* Reads "500ms", "30s", "5m", "2h", "14d" or plain seconds: digits, then at
 * most one unit, nothing else. *out is in microseconds, 0 on false. */
bool ajr_duration_parse(apr_interval_time_t *out, const char *text);

#endif
