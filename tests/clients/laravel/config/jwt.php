<?php
// SPDX-License-Identifier: Apache-2.0
//
// As jwt-auth's, in seconds.

return [
    'secret' => env('JWT_SECRET'), 'ttl' => (int) env('JWT_TTL', 3600),
    'refresh_ttl' => (int) env('JWT_REFRESH_TTL', 14 * 86400),
    'grace' => (int) env('JWT_BLACKLIST_GRACE_PERIOD', 0),
];
