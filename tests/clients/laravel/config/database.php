<?php
// SPDX-License-Identifier: Apache-2.0

return [
    'default' => 'pgsql',
    'connections' => ['pgsql' => [
        'driver' => 'pgsql', 'charset' => 'utf8', 'prefix' => '',
        'host' => env('DB_HOST'), 'port' => env('DB_PORT'),
        'database' => env('DB_DATABASE'), 'username' => env('DB_USERNAME'),
        'password' => env('DB_PASSWORD'), 'schema' => 'public']],
];
