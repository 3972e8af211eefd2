<?php
// SPDX-License-Identifier: Apache-2.0

namespace App;

/** `auth:api`: who does not ask for JSON is sent to a page. */
class Authenticate extends \Illuminate\Auth\Middleware\Authenticate
{
    protected function redirectTo($request)
    {
        return $request->expectsJson() ? null : url('/api/unauthorized');
    }
}
