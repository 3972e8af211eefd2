# SPDX-License-Identifier: Apache-2.0
"""Dialect cookie: each row of its contract, sent and compared."""

import concurrent.futures
import itertools
import re

import pytest

import backends
from e2e_site import ISSUER, challenge, sid_of
from lab import jwt
from lab.grant import Grant
from lab.httpd import HttpdFailed
from lab.process import wait_for

NAME = "__Host-refresh"
COOKIE = "JwtDialect cookie\nJwtLoginLimit Off"
APP, API = "https://app.example", "https://api.example:8443"


def contract(row):
    """Marks the test of a row."""
    return pytest.mark.contract("cookie", row)


@pytest.fixture(scope="module", name="site")
def _site(shared_site):
    return shared_site(server=COOKIE)


@pytest.fixture(scope="module", name="cross")
def _cross(shared_site):
    """Pages of two other origins may use it, and none else."""
    return shared_site(server=f"{COOKIE}\nJwtOrigin {APP} {API}")


def own(site):
    """What a page of this origin sends."""
    return [("Origin", f"http://127.0.0.1:{site.httpd.port}")]


def jar(token):
    """The header of a browser's jar."""
    return [("Cookie", f"theme=dark; {NAME}={token}; x=y")] if token else []


def post(site, path, token=None, headers=None, body=None):
    """POST as axios does, from a page of this origin by default."""
    sent = jar(token) + (own(site) if headers is None else headers)
    if body is not None:
        return site.client.post_json(path, body, sent)
    return site.client.request("POST", path, sent)


def refresh(site, token=None, headers=None):
    """POST without a body."""
    return post(site, "/token", token, headers)


def log_in(site, token=None, headers=None, username="alice"):
    """The Answer to a login."""
    return post(site, "/login", token, headers, {
        "username": username,
        "password": {"alice": "wonderland", "bob": "skyscraper"}[username]})


def set_cookie(answer):
    """(value, {attribute: value}) of the one Set-Cookie."""
    line, = answer.all("Set-Cookie")
    pair, *attributes = line.split("; ")
    name, _, value = pair.partition("=")
    assert name == NAME
    return value, dict(part.partition("=")[::2] for part in attributes)


def good(answer):
    """(access token, refresh token) of a 200, whose form is checked."""
    assert answer.status == 200, answer
    assert answer.get("Cache-Control") == "no-store"
    assert answer.get("Pragma") == "no-cache"
    assert "Origin" in answer.get("Vary")
    assert set(answer.json()) == {"accessToken"}
    value, attributes = set_cookie(answer)
    age = int(attributes.pop("Max-Age"))
    assert 30 * 86400 - 60 < age <= 30 * 86400
    assert attributes == {"Path": "/", "Secure": "", "HttpOnly": "",
                          "SameSite": "Strict"}
    return answer.json()["accessToken"], value


def refused(answer, tag, cleared):
    """403 refresh_expired; the cookie is cleared if one was sent."""
    assert answer.status == 403, answer
    assert answer.json() == {"error": "refresh_expired"}
    assert answer.get("X-Outcome") == tag
    assert answer.get("WWW-Authenticate") is None
    if cleared:
        value, attributes = set_cookie(answer)
        assert (value, attributes["Max-Age"]) == ("", "0")
        assert attributes["Path"] == "/" and "Secure" in attributes
    else:
        assert answer.get("Set-Cookie") is None


def csrf(answer):
    """403 csrf, and the cookie stays."""
    assert (answer.status, answer.json()) == (403, {"error": "csrf"}), answer
    assert answer.get("X-Outcome") == "csrf"
    assert answer.get("Set-Cookie") is None
    assert answer.get("WWW-Authenticate") is None


# -- login, refresh, logout ---------------------------------------------------

@contract("login sets the cookie")
def test_login(site):
    """The access token in the body, the refresh token nowhere but there."""
    access, token = good(log_in(site))
    assert jwt.header_of(access)["typ"] == "JWT"
    assert Grant.parse(token).generation == 0
    assert site.api(access).status == 200


@contract("login refused")
def test_login_refused(site):
    """401, no cookie, and one that is there stays."""
    _, token = good(log_in(site))
    answer = post(site, "/login", token, body={"username": "alice",
                                               "password": "x"})
    assert (answer.status, answer.json()) == (401, {"error": "login_refused"})
    assert answer.get("Set-Cookie") is None and site.alive(token)


