<?php
// SPDX-License-Identifier: Apache-2.0

namespace App;

/** The HTTP kernel: route middleware by name, nothing global. */
class Kernel extends \Illuminate\Foundation\Http\Kernel
{
    protected $routeMiddleware = [
        'auth' => Authenticate::class,
        'jwt' => JwtMiddleware::class,
    ];
}
