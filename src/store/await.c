/* SPDX-License-Identifier: Apache-2.0 */
#include "await.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

apr_time_t ajr_clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return apr_time_from_sec((apr_time_t)now.tv_sec) + now.tv_nsec / 1000;
}

/* poll(2) takes milliseconds in an int: JwtDatabaseTimeout may be longer. */
#define POLL_MAX apr_time_from_sec(3600)

/* poll(2) passes over what is negative. */
static _Thread_local int interrupt = -1;

void ajr_await_interrupt(int fd)
{
    interrupt = fd;
}

bool ajr_await_interrupted(void)
{
    struct pollfd item = {interrupt, POLLIN, 0};

    return poll(&item, 1, 0) > 0;
}

bool ajr_await(int fd, short events, apr_time_t deadline)
{
    struct pollfd items[] = {{fd, events, 0}, {interrupt, POLLIN, 0}};

    for (;;) {
        apr_time_t left = deadline - ajr_clock_now();
        apr_time_t wait = left < POLL_MAX ? left : POLL_MAX;
        int found = poll(items, 2, wait > 0 ? (int)((wait + 999) / 1000) : 0);

        if (found > 0 && items[1].revents != 0) {
            return false;
        }
        if (found != 0 && !(found < 0 && errno == EINTR)) {
            return true;
        }
        if (found == 0 && left <= 0) {
            return false;
        }
    }
}