@contract("login ends the session of a cookie sent along")
def test_login_again(site):
    """Always a new session; the old one is over."""
    _, token = good(log_in(site))
    _, other = good(log_in(site, token, username="bob"))
    assert Grant.parse(other).sid != Grant.parse(token).sid
    assert site.alive(other) and not site.alive(token)
    good(log_in(site, "rubbish"))


@contract("200 + the successor in Set-Cookie")
def test_refresh(site):
    """No body; a stale bearer is ignored."""
    _, token = good(log_in(site))
    stale = jwt.sign(site.key, iss=ISSUER, exp=1)
    for bearer in (stale, "rubbish"):
        answer = refresh(site, token, own(site) + [
            ("Authorization", f"Bearer {bearer}")])
        access, successor = good(answer)
        assert Grant.parse(successor).generation == 1
        assert site.api(access).status == 200


@contract("Max-Age is what is left of the session")
def test_max_age(site, past):
    """It shrinks, and is never extended."""
    _, token = good(log_in(site))
    past(token, "10d", "created_at", "expires_at")
    _, attributes = set_cookie(refresh(site, token))
    assert 20 * 86400 - 60 < int(attributes["Max-Age"]) <= 20 * 86400


@contract("a body is ignored")
@pytest.mark.parametrize("body", ["{}", "{", "x", '{"a":1,"a":2}'])
def test_body(site, body):
    """axios may send one."""
    _, token = good(log_in(site))
    good(post(site, "/token", token, body=body))
    assert post(site, "/token", token,
                body="x" * 16400).status == 413


def _deleted(site, token):
    site.db.execute("DELETE FROM auth_jwt.session WHERE sid = %s",
                    str(sid_of(token)))
    return token


def _revoked(site, token):
    site.db.execute("SELECT auth_jwt.revoke_session(%s)", str(sid_of(token)))
    return token


@contract("cookie missing 403")
def test_missing(site):
    """Nothing is cleared that was not sent."""
    refused(refresh(site), "token_missing", False)
    refused(refresh(site, headers=own(site) + [("Cookie", "; =; theme=dark")]),
            "token_missing", False)


@contract("cookie bad, unknown, revoked 403 + cleared")
@pytest.mark.parametrize("make, tag", [
    (lambda site, token: "nonsense", "refresh_malformed"),
    (lambda site, token: jwt.flip(token, len(token) - 10), "refresh_forged"),
    (_deleted, "unknown"), (_revoked, "revoked")],
    ids=["nonsense", "forged", "unknown", "revoked"])
def test_refused(site, make, tag):
    """Never 401: the interceptor would try for ever."""
    _, token = good(log_in(site))
    refused(refresh(site, make(site, token)), tag, True)


@contract("cookie expired, idle, reused 403 + cleared")
@pytest.mark.parametrize("interval, columns, tag", [
    ("31d", (), "expired"),
    ("15d", ("created_at", "rotated_at", "used_at"), "idle")])
def test_too_late(site, past, interval, columns, tag):
    """All the same to the page."""
    _, token = good(log_in(site))
    past(token, interval, *columns)
    refused(refresh(site, token), tag, True)


@contract("cookie reused 403 + cleared")
def test_reused(site, past):
    """After the grace somebody had a copy."""
    _, token = good(log_in(site))
    good(refresh(site, token))
    past(token, "31s", "rotated_at")
    refused(refresh(site, token), "reused", True)


@contract("logout 204 + cleared, idempotent")
def test_logout(site):
    """Twice, and with a cookie that means nothing, and without one."""
    _, token = good(log_in(site))
    for value in (token, token, "nonsense"):
        answer = post(site, "/logout", value)
        assert (answer.status, answer.body) == (204, b"")
        assert set_cookie(answer)[1]["Max-Age"] == "0"
        assert not site.alive(token)
    answer = post(site, "/logout")
    assert (answer.status, answer.get("Set-Cookie")) == (204, None)


