# SPDX-License-Identifier: Apache-2.0
"""AuthType Bearer: who is let in, who is refused, and what is said."""

import time

import jwt as pyjwt
import pytest

from e2e_site import Site, challenge
from lab import jwt
from lab.process import run

HOUR = 3600


def test_valid_token_is_let_in(protect):
    """A good token opens the page, and REMOTE_USER is its subject."""
    site = protect()
    answer = site.api(jwt.sign(site.key, sub="alice"))
    assert (answer.status, answer.text) == (200, "protected\n")
    assert answer.get("X-User") == "alice"
    assert answer.get("X-Outcome") == "granted"
    assert not answer.all("WWW-Authenticate")
    assert not site.httpd.refusals()


@pytest.mark.parametrize("mpm", ["event", "worker", "prefork"])
def test_every_mpm(protect, mpm):
    """The three process models judge alike."""
    site = protect(mpm=mpm)
    assert site.api(jwt.sign(site.key)).status == 200
    site.refused(site.api(), 401, "token_missing")
    site.httpd.graceful()
    assert site.api(jwt.sign(site.key)).status == 200


def test_without_a_token(protect):
    """No credentials: 401 and a challenge without error= (RFC 6750 3.1)."""
    site = protect()
    answer = site.api()
    site.refused(answer, 401, "token_missing")
    assert challenge(answer) == {"realm": "test api"}


@pytest.mark.parametrize("value", ["Basic YWxpY2U6d29uZGVybGFuZA==",
                                   "Bearerx abc", "Digest username=x"])
def test_another_scheme_is_no_token(protect, value):
    """Credentials for another scheme are not ours to judge."""
    site = protect()
    answer = site.api(headers={"Authorization": value})
    site.refused(answer, 401, "token_missing")
    assert challenge(answer) == {"realm": "test api"}


def test_scheme_has_no_case(protect):
    """The scheme is a case-insensitive word (RFC 9110 11.1)."""
    site = protect()
    token = jwt.sign(site.key)
    for scheme in ("bearer", "BEARER", "bEaReR"):
        headers = {"Authorization": f"{scheme} {token}"}
        assert site.api(headers=headers).status == 200


def test_tampered_payload(protect):
    """Another subject under the old signature: invalid_token, a sentence."""
    site = protect()
    token = jwt.with_claims(jwt.sign(site.key), sub="root")
    answer = site.api(token)
    line = site.refused(answer, 401, "signature_bad")
    assert "alg=HS256" in line
    said = challenge(answer)
    assert said["realm"] == "test api"
    assert said["error"] == "invalid_token"
    assert said["error_description"]
    assert not answer.get("X-User")


def test_foreign_key(protect):
    """A well-made token of somebody else's key."""
    site = protect()
    site.refused(site.api(jwt.sign(jwt.secret())), 401, "signature_bad")


def _now():
    return int(time.time())


@pytest.mark.parametrize("claims, tag", [
    ({"exp": 0}, "token_expired"),
    ({"exp": lambda: _now() - 31}, "token_expired"),
    ({"nbf": lambda: _now() + HOUR}, "token_not_yet_valid"),
    ({"iat": lambda: _now() + HOUR}, "token_not_yet_valid"),
    ({"iss": "https://elsewhere.example"}, "issuer_refused"),
    ({"iss": "https://issuer.example.evil"}, "issuer_refused"),
    ({"iss": None}, "issuer_refused"),
    ({"aud": "others"}, "audience_refused"),
    ({"aud": []}, "claim_malformed"),
    ({"aud": None}, "audience_refused"),
    ({"sub": None}, "claim_missing"),
    ({"exp": None}, "claim_missing"),
    ({"exp": "4102444800"}, "claim_malformed"),
    ({"nbf": "soon"}, "claim_malformed"),
    ({"sub": ""}, "claim_malformed"),
    ({"sub": "a\nb"}, "claim_malformed"),
    ({"sub": ["alice"]}, "claim_malformed"),
    ({"exp": lambda: _now() + 3 * HOUR, "iat": _now}, "token_lifetime"),
    ({"token_type": "refresh"}, "type_refused"),
    ({"token_use": "ID"}, "type_refused"),
], ids=lambda value: str(value)[:40] if isinstance(value, str) else None)
def test_claims_that_do_not_hold(protect, claims, tag):
    """Each rule refuses with its own tag, all as invalid_token."""
    site = protect(server="""
        JwtIssuer https://issuer.example
        JwtAudience api other
        JwtMaxLifetime 2h
    """)
    good = {"iss": "https://issuer.example", "aud": "api", "iat": _now()}
    assert site.api(jwt.sign(site.key, good)).status == 200
    made = {name: value() if callable(value) else value
            for name, value in claims.items()}
    token = pyjwt.encode(
        {name: value for name, value in
         {"sub": "alice", "exp": _now() + 300, **good, **made}.items()
         if value is not None}, site.key, "HS256")
    answer = site.api(token)
    site.refused(answer, 401, tag)
    assert challenge(answer)["error"] == "invalid_token"


