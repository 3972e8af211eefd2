# SPDX-License-Identifier: Apache-2.0
"""The files of conf/, as shipped: httpd -t has nothing to say of them, and
each Location does what its comment says of the module it comes from.

Only what a test machine cannot have is replaced: the folder of the keys and
the database.
"""

import base64
import json
import re

import pytest

import backends
from e2e_site import Site, bcrypt
from lab import jwt
from lab.place import TOP
from lab.process import run
from test_inheritance import DEFAULTS, WORDS

OURS = {"iss": "example.com", "aud": "demo", "user": "alice", "sub": None}


def openssl(*arguments, **options):
    """What openssl prints."""
    done = run(["openssl", *arguments], **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Keys:
    """Every key that a file of conf/ names, made once."""

    def __init__(self, folder):
        self.folder = folder
        self.plain, self.raw, self.hex = (jwt.secret() for _ in range(3))
        self.rsa = openssl("genpkey", "-algorithm", "RSA")
        self.ec = openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
                          "ec_paramgen_curve:P-256")
        self._write("plain.key", self.plain)
        self._write("base64.key", base64.b64encode(self.raw.encode()))
        self._write("hex.key", self.hex.encode().hex())
        self._write("access.key", self.plain)
        self._write("laravel.key", f"JWT_SECRET={self.plain}\n")
        self._write("refresh.key", jwt.secret())
        self._write("django.key", jwt.secret())
        self._write("ec.pem", self.ec)
        self._write("users", f"alice:{bcrypt('wonderland')}\n")
        rsa = self._write("rsa.pem", self.rsa)
        self._write("rsa.pub", openssl("pkey", "-pubout", "-in", str(rsa)))
        self._write("issuer.crt", openssl(
            "req", "-x509", "-key", str(rsa), "-subj", "/CN=issuer"))
        self._write("issuer.json", json.dumps({"keys": [self._jwk()]}))

    def _write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes)
                         else content.encode())
        secret = name.endswith(".key") or name in ("rsa.pem", "ec.pem")
        path.chmod(0o600 if secret else 0o644)
        return path

    def _jwk(self):
        from cryptography.hazmat.primitives import serialization
        numbers = serialization.load_pem_private_key(
            self.rsa.encode(), None).public_key().public_numbers()
        size = (numbers.n.bit_length() + 7) // 8
        return {"kty": "RSA", "kid": "2026", "alg": "RS256",
                "n": jwt.b64url(numbers.n.to_bytes(size, "big")),
                "e": jwt.b64url(numbers.e.to_bytes(3, "big"))}


@pytest.fixture(name="keys", scope="module")
def _keys(place):
    return Keys(place.folder("example-keys"))


@pytest.fixture(name="shipped")
def _shipped(httpd, keys, place):
    """shipped(name): a Site with that file of conf/; not started."""
    def make(name, conninfo="dbname=site user=site_httpd", **options):
        text = (TOP / "conf" / name).read_text(encoding="utf-8")
        text = text.replace("/etc/apache2/jwt/", f"{keys.folder}/")
        text = text.replace("/var/www/app/.env", f"{keys.folder}/laravel.key")
        text = re.sub('^(JwtDatabase +).*', rf'\1"{conninfo}"', text,
                      flags=re.M)
        site = Site(httpd, modules=("cgid",), **options)
        site.httpd.config = text
        return site
    return make


@pytest.mark.parametrize("name", sorted(
    str(path.relative_to(TOP / "conf"))
    for path in (TOP / "conf").glob("**/*.conf")
    if path.parent.name != "demo"))
def test_nothing_to_say(shipped, name):
    """httpd -t, without a word."""
    status, said = shipped(name).httpd.configtest()
    assert (status, said) == (0, "Syntax OK\n")


def test_reference_has_the_defaults(shipped):
    """What it says is what the README calls the default."""
    text = shipped("reference.conf").httpd.config
    values = dict(re.findall(r"^\s*(Jwt\w+) (.*)$", text, re.M))
    for name, default in DEFAULTS.items():
        assert values[name] == default, name
    assert len(DEFAULTS) > 10
    for name, word in WORDS:
        assert values[name] == word or name == "JwtKey", name


# -- mod_auth_openidc --------------------------------------------------------

@pytest.fixture(name="openidc")
def _openidc(shipped):
    """Every Location of the example answers with a CGI's environment."""
    site = shipped("examples/from-mod_auth_openidc.conf")
    cgi = backends.write_cgi(site)
    return site.start(site.httpd.config + f"""
        ScriptAliasMatch "^/" "{cgi}"
        <Directory "{cgi.parent}">
            Require all granted
        </Directory>
    """)


