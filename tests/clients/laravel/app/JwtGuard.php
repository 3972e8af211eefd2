<?php
// SPDX-License-Identifier: Apache-2.0

namespace App;

use Illuminate\Auth\GuardHelpers;
use Illuminate\Contracts\Auth\Guard;
use Illuminate\Contracts\Auth\UserProvider;
use Illuminate\Http\Request;

/** The guard `api`: a token that does not pass means nobody is logged in. */
class JwtGuard implements Guard
{
    use GuardHelpers;

    private Request $request;

    public function __construct(UserProvider $provider, Request $request)
    {
        $this->provider = $provider;
        $this->request = $request;
    }

    public function user()
    {
        if ($this->user === null) {
            try {
                $claims = Jwt::judge(Jwt::find($this->request));
            } catch (JwtRefused $refused) {
                return null;
            }
            if (($claims['prv'] ?? Jwt::provider()) === Jwt::provider()) {
                $this->user = $this->provider->retrieveById($claims['sub']);
            }
        }
        return $this->user;
    }

    public function validate(array $credentials = [])
    {
        $user = $this->provider->retrieveByCredentials($credentials);
        return $user !== null
            && $this->provider->validateCredentials($user, $credentials)
            && $this->setUser($user);
    }
}
