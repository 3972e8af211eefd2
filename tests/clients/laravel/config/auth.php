<?php
// SPDX-License-Identifier: Apache-2.0

return [
    'defaults' => ['guard' => 'api'],
    'guards' => ['api' => ['driver' => 'jwt', 'provider' => 'users']],
    'providers' => ['users' => [
        'driver' => 'eloquent', 'model' => App\Models\User::class]],
];
