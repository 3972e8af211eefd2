# SPDX-License-Identifier: Apache-2.0
"""jwt-login: httpd's own providers judge the password, we open the session."""

import concurrent.futures
import json
import time

import pytest

from e2e_site import ISSUER, USERS, AuthSite, bcrypt
from lab import jwt
from lab.grant import Grant


def test_login_gives_two_tokens(auth_site):
    """The access token opens the API, the refresh token names its session."""
    site = auth_site()
    before = int(time.time())
    answer = site.ask_login()
    access, refresh = site.tokens(answer)
    assert answer.get("X-Outcome") == "logged_in"
    assert answer.json()["expires_in"] == 300
    assert site.api(access).get("X-User") == "alice"

    claims, grant = jwt.claims_of(access), Grant.parse(refresh)
    assert claims["iss"] == ISSUER
    assert claims["sub"] == "alice"
    assert claims["sid"] == str(grant.sid)
    assert claims["gen"] == grant.generation == 0
    assert before <= claims["iat"] <= time.time()
    assert claims["exp"] == claims["iat"] + 300
    assert claims["jti"]
    assert grant.sid.version == 7
    assert len(refresh) == 82


def test_session_row(auth_site):
    """What the database knows of a login, and what it does not."""
    site = auth_site()
    _, refresh = site.login()
    row = dict(zip(
        ("subject", "form", "generation", "site", "secret_hash"),
        site.db.execute("SELECT subject, form, generation, site, secret_hash"
                        "  FROM auth_jwt.session")[0]))
    assert (row["subject"], row["form"], row["generation"]) == (
        "alice", "jr1", 0)
    assert row["site"] == ""
    assert bytes(row["secret_hash"]) != Grant.parse(refresh).secret


def test_form_login(auth_site):
    """A form does as well as JSON."""
    site = auth_site()
    site.tokens(site.client.post_form("/login", {
        "username": "bob", "password": USERS["bob"]}))


def test_content_type_with_parameters(auth_site):
    """; charset=utf-8 is no other type."""
    site = auth_site()
    body = json.dumps({"username": "alice", "password": "wonderland"})
    answer = site.client.request("POST", "/login", [
        ("Content-Type", "Application/JSON; charset=utf-8")], body)
    site.tokens(answer)


def test_chunked_body(auth_site):
    """A body without Content-Length is read too."""
    site = auth_site()
    body = json.dumps({"username": "alice", "password": "wonderland"})
    site.tokens(site.client.request(
        "POST", "/login", [("Content-Type", "application/json")], body,
        chunked=True))


def test_other_field_names(auth_site):
    """JwtLoginFields follows the client that there is."""
    site = auth_site(login=AuthSite.LOGIN + "\nJwtLoginFields email secret")
    site.tokens(site.client.post_json("/login", {
        "email": "alice", "secret": "wonderland"}))


def test_wrong_password(auth_site):
    """401 invalid_grant, a sentence, no session."""
    site = auth_site()
    answer = site.ask_login("alice", "guess")
    site.refused(answer, 401, "login_refused")
    assert answer.json()["error"] == "invalid_grant"
    assert answer.json()["error_description"]
    assert site.db.value("SELECT count(*) FROM auth_jwt.session") == 0


def test_unknown_user_is_answered_alike(auth_site):
    """Nobody learns which names exist."""
    site = auth_site()
    wrong = site.ask_login("alice", "guess")
    unknown = site.ask_login("mallory", "guess")
    hidden = ("Date",)
    assert unknown.status == wrong.status == 401
    assert unknown.body == wrong.body
    assert ([pair for pair in unknown.headers if pair[0] not in hidden]
            == [pair for pair in wrong.headers if pair[0] not in hidden])


@pytest.mark.parametrize("name, password", [
    ("alice\0", "wonderland"), ("alice", "wonderland\0"),
    ("alice\0x", "wonderland"), ("alice", "wonderland\0x")])
def test_nul_never_logs_in(auth_site, name, password):
    """C would stop reading at the NUL; we refuse it."""
    site = auth_site()
    answer = site.ask_login(name, password)
    assert answer.status in (400, 401), answer
    assert site.db.value("SELECT count(*) FROM auth_jwt.session") == 0
    form = site.client.post_form("/login", {"username": name,
                                            "password": password})
    assert form.status in (400, 401), form
    assert site.db.value("SELECT count(*) FROM auth_jwt.session") == 0


