# SPDX-License-Identifier: Apache-2.0
"""Keys: where they come from, how they are replaced, what is published."""

import json
import os
import pathlib
import re
import time

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives import serialization

from e2e_site import Site
from lab import jwt
from lab.process import run, wait_for

REREAD = 5  # seconds in which a changed file must be in force: 1, and load


def private_key(alg="ES256"):
    """A fresh private key for an algorithm."""
    if alg.startswith("ES"):
        curve = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1,
                 "ES512": ec.SECP521R1}[alg]
        return ec.generate_private_key(curve())
    if alg == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key):
    """PEM of a private key."""
    return key.private_bytes(serialization.Encoding.PEM,
                             serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def jwk(key, alg="ES256", private=False, **more):
    """A key as a JWK, made by PyJWT."""
    handler = pyjwt.get_algorithm_by_name(alg)
    made = json.loads(handler.to_jwk(key if private else key.public_key()))
    made.pop("key_ops", None)
    return {**made, **more}


def jwks(*members):
    """The text of a set."""
    return json.dumps({"keys": members})


class KeySite(Site):
    """A site whose /api is judged by a JWKS file alone."""

    def __init__(self, httpd, text, server="", location="", **options):
        super().__init__(httpd, **options)
        self.path = self.httpd.write("keys/set.json", text)
        self.path.parent.chmod(0o755)
        self.start(f"""
            JwtKeySet "{self.path}"
            {server}
            <Location "/api">
                AuthType Bearer
                AuthName "test api"
                Require valid-user
                {location}
            </Location>
            <Location "/keys">
                SetHandler jwt-keys
            </Location>
        """)

    def replace(self, text):
        """A new file in the place of the old one, as `mv` does it."""
        new = self.httpd.write("keys/set.new", text)
        os.replace(new, self.path)

    def status(self, key, kid=None, alg="ES256"):
        """What /api answers to a token of that key."""
        header = {} if kid is None else {"kid": kid}
        return self.api(jwt.sign(key, alg=alg, header=header)).status

    def becomes(self, status, key, kid=None):
        """Waits until a token of that key is answered so."""
        wait_for(lambda: self.status(key, kid) == status,
                 f"status {status}", REREAD)

    def told(self, words):
        """Error-log lines of the module with these words."""
        return [line for line in self.httpd.error_log().splitlines()
                if words in line and "JwtKeySet" in line]


@pytest.fixture(name="key_site")
def _key_site(httpd):
    return lambda *args, **more: KeySite(httpd, *args, **more)


# -- sources ---------------------------------------------------------------

@pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512", "EdDSA", "RS256",
                                 "PS512"])
def test_jwk_file(httpd, alg):
    """jwk: takes what PyJWT writes: public verifies, private is found out."""
    key = private_key(alg)
    site = Site(httpd)
    path = site.httpd.write("keys/key.json", json.dumps(jwk(key, alg)))
    site.start(f"""
        JwtKey {alg} "jwk:{path}"
        <Location "/api">
            AuthType Bearer
            AuthName x
            Require valid-user
        </Location>""")
    assert site.api(jwt.sign(key, alg=alg)).status == 200
    other = jwt.sign(private_key(alg), alg=alg)
    site.refused(site.api(other), 401, "signature_bad")
    # A public key is everybody's: no warning of its mode.
    assert "can be read by" not in site.httpd.error_log()
    assert "can be read by" not in site.httpd.console()


def test_symmetric_jwk_and_its_mode(httpd):
    """jwk: with kty oct, readable for all: works, with a warning."""
    secret = jwt.secret()
    text = json.dumps({"kty": "oct", "k": jwt.b64url(secret.encode())})
    site = Site(httpd)
    path = site.httpd.write("keys/key.json", text)
    site.start(f"""
        JwtKey HS256 "jwk:{path}"
        <Location "/api">
            AuthType Bearer
            AuthName x
            Require valid-user
        </Location>""")
    assert site.api(jwt.sign(secret)).status == 200
    said = site.httpd.error_log() + site.httpd.console()
    assert re.search(r":warn\].*key\.json can be read by every user", said)