def test_leeway(protect):
    """JwtLeeway covers clocks that differ, and no more."""
    site = protect(server="JwtLeeway 1m")
    assert site.api(jwt.sign(site.key, exp=_now() - 50)).status == 200
    answer = site.api(jwt.sign(site.key, exp=_now() - 61))
    site.refused(answer, 401, "token_expired")


@pytest.mark.parametrize("typ, status", [
    ("JWT", 200), ("at+jwt", 200), ("application/at+jwt", 200), ("jwt", 200),
    ("refresh+jwt", 401), ("logout+jwt", 401), ("dpop+jwt", 401)])
def test_type_of_token(protect, typ, status):
    """A token of another kind is no access token (RFC 9068 4)."""
    site = protect()
    answer = site.api(jwt.sign(site.key, header={"typ": typ}))
    assert answer.status == status
    if status == 401:
        site.refused(answer, 401, "type_refused")


@pytest.mark.parametrize("token, tag", [
    ("x", "token_malformed"),
    ("a.b", "token_malformed"),
    ("a.b.c.d", "token_malformed"),
    ("a.b.c.d.e", "token_malformed"),
    ("..", "token_malformed"),
    ("jr1_" + "A" * 78, "token_malformed"),
    ("A" * 8193, "token_malformed")],
    ids=lambda value: value[:16])
def test_what_is_no_jwt(protect, token, tag):
    """Other shapes, a refresh token among them."""
    site = protect(server="LimitRequestFieldSize 16384")
    site.refused(site.api(token), 401, tag)


def test_unsigned_token(protect):
    """alg none is in no table."""
    site = protect()
    token = pyjwt.encode({"sub": "alice", "exp": _now() + 60}, None, "none")
    site.refused(site.api(token + "AAAA"), 401, "alg_refused")


def test_other_hash_of_the_same_secret(protect):
    """A key belongs to one algorithm: HS512 with an HS256 key is unknown."""
    site = protect()
    token = jwt.sign(site.key, alg="HS512")
    site.refused(site.api(token), 401, "key_unknown")


def test_public_key_as_secret(protect, keyfile):
    """The classic: HS256 keyed with the bytes of the public RSA key."""
    private = run(["openssl", "genrsa", "2048"]).stdout
    public = run(["openssl", "rsa", "-pubout"], stdin=None,
                 input=private).stdout
    site = protect(location=f'JwtKey RS256 "file:{keyfile(public)}"')
    assert site.api(jwt.sign(private, alg="RS256")).status == 200
    site.refused(site.api(_hs256_without_qualms(public)), 401, "key_unknown")


def _hs256_without_qualms(key):
    """HS256 with any key: PyJWT would refuse a PEM."""
    header = jwt.b64url(b'{"alg":"HS256","typ":"JWT"}')
    body = jwt.b64url(b'{"sub":"alice","exp":4102444800}')
    algorithm = pyjwt.algorithms.HMACAlgorithm(
        pyjwt.algorithms.HMACAlgorithm.SHA256)
    signature = algorithm.sign(f"{header}.{body}".encode(), key.encode())
    return f"{header}.{body}.{jwt.b64url(signature)}"


