# SPDX-License-Identifier: Apache-2.0
"""Tokens by recipe: those that no honest library would make.

A folder below bad/ or good/ holds one token and what must become of it:

    expect        the outcome tag
    token.txt     the token, byte for byte, or
    recipe.json   how to make it, where time or a key is in it

    header, payload             members over those of a good token; null removes
    header_text, payload_text   the text instead
    header_hex, payload_hex     the bytes instead
    {"$now": n}                 n seconds from now, {"$null": true} a JSON null
    key, sign                   name of a key, way of signing (else as `alg`)
    signature                   what is done to it: see _DAMAGE
    token                       the parts put together: "{h}.{p}.{s}"; {hx}
                                {px} {sx} are other spellings of the same bytes
    pad_to                      a claim as long as the token must become
"""

import hashlib
import hmac
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import (ec, ed25519, padding,
                                                       rsa, utils)

from lab.jwt import b64url

ISSUER, AUDIENCE = "https://issuer.example", "api"
N_P256 = int("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
             16)
L_ED25519 = 2**252 + 27742317777372353535851937790883648493
_DIGITS = ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_PLAIN = serialization.NoEncryption()


def _pem(key):
    return key.private_bytes(serialization.Encoding.PEM,
                             serialization.PrivateFormat.PKCS8, _PLAIN)


def _public(key):
    return key.public_key().public_bytes(
        serialization.Encoding.PEM,
        serialization.PublicFormat.SubjectPublicKeyInfo)


class Keys:
    """The keys of a site, and some that are not."""

    def __init__(self):
        self.named = {
            "hs": b"a secret of the vectors, longer than thirty-two bytes",
            "hs_foreign": b"another secret, also longer than thirty-two bytes",
            "rsa": rsa.generate_private_key(65537, 2048),
            "rsa_foreign": rsa.generate_private_key(65537, 2048),
            "ec": ec.generate_private_key(ec.SECP256R1()),
            "ec_foreign": ec.generate_private_key(ec.SECP256R1()),
            "p384": ec.generate_private_key(ec.SECP384R1()),
            "ed": ed25519.Ed25519PrivateKey.generate(),
        }
        for name in ("rsa", "ec", "ed"):
            self.named[f"{name}_public"] = _public(self.named[name])

    def pem(self, name):
        """A private key as httpd reads it."""
        return _pem(self.named[name])


def _ecdsa(key, text, digest):
    size = (key.curve.key_size + 7) // 8
    r, s = utils.decode_dss_signature(key.sign(text, ec.ECDSA(digest)))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def _pss(key, text, digest):
    return key.sign(text, padding.PSS(padding.MGF1(digest), digest.digest_size),
                    digest)


_SIGN = {
    "HS256": lambda key, text: hmac.digest(key, text, hashlib.sha256),
    "HS384": lambda key, text: hmac.digest(key, text, hashlib.sha384),
    "RS256": lambda key, text: key.sign(text, padding.PKCS1v15(),
                                        hashes.SHA256()),
    "RS512": lambda key, text: key.sign(text, padding.PKCS1v15(),
                                        hashes.SHA512()),
    "PS256": lambda key, text: _pss(key, text, hashes.SHA256()),
    "ES256": lambda key, text: _ecdsa(key, text, hashes.SHA256()),
    "ES384": lambda key, text: _ecdsa(key, text, hashes.SHA384()),
    "DER": lambda key, text: key.sign(text, ec.ECDSA(hashes.SHA256())),
    "EdDSA": lambda key, text: key.sign(text),
}


def _numbers(r, s):
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _s_plus_order(signature):
    s = int.from_bytes(signature[32:], "little") + L_ED25519
    return signature[:32] + s.to_bytes(32, "little")


def _half(signature, which):
    return int.from_bytes(signature[32 * which:32 * which + 32], "big")