@contract("database trouble: nothing is cleared")
def test_trouble(auth_site, cluster):
    """503 at login, refresh and logout."""
    site = auth_site(server=COOKIE)
    _, token = good(log_in(site))
    cluster.stop()
    site.httpd.expect("outcome=database_down")
    for answer in (refresh(site, token), post(site, "/logout", token),
                   log_in(site, token)):
        assert answer.status == 503 and answer.get("Retry-After")
        assert answer.get("Set-Cookie") is None
    cluster.start()
    wait_for(lambda: refresh(site, token).status == 200, "a refresh")


@contract("API 401")
def test_api(site):
    """401, on which the interceptor refreshes."""
    answer = site.api(jwt.sign(site.key, iss=ISSUER, exp=1))
    assert (answer.status, answer.json()) == (401, {"error": "token_expired"})
    assert challenge(answer)["error"] == "invalid_token"


# -- whose page it is ---------------------------------------------------------

FOREIGN = [
    [], [("Origin", "null")], [("Origin", "https://evil.example")],
    [("Origin", "")], [("Sec-Fetch-Site", "cross-site")],
    [("Sec-Fetch-Site", "same-site")], [("Sec-Fetch-Site", "none")],
    [("Sec-Fetch-Site", "same-origin, cross-site")],
    [("Origin", "{own}.evil.example")], [("Origin", "{own}0")],
    [("Origin", "https://127.0.0.1:{port}")], [("Origin", "{own}/")],
    [("Origin", "{own}"), ("Origin", "https://evil.example")],
    [("Origin", "https://evil.example"), ("Referer", "{own}/page")],
    [("Origin", "null"), ("Referer", "{own}/page")],
    [("Referer", "https://evil.example/{own}/")],
    [("Referer", "http://127.0.0.1:{port}@evil.example/")],
    [("Referer", "about:blank")],
    [("Origin", "https://evil.example"), ("X-Forwarded-Host", "evil.example"),
     ("X-Forwarded-Proto", "https"), ("Forwarded", "host=evil.example")],
]


def filled(site, headers):
    """The headers, with this origin's name and port."""
    names = {"port": site.httpd.port, "own": own(site)[0][1]}
    return [(name, value.format(**names)) for name, value in headers]


@contract("CSRF: refused at login, refresh, logout")
@pytest.mark.parametrize("headers", FOREIGN, ids=repr)
def test_foreign(site, headers):
    """403 csrf; the cookie is kept, nothing is rotated or ended."""
    _, token = good(log_in(site))
    headers = filled(site, headers)
    csrf(refresh(site, token, headers))
    csrf(post(site, "/logout", token, headers))
    csrf(log_in(site, token, headers))
    assert site.session(token, "generation") == 0 and site.alive(token)


@contract("CSRF: this origin passes")
@pytest.mark.parametrize("headers", [
    [("Origin", "{own}")], [("Referer", "{own}/page?x#y")],
    [("Sec-Fetch-Site", "same-origin")],
    [("Sec-Fetch-Site", "same-origin"), ("Origin", "null")],
    [("Sec-Fetch-Site", "cross-site"), ("Origin", "{own}")]], ids=repr)
def test_own(site, headers):
    """By what browsers say, in their order."""
    _, token = good(log_in(site))
    good(refresh(site, token, filled(site, headers)))


@contract("CSRF: JwtOrigin is the whole list")
@pytest.mark.parametrize("origin, status", [
    (APP, 200), (API, 200), ("{own}", 403), ("https://app.example:443", 403),
    ("https://app.example.evil.example", 403), ("http://app.example", 403),
    ("null", 403), ("https://APP.example", 403)])
def test_listed(cross, origin, status):
    """Exact, and without this origin."""
    _, token = good(log_in(cross, headers=[("Origin", APP)]))
    origin, = filled(cross, [("Origin", origin)])
    assert refresh(cross, token, [origin]).status == status
    assert refresh(cross, token, [("Referer", origin[1] + "/x")]).status == (
        200 if origin[1].lower().startswith("https://app.example")
        and "evil" not in origin[1] else status)


