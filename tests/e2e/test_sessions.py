# SPDX-License-Identifier: Apache-2.0
"""jwt-sessions: who is logged in sees where else, and ends it."""

import base64
import time

import pytest

from e2e_site import ISSUER, USERS
from lab import jwt

PLACE = """
    <Location "/sessions">
        SetHandler jwt-sessions
        AuthType Bearer
        AuthName "test api"
        Require valid-user
        {more}
    </Location>
    <Location "/open">
        SetHandler jwt-sessions
    </Location>
"""


@pytest.fixture(name="site")
def _site(auth_site):
    def make(more="", server="", **options):
        return auth_site(server=server + PLACE.replace("{more}", more),
                         **options)
    return make


def listed(site, access):
    """Its sessions."""
    answer = site.client.get("/sessions", access)
    assert answer.status == 200, answer
    assert answer.get("Cache-Control") == "no-store"
    return answer.json()["sessions"]


def end(site, access, which, headers=()):
    """Ends one, or the others: the Answer."""
    return site.client.post_json("/sessions", {"end": which}, [
        ("Authorization", f"Bearer {access}"), *headers])


def sid(access):
    """The session of an access token."""
    return jwt.claims_of(access)["sid"]


def test_own_sessions(site, db):
    """Each with its age, address and agent, the current one first."""
    site = site()
    before = int(time.time())
    answer = site.client.post_json("/login", {
        "username": "alice", "password": USERS["alice"]},
        [("User-Agent", 'Phone\t"1"')])
    phone, refresh = site.tokens(answer)
    laptop, _ = site.login()
    site.login("bob")
    db.execute("SELECT auth_jwt.open_session('alice', client => 'app')")
    site.refreshed(refresh)

    sessions = listed(site, laptop)
    assert [s["current"] for s in sessions] == [True, False, False]
    assert sessions[0]["sid"] == sid(laptop)
    by_sid = {s["sid"]: s for s in sessions}
    said = by_sid.pop(sid(phone))
    assert (said["agent"], said["address"]) == ('Phone?"1"', "127.0.0.1")
    assert before <= said["created"] <= said["last_used"] <= time.time() + 1
    assert abs(said["expires"] - before - 30 * 86400) < 60
    assert "client" not in said
    by_sid.pop(sid(laptop))
    other, = by_sid.values()
    assert (other["client"], other["current"]) == ("app", False)
    assert "agent" not in other and "address" not in other


def test_end_one(site):
    """The lost phone; the rest goes on."""
    site = site()
    phone, phone_refresh = site.login()
    laptop, laptop_refresh = site.login()
    answer = end(site, laptop, sid(phone))
    assert (answer.status, answer.json()) == (200, {"ended": 1})
    assert answer.get("X-Outcome") == "logged_out"
    site.invalid_grant(site.refresh(phone_refresh), "revoked")
    assert site.refresh(laptop_refresh).status == 200
    assert [s["sid"] for s in listed(site, laptop)] == [sid(laptop)]
    assert end(site, laptop, sid(phone)).json() == {"ended": 0}


def test_end_the_others(site):
    """All but this one, and nobody else's."""
    site = site()
    mine = [site.login() for _ in range(3)]
    _, bob = site.login("bob")
    assert end(site, mine[0][0], "others").json() == {"ended": 2}
    assert [site.alive(refresh) for _, refresh in mine] == [True, False, False]
    assert site.alive(bob)


def test_end_oneself(site):
    """A logout by another door; the token then shows and ends nothing."""
    site = site()
    access, refresh = site.login()
    _, other = site.login()
    assert end(site, access, sid(access)).json() == {"ended": 1}
    assert not site.alive(refresh)
    assert site.client.get("/sessions", access).status in (401, 403)
    assert end(site, access, "others").status in (401, 403)
    assert site.alive(other)


def test_nobody_elses(site):
    """A sid is no secret: knowing one ends nothing."""
    site = site()
    access, _ = site.login()
    bob, bob_refresh = site.login("bob")
    assert end(site, access, sid(bob)).json() == {"ended": 0}
    assert site.alive(bob_refresh)
    assert end(site, access, "01890a5d-ac96-774b-bcce-b302099a8057").json() \
        == {"ended": 0}


