# SPDX-License-Identifier: Apache-2.0
"""What every dialect has in common: JwtErrorText, JwtLoginPage,
JwtReplyHeader, OPTIONS, and trouble that stays trouble."""

import json

import pytest

from e2e_site import challenge
from lab import jwt
from lab.httpd import HttpdFailed

BROWSER = [("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")]
SCRIPT = [("Accept", "application/json, text/plain, */*")]


# -- JwtErrorText -----------------------------------------------------------

def test_error_text(protect):
    """The administrator's sentence, in body and challenge."""
    site = protect('JwtErrorText token_expired "Your time is up"')
    answer = site.api(jwt.sign(site.key, exp=0))
    assert answer.json() == {"error": "invalid_token",
                             "error_description": "Your time is up"}
    assert challenge(answer)["error_description"] == "Your time is up"
    answer = site.api("x.y.z")
    assert answer.json()["error_description"] == "The access token is malformed"


@pytest.mark.parametrize("text", [
    "/etc/passwd", "http://evil.example/", 'say "ah"', "müde",
    "a\\\\b", "%{REMOTE_ADDR}", "<b>no</b>"])
def test_error_text_is_only_a_text(protect, text):
    """Nothing in it means a redirect, a file, a variable or a new header."""
    quoted = text.replace('"', '\\"')
    site = protect(f'JwtErrorText token_expired "{quoted}"')
    answer = site.api(jwt.sign(site.key, exp=0))
    assert answer.status == 401
    assert answer.get("Location") is None
    assert answer.json()["error_description"] == text.replace("\\\\", "\\")
    assert challenge(answer)["error"] == "invalid_token"


def test_error_text_of_a_handler(auth_site):
    """Handlers tell it too."""
    site = auth_site(server='JwtErrorText refresh_malformed "Not ours"')
    assert site.refresh("nonsense").json() == {
        "error": "invalid_grant", "error_description": "Not ours"}


def test_error_text_of_an_inner_scope(protect):
    """The list of a scope replaces the one it would inherit."""
    site = protect('JwtErrorText token_missing "Inner"',
                   'JwtErrorText token_missing "Outer"\n'
                   'JwtErrorText token_malformed "Outer too"')
    assert site.api().json() == {"error_description": "Inner"}
    assert "Outer" not in site.api("x.y.z").text


@pytest.mark.parametrize("line, said", [
    ('JwtErrorText no_such "x"', "no outcome has the tag `no_such`"),
    ('JwtErrorText token_expired ""', "takes two arguments"),
    ('JwtErrorText token_expired "a\tb"', "control characters"),
    ("JwtLoginPage login", "neither a path"),
    ('JwtLoginPage "/a b"', "neither a path"),
])
def test_mistakes(protect, line, said):
    """A sentence that names what was written."""
    with pytest.raises(HttpdFailed, match=said):
        protect(line)


# -- JwtLoginPage -----------------------------------------------------------

def test_login_page(protect):
    """A browser goes there; who wants JSON gets the 401."""
    site = protect("JwtLoginPage /login")
    answer = site.api(headers=BROWSER)
    assert (answer.status, answer.get("Location")) == (302, "/login")
    assert answer.get("X-Outcome") == "token_missing"
    assert answer.get("WWW-Authenticate") is None
    assert "Accept" in answer.get("Vary")
    assert site.api(headers=SCRIPT).status == 401
    assert site.api(jwt.sign(site.key), headers=BROWSER).status == 200


@pytest.mark.parametrize("headers, status", [
    ([], 302),
    ([("Accept", "*/*")], 302),
    ([("X-Requested-With", "XMLHttpRequest")], 401),
    ([("X-Requested-With", "XMLHttpRequest"), ("Accept", "*/*")], 401),
    ([("X-Requested-With", "XMLHttpRequest"), ("Accept", "text/html")], 302),
    ([("Accept", "application/vnd.api+json")], 401),
    ([("Accept", "Application/JSON;q=0.5")], 401),
    ([("Accept", "text/html, application/json")], 302),
])
def test_who_wants_json(protect, headers, status):
    """As Laravel tells a script from a browser."""
    site = protect("JwtLoginPage https://www.example.com/login")
    assert site.api(headers=headers).status == status


def test_login_page_is_for_401_alone(protect):
    """A good token that is not enough, or a mistake of the client, stays."""
    site = protect("JwtLoginPage /login\nRequire bearer-scope admin\n"
                   "AuthMerging Off")
    two = [("Authorization", "Bearer a"), ("Authorization", "Bearer b")]
    assert site.api(headers=two + BROWSER).status == 400


def test_login_page_says_nothing_of_the_request(protect):
    """No open redirect: the URL is configuration."""
    site = protect("JwtLoginPage /login")
    answer = site.client.get(
        "http://evil.example/api/?next=//evil.example", headers=BROWSER + [
            ("X-Forwarded-Host", "evil.example"),
            ("Referer", "http://evil.example/")])
    assert answer.get("Location") == "/login"
    assert "evil" not in json.dumps(answer.headers)


@pytest.mark.parametrize("page", ["/api/index.html", "/api/index.html?a=1#b"])
def test_a_login_page_that_is_protected_itself(protect, page):
    """A browser would go round in circles; it is told what is wrong."""
    site = protect(f"JwtLoginPage {page}")
    assert site.client.get("/api/x", headers=BROWSER).status == 302
    answer = site.client.get(page.partition("#")[0], headers=BROWSER)
    assert (answer.status, answer.get("Location")) == (401, None)
    assert answer.get("WWW-Authenticate")


# -- JwtReplyHeader ---------------------------------------------------------

def test_reply_header(auth_site):
    """The new access token is in a header as well."""
    site = auth_site(server="JwtReplyHeader On")
    answer = site.ask_login()
    access, refresh = site.tokens(answer)
    assert answer.get("Authorization") == f"Bearer {access}"
    answer = site.refresh(refresh)
    assert answer.get("Authorization") == f"Bearer {site.tokens(answer)[0]}"
    assert auth_site().ask_login().get("Authorization") is None


# -- every dialect ----------------------------------------------------------

@pytest.mark.parametrize("path", ["/login", "/token", "/logout"])
def test_options(auth_site, path, cluster):
    """Answered without a database, and says what may be sent."""
    site = auth_site()
    cluster.stop()
    answer = site.client.request("OPTIONS", path)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.get("Allow") == "POST, OPTIONS"
    answer = site.client.get(path)
    assert (answer.status, answer.get("Allow")) == (405, "POST, OPTIONS")


@pytest.mark.parametrize("path", ["/login", "/token", "/logout"])
def test_head_does_nothing(auth_site, path):
    """HEAD never refreshes."""
    site = auth_site()
    _, token = site.login()
    answer = site.client.request("HEAD", f"{path}?token={token}")
    assert answer.status == 405
    assert site.session(token, "generation") == 0 and site.alive(token)


@pytest.mark.parametrize("dialect", ["oauth2", "laravel", "express", "pair",
                                     "cookie", "simplejwt"])
def test_a_method_that_is_no_text(auth_site, dialect):
    """With HttpProtocolOptions Unsafe anything may come: 405, never 500."""
    site = auth_site(server="HttpProtocolOptions Unsafe LenientMethods\n"
                     f"JwtDialect {dialect}")
    for method in (b"P\xff", b"P\xc2\x85", b'A"\\', b"<b>"):
        answer = site.client.raw(method + b" /token HTTP/1.1\r\nHost: x\r\n"
                                 b"Connection: close\r\n\r\n")
        assert answer.split()[1] == b"405", answer
