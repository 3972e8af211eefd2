# SPDX-License-Identifier: Apache-2.0
"""The examples of conf/: what they need to run, and who drives each Location.

Only what a test machine cannot have is replaced: the folder of the keys, the
database, the directory.
"""

import base64
import json
import re

from cryptography.hazmat.primitives import serialization

from e2e_site import bcrypt
from lab import jwt
from lab.place import TOP
from lab.process import run


def openssl(*arguments, **options):
    """What openssl prints."""
    done = run(["openssl", *arguments], **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Keys:
    """Every key that a file of conf/ names, made once."""

    def __init__(self, folder):
        self.folder = folder
        self.plain, self.raw, self.hex, self.url = (
            jwt.secret() for _ in range(4))
        self.rsa = openssl("genpkey", "-algorithm", "RSA")
        self.ec = openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
                          "ec_paramgen_curve:P-256")
        self._write_secrets()
        self._write("users", f"alice:{bcrypt('wonderland')}\n")
        rsa = self._write("rsa.pem", self.rsa)
        ec = self._write("ec.pem", self.ec)
        self._write("rsa.pub", openssl("pkey", "-pubout", "-in", str(rsa)))
        self._write("ec.pub", openssl("pkey", "-pubout", "-in", str(ec)))
        self._write("issuer.crt", openssl(
            "req", "-x509", "-key", str(rsa), "-subj", "/CN=issuer"))
        self._write("issuer.jwk", json.dumps(self._jwk()))
        self._write("issuer.json", json.dumps({"keys": [self._jwk()]}))

    def _write_secrets(self):
        self._write("plain.key", self.plain)
        self._write("base64.key", base64.b64encode(self.raw.encode()))
        self._write("base64url.key", jwt.b64url(self.url.encode()))
        self._write("hex.key", self.hex.encode().hex())
        self._write("access.key", self.plain)
        self._write("laravel.key", f"JWT_SECRET={self.plain}\n")
        self._write("refresh.key", jwt.secret())
        self._write("django.key", jwt.secret())

    def _write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes)
                         else content.encode())
        secret = name.endswith(".key") or name in ("rsa.pem", "ec.pem")
        path.chmod(0o600 if secret else 0o644)
        return path

    def _jwk(self):
        numbers = serialization.load_pem_private_key(
            self.rsa.encode(), None).public_key().public_numbers()
        size = (numbers.n.bit_length() + 7) // 8
        return {"kty": "RSA", "kid": "2026", "alg": "RS256",
                "n": jwt.b64url(numbers.n.to_bytes(size, "big")),
                "e": jwt.b64url(numbers.e.to_bytes(3, "big"))}

    def place(self, text, conninfo="dbname=site user=site_httpd"):
        """The text of a configuration, with what is here."""
        text = text.replace("/etc/apache2/jwt/", f"{self.folder}/")
        text = text.replace("/var/www/app/.env", f"{self.folder}/laravel.key")
        return re.sub('^(JwtDatabase +).*', rf'\1"{conninfo}"', text,
                      flags=re.M)


class Asker:
    """Requests to one Location, and whether they passed."""

    def __init__(self, client, place):
        self.client, self.place = client, place
        self.statuses = []

    def request(self, method, headers=(), body=None, more=""):
        """Any request; `more` follows the path."""
        answer = self.client.request(method, self.place + more, headers, body)
        self.statuses.append(answer.status)
        return answer

    def get(self, token=None, headers=(), more=""):
        """GET, with `token` as bearer."""
        answer = self.client.get(self.place + more, token, headers)
        self.statuses.append(answer.status)
        return answer

    def form(self, fields, headers=()):
        """POST of a form."""
        answer = self.client.post_form(self.place, fields, headers)
        self.statuses.append(answer.status)
        return answer

    def env(self, token=None, headers=(), more=""):
        """What a CGI there is told."""
        answer = self.get(token, headers, more)
        assert answer.status == 200, answer
        return answer.json()

    def judge(self, key, good, bad, headers=()):
        """200 for the claims that fulfil its lines, 403 for those that do not,
        401 without a token."""
        for status, cases in ((200, good), (403, bad)):
            for claims in cases:
                token = jwt.sign(key, claims)
                assert self.get(token, headers).status == status, claims
        assert self.get().status == 401

    def both(self):
        """Somebody has passed here, and somebody was refused."""
        return min(self.statuses) < 300 and max(self.statuses) >= 300


class Example:
    """A file of conf/examples, and for each of its Locations a function that
    lets a good token pass, has a bad one refused, and reads what is told."""

    def __init__(self, name):
        self.name = name
        self.text = (TOP / "conf/examples" / name).read_text("utf-8")
        self.places = re.findall('^<Location "(.+)">', self.text, re.M)
        assert self.places and len(set(self.places)) == len(self.places)
        self._drivers = {}

    def drives(self, place):
        """Decorator: the function that drives a place."""
        assert place in self.places, f"{place} is not in {self.name}"
        assert place not in self._drivers, place

        def keep(driver):
            self._drivers[place] = driver
            return driver
        return keep

    def drive(self, place, client, keys):
        """Runs it."""
        assert place in self._drivers, f"{place} of {self.name} has no test"
        ask = Asker(client, place)
        self._drivers[place](ask, keys)
        assert ask.both(), f"{place}: {ask.statuses}"
