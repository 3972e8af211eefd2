# SPDX-License-Identifier: Apache-2.0
"""JwtSource: where a token may sit, and one request with more than one."""

import base64
import contextlib
import http.client
import json

import pytest

from e2e_site import challenge
from lab import jwt
from lab.backend import Backend

ALL = "JwtSource header cookie:token query:token"


@pytest.fixture(name="site")
def _site(protect):
    return protect(ALL)


def ask(site, query="", cookies=(), headers=()):
    """GET /api/ with a query string and Cookie headers."""
    pairs = [("Cookie", value) for value in cookies]
    pairs += [("Authorization", value) for value in headers]
    return site.client.request("GET", "/api/" + query, pairs)


def admitted(answer, user="alice"):
    """Asserts that the page came, for this user."""
    assert (answer.status, answer.get("X-User")) == (200, user), answer


# ---- one source -----------------------------------------------------------

def test_each_source_by_itself(site):
    """Header, cookie and query are each enough."""
    token = jwt.sign(site.key)
    admitted(ask(site, headers=[f"Bearer {token}"]))
    admitted(ask(site, cookies=[f"token={token}"]))
    admitted(ask(site, cookies=[f'a=1; token="{token}";b=2']))
    admitted(ask(site, query=f"?token={token}"))
    admitted(ask(site, query=f"?a=1&%74oken={token.replace('.', '%2E')}&b"))


@pytest.mark.parametrize("path", ["/api/", "/api/index.html", "/api/gone"])
def test_what_a_query_was_shown_is_not_for_shared_caches(protect, path):
    """RFC 6750 2.3, whatever else is said of caches; once, also where a folder
    becomes its index."""
    site = protect(f'{ALL}\nHeader set Cache-Control "public, max-age=60"')
    token = jwt.sign(site.key)
    answer = site.client.get(f"{path}?token={token}")
    assert answer.status == (404 if path == "/api/gone" else 200)
    assert answer.all("Cache-Control").count("private") == 1
    for pair in (("Authorization", f"Bearer {token}"),
                 ("Cookie", f"token={token}")):
        other = site.client.request("GET", path, [pair])
        assert other.status == answer.status
        assert "private" not in other.all("Cache-Control")


@pytest.mark.parametrize("source, where", [
    ("", "cookie"), ("", "query"),
    ("JwtSource cookie:token", "header"), ("JwtSource cookie:token", "query"),
    ("JwtSource query:token", "header"), ("JwtSource query:token", "cookie"),
    ("JwtSource cookie:other query:other", "cookie"),
    ("JwtSource cookie:other query:other", "query"),
    ("JwtSource cookie:Token query:Token", "cookie"),
    ("JwtSource cookie:Token query:Token", "query")])
def test_a_place_not_listed_is_not_looked_at(protect, source, where):
    """Other places, other names and other case hold no token."""
    site = protect(source)
    token = jwt.sign(site.key)
    answer = {"header": lambda: ask(site, headers=[f"Bearer {token}"]),
              "cookie": lambda: ask(site, cookies=[f"token={token}"]),
              "query": lambda: ask(site, query=f"?token={token}")}[where]()
    site.refused(answer, 401, "token_missing")
    assert challenge(answer) == {"realm": "test api"}


def test_the_body_holds_no_token(site):
    """Reading it would eat the backend's."""
    answer = site.client.post_form("/api/", {"token": jwt.sign(site.key)})
    site.refused(answer, 401, "token_missing")


@pytest.mark.parametrize("header", [
    "bearer {}", "BEARER {}", "Bearer  {}", "bEaReR    {}", "Bearer {}  "])
def test_spellings_of_the_header(protect, header):
    """The scheme has no case, and one blank or more behind it."""
    site = protect()
    admitted(ask(site, headers=[header.format(jwt.sign(site.key))]))


@pytest.mark.parametrize("header, status, tag", [
    ("Bearer", 401, "token_malformed"),
    ("Bearer ", 401, "token_malformed"),
    ("Bearer\t{}", 401, "token_malformed"),
    ("Bearer \t{}", 401, "token_malformed"),
    ("Bearer {} x", 401, "token_malformed"),
    ("Bearer \"{}\"", 401, "token_malformed"),
    ("Bearer {},", 400, "token_ambiguous"),
    ("Bearer {}, {}", 400, "token_ambiguous"),
    ("Bearer {}, Bearer {}", 400, "token_ambiguous"),
    ("Bearer {}, Basic YTpi", 400, "token_ambiguous"),
    ("Bearer{}", 401, "token_missing"),
    ("Bearer={}", 401, "token_missing"),
    ("{}", 401, "token_missing"),
    ("Token {}", 401, "token_missing"),
    ("DPoP {}", 401, "token_missing"),
    ("Basic YTpi", 401, "token_missing"),
    ("Negotiate {}", 401, "token_missing")],
    ids=lambda value: value if isinstance(value, str) else "")
