# SPDX-License-Identifier: Apache-2.0
"""Keys and tokens: right ones with PyJWT, wrong ones by hand."""

import base64
import json
import secrets
import time

import jwt as pyjwt


def b64url(data):
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64url(text):
    """The bytes of base64url."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def secret(size=64):
    """A random symmetric key made of printable characters."""
    return secrets.token_hex(size // 2)


def sign(key, claims=None, alg="HS256", header=None, **more):
    """A token. exp is in five minutes unless given; None removes a claim."""
    payload = {"sub": "alice", "exp": int(time.time()) + 300,
               **(claims or {}), **more}
    payload = {name: value for name, value in payload.items()
               if value is not None}
    return pyjwt.encode(payload, key, alg, header)


def claims_of(token):
    """The claims, unverified."""
    return json.loads(unb64url(token.split(".")[1]))


def header_of(token):
    """The JOSE header, unverified."""
    return json.loads(unb64url(token.split(".")[0]))


def with_claims(token, **changes):
    """The token with other claims under its old signature."""
    head, _, signature = token.split(".")
    body = json.dumps({**claims_of(token), **changes}).encode()
    return f"{head}.{b64url(body)}.{signature}"


def flip(token, position):
    """The token with one character changed."""
    other = "A" if token[position] != "A" else "B"
    return token[:position] + other + token[position + 1:]
