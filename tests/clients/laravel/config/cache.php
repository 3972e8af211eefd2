<?php
// SPDX-License-Identifier: Apache-2.0
//
// The blacklist of jwt-auth lies in the table `cache`.

return [
    'default' => 'database',
    'stores' => ['database' => ['driver' => 'database', 'table' => 'cache']],
    'prefix' => 'laravel_cache',
];
