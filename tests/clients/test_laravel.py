# SPDX-License-Identifier: Apache-2.0
"""After: a Laravel site whose /api/refresh and /api/logout Apache answers, by
conf/examples/laravel.conf as it is shipped."""

import concurrent.futures
import re
import time

import pytest

from laravel_cases import BLACKLISTED, PROVIDER, mint
from laravel_site import ANN, JSON, LaravelSite, refused
from lab import jwt
from lab.grant import sid_of_js1
from lab.place import TOP
from lab.process import run, wait_for

#: Logs in where the host did: its users, its passwords.
LOGIN = """
    <Location "/api/login">
        SetHandler jwt-login
        JwtLoginProvider file
        JwtLoginFields email password
        AuthUserFile "{users}"
    </Location>
"""


@pytest.fixture(scope="module", name="site")
def _site(place, running_cluster):
    """One for all tests: each says by over() what it wants of httpd."""
    db = running_cluster.database()
    made = LaravelSite(place, db)
    yield made
    made.stop()
    unexpected = made.httpd.unexpected()
    db.drop()
    assert not unexpected, unexpected


def recipe():
    """adoptable() of the README."""
    text = (TOP / "README.md").read_text(encoding="utf-8")
    section = text.partition("\n## Laravel with jwt-auth\n")[2]
    return re.search(r"```sql\n(.*?)```", section, re.S)[1]


def login_here(site):
    """What LOGIN needs: passwords, and the id behind an e-mail."""
    done = run(["htpasswd", "-nbBC", "4", ANN["email"], ANN["password"]])
    site.db.psql("""CREATE OR REPLACE FUNCTION auth_jwt.subject_of(login text)
        RETURNS text LANGUAGE sql STABLE AS
        $$ SELECT id::text FROM public.users WHERE email = login $$;
        GRANT SELECT ON users TO PUBLIC""")
    return LOGIN.format(users=site.httpd.write("users", done.stdout.strip()))


def session(site, token, column):
    """A column of the session that a refreshed token names."""
    return site.db.value(f"SELECT {column} FROM auth_jwt.session"
                         " WHERE sid = %s", jwt.claims_of(token)["sid"])


def sessions(site):
    """How many there are."""
    return site.db.value("SELECT count(*) FROM auth_jwt.session")


# -- both sides ---------------------------------------------------------------

def test_switched_over_and_back(site):
    """A user of the host stays logged in: over, refreshed, back, refreshed."""
    site.over(example=False)
    token = site.login()
    site.over()
    assert site.get("/api/user", token).json()["email"] == ANN["email"]
    token = site.refreshed(token)
    assert site.get("/api/user", token).status == 200
    token = site.refreshed(token)
    site.over(example=False)
    assert site.get("/api/user", token).json()["email"] == ANN["email"]
    answer = site.get("/api/refresh", token)
    assert site.get("/api/user", answer.json()["access_token"]).status == 200


def test_back_and_over_again(site):
    """What the host refreshed meanwhile is adopted anew."""
    site.over()
    token = site.refreshed(site.login())
    site.over(example=False)
    token = site.get("/api/refresh", token).json()["access_token"]
    site.over()
    assert site.get("/api/user", site.refreshed(token)).status == 200


@pytest.mark.contract("laravel", "minted token")
def test_refresh_keeps_and_changes(site):
    """As jwt-auth: iat, sub, prv and custom claims stay, the rest is new."""
    site.over("JwtRefreshGrace 0")
    old = mint(site.host.secret, iat=lambda now: now - 600,
               nbf=lambda now: now - 600, exp=lambda now: now + 60,
               role="admin", deep={"a": [1, None]})
    new = site.refreshed(old)
    was, now = jwt.claims_of(old), jwt.claims_of(new)
    assert jwt.header_of(new) == {"typ": "JWT", "alg": "HS256"}
    assert {name for name in was if now.get(name) == was[name]} == {
        "iat", "prv", "role", "deep"}
    assert set(now) - set(was) == {"sid", "gen"}
    assert now["sub"] == "1" and now["prv"] == PROVIDER
    assert now["iss"] == site.httpd.url("/api/refresh")
    assert all(isinstance(now[name], int) for name in ("iat", "nbf", "exp"))
    assert now["exp"] - now["nbf"] == 3600
    again = jwt.claims_of(site.refreshed(new))
    assert (again["iat"], again["gen"], again["sid"]) == (
        was["iat"], 2, now["sid"])