def test_another_site(site):
    """Sessions of one site are no business of another."""
    site = site(more="JwtSite other")
    access, refresh = site.login()
    answer = site.client.get("/sessions", access)
    site.refused(answer, 403, "caller_unknown")
    assert end(site, access, "others").status == 403
    assert site.alive(refresh)


def test_without_a_token(site):
    """401 where AuthType Bearer asks, 403 where nothing does."""
    site = site()
    assert site.client.get("/sessions").status == 401
    site.refused(site.client.get("/open"), 403, "caller_unknown")
    access, refresh = site.login()
    assert site.client.get("/open", access).status == 403
    answer = site.client.post_json("/open", {"end": "others"}, [
        ("Authorization", f"Bearer {access}")])
    assert answer.status == 403
    assert site.alive(refresh)


def test_a_user_who_is_no_bearer(auth_site):
    """A name that httpd knows by its password names no session."""
    site = auth_site(server="""
        <Location "/sessions">
            SetHandler jwt-sessions
            AuthType Basic
            AuthName people
            AuthBasicProvider file
            AuthUserFile "users"
            Require valid-user
        </Location>""")
    site.login("bob")
    answer = site.client.get("/sessions", headers=[
        ("Authorization", "Basic Ym9iOnNreXNjcmFwZXI=")])
    site.refused(answer, 403, "caller_unknown")


def test_a_token_without_session(site):
    """Minted by a host: there is nothing to show."""
    site = site()
    token = jwt.sign(site.key, iss=ISSUER)
    site.login()
    answer = site.client.get("/sessions", token)
    assert answer.status in (401, 403) and b"agent" not in answer.body


def test_a_cookie_proves_no_intent(site):
    """Browsers send it along with what other sites ask them to: it may look;
    it ends something when a page of ours asks."""
    site = site(more="JwtSource header cookie:at")
    access, refresh = site.login()
    _, other = site.login()
    cookie = ("Cookie", f"at={access}")
    def end_by_cookie(*headers):
        return site.client.post_json("/sessions", {"end": "others"},
                                     [cookie, *headers])
    for headers in ([], [("Origin", "https://evil.example")],
                    [("Origin", "null")], [("Sec-Fetch-Site", "cross-site")]):
        answer = end_by_cookie(*headers)
        assert (answer.status, answer.get("X-Outcome")) == (403, "csrf")
    assert site.alive(other) and site.alive(refresh)
    answer = site.client.get("/sessions", headers=[cookie])
    assert len(answer.json()["sessions"]) == 2
    answer = end_by_cookie(("Sec-Fetch-Site", "same-origin"))
    assert answer.json() == {"ended": 1}
    assert end(site, access, "others", [cookie]).json() == {"ended": 0}


def test_a_remembered_password_proves_no_intent(auth_site):
    """Nor does a token that a browser has learned as a password."""
    site = auth_site(server="""
        <Location "/sessions">
            SetHandler jwt-sessions
            AuthType Basic
            AuthName "test api"
            AuthBasicProvider bearer
            Require valid-user
        </Location>
    """)
    access, _ = site.login()
    _, other = site.login()
    password = base64.b64encode(f"alice:{access}".encode()).decode()
    def end_by_basic(*headers):
        return site.client.post_json("/sessions", {"end": "others"}, [
            ("Authorization", f"Basic {password}"), *headers])
    for headers in ([], [("Origin", "https://evil.example")],
                    [("Sec-Fetch-Site", "cross-site")]):
        answer = end_by_basic(*headers)
        assert (answer.status, answer.get("X-Outcome")) == (403, "csrf")
    assert site.alive(other)
    answer = end_by_basic(("Sec-Fetch-Site", "same-origin"))
    assert answer.json() == {"ended": 1}


@pytest.mark.parametrize("strip", ["On", "Off"])
def test_strip(site, strip):
    """JwtStrip hides the token from backends, not from us."""
    site = site(more=f"JwtStrip {strip}")
    access, _ = site.login()
    assert len(listed(site, access)) == 1
    assert end(site, access, "others").json() == {"ended": 0}


