<?php
// SPDX-License-Identifier: Apache-2.0

namespace App;

use App\Models\User;
use Closure;
use Illuminate\Http\Request;
use Symfony\Component\HttpKernel\Exception\UnauthorizedHttpException;

/** jwt-auth's middleware `jwt.auth` (jwt:auth) and `jwt.refresh`. */
class JwtMiddleware
{
    public function handle(Request $request, Closure $next, string $kind)
    {
        try {
            $token = Jwt::find($request);
            if ($kind === 'refresh') {
                $successor = Jwt::trade($token);
                $response = $next($request);
                $response->headers->set('Authorization', "Bearer $successor");
                return $response;
            }
            $user = User::find(Jwt::judge($token)['sub']);
            if ($user === null) {
                throw new JwtRefused('User not found');
            }
        } catch (JwtRefused $refused) {
            throw new UnauthorizedHttpException(
                'jwt-auth', $refused->getMessage());
        }
        $request->setUserResolver(fn () => $user);
        return $next($request);
    }
}
