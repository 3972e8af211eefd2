/* SPDX-License-Identifier: Apache-2.0
 *
 * The session of a token that a host minted itself and that names none: its
 * sid is derived from the token, here and in SQL alike, so that it can be
 * adopted and revoked. Neither jti nor iss is asked, which hosts choose badly.
 *
 * A UUID of version 8 (RFC 9562 5.8): 48 bits of iat in milliseconds, as a
 * sid of version 7 has its birth, then
 * SHA-256("mod_auth_jwt_refresh adopted sid v1" | header "." payload).
 */
#ifndef AJR_DERIVED_H
#define AJR_DERIVED_H

#include "outcome.h"
#include "uuid.h"
#include "wire.h"

/* The sid of a verified token. OK; UNKNOWN: no iat that fits, so no sid;
 * INTERNAL: OpenSSL failed. sid is untouched unless OK. */
ajr_outcome_t ajr_derived_sid(unsigned char sid[AJR_UUID_SIZE],
                              ajr_bytes_t token, const json_t *claims);

#endif