def test_headers_that_hold_no_token(protect, header, status, tag):
    """A good token, badly presented."""
    site = protect()
    token = jwt.sign(site.key)
    site.refused(ask(site, headers=[header.replace("{}", token)]), status, tag)


# ---- several tokens -------------------------------------------------------

def test_the_same_token_several_times(site):
    """Is one token."""
    token = jwt.sign(site.key)
    admitted(ask(site, f"?token={token}&token={token}",
                 ["; ".join([f"token={token}"] * 20)], [f"Bearer {token}"]))


@pytest.mark.parametrize("places", [
    {"headers": ["Bearer {good}", "Bearer {bad}"]},
    {"headers": ["Bearer {good}", "Bearer {good}"]},
    {"headers": ["Bearer {good}"], "cookies": ["token={bad}"]},
    {"headers": ["Bearer {bad}"], "cookies": ["token={good}"]},
    {"headers": ["Bearer {good}"], "query": "?token={bad}"},
    {"headers": ["Bearer {good}"], "query": "?token=%zz"},
    {"headers": ["Bearer {good}"], "query": "?token=%00"},
    {"headers": ["Bearer"], "cookies": ["token={good}"]},
    {"cookies": ["token={good}"], "query": "?token={bad}"},
    {"cookies": ["token={good}; token={bad}"]},
    {"cookies": ["token={good}; a=1; token=x"]},
    {"query": "?token={good}&token={bad}"},
    {"query": "?token={good}&a=1&%74oken=x"},
], ids=str)
def test_two_tokens_are_refused(site, places):
    """Whoever put the second one there, httpd does not choose."""
    tokens = {"good": jwt.sign(site.key), "bad": jwt.sign(jwt.secret())}
    fill = lambda text: (text.replace("{good}", tokens["good"])
                         .replace("{bad}", tokens["bad"]))
    answer = ask(site, **{
        name: fill(value) if isinstance(value, str) else list(map(fill, value))
        for name, value in places.items()})
    site.refused(answer, 400, "token_ambiguous")
    assert challenge(answer)["error"] == "invalid_request"


def test_two_good_tokens_are_refused_too(site):
    """Two identities in one request are one too many."""
    header, cookie = (jwt.sign(site.key, sub=sub) for sub in ("alice", "bob"))
    site.refused(ask(site, cookies=[f"token={cookie}"],
                     headers=[f"Bearer {header}"]), 400, "token_ambiguous")


def test_a_hundred_cookies_of_the_same_name(site):
    """All the same: one token. One of them different: refused."""
    good = jwt.sign(site.key, sub="a")
    admitted(ask(site, cookies=["; ".join([f"token={good}"] * 50)]), "a")
    crowd = ["token=x"] * 99
    site.refused(ask(site, cookies=["; ".join([f"token={good}", *crowd])]),
                 400, "token_ambiguous")


def test_a_hundred_times_the_same_rubbish(site):
    """Is one malformed token."""
    site.refused(ask(site, cookies=["; ".join(["token=x"] * 100)]),
                 401, "token_malformed")


def test_a_cookie_that_was_cleared_is_none(site):
    """`token=` is what a logout leaves behind."""
    token = jwt.sign(site.key)
    admitted(ask(site, cookies=["token="], headers=[f"Bearer {token}"]))
    admitted(ask(site, query="?token=&token", cookies=[f"token={token}"]))
    site.refused(ask(site, "?token=", ["token="]), 401, "token_missing")


@pytest.mark.parametrize("cookie", [";", "=", ";;=;", "token", "=token",
                                    "xtoken=x", "token =x"])
def test_cookie_headers_without_a_token(site, cookie):
    """Garbage is no token."""
    site.refused(ask(site, cookies=[cookie]), 401, "token_missing")


@pytest.mark.parametrize("query", ["?a=%", "?%zz=1", "?%ff=%ff", "?&&&=&",
                                   "?a=%00"])
def test_broken_parameters_of_others(site, query):
    """Are the backend's business."""
    token = jwt.sign(site.key)
    admitted(ask(site, f"{query}&token={token}"))
    admitted(ask(site, query, headers=[f"Bearer {token}"]))


@pytest.mark.parametrize("value", ["%", "%4", "%zz", "%00", "%ff", "a%0ab",
                                   "a+b", "%0d%0aX: y"])
def test_broken_tokens_in_the_query(site, value):
    """A parameter that is meant for us is judged as it came."""
    value = value.replace(" ", "%20")
    site.refused(ask(site, f"?token={value}"), 401, "token_malformed")


def test_another_scheme_beside_a_cookie(site):
    """Basic credentials are not ours to judge, the cookie is."""
    admitted(ask(site, cookies=[f"token={jwt.sign(site.key)}"],
                 headers=["Basic YTpi"]))


# ---- scopes ---------------------------------------------------------------