@pytest.mark.contract("laravel", "JwtRefreshIat")
def test_iat_now(site):
    """JwtRefreshIat now, as the maintained fork does."""
    site.over(refresh="JwtRefreshIat now")
    old = mint(site.host.secret, iat=lambda now: now - 600)
    claims = jwt.claims_of(site.refreshed(old))
    assert claims["iat"] == claims["nbf"] > jwt.claims_of(old)["iat"]


def test_max_lifetime_is_counted_from_nbf(site):
    """An old iat is no long life."""
    site.over("JwtMaxLifetime 61m")
    old = mint(site.host.secret, iat=lambda now: now - 86400)
    assert site.get("/api/user", site.refreshed(old)).status == 200
    long = mint(site.host.secret, exp=lambda now: now + 3720)
    refused(site.get("/api/user", long), "token_lifetime")


@pytest.mark.contract("laravel", "exp ends with the session")
def test_never_beyond_the_session(site):
    """The successor's exp is not after iat + JwtRefreshLifetime."""
    site.over("JwtRefreshLifetime 2h")
    old = mint(site.host.secret, iat=lambda now: now - 7000)
    claims = jwt.claims_of(site.refreshed(old))
    assert claims["exp"] <= claims["iat"] + 7200
    assert 0 < claims["exp"] - time.time() <= 200


@pytest.mark.contract("laravel", "refresh, logout by GET or POST")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_methods(site, method):
    """Refresh and logout by either; the token in header, query, body, cookie."""
    site.over()
    ways = [{"headers": {"Authorization": "Bearer {}"}}, {"query": "token={}"},
            {"headers": {"Cookie": "token={}",
                         "Sec-Fetch-Site": "same-origin"}}]
    for way in ways:
        token = mint(site.host.secret)
        request = {name: value.format(token) if isinstance(value, str)
                   else {key: text.format(token) for key, text in value.items()}
                   for name, value in way.items()}
        site.token_of(site.ask("/api/refresh", request, method=method))
        answer = site.ask("/api/logout", request, method=method)
        assert (answer.status, answer.json()) == (
            200, {"message": "Successfully logged out"})
    for post in (site.client.post_form, site.client.post_json):
        site.token_of(post("/api/refresh", {"token": mint(site.host.secret)}))


@pytest.mark.contract("laravel", "a bad bearer is not rescued")
@pytest.mark.parametrize("path", ["/api/refresh", "/api/logout"])
def test_a_bad_bearer_is_not_rescued(site, path):
    """Header, query, body, cookie: the first that has something decides."""
    site.over()
    token, before = mint(site.host.secret), sessions(site)
    page = [("Sec-Fetch-Site", "same-origin"), *JSON.items()]
    bad, good = [("Authorization", "Bearer a.b.c")], f"token={token}"
    for target, headers, body in (
            (f"{path}?{good}", bad, ""), (path, bad, good),
            (path, [*bad, ("Cookie", good)], ""),
            (f"{path}?token=a.b.c", [], good),
            (f"{path}?token=a.b.c", [("Cookie", good)], ""),
            (path, [("Cookie", good)], "token=a.b.c")):
        refused(site.client.post_form(target, body, headers + page),
                "token_malformed")
    assert sessions(site) == before
    assert site.get("/api/user", token).status == 200


@pytest.mark.contract("laravel", "cookie token, csrf")
def test_a_cookie_counts_for_pages_of_this_site_alone(site):
    """A browser sends cookies for whoever asks; jwt-auth did not look."""
    site.over()
    token, before = mint(site.host.secret), sessions(site)
    for whose in ({}, {"Sec-Fetch-Site": "cross-site"},
                  {"Origin": "https://evil.example"}):
        for path in ("/api/refresh", "/api/logout"):
            answer = site.ask(path, {"headers": {
                "Cookie": f"token={token}", **whose}})
            assert (answer.status, answer.get("X-Outcome")) == (403, "csrf")
    assert sessions(site) == before


