/* SPDX-License-Identifier: Apache-2.0
 *
 * The feed of a schema -> a board: feed() in SQL, read row by row.
 */
#ifndef AJR_FEED_H
#define AJR_FEED_H

#include "board.h"
#include "listener.h"

typedef struct ajr_feed_t ajr_feed_t;

/* For the thread that writes the board; forgets what was read before. */
ajr_feed_t *ajr_feed_make(ajr_board_t *board, apr_pool_t *pool);

/* Reads what is new since the last time, or (whole) all there is, and notes on
 * the board that there was news. The first reading, and one after the longest
 * life of access tokens has changed, is a whole one in any case. OK or
 * DATABASE_*; after anything but OK close the listener. */
ajr_outcome_t ajr_feed_read(const char **detail, ajr_feed_t *feed,
                            const ajr_listener_t *listener, bool whole,
                            apr_pool_t *pool);

#endif
