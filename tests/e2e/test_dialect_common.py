# SPDX-License-Identifier: Apache-2.0
"""What DIALECTS.md says of all six dialects, sent in each of them."""

import time
import uuid

import pytest

from e2e_site import USERS, challenge, sid_of
from lab import jwt
from test_handlers_attacked import BODIES
from test_refresh import no_database_call

FORM = "application/x-www-form-urlencoded"
PATHS = ["/login", "/token", "/logout"]

#: The member of a body that brings the refresh token.
FIELD = {"oauth2": "refresh_token", "express": "refreshToken",
         "pair": "refreshToken", "simplejwt": "refresh"}

#: .. and the members of a reply: access token, refresh token.
REPLY = {"oauth2": ("access_token", "refresh_token"),
         "laravel": ("access_token", "access_token"),
         "express": ("accessToken", "refreshToken"),
         "pair": ("accessToken", "refreshToken"),
         "cookie": ("accessToken", None), "simplejwt": ("access", "refresh")}

#: What a refresh is refused with, that brings nothing.
REFUSED = {"oauth2": {400}, "laravel": {401}, "express": {403},
           "pair": {400, 401}, "cookie": {403}, "simplejwt": {400, 401}}

#: JwtErrorText.
LUCK, ODD = "No such luck", "Not one of ours"

#: What a dialect wants beside its name.
MORE = {"simplejwt": "JwtSubjectClaim user_id"}


class Speaker:
    """A client of one dialect."""

    def __init__(self, dialect, site):
        self.dialect, self.site = dialect, site
        self.access = self.token = None

    @property
    def own(self):
        """What a page of this origin sends."""
        return [("Origin", f"http://127.0.0.1:{self.site.httpd.port}")]

    def ask_login(self, headers=(), **more):
        """The Answer to a login."""
        return self.site.client.post_json(
            "/login", {"username": "alice", "password": USERS["alice"], **more},
            [*self.own, *headers])

    def login(self):
        """Logs in."""
        answer = self.ask_login()
        assert answer.status == 200, answer
        access, refresh = REPLY[self.dialect]
        self.access = answer.json()[access]
        if refresh is None:
            line, = answer.all("Set-Cookie")
            self.token = line.partition(";")[0].partition("=")[2]
        else:
            self.token = answer.json()[refresh]
        return answer

    def proof(self, access=None):
        """(headers, members of a body) that a refresh needs."""
        bearer = [("Authorization", f"Bearer {access or self.access}")]
        field = FIELD.get(self.dialect)
        members = {field: self.token} if field else {}
        if self.dialect == "cookie":
            return [("Cookie", f"__Host-refresh={self.token}")], members
        if self.dialect == "oauth2":
            members["grant_type"] = "refresh_token"
        return (bearer if self.dialect in ("pair", "laravel") else []), members

    def refresh(self, access=None, more=()):
        """The Answer to a refresh."""
        headers, members = self.proof(access)
        return self.site.client.post_json(
            "/token", {**members, "unknown": ["x", {}]},
            [*headers, *self.own, *more])

    def logout(self):
        """The Answer to a logout."""
        headers, members = self.proof()
        if self.dialect == "oauth2":
            members = {"token": self.token}
        return self.site.client.post_json("/logout", members,
                                          headers + self.own)

    @property
    def row(self):
        """(generation, whether it goes on) of the session."""
        sid = (sid_of(self.token) if self.token.startswith(("jr1_", "js1_"))
               else uuid.UUID(jwt.claims_of(self.token)["sid"]))
        return self.site.db.execute(
            "SELECT generation, revoked_at IS NULL FROM auth_jwt.session"
            " WHERE sid = %s", str(sid))[0]

    @property
    def sessions(self):
        """How many there are."""
        return self.site.db.value("SELECT count(*) FROM auth_jwt.session")


@pytest.fixture(scope="module", name="speaker", params=[
    pytest.param(name, marks=pytest.mark.contract(name, "common"))
    for name in REPLY])
def _speaker(request, shared_site):
    name = request.param
    return Speaker(name, shared_site(
        server=f"JwtDialect {name}\nJwtLoginLimit Off\n{MORE.get(name, '')}\n"
               "JwtReplyField extra jti\n"
               f'JwtErrorText login_refused "{LUCK}"\n'
               f'JwtErrorText token_malformed "{ODD}"'))