def test_dbd_provider_with_bcrypt(auth_site, db):
    """An application's own table, passwords as Laravel stores them."""
    db.psql("CREATE TABLE users (email text PRIMARY KEY, password text);"
            "CREATE ROLE app LOGIN; GRANT SELECT ON users TO app")
    db.execute("INSERT INTO users VALUES (%s, %s)", "alice@demo.example",
               bcrypt("wonderland"))
    try:
        site = auth_site(
            server=f'DBDriver pgsql\nDBDParams "{db.conninfo("app")}"',
            login='JwtLoginProvider dbd\nAuthDBDUserPWQuery '
                  '"SELECT password FROM users WHERE email = %s"')
        site.tokens(site.ask_login("alice@demo.example", "wonderland"))
        answer = site.ask_login("alice@demo.example", "Wonderland")
        site.refused(answer, 401, "login_refused")
        answer = site.ask_login("mallory' OR '1'='1", "wonderland")
        assert answer.status == 401
    finally:
        site.httpd.stop()
        db.psql("DROP TABLE users; DROP ROLE app")


def test_subject_of_maps_the_login(auth_site, db):
    """What people type becomes the id that the host knows them by."""
    db.psql("""CREATE OR REPLACE FUNCTION auth_jwt.subject_of(login text)
               RETURNS text LANGUAGE sql STABLE
               AS $$ SELECT '42' WHERE $1 = 'alice' $$""")
    site = auth_site()
    access, _ = site.login("alice")
    assert jwt.claims_of(access)["sub"] == "42"
    answer = site.ask_login("bob")
    site.refused(answer, 401, "login_refused")


def test_claims_come_from_sql(auth_site, db):
    """claims() fills the access token; what only we may set stays ours."""
    db.psql("""CREATE OR REPLACE FUNCTION auth_jwt.claims(subject text,
                                                          sid uuid)
               RETURNS jsonb LANGUAGE sql STABLE AS $$ SELECT
               '{"role": "editor", "teams": [1, 2], "sub": "root",
                 "exp": 9999999999, "iss": "evil"}'::jsonb $$""")
    site = auth_site()
    claims = jwt.claims_of(site.login()[0])
    assert claims["role"] == "editor"
    assert claims["teams"] == [1, 2]
    assert claims["sub"] == "alice"
    assert claims["iss"] == ISSUER
    assert claims["exp"] == claims["iat"] + 300


def test_blocked_subject(auth_site, db):
    """The right password of a blocked user opens nothing."""
    site = auth_site()
    db.psql("SELECT auth_jwt.block_subject('alice')")
    answer = site.ask_login()
    assert answer.status in (400, 401, 403), answer
    assert answer.get("X-Outcome") == "blocked"
    assert db.value("SELECT count(*) FROM auth_jwt.session") == 0


def test_request_cannot_widen(auth_site):
    """scope, claims or subject in the request are ignored."""
    site = auth_site()
    answer = site.client.post_json("/login", {
        "username": "alice", "password": "wonderland", "scope": "admin",
        "sub": "root", "claims": {"role": "admin"}})
    claims = jwt.claims_of(site.tokens(answer)[0])
    assert claims["sub"] == "alice"
    assert "scope" not in claims and "role" not in claims


# -- requests that cannot be read -------------------------------------------

@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_post_only(auth_site, method):
    """Other methods: 405, and which one it must be."""
    site = auth_site()
    answer = site.client.request(method, "/login")
    site.refused(answer, 405, "method_refused")
    assert "POST" in answer.get("Allow")


@pytest.mark.parametrize("chunked", [False, True])
def test_body_too_large(auth_site, chunked):
    """16 KiB are read, one byte more is 413."""
    site = auth_site()
    frame = len(json.dumps({"username": "alice", "password": "wonderland",
                            "pad": ""}))
    for size, status in ((16384, 200), (16385, 413)):
        body = json.dumps({"username": "alice", "password": "wonderland",
                           "pad": "x" * (size - frame)})
        assert len(body) == size
        answer = site.client.request(
            "POST", "/login", [("Content-Type", "application/json")], body,
            chunked=chunked)
        assert answer.status == status, answer
    site.refused(answer, 413, "body_too_large")


@pytest.mark.parametrize("body", [
    "null", "[]", '"alice"', "{", '{"username":"alice"} x',
    '{"username":"alice","username":"bob","password":"x"}',
    '{"username":"alice","password":"a","password":"wonderland"}',
    '{"username":"\xff"}'.encode("latin-1"),
    "[" * 4000 + "]" * 4000])
def test_malformed_json(auth_site, body):
    """Strict JSON, each member once."""
    site = auth_site()
    answer = site.client.post_json("/login", body)
    site.refused(answer, 400, "body_malformed")
    assert answer.json()["error"] == "invalid_request"


@pytest.mark.parametrize("body", [
    "username=alice&username=bob&password=x",
    "username=alice&password=a&password=wonderland",
    "username=%zz&password=x", "username=alice&password=%f"])
