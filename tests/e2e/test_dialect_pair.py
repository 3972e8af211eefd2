# SPDX-License-Identifier: Apache-2.0
"""Dialect pair: each row of its contract, sent and compared."""

import pytest

from e2e_site import challenge, sid_of
from lab import jwt
from lab.grant import Grant
from lab.process import wait_for


def contract(row):
    """Marks the test of a row."""
    return pytest.mark.contract("pair", row)


PAIR = "JwtDialect pair\nJwtLoginLimit Off"


@pytest.fixture(scope="module", name="site")
def _site(shared_site):
    return shared_site(server=PAIR)


def login(site, username="alice"):
    """(access token, refresh token)."""
    answer = site.ask_login(username)
    assert answer.status == 200, answer
    return pair_of(answer)


def pair_of(answer):
    """The tokens of a reply, whose form is checked."""
    assert answer.status == 200, answer
    assert answer.get("Cache-Control") == "no-store"
    body = answer.json()
    assert set(body) == {"accessToken", "refreshToken"}
    return body["accessToken"], body["refreshToken"]


def refresh(site, access, token, name="refreshToken"):
    """Asks with both."""
    headers = [("Authorization", f"Bearer {access}")] if access else []
    return site.client.post_json("/token", {name: token} if token else {},
                                 headers)


def expired(site, access):
    """The same token, expired a day ago."""
    return jwt.sign(site.key, jwt.claims_of(access), exp=jwt.claims_of(
        access)["iat"] - 86400)


def error(site, answer, status, word, tag):
    """{"error": word}, and the log says why."""
    assert answer.status == status, answer
    assert answer.json() == {"error": word}
    assert answer.get("Cache-Control") == "no-store"
    assert answer.get("X-Outcome") == tag
    return site


@contract("200: both new tokens")
@pytest.mark.parametrize("stale", [False, True])
def test_refresh(site, stale):
    """An expired access token will do."""
    access, token = login(site)
    old = expired(site, access) if stale else access
    fresh, successor = pair_of(refresh(site, old, token))
    assert Grant.parse(successor).generation == 1
    assert site.api(fresh).status == 200


@contract("200: where the refresh token may stand")
@pytest.mark.parametrize("name", ["refreshToken", "refresh_token"])
def test_names(site, name):
    """Two members, in JSON and form."""
    access, token = login(site)
    pair_of(refresh(site, access, token, name))
    pair_of(site.client.post_form(
        "/token", {name: token}, [("Authorization", f"bearer {access}")]))


@contract("200: X-Refresh-Token")
def test_header(site):
    """And a header, without any body."""
    access, token = login(site)
    pair_of(site.client.request("POST", "/token", [
        ("Authorization", f"Bearer {access}"), ("X-Refresh-Token", token)]))


@contract("access missing or bad 401")
@pytest.mark.parametrize("make, tag", [
    (lambda site, access: None, "token_missing"),
    (lambda site, access: "nonsense", "token_malformed"),
    (lambda site, access: jwt.flip(access, len(access) - 5), "signature_bad"),
    (lambda site, access: jwt.sign(
        site.key, jwt.claims_of(access), iss="https://other"),
     "issuer_refused"),
    (lambda site, access: jwt.sign(
        site.key, jwt.claims_of(access), header={"typ": "refresh+jwt"}),
     "type_refused"),
    (lambda site, access: jwt.sign(
        site.key, jwt.claims_of(access), token_use="id"), "type_refused"),
    (lambda site, access: jwt.sign(
        jwt.secret(), jwt.claims_of(access)), "signature_bad"),
    (lambda site, access: jwt.sign(
        site.key, jwt.claims_of(access), exp=None), "claim_missing")],
    ids=["missing", "nonsense", "flipped", "issuer", "typ", "use", "forged",
         "exp"])
def test_access_refused(site, make, tag):
    """The refresh token is left as it is."""
    access, token = login(site)
    error(site, refresh(site, make(site, access), token), 401,
          "invalid_access_token", tag)
    assert site.session(token, "generation") == 0
    pair_of(refresh(site, access, token))


