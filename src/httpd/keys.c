/* SPDX-License-Identifier: Apache-2.0
 *
 * SetHandler jwt-keys: the public keys that judge in this scope, as a JWK set
 * (RFC 7517 5), for those who verify our tokens elsewhere.
 */
#include "document.h"

#include "handler.h"
#include "jwks.h"
#include "key_files.h"

int ajr_keys_run(request_rec *r)
{
    apr_uint64_t number;
    const ajr_keyset_t *keys =
        ajr_keys_judging(&number, ajr_dir_conf(r), r->pool);

    return ajr_document_send(r, ajr_jwks_export(keys, r->pool),
                             "application/jwk-set+json");
}