def test_the_log_says_whose_page_it_was(site, cross):
    """What to compare with JwtOrigin, whole origins only."""
    def said(where, *headers):
        csrf(refresh(where, None, list(headers)))
        line = where.httpd.refusals("csrf")[-1].partition(", referer: ")[0]
        return line.partition(" sid=-: ")[2]

    evil, wild = "https://evil.example", "https://evil.example/?token=s3cret"
    assert said(site).startswith("the request says nothing of the page")
    assert said(site, ("Origin", evil)) == \
        f"made by a page of {evil}, which is not {own(site)[0][1]}"
    assert said(cross, *own(cross)) == \
        f"made by a page of {own(cross)[0][1]}, which is not in JwtOrigin"
    assert said(cross, ("Referer", wild)) == \
        f"made by a page of {evil}, which is not in JwtOrigin"
    assert "an unknown origin" in said(cross, ("Origin", wild))


@contract("CORS: exact origin, credentials, Vary")
@pytest.mark.parametrize("path", ["/login", "/token", "/logout"])
def test_cors(cross, path):
    """On every reply, good or not."""
    for origin, allowed in ((APP, APP), (API, API),
                            ("https://evil.example", None), (None, None)):
        headers = [("Origin", origin)] if origin else []
        answer = post(cross, path, headers=headers, body={"username": "alice"})
        assert answer.get("Access-Control-Allow-Origin") == allowed
        assert answer.get("Access-Control-Allow-Credentials") == (
            "true" if allowed else None)
        assert ("Retry-After" in answer.get("Access-Control-Expose-Headers", "")
                ) == bool(allowed)
        assert "Origin" in answer.get("Vary")


@contract("CORS: preflight without a database")
@pytest.mark.parametrize("path", ["/login", "/token", "/logout"])
def test_preflight(auth_site, cluster, path):
    """What axios asks before it sends anything."""
    site = auth_site(server=f"{COOKIE}\nJwtOrigin {APP}")
    cluster.stop()
    answer = site.client.request("OPTIONS", path, [
        ("Origin", APP), ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "authorization,x-of-the-page")])
    assert answer.status == 204
    assert answer.get("Access-Control-Allow-Origin") == APP
    assert answer.get("Access-Control-Allow-Credentials") == "true"
    assert answer.get("Access-Control-Allow-Methods") == "POST"
    assert answer.get("Access-Control-Allow-Headers") == (
        "authorization,x-of-the-page")
    answer = site.client.request("OPTIONS", path, [
        ("Origin", "https://evil.example"),
        ("Access-Control-Request-Method", "POST")])
    assert not [name for name, _ in answer.headers
                if name.lower().startswith("access-control")]
    answer = site.client.request("OPTIONS", path)
    assert answer.get("Access-Control-Allow-Methods") is None


@contract("CORS: a refusal of the API can be read")
def test_cors_of_the_api(cross):
    """Else the page would not see the 401 on which it refreshes."""
    answer = cross.api(headers=[("Origin", APP)])
    assert answer.status == 401
    assert answer.get("Access-Control-Allow-Origin") == APP
    assert cross.api(headers=[("Origin", "null")]).get(
        "Access-Control-Allow-Origin") is None


@contract("CSRF: unsafe methods of AuthType with a cookie, in every dialect")
@pytest.mark.parametrize("dialect", [
    "oauth2", "express", "pair", "cookie", "laravel", "simplejwt"])
def test_api_by_cookie(protect, dialect):
    """A token that browsers add by themselves proves no intent."""
    site = protect("JwtSource header cookie:at", f"JwtDialect {dialect}\n"
                   f"JwtOrigin {APP}")
    site.httpd.expect("AH00135: Invalid method")
    token = jwt.sign(site.key, iss=ISSUER, iat=1, nbf=1, jti="1",
                     token_type="access")

    def ask(method, headers, cookie=True):
        pairs = ([("Cookie", f"at={token}")] if cookie else []) + headers
        answer = site.client.request(method, "/api/", pairs)
        return answer.get("X-Outcome")
    for method in ("POST", "PUT", "DELETE", "PATCH", "FROB"):
        assert ask(method, []) == "csrf"
        assert ask(method, [("Origin", "https://evil.example")]) == "csrf"
        assert ask(method, [("Origin", APP)]) != "csrf"
        bearer = [("Authorization", f"Bearer {token}")]
        assert ask(method, bearer) != "csrf"
        assert ask(method, bearer, cookie=False) != "csrf"
    for method in ("GET", "HEAD", "OPTIONS"):
        assert ask(method, []) == "granted"


