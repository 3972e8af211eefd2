/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a token that holds was revoked: by the board, which costs nothing
 * while nothing was revoked, and by PostgreSQL where the board cannot say.
 */
#include "revocation.h"

#include "await.h"
#include "boards.h"

#include <string.h>

/* The board forgets an hour after the end of every token; clocks and readings
 * under way need some of that. */
#define LEEWAY_MAX apr_time_from_sec(30 * 60)

/* Between looks at a board that was never fed. */
#define PAUSE apr_time_from_msec(1)

/* ---- whether the board can say ---- */

/* A board that was never fed is so for some milliseconds after a cold start,
 * or the database is away: the first attempt tells. */
static void wait_for_first(const ajr_board_t *board,
                           apr_interval_time_t longest)
{
    apr_time_t deadline = ajr_clock_now() + longest;

    while (!ajr_board_tried(board) && ajr_clock_now() < deadline) {
        apr_sleep(PAUSE);
    }
}

static bool has_news(const ajr_board_t *board, const ajr_server_conf_t *server,
                     apr_interval_time_t stale)
{
    apr_time_t fed = ajr_board_fed(board);

    if (fed == 0) {
        wait_for_first(board, server->store.conf.timeout);
        fed = ajr_board_fed(board);
    }
    return fed != 0 && ajr_clock_now() - fed <= stale;
}

/* Whether its revocation may have left the board, or never came there. */
static bool beyond_board(const ajr_board_t *board, const ajr_record_t *record,
                         apr_time_t now)
{
    apr_interval_time_t leeway = ajr_conf_leeway(record->conf);
    apr_time_t minted = ajr_bearer_minted(
        record->jwt, ajr_conf_dialect(record->conf)->style.keeps_iat);

    return ajr_board_full(board) || minted == APR_INT64_MIN ||
           now - minted > ajr_board_lifetime(board) +
                              (leeway < LEEWAY_MAX ? leeway : LEEWAY_MAX);
}

/* ---- the judgment ---- */

/* Trouble decides as the administrator said. */
static ajr_outcome_t unless_open(ajr_outcome_t outcome,
                                 const ajr_revocation_t *revocation)
{
    return ajr_outcome_row(outcome)->status == HTTP_SERVICE_UNAVAILABLE &&
                   revocation->open
               ? AJR_OK
               : outcome;
}

static ajr_outcome_t ask_database(request_rec *r, ajr_record_t *record,
                                  ajr_bearer_t *bearer)
{
    const ajr_dir_conf_t *conf = record->conf;
    ajr_outcome_t outcome;

    if (!ajr_conf_supersedes(conf)) {
        bearer->generation = -1; /* predecessors are as good */
    }
    outcome = unless_open(ajr_store_standing(&record->detail,
                                             &ajr_server_conf(r->server)->store,
                                             bearer, r->pool),
                          ajr_conf_revocation(conf));
    if (outcome == AJR_OK) {
        record->detail = NULL;
    }
    return outcome;
}

/* On the board, or else where the board cannot say. */
static ajr_outcome_t judge(request_rec *r, ajr_record_t *record,
                           ajr_bearer_t *bearer, const ajr_board_t *board,
                           bool beyond)
{
    ajr_outcome_t outcome = ajr_board_judge(
        board, bearer, r->request_time + ajr_board_offset(board));

    return outcome == AJR_OK && beyond ? ask_database(r, record, bearer)
                                       : outcome;
}

/* By both its names, where JwtSubjectClaim shows httpd another one than the
 * session has. */
static ajr_outcome_t look_up(request_rec *r, ajr_record_t *record,
                             const ajr_board_t *board, bool beyond)
{
    const char *sub =
        ajr_bearer_name(record->jwt->known[AJR_KNOWN_SUB], r->pool);
    ajr_bearer_t bearer;
    ajr_outcome_t outcome =
        ajr_bearer_read(&bearer, record->token, record->jwt, record->subject,
                        ajr_board_offset(board), r->pool);

    if (outcome == AJR_OK) {
        outcome = judge(r, record, &bearer, board, beyond);
    }
    if (outcome == AJR_OK && sub != NULL && strcmp(sub, bearer.subject) != 0) {
        bearer.subject = sub;
        outcome = judge(r, record, &bearer, board, beyond);
    }
    if (outcome != AJR_OK) {
        record->sid = bearer.sid;
    }
    return outcome;
}

ajr_outcome_t ajr_revocation_judge(request_rec *r, ajr_record_t *record)
{
    const ajr_server_conf_t *server = ajr_server_conf(r->server);
    const ajr_revocation_t *revocation = ajr_conf_revocation(record->conf);
    const ajr_board_t *board;
    bool news, beyond;

    if (server->board == NULL || !revocation->on) {
        return AJR_OK;
    }
    board = server->board->board;
    news = has_news(board, server, revocation->stale);
    if (!news && !revocation->open) {
        return AJR_REVOCATION_STALE;
    }
    beyond = news && beyond_board(board, record, r->request_time);
    return !beyond && ajr_board_bare(board) ? AJR_OK
                                            : look_up(r, record, board, beyond);
}
