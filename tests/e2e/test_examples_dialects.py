# SPDX-License-Identifier: Apache-2.0
"""conf/examples of the dialects, as shipped: a client of the kind logs in,
uses, refreshes, logs out and is refused."""

import pytest

from e2e_site import Site, bcrypt
from lab import jwt
from lab.place import TOP

USER = {"username": "alice", "password": "wonderland"}


@pytest.fixture(name="shipped")
def _shipped(httpd, db):
    """shipped(name): that example on a real database, running."""
    def make(name, *changes):
        site = Site(httpd)
        folder = site.httpd.root / "keys"
        site.key = jwt.secret()
        site.httpd.write("keys/access.key", site.key, secret=True)
        site.httpd.write("keys/refresh.key", jwt.secret(), secret=True)
        site.httpd.write("keys/users", f"alice:{bcrypt('wonderland')}\n")
        text = (TOP / "conf/examples" / name).read_text(encoding="utf-8")
        for what, by_what in changes:
            assert what in text, what
            text = text.replace(what, by_what)
        text = text.replace("/etc/apache2/jwt/", f"{folder}/")
        return site.start(text.replace("dbname=site user=site_httpd",
                                       db.conninfo("site_httpd")))
    return make


def test_express(shipped):
    """The loop of the tutorial's page: 403, /token, again."""
    site = shipped("express.conf")
    tokens = site.client.post_json("/login", USER).json()
    claims = jwt.claims_of(tokens["accessToken"])
    assert claims["username"] == "alice"
    assert claims["exp"] - claims["iat"] == 900
    assert site.api(jwt.sign(site.key, exp=1)).status == 403
    body = {"refreshToken": tokens["refreshToken"]}
    for _ in range(2):
        fresh = site.client.post_json("/token", body).json()["accessToken"]
        assert site.api(fresh).status == 200
    assert site.client.post_json("/logout", body).status == 204
    assert site.client.post_json("/token", body).status == 403


def test_pair(shipped):
    """Both tokens, again and again."""
    site = shipped("pair.conf")
    tokens = site.client.post_json("/auth/login", USER).json()

    def refresh():
        return site.client.post_json(
            "/auth/refresh", {"refreshToken": tokens["refreshToken"]},
            [("Authorization", f"Bearer {tokens['accessToken']}")])
    for _ in range(2):
        answer = refresh()
        assert answer.status == 200
        tokens = answer.json()
        assert site.api(tokens["accessToken"]).status == 200
    assert site.client.post_json("/auth/logout", {
        "refreshToken": tokens["refreshToken"]}).status == 204
    assert refresh().json() == {"error": "invalid_refresh_token"}


def test_cookie(shipped):
    """From the page's origin, and from no other."""
    site = shipped("cookie.conf")
    page = [("Origin", "https://app.example.com")]
    answer = site.client.post_json("/auth/login", USER, page)

    def post(path, headers=None):
        cookie = answer.get("Set-Cookie").partition(";")[0]
        return site.client.request("POST", path, [("Cookie", cookie)] + (
            page if headers is None else headers))
    assert site.api(answer.json()["accessToken"]).status == 200
    answer = post("/auth/refresh")
    assert answer.status == 200
    assert answer.get("Access-Control-Allow-Origin") == page[0][1]
    evil = [("Origin", "https://evil.example")]
    assert post("/auth/refresh", evil).json() == {"error": "csrf"}
    held = answer
    assert post("/auth/logout").status == 204
    answer = held
    assert post("/auth/refresh").json() == {"error": "refresh_expired"}


#: Another origin in the two lists of cookie.conf, as the README has it.
_SEVERAL = (("JwtOrigin     https://app.example.com",
             "JwtOrigin https://app.example.com https://www.example.com"),
            ("{ 'https://app.example.com' }",
             "{ 'https://app.example.com', 'https://www.example.com' }"))


@pytest.mark.parametrize("changes, listed", [
    ((), ["app"]), (_SEVERAL, ["app", "www"])], ids=["one", "several"])
def test_cookie_across_origins(shipped, changes, listed):
    """A listed page may send the token and read what comes back, whether it
    is granted or refused; another may not."""
    site = shipped("cookie.conf", *changes)
    token = jwt.sign(site.key)
    for name in ("app", "www", "evil"):
        origin = f"https://{name}.example.com"
        page = [("Origin", origin)]
        answers = [
            site.client.request("OPTIONS", "/api/", page + [
                ("Access-Control-Request-Method", "PUT"),
                ("Access-Control-Request-Headers", "authorization")]),
            site.api(token, page), site.api(None, page)]
        assert [answer.status for answer in answers] == [200, 200, 401]
        for answer in answers:
            assert answer.all("Access-Control-Allow-Origin") == (
                [origin] if name in listed else [])
            assert answer.all("Vary") == ["Origin"]
        for answer in answers[:2]:
            assert answer.all("Access-Control-Allow-Credentials") == ["true"]
            assert "PUT" in answer.get("Access-Control-Allow-Methods")
            assert "Authorization" in answer.get(
                "Access-Control-Allow-Headers")