def test_jwks(openidc, keys):
    """A set of the issuer's keys, his name and ours."""
    def ask(key=keys.rsa, alg="RS256", kid="2026", **claims):
        token = jwt.sign(key, {"iss": "https://issuer.example",
                               "aud": ["https://api.example"], **claims},
                         alg, {"kid": kid})
        return openidc.client.get("/jwks", token).status
    assert ask() == 200
    assert ask(aud="https://other.example") == 401
    assert ask(iss="https://other.example") == 401
    assert ask(kid="2025") == 401
    assert ask(keys.plain, "HS256") == 401


def test_shared_keys(openidc, keys):
    """In each of their notations."""
    for key, header in ((keys.plain, {"kid": "1"}), (keys.raw, None),
                        (keys.hex, None)):
        assert openidc.client.get(
            "/shared", jwt.sign(key, header=header)).status == 200
    assert openidc.client.get("/shared",
                              jwt.sign(jwt.secret())).status == 401


def test_certificate(openidc, keys):
    """The public key of a certificate."""
    token = jwt.sign(keys.rsa, alg="RS256", header={"kid": "one"})
    assert openidc.client.get("/certificate", token).status == 200
    token = jwt.sign(keys.rsa, alg="RS256", header={"kid": "two"})
    assert openidc.client.get("/certificate", token).status == 401


def test_places(openidc, keys):
    """Header, cookie, query; the application sees it in none of them."""
    token = jwt.sign(keys.plain)
    for answer in (
            openidc.client.get("/places", token),
            openidc.client.get("/places",
                               headers={"Cookie": f"PA.global={token}"}),
            openidc.client.get(f"/places?access_token={token}&x=1")):
        seen = answer.json()
        assert seen["REMOTE_USER"] == "alice"
        assert token not in answer.text
    assert openidc.client.post_form("/places",
                                    {"access_token": token}).status == 401


def test_basic(openidc, keys):
    """The password is the token."""
    text = base64.b64encode(b":" + jwt.sign(keys.plain).encode()).decode()
    answer = openidc.client.get("/basic",
                                headers={"Authorization": f"Basic {text}"})
    assert answer.json()["REMOTE_USER"] == "alice"
    assert openidc.client.get("/basic").get(
        "WWW-Authenticate") == 'Basic realm="api"'


def test_remote_user(openidc, keys):
    """Another claim, or a part of it for a backend."""
    token = jwt.sign(keys.plain, email="ann@example.org")
    seen = openidc.client.get("/user", token).json()
    assert seen["REMOTE_USER"] == "ann@example.org"
    seen = openidc.client.get("/user-part", token,
                              {"X-Remote-User": "root"}).json()
    assert seen["HTTP_X_REMOTE_USER"] == "ann"
    assert openidc.client.get("/user", jwt.sign(keys.plain)).status == 401


def test_claims(openidc, keys):
    """Environment and headers, which nobody else can write."""
    token = jwt.sign(keys.plain, email="a@b.c", groups=["x", "y"])
    seen = openidc.client.get("/claims", token, {
        "X-Remote-User": "root", "OIDC-CLAIM-email": "root"}).json()
    assert seen["OIDC_CLAIM_email"] == "a@b.c"
    assert json.loads(seen["HTTP_OIDC_CLAIM_GROUPS"]) == ["x", "y"]
    assert seen["HTTP_OIDC_CLAIM_EMAIL"] == "a@b.c"
    assert seen["HTTP_X_REMOTE_USER"] == "alice"


def test_token_for_the_application(openidc, keys):
    """It reads Authorization itself."""
    token = jwt.sign(keys.plain, email="a@b.c")
    seen = openidc.client.get("/token", token).json()
    assert seen["HTTP_AUTHORIZATION"] == f"Bearer {token}"
    assert not [name for name in seen if "CLAIM" in name]


@pytest.mark.parametrize("path, good, bad", [
    ("/claim", [{"sub": "joe"}, {"client_id": "app"}],
     [{}, {"client_id": "apple"}]),
    ("/scope", [{"scope": "x read"}], [{"scope": "read-only"}, {}]),
    ("/all", [{"hd": "example.com", "locale": "de", "groups": ["a", "staff"],
               "realm_access": {"roles": ["admin"]}}],
     [{"hd": "example.com", "locale": "den", "groups": ["staff"],
       "realm_access": {"roles": ["admin"]}},
      {"hd": "example.com", "locale": "de", "groups": ["staff"],
       "realm_access": {"roles": ["administrator"]}}]),
    ("/expression", [{"age": 18, "tenant": "t", "department": "sales"}],
     [{"age": 17, "tenant": "t", "department": "sales"},
      {"age": 18, "tenant": "u", "department": "sales"},
      {"age": 18, "tenant": "t", "department": "it"},
      {"age": 18, "tenant": "t", "department": "sales", "cnf": {}}]),
], ids=lambda value: value if isinstance(value, str) else "")
def test_require_claim(openidc, keys, path, good, bad):
    """200 for what fulfils the lines, 403 for what does not, 401 else."""
    def ask(claims):
        return openidc.client.get(path, jwt.sign(keys.plain, claims),
                                  {"X-Tenant": "t"}).status
    assert [ask(claims) for claims in good] == [200] * len(good)
    assert [ask(claims) for claims in bad] == [403] * len(bad)
    assert openidc.client.get(path).status == 401


