/* SPDX-License-Identifier: Apache-2.0
 *
 * A token in a URL is seen by whoever reads logs: there it is replaced.
 */
#include "redact.h"

#include <scoreboard.h>

#include "authn.h"
#include "handler.h"
#include "source.h"
#include "url.h"

/* What a log shows in place of a token. */
#define REDACTED "redacted"

/* A page that was asked for with a token names it to what it loads; the error
 * log and most access logs print this header. */
static void referer_redact(request_rec *r, const char *name)
{
    const char *before = apr_table_get(r->headers_in, "Referer");
    const char *after = ajr_url_edit(before, name, REDACTED, r->pool);

    if (after != before) {
        apr_table_setn(r->headers_in, "Referer", after);
    }
}

/* Hides a query token in what is shown of r and of the requests that it came
 * from. */
static void redact_name(request_rec *r, const char *name, bool args)
{
    request_rec *at;

    for (at = r; at != NULL; at = at->prev != NULL ? at->prev : at->main) {
        ajr_url_edit_shown(at, name, REDACTED);
        referer_redact(at, name);
        if (args) {
            ajr_url_edit_read(at, name, REDACTED);
        }
    }
}

/* Those that JwtSource names. */
static void redact(request_rec *r, const ajr_dir_conf_t *scope, bool args)
{
    const ajr_source_t *source;
    int i;

    for (i = 0; (source = ajr_source_at(scope, i)) != NULL; i++) {
        if (source->kind == AJR_SOURCE_QUERY) {
            redact_name(r, source->name, args);
        }
    }
}

/* Those that the dialect of a handler reads. Its clients send them to what is
 * protected, too, where the application may have other parameters of the name:
 * there the logs alone do without. */
static void redact_spots(request_rec *r, bool args)
{
    const ajr_record_t *record = ajr_record_peek(r);
    bool handled = record != NULL && record->handler != NULL;
    const ajr_spot_t *spot;

    if (handled) {
        spot = ajr_handler_row(r)->token;
    } else if (args) {
        spot = ajr_conf_dialect(ajr_dir_conf(r))->asks[AJR_PLACE_REFRESH].token;
    } else {
        return;
    }
    for (; spot->kind != AJR_SPOT_END; spot++) {
        if (spot->kind == AJR_SPOT_QUERY && (handled || ajr_authn_asks(r))) {
            redact_name(r, spot->name, args);
        }
    }
}

/* post_perdir_config: the first moment at which the scope is known. */
int ajr_redact_scope(request_rec *r)
{
    const char *before = r->the_request;

    redact(r, ajr_dir_conf(r), false);
    redact_spots(r, false);
    if (r->the_request != before && r->main == NULL) {
        /* mod_status shows a copy that was made of the request as it came. */
        ap_update_child_status(r->connection->sbh, SERVER_BUSY_WRITE, r);
    }
    return DECLINED;
}

/* Those of any scope: in the Referer, for what a page loads is seldom of the
 * page's scope; and where the request was refused before it had one. */
static void redact_server(request_rec *r)
{
    const apr_array_header_t *names =
        ajr_server_conf(r->server)->token_parameters;
    bool scoped = r->per_dir_config != r->server->lookup_defaults;
    int i;

    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (scoped) {
            referer_redact(r, name);
        } else {
            redact_name(r, name, true);
        }
    }
}

/* log_transaction, before any log is written: handlers are done with it. */
int ajr_redact_log(request_rec *r)
{
    request_rec *last = r;
    request_rec *at;

    while (last->next != NULL) {
        last = last->next;
    }
    for (at = last; at != NULL; at = at->prev) {
        redact(last, ajr_dir_conf(at), true);
        redact_spots(at, true);
        redact_server(at);
    }
    return DECLINED;
}
