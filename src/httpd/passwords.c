/* SPDX-License-Identifier: Apache-2.0 */
#include "passwords.h"

#include <apr_atomic.h>
#include <apr_md5.h>

/* Places at most: bcrypt at cost 10 is 50 ms of CPU each. */
#define PLACES_MAX 16

void ajr_passwords_start(ajr_passwords_t *passwords, int threads)
{
    int limit = threads / 4;

    passwords->limit = (apr_uint32_t)(limit < 1            ? 1
                                      : limit > PLACES_MAX ? PLACES_MAX
                                                           : limit);
}

bool ajr_passwords_enter(ajr_passwords_t *passwords)
{
    if (apr_atomic_inc32(&passwords->in_progress) < passwords->limit) {
        return true;
    }
    ajr_passwords_leave(passwords);
    return false;
}

void ajr_passwords_leave(ajr_passwords_t *passwords)
{
    apr_atomic_dec32(&passwords->in_progress);
}

void ajr_passwords_judged(ajr_passwords_t *passwords, apr_interval_time_t taken)
{
    apr_uint32_t at = apr_atomic_inc32(&passwords->next) % AJR_PASSWORD_TIMES;

    if (taken > 0 && taken < apr_time_from_sec(10)) {
        apr_atomic_set32(&passwords->times[at], (apr_uint32_t)taken);
    }
}

/* One of the times known, 0 = none. */
static apr_interval_time_t time_like(const ajr_passwords_t *passwords,
                                     apr_uint32_t any)
{
    apr_uint32_t i;

    for (i = 0; i < AJR_PASSWORD_TIMES; i++) {
        const apr_uint32_t *at =
            &passwords->times[(any + i) % AJR_PASSWORD_TIMES];
        apr_uint32_t taken = apr_atomic_read32((volatile apr_uint32_t *)at);

        if (taken != 0) {
            return taken;
        }
    }
    return 0;
}

void ajr_passwords_pretend(const ajr_passwords_t *passwords,
                           const char *password, apr_interval_time_t taken,
                           apr_uint32_t any)
{
    apr_interval_time_t wanted = time_like(passwords, any);

    if (wanted == 0) {
        /* Nothing to go by yet: bcrypt as Laravel has it, of a password that
         * nobody kept. */
        (void)apr_password_validate(
            password,
            "$2y$10$kFZgkK0BFl17P4lj0ezIseJi24ETUAsOBUcmfq9PHwFsYlbwTa.2W");
    } else if (wanted > taken) {
        apr_sleep(wanted - taken);
    }
}