ALGORITHMS = {
    "HS256": None, "HS384": None, "HS512": None,
    "RS256": ["RSA"], "RS384": ["RSA"], "RS512": ["RSA"],
    "PS256": ["RSA"], "PS384": ["RSA"], "PS512": ["RSA"],
    "ES256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "ES384": ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "ES512": ["EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "EdDSA": ["ED25519"],
}


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_every_algorithm(protect, keyfile, alg):
    """Tokens of PyJWT verify; with one bit changed they do not."""
    kind = ALGORITHMS[alg]
    key = (jwt.secret() if kind is None else
           run(["openssl", "genpkey", "-algorithm", *kind]).stdout)
    site = protect(location=f'JwtKey {alg} "file:{keyfile(key)}"')
    token = jwt.sign(key, alg=alg)
    assert site.api(token).status == 200
    site.refused(site.api(jwt.flip(token, -10)), 401, "signature_bad")


def test_require_user(httpd, keyfile):
    """Another user's valid token is 403: with 401 clients would refresh."""
    key = jwt.secret()
    site = Site(httpd).start(f"""
        JwtKey HS256 "file:{keyfile(key)}"
        <Location "/api">
            AuthType Bearer
            AuthName "test api"
            Require user alice carol
        </Location>
    """)
    assert site.api(jwt.sign(key, sub="alice")).status == 200
    assert site.api(jwt.sign(key, sub="carol")).status == 200
    answer = site.api(jwt.sign(key, sub="bob"))
    site.refused(answer, 403, "insufficient_scope")
    assert challenge(answer)["error"] == "insufficient_scope"
    site.refused(site.api(), 401, "token_missing")


def test_require_any(httpd, keyfile):
    """A good token among other ways in: nothing of a refusal is left."""
    key = jwt.secret()
    site = Site(httpd).start(f"""
        JwtKey HS256 "file:{keyfile(key)}"
        <Location "/api">
            AuthType Bearer
            AuthName "test api"
            <RequireAny>
                Require ip 192.0.2.1
                Require user alice
            </RequireAny>
        </Location>
    """)
    answer = site.api(jwt.sign(key, sub="alice"))
    assert answer.status == 200
    assert not answer.all("WWW-Authenticate")


def test_integer_subject(protect):
    """Laravel's integer ids come out in decimal."""
    site = protect()
    assert site.api(jwt.sign(site.key, sub=42)).get("X-User") == "42"


def test_other_subject_claim(protect):
    """JwtSubjectClaim says which claim becomes REMOTE_USER."""
    site = protect(location="JwtSubjectClaim user_id")
    assert site.api(jwt.sign(site.key, user_id=7)).get("X-User") == "7"


def test_required_claims(protect):
    """JwtRequireClaims: absent is refused, present passes."""
    site = protect(location="JwtRequireClaims exp jti role")
    token = jwt.sign(site.key, jti="1", role="x")
    assert site.api(token).status == 200
    answer = site.api(jwt.sign(site.key, jti="1"))
    site.refused(answer, 401, "claim_missing")


def test_inner_location_overrides(protect):
    """A Location inside another has its own issuers, the rest inherited."""
    site = protect(location="""
        JwtIssuer https://outer.example https://second.example
        </Location>
        <Location "/api/inner">
            JwtIssuer https://inner.example
    """)
    site.httpd.write("htdocs/api/inner/index.html", "inner\n")
    outer = jwt.sign(site.key, iss="https://outer.example")
    inner = jwt.sign(site.key, iss="https://inner.example")
    assert site.api(outer).status == 200
    assert site.client.get("/api/inner/", outer).status == 401
    assert site.client.get("/api/inner/", inner).status == 200
    assert site.api(inner).status == 401


def test_two_different_tokens(protect):
    """Whose request would it be? Nobody's."""
    site = protect()
    answer = site.client.request("GET", "/api/", [
        ("Authorization", "Bearer " + jwt.sign(site.key, sub="alice")),
        ("Authorization", "Bearer " + jwt.sign(site.key, sub="bob"))])
    site.refused(answer, 400, "token_ambiguous")


def test_options_needs_a_token_too(protect):
    """Without JwtPreflight, OPTIONS is a request as any other."""
    site = protect()
    answer = site.client.request("OPTIONS", "/api/")
    site.refused(answer, 401, "token_missing")


