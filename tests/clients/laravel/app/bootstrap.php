<?php
// SPDX-License-Identifier: Apache-2.0
//
// A Laravel application of Debian's php-laravel-framework, as small as one can
// be that still goes through the real kernel, router, guard and exceptions.

use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Contracts\Http\Kernel as HttpKernel;
use Illuminate\Foundation\Application;

require 'Illuminate/autoload.php';
foreach (['Jwt', 'JwtRefused', 'JwtGuard', 'JwtMiddleware', 'User', 'Provider',
          'Authenticate', 'Handler', 'Kernel'] as $class) {
    require __DIR__ . "/$class.php";
}

$app = new Application(dirname(__DIR__));
$app->singleton(HttpKernel::class, App\Kernel::class);
$app->singleton(ExceptionHandler::class, App\Handler::class);
return $app;
