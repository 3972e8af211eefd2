# SPDX-License-Identifier: Apache-2.0
"""HARDENING, "Requests to handlers": whatever is sent to whichever handler, the
answer is a refusal with its outcome, never a 500, and no session suffers."""

import gzip
import json

import pytest

BASIC = [("Authorization", "Basic Ym9iOnNreXNjcmFwZXI=")]  # bob:skyscraper

SERVER = """
    JwtLoginLimit Off
    <Location "/introspect">
        SetHandler jwt-introspect
        AuthType Basic
        AuthName callers
        AuthUserFile users
        Require valid-user
    </Location>
    <Location "/verify">
        SetHandler jwt-verify
    </Location>
    <Location "/sessions">
        SetHandler jwt-sessions
        AuthType Bearer
        AuthName "test api"
        Require valid-user
    </Location>
    <Location "/keys">
        SetHandler jwt-keys
    </Location>
    <Location "/metadata">
        SetHandler jwt-metadata
    </Location>
    <Location "/status">
        SetHandler jwt-status
    </Location>
"""

#: Path, a good body, the headers that the caller needs.
POSTED = {"/login": ({"username": "alice", "password": "wonderland"}, []),
          "/token": ({"grant_type": "refresh_token", "refresh_token": "x"},
                     []),
          "/logout": ({"token": "x"}, []), "/verify": ({"token": "x"}, []),
          "/introspect": ({"token": "x"}, BASIC),
          "/sessions": ({"end": "others"}, None)}

JSON, FORM = "application/json", "application/x-www-form-urlencoded"

#: Content type, content coding, body.
BODIES = [
    (JSON, None, b"null"), (JSON, None, b"[]"), (JSON, None, b"{"),
    (JSON, None, b'{"token":"\xff"}'), (JSON, None, b'{"token":"\\u0000"}'),
    (JSON, None, b'{"token":1e999}'), (JSON, None, b"{}" * 2),
    (JSON, None, b"[" * 8000 + b"]" * 8000),
    (JSON, None, b'{"a":' * 40 + b"1" + b"}" * 40),
    (JSON, None, b'{"token":"a","token":"b"}'),
    (JSON, None, b'{"token":{"a":1},"refresh_token":[],"username":1,'
                 b'"password":true,"grant_type":null,"end":[1]}'),
    (JSON, "gzip", gzip.compress(b"{}")), (JSON, "identity", b"{}"),
    (FORM, None, b"&"), (FORM, None, b"=&=&="), (FORM, None, b"token=%"),
    (FORM, None, b"token=%00"), (FORM, None, b"token=%ff"),
    (FORM, None, b"token=a&token=b"), (FORM, None, b"a=1&" * 3000),
    (FORM + "; charset=utf-7", None, b"token=+AGE-"),
    ("text/plain", None, b"token=x"), ("", None, b"token=x"),
    ("multipart/form-data; boundary=x", None, b"--x--"),
    ("application/json\t;x", None, b"}"), (FORM, None, b"x" * 16385)]


@pytest.fixture(name="site", scope="module")
def _site(shared_site):
    return shared_site(server=SERVER)


@pytest.fixture(name="pair")
def _pair(site):
    """(access, refresh), whose session must be alive in the end."""
    access, refresh = site.login()
    yield access, refresh
    assert site.alive(refresh)
    assert site.api(access).status == 200


def headers_of(path, access):
    """What the caller of that handler proves itself by."""
    more = POSTED[path][1]
    return [("Authorization", f"Bearer {access}")] if more is None else more


@pytest.mark.parametrize("path", POSTED)
def test_bodies(site, pair, path):
    """None can be read, or none means anything."""
    for kind, coding, body in BODIES:
        headers = [("Content-Type", kind), *headers_of(path, pair[0])]
        if coding:
            headers.append(("Content-Encoding", coding))
        for chunked in (False, True):
            answer = site.client.request("POST", path, headers, body, chunked)
            assert answer.status in (200, 400, 401, 413), (body[:40], answer)
            assert answer.get("X-Outcome"), (body[:40], answer)
            # 200: RFC 7009 and 7662 say so to what is no token.
            assert answer.status != 200 or (
                answer.body in (b"", b'{"active":false}')), (body[:40], answer)


@pytest.mark.parametrize("path", POSTED)
def test_methods_and_targets(site, pair, path):
    """Nothing but POST does anything, wherever the parameters stand."""
    body, _ = POSTED[path]
    query = "&".join(f"{name}={value}" for name, value in body.items())
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "post", "POSTX",
                   "OPTIONS", "TRACK", "PROPFIND"):
        answer = site.client.request(
            method, f"{path}?{query}", headers_of(path, pair[0]))
        allowed = (method == "OPTIONS"
                   or (path == "/sessions" and method in ("GET", "HEAD")))
        assert answer.status == 405 or allowed, (method, answer)
        assert b"wonderland" not in answer.body
    answer = site.client.request("POST", f"{path}?{query}",
                                 headers_of(path, pair[0]))
    assert answer.get("X-Outcome") == "parameter_missing", answer


@pytest.mark.parametrize("path", ["/introspect", "/verify"])
def test_tokens_cut_and_bent(site, pair, path):
    """Every length and every byte of both kinds of token."""
    for token in pair:
        step = max(1, len(token) // 40)
        bent = [token[:cut] for cut in range(1, len(token), step)]
        bent += [token[:at] + ("A" if token[at] != "A" else "B")
                 + token[at + 1:] for at in range(0, len(token) - 1, step)]
        bent += [token + "=", token + ".", " " + token, token + "\n",
                 token.upper(), "js1_" + token[4:], "jr1_" + token[4:]]
        for bad in set(bent) - {token}:
            answer = site.client.post_json(path, {"token": bad},
                                           headers_of(path, None))
            if path == "/introspect":
                assert answer.body == b'{"active":false}', (bad, answer)
            else:
                assert answer.status in (400, 401), (bad, answer)
                assert len(bad) < 20 or bad not in answer.text
    good = site.client.post_json("/verify", {"token": pair[1]})
    assert (good.status, good.body) == (200, b"{}")


def test_who_may_not_log_in_says_nothing_of_why(site):
    """Names are data: no log line, no header, no markup is made of them."""
    for name in ("alice\r\nX-Evil: 1", "alice\u0000", "\u202ealice",
                 '"><script>', "%n%s%x", "a" * 900, "' OR 1=1 --"):
        answer = site.client.post_json("/login", {"username": name,
                                                  "password": name})
        assert answer.status in (400, 401), answer
        assert not answer.get("X-Evil")
        assert "<script" not in answer.text
    assert "<script" not in site.httpd.error_log()


@pytest.mark.parametrize("path", ["/keys", "/metadata", "/status"])
def test_what_is_published_takes_nothing(site, path):
    """No body, header or query changes it."""
    honest = site.client.get(path)
    assert honest.status == 200
    for headers in ([("Cookie", ";=;" * 500)], [("Accept", ",;q=" * 100)],
                    [("If-None-Match", '"' * 1000)], [("Range", "bytes=0-1")],
                    [("Authorization", "Bearer x.y.z")]):
        answer = site.client.get(f"{path}?x=%00&jwt=1", headers=headers)
        assert answer.status in (200, 206), answer
        if path != "/status" and answer.status == 200:
            assert json.loads(answer.body) == json.loads(honest.body)