def test_nobody_keeps_a_reply(speaker):
    """no-store, no-cache: of what is given and of what is refused."""
    answers = [speaker.login(), speaker.refresh(), speaker.logout(),
               speaker.refresh(), speaker.ask_login(password="guess")]
    assert [answer.status // 100 for answer in answers] == [2, 2, 2, 4, 4]
    for answer in answers:
        assert answer.get("Cache-Control") == "no-store", answer
        assert answer.get("Pragma") == "no-cache", answer


def test_fields_beside_the_tokens(speaker):
    """JwtReplyField, at login and at refresh."""
    access, _ = REPLY[speaker.dialect]
    for answer in (speaker.login(), speaker.refresh()):
        body = answer.json()
        assert body["extra"] == jwt.claims_of(body[access])["jti"]
    assert "extra" not in speaker.ask_login(password="guess").text


def test_both_kinds_of_body(speaker):
    """JSON and form, with parameters of the type, and members of others."""
    for kind, body in (
            ("Application/JSON; charset=utf-8", '{"username":"alice","z":[1],'
             f'"password":"{USERS["alice"]}"}}'),
            (f"{FORM};charset=UTF-8",
             f"username=alice&z=1&password={USERS['alice']}")):
        answer = speaker.site.client.request(
            "POST", "/login", [("Content-Type", kind), *speaker.own], body)
        assert answer.status == 200, answer


def test_members_that_come_twice(speaker):
    """Which one is meant? Neither."""
    speaker.login()
    before, client = speaker.sessions, speaker.site.client
    both = "username=alice&username=bob&password=wonderland"
    answer = client.post_form("/login", both, speaker.own)
    assert answer.status in (400, 401), answer
    answer = client.post_json(
        "/login", '{"username":"alice","password":"x","password":"wonderland"}',
        speaker.own)
    assert answer.status in (400, 401), answer
    assert speaker.sessions == before
    if speaker.dialect in FIELD:
        headers, members = speaker.proof()
        pairs = list(members.items()) + [(FIELD[speaker.dialect],
                                          speaker.token)]
        answer = client.post_form("/token", pairs, headers)
        assert (answer.status, answer.get("X-Outcome")) == (
            403 if speaker.dialect == "express" else 400, "body_malformed")
        assert speaker.row == (0, True)


def test_a_body_too_large(speaker):
    """413, even where a logout says yes to any body."""
    body = '{"x":"' + "x" * 16384 + '"}'
    for path in PATHS:
        headers = speaker.proof()[0] if speaker.token else []
        answer = speaker.site.client.post_json(path, body,
                                               headers + speaker.own)
        assert (answer.status, answer.get("X-Outcome")) == (
            413, "body_too_large"), (path, answer)


def test_other_methods(speaker):
    """HEAD never refreshes; nothing but a POST does, GET in laravel aside."""
    speaker.login()
    headers, members = speaker.proof()
    query = "&".join(f"{name}={value}" for name, value in members.items())
    for path in PATHS:
        for method in ("HEAD", "GET", "PUT", "DELETE", "PATCH"):
            if (speaker.dialect, method) == ("laravel", "GET") and (
                    path != "/login"):
                continue
            answer = speaker.site.client.request(
                method, f"{path}?{query}", headers + speaker.own)
            assert answer.status == 405, (method, path, answer)
            assert "POST, OPTIONS" in answer.get("Allow")
    assert speaker.row == (0, True)


def test_options(speaker, running_cluster):
    """Never touches the database, whatever comes with it."""
    speaker.login()
    headers, _ = speaker.proof()
    with no_database_call(running_cluster, speaker.site.db):
        for path in PATHS:
            answer = speaker.site.client.request("OPTIONS", path,
                                                 headers + speaker.own)
            assert (answer.status, answer.body) == (204, b""), answer
    assert speaker.row == (0, True)


def test_an_expired_bearer_is_no_obstacle(speaker):
    """Its clients send what they have, at login and at refresh."""
    speaker.login()
    late = jwt.sign(speaker.site.key, jwt.claims_of(speaker.access),
                    exp=int(time.time()) - 60)
    bearer = [("Authorization", f"Bearer {late}")]
    assert speaker.site.api(late).status in (401, 403)
    assert speaker.ask_login(bearer).status == 200
    if speaker.dialect in ("pair", "laravel"):
        assert speaker.refresh(late).status == 200
    else:
        assert speaker.refresh(more=bearer).status == 200


@pytest.mark.parametrize("path", PATHS)
def test_bodies_that_mean_nothing(speaker, path):
    """HARDENING, "Requests to handlers": a refusal or a goodbye, never a 500,
    and no session begins or ends."""
    speaker.login()
    before = speaker.sessions
    for kind, coding, body in BODIES:
        headers = [("Content-Type", kind), *speaker.own]
        if coding:
            headers.append(("Content-Encoding", coding))
        for chunked in (False, True):
            answer = speaker.site.client.request("POST", path, headers, body,
                                                 chunked)
            assert answer.get("X-Outcome"), (body[:40], answer)
            refused = (REFUSED[speaker.dialect] if path == "/token"
                       else {400, 401, 403}) | {413}
            assert answer.status in refused or (
                path == "/logout" and answer.status in (200, 204)
                and answer.body == b""), (body[:40], answer)
    assert speaker.sessions == before and speaker.row == (0, True)


def test_words_for_people(speaker):
    """JwtErrorText replaces each, at a handler and at the API; pair and cookie
    have words for programs alone, and the challenge."""
    answer = speaker.ask_login(password="guess")
    assert answer.status == 401
    assert answer.text == {
        "oauth2": f'{{"error":"invalid_grant","error_description":"{LUCK}"}}',
        "laravel": f'{{"error":"{LUCK}"}}', "express": LUCK,
        "simplejwt": f'{{"detail":"{LUCK}"}}'}.get(
            speaker.dialect, '{"error":"login_refused"}')
    answer = speaker.site.api("a.b.c")
    if speaker.dialect == "simplejwt":
        assert answer.json()["messages"][0]["message"] == ODD
    else:
        assert challenge(answer)["error_description"] == ODD
        assert (ODD in answer.text) == (speaker.dialect not in (
            "pair", "cookie"))