def test_malformed_form(auth_site, body):
    """Each parameter once, percent signs complete."""
    site = auth_site()
    answer = site.client.post_form("/login", body)
    site.refused(answer, 400, "body_malformed")
    assert answer.json()["error"] == "invalid_request"


@pytest.mark.parametrize("body", [
    {"username": "alice"}, {"password": "wonderland"}, {}, "",
    {"username": "", "password": "wonderland"}])
def test_parameter_missing(auth_site, body):
    """Without name or password there is nothing to judge."""
    site = auth_site()
    answer = site.client.post_json("/login", body)
    assert answer.status in (400, 401), answer
    assert answer.get("X-Outcome") in ("parameter_missing", "login_refused")


@pytest.mark.parametrize("member", [1, None, ["alice"], {"a": 1}, True])
def test_name_of_another_type(auth_site, member):
    """A name is a string."""
    site = auth_site()
    answer = site.client.post_json("/login", {"username": member,
                                              "password": "wonderland"})
    assert answer.status == 400, answer
    assert answer.json()["error"] == "invalid_request"


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data",
                                  "application/jsonx", None])
def test_other_content_type(auth_site, kind):
    """What is neither JSON nor a form is not guessed."""
    site = auth_site()
    headers = [("Content-Type", kind)] if kind else []
    answer = site.client.request(
        "POST", "/login", headers,
        '{"username":"alice","password":"wonderland"}')
    assert answer.status in (400, 415), answer
    assert answer.json()["error"] == "invalid_request"
    assert site.db.value("SELECT count(*) FROM auth_jwt.session") == 0


def test_provider_that_fails_is_trouble_not_a_wrong_password(auth_site):
    """The application's database is away: 503, and the user may try again."""
    site = auth_site(
        server='DBDriver pgsql\nDBDParams "host=/nowhere dbname=x"',
        login='JwtLoginProvider dbd\nAuthDBDUserPWQuery '
              '"SELECT password FROM users WHERE email = %s"')
    site.httpd.expect("dbd:", "outcome=login_unavailable")
    answer = site.ask_login()
    assert answer.get("Retry-After")
    site.refused(answer, 503, "login_unavailable")


def test_a_storm_of_logins_leaves_room_for_others(auth_site):
    """Passwords judged at once are bounded: the rest may try again."""
    site = auth_site(server="JwtLoginLimit Off",
                     mpm_config="ServerLimit 1\nStartServers 1\n"
                                "ThreadLimit 64\nThreadsPerChild 64\n"
                                "MaxRequestWorkers 64\n")
    site.httpd.expect("AH10159")  # httpd itself is busy
    users = site.httpd.root / "users"
    users.write_text("alice:" + bcrypt("wonderland", cost=12) + "\n",
                     encoding="utf-8")
    began = int(time.time())
    with concurrent.futures.ThreadPoolExecutor(48) as pool:
        answers = list(pool.map(lambda _: site.ask_login(), range(48)))
    seconds = int(time.time()) - began + 1
    busy = [a for a in answers if a.get("X-Outcome") == "login_busy"]
    assert {a.status for a in answers} == {200, 503}
    assert busy and all(a.status == 503 and a.get("Retry-After")
                        for a in busy)
    assert len(busy) == sum(a.status == 503 for a in answers)
    loud = [line for line in site.httpd.refusals("login_busy")
            if ":warn]" in line]
    assert 1 <= len(loud) <= seconds, "clients fill the disk"


def test_time_does_not_tell_which_names_exist(auth_site):
    """Hashes of another cost than bcrypt's usual one, as htpasswd -B writes."""
    site = auth_site(server="JwtLoginLimit Off",
                     mpm_config="ServerLimit 1\nStartServers 1\n"
                                "ThreadsPerChild 8\nMaxRequestWorkers 8\n"
                                "MinSpareThreads 1\nMaxSpareThreads 8\n")
    (site.httpd.root / "users").write_text(
        "alice:" + bcrypt("wonderland", cost=8) + "\n", encoding="utf-8")

    def median(name):
        times = []
        for _ in range(9):
            before = time.monotonic()
            assert site.ask_login(name, "wrong").status == 401
            times.append(time.monotonic() - before)
        return sorted(times)[4]

    site.ask_login("alice", "wrong")
    known, unknown = median("alice"), median("nobody")
    assert known / 2.5 < unknown < known * 2.5, (known, unknown)


def test_a_password_of_any_length_costs_no_more(auth_site):
    """Some hashes take time by its length: it is refused before they see it."""
    site = auth_site()
    answer = site.ask_login("alice", "x" * 1025)
    site.refused(answer, 401, "login_refused")
