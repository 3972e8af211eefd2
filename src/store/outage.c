/* SPDX-License-Identifier: Apache-2.0
 *
 * trouble    since when nothing succeeds, 0 = it does. The lowest bit says that
 *            it is an outage: someone found no database.
 * last       the last outage: its beginning and its end, each in 32 bits of
 *            100 ms, so that both change together without a lock. 0 = none.
 * connected  when a connection was made last, 0 = never. Of two children that
 *            write at once the earlier may win: that is microseconds.
 */
#include "outage.h"

#define AWAY 1u
#define TICK apr_time_from_msec(100)

typedef struct span_t {
    apr_time_t began, ended;
} span_t;

/* Rounded outwards: what an outage excuses is never cut short. */
static apr_uint64_t pack(span_t span)
{
    return (apr_uint64_t)(span.began / TICK) << 32 |
           (apr_uint32_t)((span.ended + TICK - 1) / TICK);
}

static span_t unpack(apr_uint64_t word)
{
    span_t span = {(apr_time_t)(word >> 32) * TICK,
                   (apr_time_t)(apr_uint32_t)word * TICK};

    return span;
}

/* The outage that began at `trouble`, together with one shortly before. */
static span_t joined(apr_uint64_t trouble, apr_uint64_t last, apr_time_t now)
{
    span_t before = unpack(last);
    span_t span = {(apr_time_t)(trouble & ~(apr_uint64_t)AWAY), now};

    if (last != 0 && span.began - before.ended <= AJR_OUTAGE_MERGE) {
        span.began = before.began;
    }
    return span;
}

/* Whoever clears `trouble` is the one who records it. */
void ajr_outage_answered(ajr_outages_t *outages, apr_time_t now)
{
    apr_uint64_t trouble = atomic_load(&outages->trouble);

    if (trouble == 0 ||
        !atomic_compare_exchange_strong(&outages->trouble, &trouble, 0)) {
        return;
    }
    if (trouble & AWAY) {
        apr_uint64_t last = atomic_load(&outages->last);

        atomic_store(&outages->last, pack(joined(trouble, last, now)));
    }
}

static void note(ajr_outages_t *outages, apr_time_t now, unsigned flag)
{
    apr_uint64_t trouble = atomic_load(&outages->trouble);
    apr_uint64_t since;

    do {
        since = trouble ? trouble : (apr_uint64_t)now & ~(apr_uint64_t)AWAY;
    } while (!atomic_compare_exchange_weak(&outages->trouble, &trouble,
                                           since | flag));
}

void ajr_outage_troubled(ajr_outages_t *outages, apr_time_t now)
{
    note(outages, now, 0);
}

void ajr_outage_away(ajr_outages_t *outages, apr_time_t now)
{
    note(outages, now, AWAY);
}

void ajr_outage_connected(ajr_outages_t *outages, apr_time_t now)
{
    atomic_store(&outages->connected, (apr_uint64_t)now);
}

apr_time_t ajr_outage_last_connected(ajr_outages_t *outages)
{
    return (apr_time_t)atomic_load(&outages->connected);
}

bool ajr_outage_last(ajr_pg_outage_t *out, ajr_outages_t *outages,
                     apr_time_t now)
{
    apr_uint64_t trouble = atomic_load(&outages->trouble);
    apr_uint64_t last = atomic_load(&outages->last);
    span_t span = unpack(last);

    if (trouble & AWAY) {
        span = joined(trouble, last, now);
    } else if (last == 0) {
        return false;
    }
    out->began = now > span.began ? now - span.began : 0;
    out->ended = now > span.ended ? now - span.ended : 0;
    return true;
}