def test_texts(openidc, keys):
    """Words of the administrator's own."""
    answer = openidc.client.get("/refusal")
    assert (answer.status, answer.text) == (401, "Bring a token.")
    answer = openidc.client.get("/refusal", jwt.sign(keys.plain))
    assert (answer.status, answer.text) == (403, "Not yours.")


def test_optional(openidc, keys):
    """Nobody, or somebody; a bad token is neither."""
    seen = openidc.client.get("/optional").json()
    assert "REMOTE_USER" not in seen
    seen = openidc.client.get("/optional", jwt.sign(keys.plain)).json()
    assert seen["REMOTE_USER"] == "alice"
    assert openidc.client.get("/optional", "rubbish").status == 401


# -- mod_authnz_jwt ----------------------------------------------------------

@pytest.fixture(name="authnz")
def _authnz(shipped, db):
    """The example on a real database."""
    site = shipped("examples/from-mod_authnz_jwt.conf",
                   db.conninfo("site_httpd"))
    cgi = backends.write_cgi(site)
    return site.start(site.httpd.config + f"""
        ScriptAliasMatch "^/(demo/(secured|cookie|both|claim|array|backend)|ec|rsa)$" "{cgi}"
        <Directory "{cgi.parent}">
            Require all granted
        </Directory>
    """)


def test_login(authnz):
    """user and password in; a token with the claim `user`, half an hour."""
    answer = authnz.client.post_form("/demo/login", {
        "user": "alice", "password": "wonderland"})
    body = answer.json()
    assert (answer.status, body["expires_in"]) == (200, 1800)
    claims = jwt.claims_of(body["access_token"])
    assert (claims["user"], claims["iss"], claims["aud"]) == (
        "alice", "example.com", "demo")
    seen = authnz.client.get("/demo/secured", body["access_token"]).json()
    assert seen["REMOTE_USER"] == "alice"
    again = authnz.client.post_form("/demo/token", {
        "grant_type": "refresh_token", "refresh_token": body["refresh_token"]})
    assert again.status == 200
    assert authnz.client.post_form("/demo/login", {
        "user": "alice", "password": "x"}).status == 401


def test_bearer_cookie_both(authnz, keys):
    """What each AuthType of theirs takes."""
    token, other = (jwt.sign(keys.raw, OURS, nonce=n) for n in "ab")
    cookie = {"Cookie": f"AuthToken={token}; theme=dark"}

    def ask(kind, bearer, headers=()):
        return authnz.client.get(f"/demo/{kind}", bearer, headers)
    assert ask("secured", token).status == 200
    assert ask("secured", None, cookie).status == 401
    seen = ask("cookie", None, cookie).json()
    assert (seen["REMOTE_USER"], seen["HTTP_COOKIE"]) == ("alice",
                                                          "theme=dark")
    assert ask("cookie", token).status == 401
    assert ask("both", token).status == 200
    assert token in ask("both", None, cookie).json()["HTTP_COOKIE"]
    assert ask("both", other, cookie).status == 400


def test_their_claims(authnz, keys):
    """jwt-claim and jwt-claim-array."""
    def ask(path, **claims):
        return authnz.client.get(path, jwt.sign(keys.raw,
                                                {**OURS, **claims})).status
    assert ask("/demo/claim", user="toto") == 200
    assert ask("/demo/claim", group="one") == 200
    assert ask("/demo/claim", group="two") == 403
    assert ask("/demo/array", groups=["group1", "x"]) == 200
    assert ask("/demo/array", groups=["group11"]) == 403
    assert ask("/demo/secured", iss="other") == 401
    assert ask("/demo/secured", aud="other") == 401


def test_their_backend(authnz, keys):
    """X-Remote-User without rewriting, and nobody else's."""
    seen = authnz.client.get("/demo/backend", jwt.sign(keys.raw, OURS),
                             {"X-Remote-User": "root"}).json()
    assert seen["HTTP_X_REMOTE_USER"] == "alice"


def test_their_other_algorithms(authnz, keys):
    """A private key of our own, a public one of somebody else's."""
    token = jwt.sign(keys.ec, OURS, "ES256")
    assert authnz.client.get("/ec", token).status == 200
    token = jwt.sign(keys.rsa, {"sub": "bob", "aud": "x"}, "RS256")
    seen = authnz.client.get("/rsa", token).json()
    assert seen["REMOTE_USER"] == "bob"
    assert authnz.client.get("/rsa", jwt.sign(keys.raw, OURS)).status == 401