def test_exec_source(httpd, tmp_path):
    """exec: takes what the program prints, less the newline; no shell."""
    secret = jwt.secret()
    script = tmp_path / "vault"
    script.write_text(f'#!/bin/sh\n[ "$2" = "two words" ] && echo "{secret}"\n',
                      encoding="utf-8")
    script.chmod(0o700)
    site = Site(httpd)
    site.start(f"""
        JwtKey HS256 "exec:{script} $HOME 'two words'" kid=vault
        <Location "/api">
            AuthType Bearer
            AuthName x
            Require valid-user
        </Location>""")
    assert site.api(jwt.sign(secret)).status == 200


@pytest.mark.parametrize("source, words", [
    ('"exec:/bin/false"', "exec:/bin/false ended with status 1"),
    ('"exec:/bin/true"', "is empty"),
    ('"exec:/does/not/exist"', "cannot be started (No such file"),
    ('"exec:cat key"', "absolute path"),
    ('"exec:/bin/cat /dev/zero"', "more than 64 KiB"),
    ('exec:/bin/echo word', "put quotes around exec:"),
    ('"jwk:/does/not/exist"', "jwk:/does/not/exist cannot be found"),
    ('"jwk:/etc/passwd"', "no strict JSON"),
    ('"jwk:/etc/passwd" encoding=hex', "encoding="),
])
def test_source_that_gives_no_key(httpd, source, words):
    """A sentence with the source, and what is wrong with it."""
    site = httpd(f"JwtKey HS256 {source}", start=False)
    status, said = site.configtest()
    assert status != 0 and "JwtKey" in said and words in said, said


def test_exec_that_hangs(httpd):
    """Ten seconds, then the start fails; what it printed on stderr is seen."""
    site = httpd('JwtKey HS256 "exec:/bin/sh -c \'echo locked >&2; sleep 99\'"',
                 start=False)
    start = time.monotonic()
    status, said = site.configtest()
    assert status != 0 and "did not end in time" in said and "locked" in said
    assert 9 < time.monotonic() - start < 20


@pytest.mark.parametrize("content, words", [
    (lambda k: jwk(k, use="enc"), "use"),
    (lambda k: {**jwk(k), "alg": "ES384"}, "alg"),
    (lambda k: jwk(k, "ES256") | {"x": "A" * 90}, "x or y"),
    (lambda k: {"kty": "oct", "k": "AQ"}, "kty"),
    (lambda k: {"keys": [jwk(k)]}, "kty"),
])
def test_jwk_that_does_not_fit(httpd, content, words):
    """The sentence says which member is wrong."""
    site = httpd(start=False)
    made = content(private_key())
    path = site.write("keys/key.json", json.dumps(made))
    site.config = f'JwtKey ES256 "jwk:{path}"'
    status, said = site.configtest()
    assert status != 0 and "JwtKey: the key in jwk:" in said, said
    assert words in said, said


def test_refresh_key_from_jwk(httpd):
    """JwtRefreshKey takes the secret of a symmetric JWK."""
    site = httpd(start=False)
    good = site.write("keys/a.json", json.dumps(
        {"kty": "oct", "k": jwt.b64url(b"x" * 32)}), secret=True)
    short = site.write("keys/b.json", json.dumps(
        {"kty": "oct", "k": jwt.b64url(b"x" * 31)}), secret=True)
    site.config = f'JwtRefreshKey "jwk:{good}"'
    assert site.configtest() == (0, "Syntax OK\n")
    site.config = f'JwtRefreshKey "jwk:{short}"'
    status, said = site.configtest()
    assert status != 0 and "JwtRefreshKey" in said and "32" in said