def test_inheritance(protect):
    """Server, Location, .htaccess: the innermost list counts, whole."""
    site = protect(server="JwtSource cookie:token")
    token = jwt.sign(site.key)
    admitted(ask(site, cookies=[f"token={token}"]))
    site.refused(ask(site, headers=[f"Bearer {token}"]), 401, "token_missing")


# ---- a proxy that clients know of -----------------------------------------

def test_the_way_out_is_asked_for_by_its_own_header(httpd):
    """RFC 9110 11.7: Proxy-Authorization is ours, Authorization is for whoever
    the request goes to. Nobody is sent to a login page: its path would be one
    of theirs."""
    key = jwt.secret()
    site = httpd(start=False, modules=("proxy", "proxy_http"))
    path = site.write("keys/k", key, secret=True)
    site.config = f"""
        JwtKey HS256 "file:{path}"
        JwtLoginPage /login
        ProxyRequests On
        <Proxy "*">
            AuthType Bearer
            AuthName "way out"
            Require valid-user
        </Proxy>"""
    site.start()
    good = f"Bearer {jwt.sign(key)}"

    def ask(url, headers):
        link = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
        with contextlib.closing(link):
            link.request("GET", url, headers=headers)
            answer = link.getresponse()
            return answer.status, answer.headers, answer.read()
    with Backend.running() as backend:
        for headers in ({}, {"Authorization": good},
                        {"Proxy-Authorization": good[:-4]}):
            status, said, body = ask(f"{backend.url}/", headers)
            assert status == 407, headers
            assert said["Proxy-Authenticate"].startswith(
                'Bearer realm="way out"')
            assert "error_description" in json.loads(body)
        assert ask(f"{backend.url}/", {"Proxy-Authorization": good,
                                       "Authorization": "Bearer theirs"}
                   )[0] == 200
        _, seen = backend.last()
        assert seen["Authorization"] == "Bearer theirs"
        assert "Proxy-Authorization" not in seen


def test_the_way_out_by_basic(httpd):
    """No other password would help who is known and may not: no challenge."""
    key = jwt.secret()
    site = httpd(start=False, modules=("proxy", "proxy_http"))
    path = site.write("keys/k", key, secret=True)
    site.config = f"""
        JwtKey HS256 "file:{path}"
        ProxyRequests On
        <Proxy "*">
            AuthType Basic
            AuthName "way out"
            AuthBasicProvider bearer
            Require bearer-scope out
        </Proxy>"""
    site.start()

    def ask(backend, **claims):
        pair = f":{jwt.sign(key, claims)}".encode()
        return site.client.get(f"{backend.url}/", headers={
            "Proxy-Authorization": f"Basic {base64.b64encode(pair).decode()}",
            "Authorization": "Basic theirs"})
    with Backend.running() as backend:
        assert ask(backend, scope="out").status == 200
        assert backend.last()[1]["Authorization"] == "Basic theirs"
        answer = ask(backend, scope="in")
        assert answer.status == 403
        assert not answer.all("Proxy-Authenticate")
        answer = ask(backend, exp=1)
        assert answer.status == 407
        assert answer.all("Proxy-Authenticate") == ['Basic realm="way out"']


def test_back_to_the_default(protect):
    """A scope may return to the header."""
    site = protect("JwtSource header", server="JwtSource cookie:token")
    token = jwt.sign(site.key)
    admitted(ask(site, headers=[f"Bearer {token}"]))
    site.refused(ask(site, cookies=[f"token={token}"]), 401, "token_missing")


def test_htaccess(protect):
    """Under AllowOverride AuthConfig."""
    site = protect(server='<Directory "/">\nAllowOverride AuthConfig\n'
                          '</Directory>')
    site.httpd.write("htdocs/api/.htaccess", "JwtSource cookie:token\n")
    token = jwt.sign(site.key)
    admitted(ask(site, cookies=[f"token={token}"]))
    site.refused(ask(site, headers=[f"Bearer {token}"]), 401, "token_missing")


@pytest.mark.parametrize("line, words", [
    ("JwtSource", "JwtSource requires at least one argument"),
    ("JwtSource body", "`body` is none of header, cookie:NAME, query:NAME"),
    ("JwtSource Header", "`Header` is none of header"),
    ("JwtSource header:X-Token", "`header:X-Token` is none of header"),
    ("JwtSource cookie:", "`cookie:` lacks a name; write cookie:NAME"),
    ("JwtSource query:", "`query:` lacks a name; write query:NAME"),
    ('JwtSource "cookie:a b"', "no cookie can have this name"),
    ("JwtSource cookie:a=b", "no cookie can have this name"),
    ("JwtSource cookie:a;b", "no cookie can have this name"),
    ("JwtStrip maybe", "JwtStrip: `maybe` is neither On nor Off"),
    ("JwtPreflight maybe", "JwtPreflight: `maybe` is neither On nor Off")])
def test_mistakes(httpd, line, words):
    """httpd -t says what is wrong and what is meant."""
    status, said = httpd(line, start=False).configtest()
    assert status != 0
    assert words in said, said
