/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

ajr_record_t *ajr_record_peek(const request_rec *r)
{
    return ap_get_module_config(r->request_config, &auth_jwt_refresh_module);
}

ajr_record_t *ajr_record(request_rec *r)
{
    ajr_record_t *record = ajr_record_peek(r);

    if (record == NULL) {
        record = apr_pcalloc(r->pool, sizeof(*record));
        ap_set_module_config(r->request_config, &auth_jwt_refresh_module,
                             record);
    }
    return record;
}

ajr_record_t *ajr_record_handed(request_rec *r, ajr_bytes_t token)
{
    ajr_record_t *handed = apr_pcalloc(r->pool, sizeof(*handed));

    handed->token = token;
    ajr_record(r)->handed = handed;
    return handed;
}
