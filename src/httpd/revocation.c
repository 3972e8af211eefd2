/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a token that holds was revoked: by the board, which costs nothing
 * while nothing was revoked, and by PostgreSQL where the board cannot say.
 */
#include "module.h"

#include "await.h"
#include "boards.h"
#include "derived.h"
#include "uuid.h"

#include <string.h>

/* The board forgets an hour after the end of every token; clocks and readings
 * under way need some of that. */
#define LEEWAY_MAX apr_time_from_sec(30 * 60)

/* Between looks at a board that was never fed. */
#define PAUSE apr_time_from_msec(1)

/* ---- what the token says ---- */

/* A date that the policy has accepted, in microseconds. */
static apr_time_t date_of(const json_t *claims, const char *name)
{
    const json_t *value = json_object_get(claims, name);
    double seconds = json_number_value(value);

    if (!json_is_number(value) || seconds < 0 ||
        seconds > (double)0xffffffffffu) {
        return APR_INT64_MIN;
    }
    return (apr_time_t)(seconds * APR_USEC_PER_SEC);
}

/* A name as the gates have it: hosts write some as numbers. NULL = none. */
static const char *name_of(const json_t *claims, const char *claim,
                           apr_pool_t *pool)
{
    const json_t *value = json_object_get(claims, claim);

    return json_is_integer(value)
               ? apr_psprintf(pool, "%" APR_INT64_T_FMT,
                              (apr_int64_t)json_integer_value(value))
               : json_string_value(value);
}

/* When it was minted, by its minter's clock. iat is that of the login where it
 * is kept; elsewhere nbf may be long after: a token can be revoked before it is
 * good. */
static apr_time_t minted_at(const json_t *claims, const ajr_dialect_t *dialect)
{
    apr_time_t nbf = date_of(claims, "nbf");
    apr_time_t iat = date_of(claims, "iat");

    if (nbf == APR_INT64_MIN || iat == APR_INT64_MIN) {
        return nbf == APR_INT64_MIN ? iat : nbf;
    }
    return dialect->style.keeps_iat || nbf < iat ? nbf : iat;
}

/* Versions 7, made by the database, and 8, derived by us: others are sessions
 * of somebody else. */
static bool sid_ours(const unsigned char sid[AJR_UUID_SIZE])
{
    return (sid[6] & 0xf0) == 0x70 || (sid[6] & 0xf0) == 0x80;
}

static ajr_outcome_t sid_find(const unsigned char **out, bool *derived,
                              ajr_bytes_t token, const json_t *claims,
                              apr_pool_t *pool)
{
    unsigned char *sid = apr_palloc(pool, AJR_UUID_SIZE);
    ajr_outcome_t outcome = AJR_OK;

    *out = NULL;
    *derived = !ajr_grant_sid_of(sid, claims) || !sid_ours(sid);
    if (*derived) {
        outcome = ajr_derived_sid(sid, token, claims);
    }
    if (outcome == AJR_OK) {
        *out = sid;
    }
    return outcome == AJR_INTERNAL ? outcome : AJR_OK;
}

/* The birth that a sid has in its first 48 bits. That of version 7 is the
 * database's time. Others come from iat, by a clock that we take for our own:
 * where it is ahead of the database's, a token would seem younger than the
 * gate that was closed before it was made. */
static apr_time_t born_at(const unsigned char sid[AJR_UUID_SIZE],
                          apr_interval_time_t offset)
{
    apr_time_t born = 0;
    int i;

    for (i = 0; i < 6; i++) {
        born = born << 8 | sid[i];
    }
    born *= 1000;
    return (sid[6] & 0xf0) == 0x80 && offset < 0 ? born + offset : born;
}

static ajr_outcome_t bearer_fill(ajr_bearer_t *bearer,
                                 const ajr_record_t *record,
                                 const ajr_board_t *board, apr_pool_t *pool)
{
    const json_t *claims = record->jwt->claims;
    const json_t *gen = json_object_get(claims, "gen");
    bool derived;
    ajr_outcome_t outcome =
        sid_find(&bearer->sid, &derived, record->token, claims, pool);

    bearer->subject = record->subject;
    bearer->client = name_of(claims, "client_id", pool);
    bearer->born = bearer->sid == NULL
                       ? APR_INT64_MIN
                       : born_at(bearer->sid, ajr_board_offset(board));
    /* A host's own token is where its session begins once it is adopted. */
    bearer->generation = derived ? 0 : -1;
    if (!derived && json_is_integer(gen) && json_integer_value(gen) >= 0 &&
        json_integer_value(gen) <= AJR_GENERATION_MAX) {
        bearer->generation = json_integer_value(gen);
    }
    return outcome;
}

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
    apr_time_t minted =
        minted_at(record->jwt->claims, ajr_conf_dialect(record->conf));

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
    const char *sub = name_of(record->jwt->claims, "sub", r->pool);
    ajr_bearer_t bearer;
    ajr_outcome_t outcome = bearer_fill(&bearer, record, board, r->pool);

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
