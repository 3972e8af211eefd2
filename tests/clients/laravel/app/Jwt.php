<?php
// SPDX-License-Identifier: Apache-2.0

namespace App;

use App\Models\User;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Cache;

/**
 * Tokens as tymon/jwt-auth 1.0 makes, judges, trades and ends them, its faults
 * included; written from what a host with that package answered.
 */
class Jwt
{
    private const REQUIRED = ['iss', 'iat', 'exp', 'nbf', 'sub', 'jti'];

    /** The token of a request: the first place that has one decides. */
    public static function find(Request $request): ?string
    {
        $header = (string) $request->header('Authorization');
        if (preg_match('/bearer\s*(\S+)\b/i', $header, $found)) {
            return $found[1];
        }
        return $request->query('token') ?? $request->input('token')
            ?? $request->cookies->get('token');
    }

    public static function mint(User $user): string
    {
        return self::sign(self::times(time()) + [
            'sub' => $user->getKey(), 'prv' => self::provider()]);
    }

    /** The claims of a token that may be used, or JwtRefused. */
    public static function judge(?string $token): array
    {
        $claims = self::decode($token) + self::times(time());
        self::complete($claims);
        $now = time();
        if ($claims['nbf'] > $now) {
            throw new JwtRefused(
                'Not Before (nbf) timestamp cannot be in the future');
        }
        self::issuedBefore($claims, $now);
        if ((float) $claims['exp'] <= $now || $claims['exp'] > PHP_INT_MAX) {
            throw new JwtRefused('Token has expired');
        }
        return self::live($claims);
    }

    /** The successor: iat, sub, prv and custom claims stay. */
    public static function trade(?string $token): string
    {
        $claims = self::decode($token);
        $whole = $claims + self::times(time());
        self::complete($whole);
        self::issuedBefore($whole, time());
        if ($whole['iat'] + config('jwt.refresh_ttl') <= time()) {
            throw new JwtRefused(
                'Token has expired and can no longer be refreshed');
        }
        self::live($whole);
        self::end($whole);
        $times = self::times(time());
        unset($times['iat']);
        return self::sign($times + $whole);
    }

    /** No longer good, once the grace has passed. */
    public static function end(array $claims): void
    {
        $until = time() + config('jwt.grace');
        Cache::add($claims['jti'], ['valid_until' => $until],
                   config('jwt.refresh_ttl') + 60);
    }

    public static function provider(): string
    {
        return sha1(User::class);
    }

    private static function times(int $now): array
    {
        return ['iss' => request()->url(), 'iat' => $now,
                'exp' => $now + config('jwt.ttl'), 'nbf' => $now,
                'jti' => bin2hex(random_bytes(8))];
    }

    private static function complete(array $claims): void
    {
        foreach (self::REQUIRED as $name) {
            if (!array_key_exists($name, $claims)) {
                throw new JwtRefused(
                    'JWT payload does not contain the required claims');
            }
        }
    }

    private static function issuedBefore(array $claims, int $now): void
    {
        if ($claims['iat'] > $now) {
            throw new JwtRefused('Invalid value provided for claim [iat]');
        }
    }

    private static function live(array $claims): array
    {
        $ended = Cache::get($claims['jti']);
        if ($ended !== null && $ended['valid_until'] <= time()) {
            throw new JwtRefused('The token has been blacklisted');
        }
        return $claims;
    }

    private static function decode(?string $token): array
    {
        if ($token === null) {
            throw new JwtRefused('Token not provided');
        }
        $parts = explode('.', $token);
        if (count($parts) !== 3 || in_array('', $parts, true)) {
            throw new JwtRefused('Wrong number of segments');
        }
        $header = json_decode(self::bytes($parts[0]), true);
        $claims = json_decode(self::bytes($parts[1]), true);
        if (!is_array($header) || !is_array($claims)) {
            throw new JwtRefused('Could not decode token: '
                                 . 'Error while decoding from JSON');
        }
        $mac = self::mac("$parts[0].$parts[1]");
        if (($header['alg'] ?? null) !== 'HS256'
            || !hash_equals($mac, self::bytes($parts[2]))) {
            throw new JwtRefused('Token Signature could not be verified.');
        }
        return $claims;
    }

    private static function sign(array $claims): string
    {
        $parts = self::text(json_encode(['typ' => 'JWT', 'alg' => 'HS256']))
            . '.' . self::text(json_encode($claims, JSON_UNESCAPED_SLASHES));
        return $parts . '.' . self::text(self::mac($parts));
    }

    private static function mac(string $text): string
    {
        return hash_hmac('sha256', $text, config('jwt.secret'), true);
    }

    private static function text(string $bytes): string
    {
        return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    }

    private static function bytes(string $text): string
    {
        return (string) base64_decode(strtr($text, '-_', '+/'));
    }
}