_DAMAGE = {
    "zero": lambda s: bytes(len(s)),
    "r zero": lambda s: _numbers(0, _half(s, 1)),
    "s zero": lambda s: _numbers(_half(s, 0), 0),
    "r order": lambda s: _numbers(N_P256, _half(s, 1)),
    "s order": lambda s: _numbers(_half(s, 0), N_P256),
    "ones": lambda s: b"\xff" * len(s),
    "shorter": lambda s: s[:-1],
    "longer": lambda s: s + b"\0",
    "zero in front": lambda s: b"\0" + s,
    "one byte": lambda s: s[:1],
    "bit": lambda s: bytes([s[0] ^ 1]) + s[1:],
    "s plus order": _s_plus_order,
}


def _value(value):
    """A member with its relative time made absolute."""
    if isinstance(value, dict) and set(value) == {"$now"}:
        return int(time.time()) + value["$now"]
    if isinstance(value, dict) and set(value) == {"$null"}:
        return None
    return value


def _part(recipe, name, good):
    """Bytes of the header or the payload."""
    if f"{name}_hex" in recipe:
        return bytes.fromhex(recipe[f"{name}_hex"])
    if f"{name}_text" in recipe:
        return recipe[f"{name}_text"].encode()
    members = {**good, **recipe.get(name, {})}
    return json.dumps({key: _value(value) for key, value in members.items()
                       if value is not None}).encode()


def _otherwise(text):
    """Another spelling of the same bytes: unused bits that are not zero."""
    assert len(text) % 4, "no unused bits; add a blank"
    return text[:-1] + _DIGITS[_DIGITS.index(text[-1]) + 1]


def _spelt(data):
    """base64url of a part whose last digit has unused bits."""
    return b64url(data if len(data) % 3 else data + b" ")


def _assemble(recipe, keys, pad):
    payload = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice",
               "iat": {"$now": 0}, "exp": {"$now": 300}}
    if pad is not None:
        payload["pad"] = "x" * pad
    head = _part(recipe, "header", {"typ": "JWT", "alg": "HS256"})
    h = _spelt(head)
    p = _spelt(_part(recipe, "payload", payload))
    how = recipe.get("sign") or recipe.get("header", {}).get("alg", "HS256")
    signature = _SIGN[how](keys.named[recipe.get("key", "hs")],
                           f"{h}.{p}".encode())
    if "signature" in recipe:
        signature = _DAMAGE[recipe["signature"]](signature)
    s = b64url(signature)
    form = recipe.get("token", "{h}.{p}.{s}")
    others = {f"{name}x": _otherwise(text)
              for name, text in (("h", h), ("p", p), ("s", s))
              if f"{{{name}x}}" in form}
    return form.format(h=h, p=p, s=s, **others).encode()


def make(recipe, keys):
    """The token of a recipe, as bytes."""
    pad = 0 if "pad_to" in recipe else None
    token = _assemble(recipe, keys, pad)
    while "pad_to" in recipe and len(token) < recipe["pad_to"]:
        pad += max(1, (recipe["pad_to"] - len(token)) * 3 // 4 - 4)
        token = _assemble(recipe, keys, pad)
    return token


class Wrong(Exception):
    """A folder of vectors that tests nothing."""


def load(folder, tags):
    """(what makes the token, expected tag) of one folder."""
    files = {path.name for path in folder.iterdir()}
    if "expect" not in files:
        raise Wrong(f"{folder.name}: no expect")
    tag = (folder / "expect").read_text(encoding="utf-8").strip()
    if tag not in tags:
        raise Wrong(f"{folder.name}: `{tag}` is no outcome")
    sources = files - {"expect"}
    if sources == {"token.txt"}:
        token = (folder / "token.txt").read_bytes()
        return (lambda keys: token), tag
    if sources == {"recipe.json"}:
        recipe = json.loads((folder / "recipe.json").read_text("utf-8"))
        return (lambda keys: make(recipe, keys)), tag
    raise Wrong(f"{folder.name}: one of token.txt and recipe.json, and no more")


def load_all(top, tags):
    """Every folder below `top`: {slug: what load() gives}."""
    folders = sorted(path for path in top.iterdir() if path.is_dir())
    if not folders:
        raise Wrong(f"{top}: no vectors")
    return {folder.name: load(folder, tags) for folder in folders}