@contract("access bad before refresh missing")
def test_both_missing(site):
    """The access token is looked at first."""
    error(site, refresh(site, None, None), 401, "invalid_access_token",
          "token_missing")


@contract("refresh missing 400")
@pytest.mark.parametrize("body", ["", "{}", '{"refreshToken":""}',
                                  '{"refreshToken":null}', '{"x":"y"}'])
def test_refresh_missing(site, body):
    """Nothing to trade."""
    access, _ = login(site)
    error(site, site.client.post_json("/token", body, [
        ("Authorization", f"Bearer {access}")]), 400, "invalid_request",
          "parameter_missing")


@contract("refresh malformed request 400")
@pytest.mark.parametrize("body", ["{", "[]", '{"refreshToken":7}',
                                  '{"refreshToken":"a","refreshToken":"b"}'])
def test_refresh_unreadable(site, body):
    """A body that is no object of strings."""
    access, _ = login(site)
    error(site, site.client.post_json("/token", body, [
        ("Authorization", f"Bearer {access}")]), 400, "invalid_request",
          "body_malformed")


def _revoked(site, token):
    site.db.execute("SELECT auth_jwt.revoke_session(%s)", str(sid_of(token)))
    return token


def _deleted(site, token):
    site.db.execute("DELETE FROM auth_jwt.session WHERE sid = %s",
                    str(sid_of(token)))
    return token


@contract("refresh bad 401")
@pytest.mark.parametrize("make, tag", [
    (lambda site, token: "nonsense", "refresh_malformed"),
    (lambda site, token: jwt.flip(token, len(token) - 10), "refresh_forged"),
    (_revoked, "revoked"), (_deleted, "unknown")],
    ids=["nonsense", "forged", "revoked", "unknown"])
def test_refresh_refused(site, make, tag):
    """Whatever is wrong with it."""
    access, token = login(site)
    error(site, refresh(site, access, make(site, token)), 401,
          "invalid_refresh_token", tag)


@contract("refresh expired, idle 401")
@pytest.mark.parametrize("interval, columns, tag", [
    ("31d", (), "expired"),
    ("15d", ("created_at", "rotated_at", "used_at"), "idle")])
def test_refresh_too_late(site, past, interval, columns, tag):
    """exp of the access token is ignored, that of the session is not."""
    access, token = login(site)
    past(token, interval, *columns)
    error(site, refresh(site, access, token), 401, "invalid_refresh_token",
          tag)


@contract("refresh reused 401")
def test_refresh_reused(site, past):
    """After the grace the old pair ends the session, of the new one too."""
    access, token = login(site)
    fresh, successor = pair_of(refresh(site, access, token))
    past(token, "31s", "rotated_at")
    error(site, refresh(site, access, token), 401, "invalid_refresh_token",
          "reused")
    error(site, refresh(site, fresh, successor), 401, "invalid_refresh_token",
          "revoked")


@contract("different sessions 401")
@pytest.mark.parametrize("other", ["bob", "alice"])
def test_mismatch(site, other):
    """Nothing is rotated, and both sessions go on."""
    access, token = login(site)
    access2, token2 = login(site, other)
    before = len(site.httpd.refusals("token_mismatch"))
    for _ in range(3):
        error(site, refresh(site, access2, token), 401, "token_mismatch",
              "token_mismatch")
    for refresh_token in (token, token2):
        assert site.session(refresh_token, "generation") == 0
        assert site.alive(refresh_token)
    pair_of(refresh(site, access, token))
    pair_of(refresh(site, access2, token2))
    assert len(site.httpd.refusals("token_mismatch")) == before + 3


@contract("different sessions: one event a minute")
def test_mismatch_event(auth_site, db):
    """Of the session whose refresh token was presented."""
    site = auth_site(server=PAIR)
    _, token = login(site)
    access2, _ = login(site, "bob")
    for _ in range(5):
        refresh(site, access2, token)
    events = ("SELECT count(*), min(subject), bool_and(sid = %s)"
              " FROM auth_jwt.event WHERE kind = 'mismatch'")
    assert db.execute(events, str(Grant.parse(token).sid)) == [
        (1, "alice", True)]
    db.execute("UPDATE auth_jwt.event SET at = at - interval '61 s'")
    # A child asks once a minute; another child, or another minute, does.
    assert db.value("SELECT auth_jwt.mismatch(sid, form, secret_hash, client,"
                    " site) FROM auth_jwt.session WHERE subject = 'alice'"
                    ) == "token_mismatch"
    assert db.value("SELECT count(*) FROM auth_jwt.event"
                    " WHERE kind = 'mismatch'") == 2