# -- JwtKeySet -------------------------------------------------------------

@pytest.mark.parametrize("text, words", [
    (None, "cannot be found"),
    ("", "no strict JSON"),
    ("{}", "JWK set"),
    (jwks(), "no key for signatures"),
    (jwks({"kty": "oct", "k": jwt.b64url(b"s" * 64), "alg": "HS256"}),
     "symmetric"),
])
def test_key_set_that_cannot_be_used(httpd, text, words):
    """At configuration time the file must load."""
    site = httpd(start=False)
    path = site.root / "keys.json"
    if text is not None:
        site.write("keys.json", text)
    site.config = f'JwtKeySet "{path}"'
    status, said = site.configtest()
    assert status != 0 and "JwtKeySet" in said and str(path) in said, said
    assert words in said, said
    assert jwt.b64url(b"s" * 64) not in said


def test_symmetric_member_is_never_a_key(key_site):
    """Whoever can read the set could sign: left out, with a warning."""
    good, secret = private_key(), "s" * 64
    site = key_site(jwks(jwk(good), {"kty": "oct", "alg": "HS256",
                                     "k": jwt.b64url(secret.encode())}))
    assert site.status(good) == 200
    assert site.status(secret, alg="HS256") == 401
    assert site.httpd.outcomes() == ["key_unknown"]
    said = site.httpd.error_log() + site.httpd.console()
    assert re.search(r":warn\].*JwtKeySet.*number 2, which is symmetric", said)
    assert site.client.get("/keys").body.count(b"kty") == 1


@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_key_set_is_followed_without_a_restart(key_site, mpm):
    """Key added, key removed: in force in about a second, in every child."""
    old, new = private_key(), private_key()
    site = key_site(jwks(jwk(old, kid="old")), mpm=mpm)
    assert (site.status(old, "old"), site.status(new, "new")) == (200, 401)
    site.replace(jwks(jwk(old, kid="old"), jwk(new, kid="new")))
    site.becomes(200, new, "new")
    assert site.status(old, "old") == 200
    site.replace(jwks(jwk(new, kid="new")))
    site.becomes(401, old, "old")
    time.sleep(1.1)  # every child has had its second
    for _ in range(30):
        assert site.status(old, "old") == 401
        assert site.status(new, "new") == 200


def test_cached_verdict_dies_with_its_key(key_site):
    """A token seen before is refused too, once its key is gone."""
    old, new = private_key(), private_key()
    site = key_site(jwks(jwk(old)))
    token = jwt.sign(old, alg="ES256")
    assert [site.api(token).status for _ in range(20)] == [200] * 20
    site.replace(jwks(jwk(new)))
    wait_for(lambda: site.api(token).status == 401, "401", REREAD)
    time.sleep(1.1)
    assert [site.api(token).status for _ in range(20)] == [401] * 20


def test_broken_file_keeps_the_old_set(key_site):
    """Each break is one ERR line for the whole server; nothing is quoted."""
    old, new = private_key(), private_key()
    site = key_site(jwks(jwk(old)))
    site.httpd.expect("JwtKeySet: .*set.json")
    for number, (text, words) in enumerate([
            ("top-secret {", "no strict JSON"),
            (jwks(), "no key for signatures")], 1):
        site.replace(text)
        wait_for(lambda w=words: (site.status(old), site.told(w))[1],
                 "the error line", REREAD)
        for _ in range(3):
            time.sleep(0.8)
            assert [site.status(old) for _ in range(10)] == [200] * 10
        errors = site.told("stay in force")
        assert len(errors) == number, errors
        assert ":error]" in errors[-1] and str(site.path) in errors[-1]
    site.path.unlink()
    wait_for(lambda: (site.status(old), site.told("cannot be found"))[1],
             "the error line", REREAD)
    assert "top-secret" not in site.httpd.error_log()
    site.replace(jwks(jwk(new)))
    site.becomes(200, new)
    site.becomes(401, old)