# -- the cookie ---------------------------------------------------------------

@contract("the refresh cookie never reaches the backend")
def test_scrubbed(auth_site):
    """Whatever the Location; the others stay byte for byte."""
    site = auth_site(server="", modules=("cgid",), token="JwtDialect cookie\n"
                     "JwtCookie rt\n")
    cgi = backends.write_cgi(site)
    site.httpd.config += f"""
        ScriptAlias "/cgi" "{cgi}"
        <Directory "{cgi.parent}">
            Require all granted
        </Directory>
    """
    site.httpd.graceful()

    def seen(*lines):
        answer = site.client.get("/cgi", headers=[
            ("Cookie", line) for line in lines])
        return answer.json().get("HTTP_COOKIE")
    assert seen("a=b; rt=secret; c= d") == "a=b; c= d"
    assert seen(f"{NAME}=secret; rt=other") is None
    assert seen("rt=1; rt=2; rtx=3") == "rtx=3"
    assert seen("a=b;c=d") == "a=b;c=d"
    assert seen("a=b", "rt=secret; c=d") == "a=b; c=d"
    assert seen("a=b", "c=d", f"{NAME}=secret") == "a=b, c=d"
    assert "secret" not in str(seen("rt=secret", "a=b"))


@contract("several cookies of one name")
def test_several(site):
    """The first that is genuine; rubbish before it does not lock anybody out."""
    _, token = good(log_in(site))
    header = "; ".join([f"{NAME}=x"] * 100 + [f"{NAME}={token}"])
    good(site.client.request("POST", "/token", own(site)
                             + [("Cookie", header)]))


@contract("JwtCookie")
def test_other_cookie(auth_site):
    """Another name and other attributes, when set and when cleared."""
    site = auth_site(server=COOKIE + '\nJwtCookie rt "Path=/token; HttpOnly"')
    line, = log_in(site).all("Set-Cookie")
    value, rest = re.fullmatch(r"rt=(\S+); Max-Age=\d+(; .*)", line).groups()
    assert rest == "; Path=/token; HttpOnly"
    answer = site.client.request("POST", "/token", own(site)
                                 + [("Cookie", f"rt={value}x")])
    assert answer.all("Set-Cookie") == [
        "rt=; Max-Age=0; Path=/token; HttpOnly"]


@contract("Secure on plain http is warned of")
def test_warning(auth_site):
    """Once, by jwt-login; without Secure there is nothing to warn of."""
    site = auth_site(server=COOKIE, mpm="prefork",
                     mpm_config="StartServers 1\nMaxRequestWorkers 1\n"
                                "MinSpareServers 1\nMaxSpareServers 1\n")
    for _ in range(3):
        good(log_in(site))
    assert site.httpd.error_log().count("but this is plain http") == 1
    assert ":warn]" in next(line for line in site.httpd.error_log(
        ).splitlines() if "plain http" in line)


@pytest.mark.parametrize("line, said", [
    ("JwtOrigin *", "no origin"), ("JwtOrigin null", "no origin"),
    ("JwtOrigin https://a/b", "no origin"),
    ("JwtOrigin https://*.example.org", "no origin"),
    ("JwtOrigin none https://a", "stands alone"),
    ("JwtCookie a=b", "no name"), ('JwtCookie a "Max-Age=3"', "Max-Age"),
    ('JwtCookie __Host-a "Path=/x; Secure"', "__Host-"),
    ('JwtCookie a "SameSite=None"', "SameSite=None"),
])
def test_mistakes(protect, line, said):
    """A sentence that names what was written."""
    with pytest.raises(HttpdFailed, match=re.escape(said)):
        protect(server=line)


@contract("two tabs at once")
def test_two_tabs(site, past):
    """Both 200, and the jar is good in whatever order the lines arrive."""
    _, token = good(log_in(site))
    for _ in range(4):
        with concurrent.futures.ThreadPoolExecutor(2) as tabs:
            answers = list(tabs.map(lambda _, held=token: refresh(site, held),
                                    range(2)))
        values = [good(answer)[1] for answer in answers]
        for order in itertools.permutations(values):
            token = order[-1]
            assert refresh(site, token).status == 200
        past(token, "31s", "rotated_at")
