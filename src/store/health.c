/* SPDX-License-Identifier: Apache-2.0 */
#include "health.h"

static apr_interval_time_t longer(apr_interval_time_t pause)
{
    if (pause * 2 > AJR_HEALTH_PAUSE_MAX) {
        return AJR_HEALTH_PAUSE_MAX;
    }
    return pause * 2;
}

bool ajr_health_may_connect(ajr_health_t *health, apr_time_t now)
{
    if (health->pause == 0) {
        return true;
    }
    if (now < health->next) {
        return false;
    }
    health->pause = longer(health->pause);
    health->next = now + health->pause;
    return true;
}

void ajr_health_connected(ajr_health_t *health)
{
    health->pause = 0;
    health->full = false;
}

void ajr_health_heard(ajr_health_t *health, apr_time_t connected)
{
    if (!health->full && connected > health->refused) {
        health->pause = 0;
    }
}

/* The pause of a prober began when it started. It is set here for the first
 * failure, and for a prober that hung for longer than its pause. */
void ajr_health_refused(ajr_health_t *health, apr_time_t now, bool full)
{
    health->full = full;
    health->refused = now;
    if (health->pause == 0) {
        health->pause = AJR_HEALTH_PAUSE_MIN;
        health->next = now + health->pause;
    } else if (health->next <= now) {
        health->next = now + health->pause;
    }
}
