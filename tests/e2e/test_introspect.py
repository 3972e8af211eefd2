# SPDX-License-Identifier: Apache-2.0
"""jwt-introspect: what a token is worth (RFC 7662)."""

import time

import pytest

from e2e_site import ISSUER
from lab import jwt
from lab.grant import Grant

CALLER = [("Authorization", "Basic Ym9iOnNreXNjcmFwZXI=")]  # bob:skyscraper

PLACE = """
    <Location "/introspect">
        SetHandler jwt-introspect
        AuthType Basic
        AuthName callers
        AuthBasicProvider file
        AuthUserFile "users"
        Require valid-user
        {more}
    </Location>
    <Location "/open">
        SetHandler jwt-introspect
    </Location>
"""


@pytest.fixture(name="site")
def _site(auth_site):
    """site(more, …): with /introspect for callers, and /open for nobody."""
    def make(more="", server="", **options):
        return auth_site(server=server + PLACE.replace("{more}", more),
                         **options)
    return make


def ask(site, token, headers=(), **fields):
    """Asks as a caller: the Answer."""
    return site.client.post_form("/introspect", {"token": token, **fields},
                                 [*CALLER, *headers])


def worth(site, token, **fields):
    """What it says of the token."""
    answer = ask(site, token, **fields)
    assert answer.status == 200, answer
    assert answer.get("Cache-Control") == "no-store"
    return answer.json()


def worthless(site, token):
    """Asserts {"active":false} alone."""
    answer = ask(site, token)
    assert (answer.status, answer.body) == (200, b'{"active":false}'), answer
    assert answer.get("X-Outcome") == "inactive"


def test_access_token(site):
    """The members that DIALECTS names, as the token has them."""
    site = site(server="JwtAudience one two\n")
    access, _ = site.login()
    claims = jwt.claims_of(access)
    assert worth(site, access) == {
        "active": True, "token_type": "Bearer", "username": "alice",
        **{name: claims[name] for name in ("exp", "iat", "sub", "aud", "iss",
                                           "jti", "sid")}}


def test_refresh_token(site):
    """It says that it is one: no resource server may take it for access."""
    site = site()
    _, refresh = site.login()
    said = worth(site, refresh, token_type_hint="access_token")
    assert abs(said.pop("iat") - time.time()) < 60
    assert abs(said.pop("exp") - time.time() - 30 * 86400) < 60
    assert said == {
        "active": True, "token_type": "refresh_token", "username": "alice",
        "sub": "alice", "iss": ISSUER, "sid": str(Grant.parse(refresh).sid)}


def test_scope_and_client(site, db):
    """What the session has of them."""
    site = site()
    token = db.value("SELECT auth_jwt.open_session('42', client => 'app',"
                     " scope => 'read write')")
    said = worth(site, token)
    assert (said["scope"], said["client_id"], said["sub"]) == (
        "read write", "app", "42")


def test_asking_changes_nothing(site):
    """No rotation, no reuse, whatever is asked how often."""
    site = site()
    _, first = site.login()
    before = site.session(first, "session::text")
    for _ in range(3):
        assert worth(site, first)["active"]
    assert site.session(first, "session::text") == before
    _, second = site.refreshed(first)
    assert worth(site, first)["active"], "within the grace"
    assert worth(site, second)["active"]


def test_what_has_ended(site, db, past):
    """Logged out, blocked, expired, idle, traded: not active, both kinds."""
    site = site(server="JwtRefreshGrace 0\n", grace="0")
    for sql in ("SELECT auth_jwt.revoke_subject('alice')",
                "SELECT auth_jwt.block_subject('alice')"):
        access, refresh = site.login()
        assert worth(site, access)["active"] and worth(site, refresh)["active"]
        db.psql(sql)
        worthless(site, access)
        worthless(site, refresh)
        db.psql("SELECT auth_jwt.unblock_subject('alice')")
    for columns in ((), ("used_at",)):
        _, refresh = site.login()
        past(refresh, "40 days" if not columns else "15 days", *columns)
        worthless(site, refresh)
    _, first = site.login()
    _, second = site.refreshed(first)
    worthless(site, first)
    assert site.alive(second), "asking about a traded token ends nothing"
    assert worth(site, second)["active"]


def test_what_is_no_token_of_ours(site):
    """Forged, damaged, foreign, empty: not active, and no word why."""
    site = site()
    access, refresh = site.login()
    other = jwt.sign(jwt.secret(), iss=ISSUER)
    late = jwt.sign(site.key, iss=ISSUER, exp=int(time.time()) - 60)
    no_session = jwt.sign(site.key, iss=ISSUER,
                          sid="01890a5d-ac96-774b-bcce-b302099a8057")
    bad_sid = jwt.sign(site.key, iss=ISSUER, sid=7)
    for token in (access[:-4] + "AAAA", refresh[:-4] + "AAAA", refresh[:40],
                  "js1_" + "A" * 43, "x", "a.b.c", "x" * 9000, other, late,
                  no_session, bad_sid, "jr1_"):
        worthless(site, token)


