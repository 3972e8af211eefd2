/* SPDX-License-Identifier: Apache-2.0
 *
 * Judging passwords costs CPU by design: how many at once, and how long it
 * takes for a name that does not exist.
 */
#ifndef AJR_PASSWORDS_H
#define AJR_PASSWORDS_H

#include <stdbool.h>

#include <apr_time.h>

#define AJR_PASSWORD_TIMES 16

/* Longest password that is judged: some hashes take time by its length. */
#define AJR_PASSWORD_MAX 1024

/* Of one child process; zeroed, then ajr_passwords_start(). */
typedef struct ajr_passwords_t {
    apr_uint32_t limit;       /* judged at once */
    apr_uint32_t in_progress; /* atomic */
    apr_uint32_t next;        /* atomic: where the next time goes */
    apr_uint32_t times[AJR_PASSWORD_TIMES]; /* microseconds, 0 = none yet */
} ajr_passwords_t;

/* At most a quarter of the threads, so that who logs in does not starve who
 * is logged in. */
void ajr_passwords_start(ajr_passwords_t *passwords, int threads);

/* Takes a place, false when all are taken. Every true is followed by leave. */
bool ajr_passwords_enter(ajr_passwords_t *passwords);
void ajr_passwords_leave(ajr_passwords_t *passwords);

/* A password was judged against a real hash, in so much time. */
void ajr_passwords_judged(ajr_passwords_t *passwords,
                          apr_interval_time_t taken);

/* There was no hash to judge it against: takes the time that one of the last
 * real ones took, chosen by `any`, so that time does not tell which names
 * exist. `taken` is the time already gone. */
void ajr_passwords_pretend(const ajr_passwords_t *passwords,
                           const char *password, apr_interval_time_t taken,
                           apr_uint32_t any);

#endif