def test_realm_missing(httpd, keyfile):
    """No AuthName: 500, and a log line that names the directive."""
    site = Site(httpd).start(f"""
        JwtKey HS256 "file:{keyfile(jwt.secret())}"
        <Location "/api">
            AuthType Bearer
            Require valid-user
        </Location>
    """)
    site.httpd.expect("AuthName")
    line = site.refused(site.api(), 500, "misconfigured")
    assert "AuthName" in line


def test_key_missing(httpd):
    """No JwtKey where the request comes by: the same."""
    site = Site(httpd, env={"LAB_KEY": jwt.secret()}).start("""
        <Location "/elsewhere">
            JwtKey HS256 env:LAB_KEY
        </Location>
        <Location "/api">
            AuthType Bearer
            AuthName "test api"
            Require valid-user
        </Location>
    """)
    site.httpd.expect("JwtKey")
    assert "JwtKey" in site.refused(site.api(), 500, "misconfigured")


def test_quotes_in_the_realm(protect):
    """A realm with quotes stays one quoted string."""
    site = protect(location=r'AuthName "a \"b\" c"')
    said = challenge(site.api(jwt.flip(jwt.sign(site.key), -5)))
    assert said["realm"] == r'a \"b\" c'
    assert said["error"] == "invalid_token"


def test_error_document_keeps_the_challenge(protect):
    """A custom 401 page does not lose WWW-Authenticate."""
    site = protect(server='ErrorDocument 401 "please log in"')
    answer = site.api()
    assert (answer.status, answer.text) == (401, "please log in")
    assert challenge(answer) == {"realm": "test api"}


# -- identity ---------------------------------------------------------------

EXPORT = """
    JwtExport role header=X-Role
    JwtExport role env=ROLE
    JwtExport realm.roles[1]
    Header always set X-Env "%{ROLE}e %{JWT_CLAIM_realm_roles_1_}e"
"""
ECHO = 'Header always set X-Seen "expr=%{HTTP:X-Role}|%{HTTP:X_Role}"\n'


def test_export(protect):
    """An exported claim is in the environment and, if asked, in a header."""
    site = protect(location=EXPORT, server=ECHO)
    answer = site.api(jwt.sign(site.key, role="editor",
                               realm={"roles": ["a", "b"]}))
    assert answer.get("X-Env") == "editor b"
    assert answer.get("X-Seen") == "editor|"


@pytest.mark.parametrize("name", ["X-Role", "x-role", "X_Role", "x_rOLE"])
def test_spoofed_header_is_scrubbed(protect, name):
    """Nobody but us sets an exported header, whatever its spelling."""
    site = protect(location=EXPORT, server=ECHO)
    spoof = [(name, "admin"), (name, "root")]
    answer = site.api(jwt.sign(site.key), spoof)
    assert (answer.status, answer.get("X-Seen")) == (200, "|")
    answer = site.api(jwt.sign(site.key, role="editor"), spoof)
    assert answer.get("X-Seen") == "editor|"
    refused = site.api(headers=spoof)
    assert (refused.status, refused.get("X-Seen")) == (401, "|")


def test_spoof_outside_the_protected_folder(protect):
    """An open page of the same host does not see a spoofed header either."""
    site = protect(location=EXPORT, server=ECHO)
    answer = site.client.get("/", headers=[("X-Role", "admin")])
    assert (answer.status, answer.get("X-Seen")) == (200, "|")


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\0b"])
def test_claim_cannot_break_a_header(protect, value):
    """A claim with line breaks makes no second header."""
    site = protect(location=EXPORT, server=ECHO)
    answer = site.api(jwt.sign(site.key, role=value))
    assert not answer.all("X-Evil")
    assert "\n" not in (answer.get("X-Seen") or "")


def test_handler_serves_no_file(protect):
    """SetHandler jwt-* outside a <Location> of the server is refused."""
    site = protect(server='<Directory "/">\nAllowOverride FileInfo\n'
                          "</Directory>")
    site.httpd.expect("SetHandler|jwt-refresh")
    site.httpd.write("htdocs/tenant/.htaccess", "SetHandler jwt-refresh\n")
    site.httpd.write("htdocs/tenant/index.html", "x")
    answer = site.client.post_form("/tenant/index.html", {"grant_type": "x"})
    assert answer.status >= 400
    assert b"access_token" not in answer.body