def test_unreadable_file_warns_at_the_start_and_keeps_working(key_site):
    """Root has read it, the children cannot follow it: said, and it works."""
    key = private_key()
    site = key_site(jwks(jwk(key)))
    assert "cannot be read by User" not in site.httpd.error_log()
    site.httpd.stop()
    site.path.chmod(0o600)
    site.httpd.expect("Permission denied")
    site.httpd.start()
    said = site.httpd.error_log() + site.httpd.console()
    if os.geteuid() != 0:  # the children are ourselves, and can read it
        assert "cannot be read by User" not in said
        assert site.status(key) == 200
        return
    assert re.search(r":warn\].*set\.json cannot be read by User www-data", said)
    assert site.status(key) == 200
    wait_for(lambda: (site.status(key), site.told("Permission denied"))[1],
             "the error line", REREAD)
    site.path.chmod(0o644)
    site.replace(jwks(jwk(private_key())))
    site.becomes(401, key)


def _memory(pids):
    """Private memory of processes, in KiB."""
    return sum(int(re.search(r"Private_Dirty: +(\d+)", pathlib.Path(
        f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii"))[1])
               for pid in pids)


def test_many_reloads_under_load_leave_memory_flat(key_site):
    """A reload is at most one a second for each file, so the same file stands
    in 100 scopes: 1,000 reloads in ten rounds."""
    key = private_key()
    site = key_site(jwks(jwk(key, kid="0")), mpm_config=(
        "ServerLimit 1\nStartServers 1\nThreadsPerChild 8\n"
        "MaxRequestWorkers 8\nMinSpareThreads 1\nMaxSpareThreads 8\n"))
    site.httpd.config += "\n".join(
        f'<Location "/api/{n}">\nJwtKeySet "{site.path}"\n</Location>'
        for n in range(100))
    site.httpd.loglevel = "warn auth_jwt_refresh:info"
    site.httpd.graceful()
    wait_for(lambda: len(site.httpd.children()) == 1, "one child", 20)
    token = jwt.sign(key, alg="ES256")

    def reloads():
        return site.httpd.error_log().count("its new keys are in force")

    def round_(number):
        site.replace(jwks(jwk(key, kid=str(number))))
        wanted = 100 * number
        deadline = time.monotonic() + 20
        while reloads() < wanted and time.monotonic() < deadline:
            for n in range(100):
                site.client.get(f"/api/{n}/", token)
        assert reloads() >= wanted

    round_(1)
    round_(2)
    before = _memory(site.httpd.children())
    for number in range(3, 11):
        round_(number)
    assert reloads() >= 1000
    assert _memory(site.httpd.children()) < before + 1024


def test_both_kinds_judge_and_only_jwt_key_signs(httpd):
    """JwtKey and JwtKeySet together; a private key in a set mints nothing."""
    own, theirs = jwt.secret(), private_key()
    site = Site(httpd)
    path = site.httpd.write("keys.json", jwks(
        jwk(theirs, private=True, kid="theirs")))
    key = site.httpd.write("own.key", own, secret=True)
    site.start(f"""
        JwtKeySet "{path}"
        <Location "/api">
            AuthType Bearer
            AuthName x
            Require valid-user
            JwtKey HS256 "file:{key}"
        </Location>""")
    assert site.api(jwt.sign(own)).status == 200
    assert site.api(jwt.sign(theirs, alg="ES256")).status == 200
    site.httpd.config = f"""
        JwtKeySet "{path}"
        JwtRefreshKey "file:{key}"
        JwtDatabase "host=/nowhere dbname=x"
        <Location "/token">
            SetHandler jwt-refresh
        </Location>"""
    status, said = site.httpd.configtest()
    assert status != 0 and "JwtKey that can sign" in said


def test_key_set_is_inherited_and_replaced(httpd):
    """Server -> vhost -> Location; a set in a scope replaces the inherited."""
    one, two = private_key(), private_key()
    site = Site(httpd)
    paths = [site.httpd.write(f"{name}.json", jwks(jwk(key)))
             for name, key in (("one", one), ("two", two))]
    site.httpd.write("htdocs/api/two/index.html", "two\n")
    site.httpd.write("htdocs/api/both/index.html", "both\n")
    site.start(f"""
        JwtKeySet "{paths[0]}"
        <Location "/api">
            AuthType Bearer
            AuthName x
            Require valid-user
        </Location>
        <Location "/api/two">
            JwtKeySet "{paths[1]}"
        </Location>
        <Location "/api/both">
            JwtKeySet "{paths[0]}"
            JwtKeySet "{paths[1]}"
        </Location>""")
    seen = {path: [site.client.get(path, jwt.sign(key, alg="ES256")).status
                   for key in (one, two)]
            for path in ("/api/", "/api/two/", "/api/both/")}
    assert seen == {"/api/": [200, 401], "/api/two/": [401, 200],
                    "/api/both/": [200, 200]}


# -- several keys ----------------------------------------------------------

def test_rollover(httpd):
    """The first key signs, all verify; found by kid, by trial without."""
    keys = {name: private_key() for name in ("2027", "2026")}
    site = Site(httpd)
    lines = "\n".join(
        f'JwtKey ES256 "file:{site.httpd.write(f"{kid}.pem", pem(key), True)}"'
        f" kid={kid}" for kid, key in keys.items())
    site.start(f"""
        {lines}
        <Location "/api">
            AuthType Bearer
            AuthName x
            Require valid-user
        </Location>""")
    for kid, key in keys.items():
        assert site.api(jwt.sign(key, alg="ES256",
                                 header={"kid": kid})).status == 200
        assert site.api(jwt.sign(key, alg="ES256")).status == 200
    crossed = jwt.sign(keys["2026"], alg="ES256", header={"kid": "2027"})
    site.refused(site.api(crossed), 401, "signature_bad")
    gone = jwt.sign(keys["2026"], alg="ES256", header={"kid": "2025"})
    site.refused(site.api(gone), 401, "key_unknown")


@pytest.mark.parametrize("kid", [
    "../../../../etc/passwd", "/etc/passwd", "file:/etc/passwd",
    "x' OR '1'='1", "'; DROP TABLE session; --", "%s%s%s%n", "${jndi:ldap://x}",
    "a\r\nX-Evil: 1", "key\u0000", "", "*", "KEY", "ke", "keys", "x" * 4000])
def test_kid_is_a_map_key_and_nothing_else(key_site, kid):
    """Paths, SQL and format strings are names of no key."""
    key = private_key()
    site = key_site(jwks(jwk(key, kid="key")))
    assert site.status(key, "key") == 200
    answer = site.api(jwt.sign(key, alg="ES256", header={"kid": kid}))
    assert answer.status == 401
    assert site.httpd.outcomes()[-1] in ("key_unknown", "token_malformed")
    assert len(site.httpd.refusals()) == 1
    assert "\nX-Evil" not in site.httpd.error_log()
    assert len(site.httpd.refusals()[0]) < 300


# -- jwt-keys --------------------------------------------------------------

def test_jwt_keys_verifies_what_we_accept(httpd):
    """Another implementation reads the set: PyJWT, each kind of key."""
    site = Site(httpd)
    keys = {alg: private_key(alg) for alg in ("ES256", "ES512", "EdDSA",
                                              "RS256", "PS384")}
    lines = [f'JwtKey {alg} '
             f'"file:{site.httpd.write(f"{alg}.pem", pem(key), True)}"'
             f" kid={alg.lower()}" for alg, key in keys.items()]
    secret = site.httpd.write("hs.key", jwt.secret(), secret=True)
    theirs = private_key("ES384")
    path = site.httpd.write("set.json", jwks(jwk(theirs, "ES384", kid="t")))
    site.start("\n".join(lines) + f"""
        JwtKey HS256 "file:{secret}" kid=hs
        JwtKeySet "{path}"
        <Location "/keys">
            SetHandler jwt-keys
        </Location>""")
    answer = site.client.get("/keys")
    assert answer.status == 200
    assert answer.get("Content-Type") == "application/jwk-set+json"
    assert answer.get("Cache-Control") == "public, max-age=300"
    members = json.loads(answer.body)["keys"]
    assert [(m["kid"], m["alg"], m["use"]) for m in members] == [
        *((alg.lower(), alg, "sig") for alg in keys), ("t", "ES384", "sig")]
    assert not any(set(m) & {"d", "p", "q", "dp", "dq", "qi", "k"}
                   for m in members)
    for member in members:
        key = {**keys, "ES384": theirs}[member["alg"]]
        token = jwt.sign(key, alg=member["alg"])
        public = pyjwt.PyJWK(member).key
        assert pyjwt.decode(token, public, [member["alg"]])["sub"] == "alice"


def test_jwt_keys_never_symmetric(httpd):
    """Secrets only: an empty set, and no database is needed."""
    site = Site(httpd)
    secret = jwt.secret()
    path = site.httpd.write("hs.key", secret, secret=True)
    site.start(f"""
        JwtKey HS256 "file:{path}" kid=hs
        <Location "/keys">
            SetHandler jwt-keys
        </Location>""")
    answer = site.client.get("/keys")
    assert (answer.status, answer.body) == (200, b'{"keys":[]}')


def test_jwt_keys_conditional_requests(key_site):
    """A strong ETag, the same in every child, another for another set."""
    one, two = private_key(), private_key()
    site = key_site(jwks(jwk(one)))
    first = site.client.get("/keys")
    tag = first.get("ETag")
    assert re.fullmatch(r'"[0-9a-f]{32}"', tag)
    assert {site.client.get("/keys").get("ETag") for _ in range(10)} == {tag}
    for value in (tag, f'"x", {tag}', "*", f"W/{tag}"):
        answer = site.client.get("/keys", headers={"If-None-Match": value})
        assert (answer.status, answer.body) == (304, b""), value
        assert answer.get("ETag") == tag
        assert answer.get("Cache-Control") == "public, max-age=300"
    head = site.client.request("HEAD", "/keys")
    assert (head.status, head.body) == (200, b"")
    assert head.get("Content-Length") == str(len(first.body))
    site.replace(jwks(jwk(two)))
    wait_for(lambda: site.client.get("/keys", headers={
        "If-None-Match": tag}).status == 200, "another set", REREAD)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH",
                                    "get", "GETHEAD"])
def test_jwt_keys_other_methods(key_site, method):
    """405, and what is allowed."""
    site = key_site(jwks(jwk(private_key())))
    answer = site.client.request(method, "/keys")
    assert (answer.status, answer.get("Allow")) == (405, "GET, HEAD")
    assert site.httpd.outcomes() == ["method_refused"]


def test_jwt_keys_of_its_scope(httpd):
    """What a Location says of keys is what its jwt-keys shows."""
    site = Site(httpd)
    keys = [private_key(), private_key()]
    paths = [site.httpd.write(f"{n}.pem", pem(key), secret=True)
             for n, key in enumerate(keys)]
    site.start(f"""
        JwtKey ES256 "file:{paths[0]}" kid=zero
        <Location "/keys">
            SetHandler jwt-keys
        </Location>
        <Location "/other">
            SetHandler jwt-keys
            JwtKey ES256 "file:{paths[1]}" kid=one
        </Location>""")
    shown = {path: [m["kid"] for m in json.loads(
        site.client.get(path).body)["keys"]] for path in ("/keys", "/other")}
    assert shown == {"/keys": ["zero"], "/other": ["one"]}
