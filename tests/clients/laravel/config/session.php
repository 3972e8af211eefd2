<?php
// SPDX-License-Identifier: Apache-2.0
//
// Kept nowhere: a redirect to the log-in page wants to note where from.

return ['driver' => 'array', 'cookie' => 'host_session', 'lifetime' => 1,
        'expire_on_close' => true, 'encrypt' => false, 'lottery' => [0, 1],
        'path' => '/', 'domain' => null, 'secure' => false,
        'http_only' => true, 'same_site' => 'lax'];
