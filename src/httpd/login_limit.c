/* SPDX-License-Identifier: Apache-2.0 */
#include "login_limit.h"

#include "commands.h"
#include "random.h"
#include "shared.h"

#include <string.h>

#include <apr_lib.h>

/* How long a name is known at an address. */
#define KNOWN_FOR apr_time_from_sec(30 * 24 * 3600)

static const ajr_rate_t default_rate = {10, APR_INT64_C(60) * APR_USEC_PER_SEC};

const char *ajr_set_login_limit(cmd_parms *cmd, void *conf, const char *arg)
{
    ajr_rate_t *rate = apr_palloc(cmd->pool, sizeof(*rate));

    if (!ajr_rate_parse(rate, arg)) {
        return apr_psprintf(cmd->pool,
                            "JwtLoginLimit: `%s` is no limit; write 10/1m (1 "
                            "to 1000 logins in 1s to 1d), or Off",
                            arg);
    }
    *(const ajr_rate_t **)ajr_slot(cmd, conf) = rate;
    return NULL;
}

/* ---- the table ---- */

/* post_config */
int ajr_login_limit_share(apr_pool_t *pconf, apr_pool_t *plog,
                          apr_pool_t *ptemp, server_rec *s)
{
    unsigned char secret[AJR_SIPHASH_KEY_SIZE];
    bool made;
    ajr_limit_t *limit =
        ajr_shared_kept(&made, "logins", ajr_limit_size(), s, ptemp);

    (void)pconf;
    (void)plog;
    if (limit == NULL || !ajr_random_fill(secret, sizeof(secret))) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (made) {
        ajr_limit_start(limit, secret, apr_time_now());
    }
    for (; s != NULL; s = s->next) {
        ajr_server_conf(s)->logins = limit;
    }
    return OK;
}

/* ---- names and addresses ---- */

/* One spelling of a name: what a database takes for the same must not have a
 * count of its own. */
static const char *name_folded(const char *name, apr_pool_t *pool)
{
    char *folded = apr_pstrdup(pool, name);
    apr_size_t len;

    folded += strspn(folded, " ");
    len = strlen(folded);
    while (len > 0 && folded[len - 1] == ' ') {
        folded[--len] = '\0';
    }
    ap_str_tolower(folded);
    return folded;
}

/* Who has an IPv6 address has the /64 around it. */
static const char *network_of(const apr_sockaddr_t *address, apr_pool_t *pool)
{
    const unsigned char *bytes = address->ipaddr_ptr;
    int len = address->ipaddr_len;
    char *hex;

#if APR_HAVE_IPV6
    if (address->family == APR_INET6) {
        bool mapped = IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)bytes);

        bytes += mapped ? 12 : 0;
        len = mapped ? 4 : 8;
    }
#endif
    hex = apr_palloc(pool, 2 * (apr_size_t)len + 1);
    ap_bin2hex(bytes, (apr_size_t)len, hex);
    return hex;
}

/* Scopes with other limits, other sites and other schemas count on their own.
 * What a client chooses stands last. */
static apr_uint64_t key_of(const ajr_attempt_t *attempt, request_rec *r,
                           const char *network, const char *name)
{
    const char *text =
        apr_psprintf(r->pool, "%u/%" APR_TIME_T_FMT " %s", attempt->rate.count,
                     attempt->rate.per, network == NULL ? "-" : network);

    if (name != NULL) {
        text =
            apr_pstrcat(r->pool, text, "\n",
                        ajr_server_database_schema(ajr_server_conf(r->server)),
                        "\n", ajr_conf_site(ajr_dir_conf(r)), "\n", name, NULL);
    }
    return ajr_limit_key(attempt->limit, text);
}

/* ---- attempts ---- */

static void give_back(const ajr_attempt_t *attempt, int count, apr_time_t now)
{
    int i;

    for (i = 0; i < count; i++) {
        ajr_limit_give_back(attempt->limit, attempt->keys[i], &attempt->rate,
                            now);
    }
}

static ajr_outcome_t take(ajr_attempt_t *attempt, request_rec *r,
                          apr_time_t now)
{
    int i;

    for (i = 0; i < attempt->count; i++) {
        apr_interval_time_t wait = ajr_limit_take(
            attempt->limit, attempt->keys[i], &attempt->rate, now);

        if (wait > 0) {
            give_back(attempt, i, now);
            attempt->count = 0;
            apr_table_setn(r->headers_out, "Retry-After",
                           apr_psprintf(r->pool, "%" APR_TIME_T_FMT,
                                        apr_time_sec(wait) + 1));
            return AJR_LOGIN_LIMITED;
        }
    }
    return AJR_OK;
}

ajr_outcome_t ajr_login_limit_enter(ajr_attempt_t *attempt, request_rec *r,
                                    const char *name)
{
    const ajr_rate_t *rate = ajr_conf_login_limit(ajr_dir_conf(r));
    const char *network = network_of(r->useragent_addr, r->pool);
    const char *folded = name_folded(name, r->pool);
    apr_time_t now = apr_time_now();

    memset(attempt, 0, sizeof(*attempt));
    attempt->rate = rate == NULL ? default_rate : *rate;
    if (attempt->rate.count == 0) {
        return AJR_OK;
    }
    attempt->limit = ajr_server_conf(r->server)->logins;
    attempt->pair = key_of(attempt, r, network, folded);
    if (ajr_limit_remembers(attempt->limit, attempt->pair, now)) {
        attempt->keys[attempt->count++] = attempt->pair;
    } else {
        attempt->keys[attempt->count++] = key_of(attempt, r, network, NULL);
        attempt->keys[attempt->count++] = key_of(attempt, r, NULL, folded);
    }
    return take(attempt, r, now);
}

void ajr_login_limit_leave(const ajr_attempt_t *attempt, ajr_outcome_t outcome)
{
    apr_time_t now = apr_time_now();

    if (attempt->limit == NULL) {
        return;
    }
    if (outcome != AJR_LOGIN_REFUSED) {
        give_back(attempt, attempt->count, now);
    }
    if (outcome == AJR_LOGGED_IN) {
        ajr_limit_remember(attempt->limit, attempt->pair, now + KNOWN_FOR);
    }
}