@pytest.mark.contract("laravel", "common: HEAD")
def test_head_never_refreshes(site):
    """405, and the token stays what it was."""
    site.over()
    token, before = mint(site.host.secret), sessions(site)
    answer = site.get("/api/refresh", token, "HEAD")
    assert answer.status == 405
    assert answer.get("Allow") == "GET, POST, OPTIONS"
    assert sessions(site) == before
    assert site.get("/api/user", token).status == 200


# -- the old token -------------------------------------------------------------

def test_refresh_twice_within_the_grace(site):
    """The same generation, not another child; both successors work."""
    site.over()
    old = mint(site.host.secret)
    first, second = site.refreshed(old), site.refreshed(old)
    assert jwt.claims_of(first)["gen"] == jwt.claims_of(second)["gen"] == 1
    assert session(site, first, "generation") == 1
    for token in (old, first, second):
        assert site.get("/api/user", token).status == 200


def ends(site, token, tag):
    """Waits until the API refuses a token: the news is on its way."""
    wait_for(lambda: site.get("/api/user", token).status == 401, tag)
    refused(site.get("/api/user", token), tag)


@pytest.mark.contract("laravel", "the old token is refused afterwards")
def test_the_old_token_stops_at_the_api(site):
    """One that the host minted, and one of ours: JwtSupersede."""
    site.over("JwtRefreshGrace 0")
    old = mint(site.host.secret)
    new = site.refreshed(old)
    ends(site, old, "token_superseded")
    newest = site.refreshed(new)
    ends(site, new, "token_superseded")
    assert site.get("/api/user", newest).status == 200


def test_the_old_token_works_within_the_grace(site):
    """And stops when that is over, without anybody asking."""
    site.over("JwtRefreshGrace 2s")
    old = mint(site.host.secret)
    new = site.refreshed(old)
    assert site.get("/api/user", old).status == 200
    ends(site, old, "token_superseded")
    assert site.get("/api/user", new).status == 200


def test_reuse_ends_the_session(site):
    """After the grace the old token is a thief's, or its victim's."""
    site.over("JwtRefreshGrace 0")
    old = mint(site.host.secret)
    new = site.refreshed(old)
    refused(site.get("/api/refresh", old), "reused")
    refused(site.get("/api/refresh", new), "revoked")
    ends(site, new, "token_revoked")
    assert site.db.value("SELECT kind FROM auth_jwt.event"
                         " ORDER BY at DESC LIMIT 1") == "reused"


def test_parallel_refreshes_of_a_host_token(site):
    """One session, one generation, everybody answered."""
    site.over()
    old = mint(site.host.secret)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda _: site.refreshed(old), range(16)))
    assert {(jwt.claims_of(token)["sid"], jwt.claims_of(token)["gen"])
            for token in tokens} == {(jwt.claims_of(tokens[0])["sid"], 1)}
    assert session(site, tokens[0], "generation") == 1


# -- logout --------------------------------------------------------------------

@pytest.mark.contract("laravel", "logout")
def test_logout(site):
    """200 once; then the session is over, a second logout is refused."""
    site.over()
    token = site.refreshed(mint(site.host.secret))
    answer = site.get("/api/logout", token)
    assert (answer.status, answer.json()) == (
        200, {"message": "Successfully logged out"})
    ends(site, token, "token_revoked")
    refused(site.get("/api/refresh", token), "revoked")
    refused(site.get("/api/logout", token), "revoked")
    refused(site.ask("/api/logout"), "token_missing")


def test_logout_before_adoption(site):
    """A host's token that is logged out first is never adopted."""
    site.over()
    token = mint(site.host.secret)
    assert site.get("/api/logout", token).status == 200
    ends(site, token, "token_revoked")
    refused(site.get("/api/refresh", token), "revoked")


@pytest.mark.contract("laravel", "adoptable()")
def test_logged_out_at_the_host_before(site):
    """adoptable() can ask the host's blacklist, the table `cache`."""
    site.db.psql(recipe())
    site.over(example=False)
    dead, alive = site.login(), site.login()
    assert site.get("/api/logout", dead).status == 200
    site.over()
    refused(site.get("/api/refresh", dead), "revoked")
    assert site.get("/api/user", site.refreshed(alive)).status == 200