@contract("a token of nobody's session 401")
def test_mismatch_without_session(site):
    """An access token that names no session accompanies none."""
    access, token = login(site)
    claims = {**jwt.claims_of(access), "sid": None, "gen": None}
    error(site, refresh(site, jwt.sign(site.key, claims), token), 401,
          "token_mismatch", "token_mismatch")


@contract("gen n or n - 1")
@pytest.mark.parametrize("steps, status", [(0, 200), (1, 200), (2, 401)])
def test_generations(auth_site, steps, status):
    """The access token may be one generation behind, no more."""
    site = auth_site(server=PAIR, grace="0")
    access, token = login(site)
    fresh = access
    for _ in range(steps):
        fresh, token = pair_of(refresh(site, fresh, token))
    assert refresh(site, access, token).status == status


@contract("gen not ahead")
def test_generation_ahead(site):
    """An access token newer than the refresh token is not its companion."""
    access, token = login(site)
    fresh, _ = pair_of(refresh(site, access, token))
    error(site, refresh(site, fresh, token), 401, "token_mismatch",
          "token_mismatch")


@contract("API with an expired token")
def test_api_expired(site):
    """To the letter."""
    access, _ = login(site)
    answer = site.api(expired(site, access))
    assert answer.status == 401
    assert answer.json() == {"error": "token_expired"}
    assert answer.all("WWW-Authenticate") == [
        'Bearer realm="test api", error="invalid_token",'
        ' error_description="The access token expired"']


@contract("API with another or none")
def test_api_refused(site):
    """The word is the outcome's tag."""
    answer = site.api()
    assert (answer.status, answer.json()) == (401, {"error": "token_missing"})
    assert challenge(answer) == {"realm": "test api"}
    answer = site.api("x.y.z")
    assert (answer.status, answer.json()) == (401, {"error": "token_malformed"})


@contract("login refused")
def test_login_refused(site):
    """401 and the tag."""
    answer = site.ask_login(password="wrong")
    assert (answer.status, answer.json()) == (401, {"error": "login_refused"})


@contract("logout")
@pytest.mark.parametrize("by", ["body", "header", "access", "nonsense"])
def test_logout(site, by):
    """204, by either token."""
    access, token = login(site)
    answer = {
        "body": lambda: site.client.post_json(
            "/logout", {"refreshToken": token},
            [("Authorization", f"Bearer {expired(site, access)}")]),
        "header": lambda: site.client.request(
            "POST", "/logout", [("X-Refresh-Token", token)]),
        "access": lambda: site.client.request(
            "POST", "/logout", [("Authorization", f"Bearer {access}")]),
        "nonsense": lambda: site.client.post_json(
            "/logout", {"refreshToken": "nonsense"}),
    }[by]()
    assert (answer.status, answer.body) == (204, b"")
    assert site.alive(token) == (by == "nonsense")


@contract("common: database trouble")
def test_trouble(auth_site, cluster):
    """503, and nothing is lost."""
    site = auth_site(server=PAIR)
    access, token = login(site)
    cluster.stop()
    site.httpd.expect("outcome=database_down")
    answer = refresh(site, access, token)
    assert (answer.status, answer.json()) == (503, {"error": "database_down"})
    assert answer.get("Retry-After")
    cluster.start()
    wait_for(lambda: refresh(site, access, token).status == 200, "a refresh")


def test_a_mismatch_is_told_without_a_database(auth_site, cluster):
    """It needs none: both tokens are genuine, and do not belong together."""
    site = auth_site(server=PAIR)
    _, token = login(site)
    access2, _ = login(site, "bob")
    cluster.stop()
    assert refresh(site, access2, token).json() == {"error": "token_mismatch"}