UNREADABLE = [
    ("{}", 400, "parameter_missing"), ("", 400, "parameter_missing"),
    ('{"end":""}', 400, "parameter_missing"),
    ('{"end":null}', 400, "parameter_missing"),
    ('{"end":"all"}', 400, "body_malformed"),
    ('{"end":"OTHERS"}', 400, "body_malformed"),
    ('{"end":"undefined"}', 400, "body_malformed"),
    ('{"end":1}', 400, "body_malformed"), ("null", 400, "body_malformed"),
    ('{"end":["others"]}', 400, "body_malformed"),
    ('{"end":"others","end":"others"}', 400, "body_malformed"),
    ('{"end":"' + "x" * 16384 + '"}', 413, "body_too_large")]


def test_requests_that_cannot_be_read(site):
    """Nothing ends by a slip."""
    site = site()
    access, _ = site.login()
    _, other = site.login()
    for body, status, tag in UNREADABLE:
        answer = site.client.post_json("/sessions", body, [
            ("Authorization", f"Bearer {access}")])
        assert (answer.status, answer.get("X-Outcome")) == (status, tag), body
    assert site.alive(other)


def test_a_page_of_another_origin(site):
    """One in JwtOrigin lists and ends, after its preflight; another sends
    nothing that it may read."""
    page = [("Origin", "https://app.example")]
    site = site("JwtPreflight On", server=f"JwtOrigin {page[0][1]}\n")
    bearer = [("Authorization", f"Bearer {site.login()[0]}")]

    def origins(method, headers, body=None):
        answer = site.client.request(method, "/sessions", headers, body)
        assert answer.status in (200, 204), answer
        return answer.all("Access-Control-Allow-Origin")
    asks = [("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "authorization")]
    form = [("Content-Type", "application/x-www-form-urlencoded")]
    for headers, allowed in ((page, [page[0][1]]),
                             ([("Origin", "https://evil.example")], [])):
        assert origins("OPTIONS", headers + asks) == allowed
        assert origins("GET", headers + bearer) == allowed
        assert origins("POST", headers + bearer + form, "end=others") == allowed


def test_methods(site):
    """GET shows, POST ends, nothing else does anything."""
    site = site()
    access, _ = site.login()
    for method in ("PUT", "DELETE", "PATCH"):
        answer = site.client.request(method, "/sessions", [
            ("Authorization", f"Bearer {access}")])
        assert answer.status == 405
        assert answer.get("X-Outcome") == "method_refused"
        assert answer.get("Allow") == "GET, HEAD, POST, OPTIONS"


def test_database_away(site, cluster):
    """503, and nothing is lost."""
    site = site()
    access, _ = site.login()
    assert listed(site, access)  # there was news
    site.httpd.expect("outcome=database_down")
    cluster.stop("immediate")
    for answer in (site.client.get("/sessions", access),
                   end(site, access, "others")):
        assert answer.status == 503 and answer.get("Retry-After"), answer


def test_a_sid_that_another_issuer_wrote_is_nobodys(site, db):
    """Whoever signs for the site may write any sid, or let its users choose
    one: the session must be that of the token's subject."""
    site = site()
    victim, refresh = site.login("bob")
    own, _ = site.login("alice")
    for claims in ({"sub": "alice"}, {"sub": "alice", "gen": 0},
                   {"sub": "Bob"}, {"sub": "bob "}):
        forged = jwt.sign(site.key, iss=ISSUER, sid=sid(victim), **claims)
        assert site.api(forged).status == 200
        for answer in (site.client.get("/sessions", forged),
                       end(site, forged, "others"),
                       end(site, forged, sid(victim)),
                       end(site, own, sid(victim))):
            assert answer.status == 403 or answer.json() == {"ended": 0}
            assert sid(victim) not in answer.text
        assert site.logout(forged).get("X-Outcome") == "unknown"
    assert site.alive(refresh) and site.api(victim).status == 200
    assert len(listed(site, own)) == 1