@pytest.mark.contract("laravel", "The token has been blacklisted")
def test_the_middlewares_say_blacklisted(site):
    """Of a token that was traded, used again, or logged out."""
    site.over("JwtRefreshGrace 0")

    def dead(token, at_api, at_refresh):
        wait_for(lambda: site.get("/api/mw/user", token).status == 401, at_api)
        refused(site.get("/api/mw/user", token), at_api, BLACKLISTED)
        refused(site.get("/api/mw/refresh", token), at_refresh, BLACKLISTED)
    old = mint(site.host.secret)
    new = site.refreshed(old)
    dead(old, "token_superseded", "reused")
    dead(new, "token_revoked", "revoked")
    token = site.refreshed(mint(site.host.secret))
    assert site.get("/api/logout", token).status == 200
    dead(token, "token_revoked", "revoked")


# -- what is no token of this site ----------------------------------------------

def test_adoption_off(site):
    """Then a token of the host is good until exp, and no longer."""
    site.over("JwtAdopt Off")
    token, before = mint(site.host.secret), sessions(site)
    assert site.get("/api/user", token).status == 200
    refused(site.get("/api/refresh", token), "unknown")
    assert sessions(site) == before


def test_tokens_of_other_kinds(site):
    """A js1_, a jr1_, and an access token of a session of another form."""
    site.over()
    answer = site.client.post_json("/api/session", ANN)
    opaque = answer.json()["refresh_token"]
    refused(site.get("/api/refresh", opaque), "token_malformed")
    named = mint(site.host.secret, sid=str(sid_of_js1(opaque)), gen=0)
    refused(site.get("/api/refresh", named), "unknown")
    assert session(site, named, "form") == "js1"
    assert session(site, named, "revoked_at") is None


def test_subject_of_another(site):
    """The sid of a session under another user's subject is unknown."""
    site.over()
    claims = jwt.claims_of(site.refreshed(mint(site.host.secret)))
    forged = mint(site.host.secret, sid=claims["sid"], gen=1, sub=2)
    refused(site.get("/api/refresh", forged), "unknown")
    assert session(site, forged, "revoked_at") is None


def test_a_sid_of_the_hosts_own(site):
    """A host may have sids and generations of its own: they name nothing
    here, and its users stay logged in."""
    site.over()
    for own in ("sess-1", "9f0c2b52-6f1e-4c7a-9d5e-0d6f0a2f6c11"):
        old = mint(site.host.secret, sid=own, gen="first")
        claims = jwt.claims_of(site.refreshed(old))
        assert claims["sid"] != own and claims["gen"] == 1


def test_a_claim_that_no_number_holds(site):
    """It is not adopted: each refresh would be trouble with the database."""
    site.over()
    before = sessions(site)
    token = mint(site.host.secret, balance=10 ** 300 * 1.0)
    refused(site.get("/api/refresh", token), "unknown")
    assert sessions(site) == before


def test_same_jti_for_two_users(site):
    """Hosts choose jti badly: each token is a session of its own."""
    site.over()
    tokens = [site.refreshed(mint(site.host.secret, jti="same", sub=subject))
              for subject in (1, 2)]
    assert [session(site, token, "subject") for token in tokens] == ["1", "2"]


def test_empty_jti(site):
    """jwt-auth blacklists all of them at once; here each is a token."""
    site.over("JwtRefreshGrace 0")
    one, other = (mint(site.host.secret, jti="", role=role)
                  for role in ("one", "other"))
    new = site.refreshed(one)
    assert site.get("/api/user", other).status == 200
    assert jwt.claims_of(site.refreshed(other))["sid"] != jwt.claims_of(new)[
        "sid"]
    refused(site.get("/api/refresh", one), "reused")


# -- the rest ------------------------------------------------------------------

