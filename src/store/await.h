/* SPDX-License-Identifier: Apache-2.0
 *
 * The monotonic clock, and waiting for a socket by it: a deadline in wall time
 * would move with every step of the clock.
 */
#ifndef AJR_AWAIT_H
#define AJR_AWAIT_H

#include <stdbool.h>

#include <apr_time.h>

/* Microseconds since an arbitrary moment, the same for all processes. */
apr_time_t ajr_clock_now(void);

/* Waits until the socket is ready for `events` of poll(2), at most until the
 * deadline; what is ready then is still taken. False when it is not. Errors
 * count as ready, for libpq to find. */
bool ajr_await(int fd, short events, apr_time_t deadline);

/* All waiting of this thread ends at once, as at its deadline, while fd is
 * readable; -1 = no such fd. For a thread that must end when it is told to. */
void ajr_await_interrupt(int fd);

/* Whether it is. */
bool ajr_await_interrupted(void);

#endif