def test_forged_refresh_tokens_ask_no_database(site, cluster):
    """A caller who asks about garbage costs a MAC."""
    site = site()
    _, refresh = site.login()
    mark = cluster.log_mark()
    worthless(site, refresh[:-4] + "AAAA")
    assert "introspect" not in cluster.log_since(mark)


def test_a_token_without_session(site):
    """Minted by a host: its claims decide."""
    site = site()
    token = jwt.sign(site.key, sub="7", iss=ISSUER)
    said = worth(site, token)
    assert said["active"] and said["username"] == "7" and "sid" not in said


def test_another_site(site):
    """A session belongs to the site where it was opened."""
    site = site(more="JwtSite other")
    access, refresh = site.login()
    worthless(site, access)
    worthless(site, refresh)


def test_who_asks(site):
    """Nobody, or not whom httpd wants: no answer about anything."""
    site = site()
    access, _ = site.login()
    site.httpd.expect("AH01617", "AH01618")
    answer = site.client.post_form("/introspect", {"token": access})
    assert answer.status == 401 and b"active" not in answer.body
    answer = site.client.post_form("/introspect", {"token": access}, [
        ("Authorization", "Basic Ym9iOndyb25n")])
    assert answer.status == 401 and b"active" not in answer.body
    answer = site.client.post_form("/open", {"token": access})
    site.refused(answer, 403, "caller_unknown")
    assert answer.json()["error"] == "access_denied"
    answer = site.client.post_form("/open", {"token": access}, [
        ("Authorization", f"Bearer {access}"), ("X-Remote-User", "root")])
    assert answer.status == 403


UNREADABLE = [
    ("", 400, "parameter_missing"), ("token=", 400, "parameter_missing"),
    ("&", 400, "parameter_missing"),
    ("token=a&token=b", 400, "body_malformed"),
    ("token=%zz", 400, "body_malformed"),
    ("token=" + "x" * 16384, 413, "body_too_large")]


def test_requests_that_cannot_be_read(site):
    """RFC 7662 2.3 leaves these to RFC 6749 5.2."""
    site = site()
    for body, status, tag in UNREADABLE:
        answer = site.client.post_form("/introspect", body, CALLER)
        assert (answer.status, answer.get("X-Outcome")) == (status, tag), body
        assert answer.json()["error"] == "invalid_request"


def test_post_only(site):
    """A token has no business in a URL."""
    site = site()
    for method in ("GET", "PUT", "DELETE"):
        answer = site.client.request(method, "/introspect?token=x", CALLER)
        assert answer.status == 405
        assert answer.get("X-Outcome") == "method_refused"
        assert answer.get("Allow") == "POST"


def test_database_away(site, cluster):
    """503: neither active nor not."""
    site = site()
    access, refresh = site.login()
    assert ask(site, access).json()["active"]  # so revocations have been read
    site.httpd.expect("outcome=database_down")
    cluster.stop("immediate")
    for token in (access, refresh):
        answer = ask(site, token)
        assert answer.status == 503 and answer.get("Retry-After"), answer
        assert b"active" not in answer.body


def test_the_token_stays_out_of_the_log(site):
    """Both kinds, whatever came of them."""
    site = site()
    access, refresh = site.login()
    for token in (access, refresh, refresh[:-4] + "AAAA"):
        ask(site, token)
        assert token not in site.httpd.error_log()


@pytest.mark.parametrize("handler", ["jwt-introspect", "jwt-logout"])
def test_the_token_handed_in_is_nobodys_identity(auth_site, handler):
    """A caller hands in rubbish, or the token of another: what is said of the
    caller, after the handler, is still the caller's, and no child dies of it."""
    site = auth_site(server=f"""
        <Location "/handed">
            SetHandler {handler}
            AuthType Bearer
            AuthName "test api"
            Require valid-user
            Header always set X-Sub "expr=%{{jwt_claim:sub}}"
        </Location>
    """)
    caller, _ = site.login()
    other, _ = site.login("bob")
    for token in ("rubbish", "a.b.c", other):
        answer = site.client.post_form("/handed", {"token": token}, [
            ("Authorization", f"Bearer {caller}")])
        assert (answer.status, answer.get("X-Sub")) == (200, "alice"), token
        assert answer.get("X-User") == "alice"