@pytest.mark.contract("laravel", "login")
def test_login(site):
    """jwt-login in place of the host's: its reply, its word of refusal."""
    site.over(server=login_here(site))
    token = site.token_of(site.client.post_json("/api/login", ANN))
    claims = jwt.claims_of(token)
    assert set(claims) == {"iss", "iat", "exp", "nbf", "jti", "sub", "prv",
                           "sid", "gen"}
    assert claims["prv"] == PROVIDER
    assert site.get("/api/user", token).json()["email"] == ANN["email"]
    token = site.refreshed(token)
    assert site.get("/api/user", token).status == 200
    for ask in ({**ANN, "password": "wrong"}, {"email": ANN["email"]}, {}):
        answer = site.client.post_json("/api/login", ask)
        assert (answer.status, answer.json()) == (
            401, {"error": "Unauthorized"})
    answer = site.client.post_json("/api/login", "{")
    assert (answer.status, answer.json()) == (401, {"error": "Unauthorized"})


@pytest.mark.contract("laravel", "query token redacted")
def test_a_token_in_the_query_is_in_no_log(site):
    """Neither at the handlers nor at the API, refused or not."""
    site.over()
    token = mint(site.host.secret)
    for path in ("/api/refresh", "/api/user", "/api/logout", "/api/refresh"):
        site.ask(path, {"query": f"marker=1&token={token}"})
    wait_for(lambda: site.httpd.access_log().count("marker=1") == 4,
             "four lines of the access log")
    logged = site.httpd.access_log() + site.httpd.error_log()
    assert token not in logged
    assert "marker=1&token=redacted" in logged


def test_error_text(site):
    """JwtErrorText wins over the word that the guard says for everything."""
    site.over('JwtErrorText token_expired "Please refresh"')
    token = mint(site.host.secret, exp=lambda now: now - 60)
    refused(site.get("/api/user", token), "token_expired", "Please refresh")


@pytest.mark.contract("laravel", "common: database trouble")
def test_database_down(site):
    """503, never a refusal; tokens are judged meanwhile."""
    site.over("JwtDatabaseTimeout 500ms")
    token = site.refreshed(mint(site.host.secret))
    assert site.get("/api/user", token).status == 200  # there is news
    site.db.cluster.stop("immediate")
    try:
        for path in ("/api/refresh", "/api/logout"):
            answer = site.get(path, token)
            assert answer.status == 503, answer
            assert answer.get("Retry-After")
    finally:
        site.db.cluster.start()
    site.httpd.expect("outcome=database_", "the database")
    site.back(token)
    site.refreshed(token)


def test_host_with_pdo(site):
    """A host that logs in by PDO and open_session(); Apache refreshes."""
    refresh_key = site.httpd.write("keys/refresh.key", jwt.secret(),
                                   secret=True)
    site.over(f'JwtRefreshKey "file:{refresh_key}"', """
        <Location "/api/token">
            SetHandler jwt-refresh
            JwtDialect oauth2
            AuthType None
            Require all granted
        </Location>""")
    token = site.client.post_json("/api/session", ANN).json()["refresh_token"]
    for _ in range(2):
        answer = site.client.post_form("/api/token", {
            "grant_type": "refresh_token", "refresh_token": token}).json()
        token = answer["refresh_token"]
    claims = jwt.claims_of(answer["access_token"])
    assert (claims["sub"], claims["name"]) == ("1", "Ann")


def test_json_is_asked_for_as_the_host_does(site):
    """The handlers, too, send a browser to JwtLoginPage."""
    site.over(refresh="JwtLoginPage /login")
    answer = site.ask("/api/refresh", headers={"Accept": "text/html"})
    assert (answer.status, answer.get("Location")) == (302, "/login")
    refused(site.ask("/api/refresh", headers=JSON), "token_missing")


def test_a_browser_whose_session_is_over_gets_the_page(site):
    """Not only one whose token is bad: the client gets 401 for both."""
    site.over("JwtRefreshGrace 0", refresh="JwtLoginPage /login")
    old = mint(site.host.secret)
    site.refreshed(old)
    for tag in ("reused", "revoked"):
        answer = site.ask("/api/refresh", {"headers": {
            "Authorization": f"Bearer {old}"}}, {"Accept": "text/html"})
        assert (answer.status, answer.get("Location")) == (302, "/login")
        assert answer.get("X-Outcome") == tag
