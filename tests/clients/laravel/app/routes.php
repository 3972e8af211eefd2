<?php
// SPDX-License-Identifier: Apache-2.0
//
// The routes of a site with jwt-auth, and one that lets httpd refresh.

use App\Jwt;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Auth;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Route;

$reply = fn (string $token) => response()->json([
    'access_token' => $token, 'token_type' => 'bearer',
    'expires_in' => config('jwt.ttl')]);

Route::prefix('api')->group(function () use ($reply) {
    Route::get('unauthorized', fn () => response()->json(
        ['status' => 'error', 'message' => 'Unauthorized'], 401));

    Route::post('login', fn (Request $request) =>
        Auth::validate($request->only('email', 'password'))
            ? $reply(Jwt::mint(Auth::user()))
            : response()->json(['error' => 'Unauthorized'], 401));

    // The password is checked here, the session is httpd's.
    Route::post('session', function (Request $request) {
        if (!Auth::validate($request->only('email', 'password'))) {
            return response()->json(['error' => 'Unauthorized'], 401);
        }
        $ask = DB::getPdo()->prepare(
            'SELECT auth_jwt.open_session(:subject, :claims)');
        $ask->execute(['subject' => (string) Auth::id(),
                       'claims' => json_encode(['name' => Auth::user()->name])]);
        return ['refresh_token' => $ask->fetchColumn()];
    });

    Route::middleware('auth:api')->group(function () use ($reply) {
        Route::get('user', fn () => Auth::user());
        Route::match(['get', 'post'], 'refresh', fn (Request $request) =>
            $reply(Jwt::trade(Jwt::find($request))));
        Route::match(['get', 'post'], 'logout', function (Request $request) {
            Jwt::end(Jwt::judge(Jwt::find($request)));
            return ['message' => 'Successfully logged out'];
        });
    });

    Route::get('mw/user', fn (Request $request) => $request->user())
        ->middleware('jwt:auth');
    Route::get('mw/refresh', fn () => ['refreshed' => true])
        ->middleware('jwt:refresh');
});
