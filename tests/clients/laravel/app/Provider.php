<?php
// SPDX-License-Identifier: Apache-2.0

namespace App;

use Illuminate\Foundation\Support\Providers\RouteServiceProvider;
use Illuminate\Support\Facades\Auth;

/** Registers the guard and the routes. */
class Provider extends RouteServiceProvider
{
    public function boot()
    {
        Auth::extend('jwt', fn ($app, $name, $config) => new JwtGuard(
            Auth::createUserProvider($config['provider']), $app['request']));
        $this->routes(fn () => require __DIR__ . '/routes.php');
    }
}
