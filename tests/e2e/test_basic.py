# SPDX-License-Identifier: Apache-2.0
"""AuthBasicProvider bearer: an access token as the password of Basic, for
clients that know nothing else."""

import base64
import shutil
import time

import pytest

import backends
from e2e_site import Site, bcrypt
from lab import jwt
from lab.process import environment, run, wait_for

CHALLENGE = ['Basic realm="test api"']


def basic(name, password):
    """The headers of Basic."""
    text = f"{name}:{password}".encode()
    return {"Authorization": "Basic " + base64.b64encode(text).decode()}


@pytest.fixture(name="protect_basic")
def _protect_basic(httpd):
    """protect_basic(lines): a Site whose /api asks by Basic for a token."""
    def make(lines="Require valid-user", server="", provider="bearer",
             **options):
        site = Site(httpd, **options)
        site.key = jwt.secret()
        path = site.httpd.write("keys/access.key", site.key, secret=True)
        site.users = site.httpd.write("users", f"bob:{bcrypt('skyscraper')}\n")
        return site.start(f"""
            JwtKey HS256 "file:{path}"
            {server}
            <Location "/api">
                AuthType Basic
                AuthName "test api"
                AuthBasicProvider {provider}
                AuthUserFile "{site.users}"
                {lines}
            </Location>
        """)
    return make


def ask(site, name, password, **headers):
    """GET of the protected page with a name and a password."""
    return site.api(None, {**basic(name, password), **headers})


# -- who is let in -----------------------------------------------------------

@pytest.mark.parametrize("name", ["alice", "", "oauth2", "x-access-token"])
def test_token_as_password(protect_basic, name):
    """REMOTE_USER is the subject, whatever stands in for the name."""
    site = protect_basic()
    answer = ask(site, name, jwt.sign(site.key))
    assert (answer.status, answer.get("X-User")) == (200, "alice")
    assert answer.get("X-Outcome") == "granted"
    assert not answer.all("WWW-Authenticate")
    wait_for(lambda: "127.0.0.1 alice " in site.httpd.access_log(),
             "the access log")


@pytest.mark.parametrize("name", [
    "bob", "Alice", "alice ", "x", "OAuth2", "alice\t"])
def test_name_of_somebody_else(protect_basic, name):
    """A backend may believe the name next to a password that held."""
    site = protect_basic()
    answer = ask(site, name, jwt.sign(site.key))
    site.refused(answer, 401, "name_refused")
    assert answer.all("WWW-Authenticate") == CHALLENGE
    assert answer.json()["error"] == "invalid_token"


def test_no_credentials(protect_basic):
    """The first request of git and of browsers."""
    site = protect_basic()
    answer = site.api()
    site.refused(answer, 401, "token_missing")
    assert answer.all("WWW-Authenticate") == CHALLENGE


@pytest.mark.parametrize("password, tag", [
    (lambda key: "wonderland", "token_malformed"),
    (lambda key: "", "token_missing"),
    (lambda key: jwt.sign(key, iss="ours", exp=int(time.time()) - 99),
     "token_expired"),
    (lambda key: jwt.sign(jwt.secret()), "signature_bad"),
    (lambda key: jwt.flip(jwt.sign(key), -9), "signature_bad"),
    (lambda key: jwt.sign(key, iss="x"), "issuer_refused"),
    (lambda key: jwt.sign(key, token_use="refresh", iss="ours"),
     "type_refused"),
    (lambda key: jwt.sign(key, iss="ours", sub=None), "claim_missing"),
    (lambda key: jwt.sign(key, iss="ours") + "\0", "token_malformed"),
    (lambda key: jwt.sign(key, iss="ours") + "\0.x", "token_malformed"),
    (lambda key: jwt.sign(key, iss="ours") + " ", "token_malformed"),
    (lambda key: "eyJ" + 9000 * "A" + ".e30.x", None),
], ids=lambda value: value if isinstance(value, str) else "")
def test_refusals(protect_basic, password, tag):
    """The scope's own policy, one line at info, nobody's name."""
    site = protect_basic(server="JwtIssuer ours")
    answer = ask(site, "alice", password(site.key))
    if tag is None:
        assert answer.status == 400  # httpd's own limit of a header
        return
    line = site.refused(answer, 401, tag)
    assert "[auth_jwt_refresh:info]" in line
    assert "AH01617" not in site.httpd.error_log()
    assert "AH01618" not in site.httpd.error_log()
    assert not answer.get("X-User")
    wait_for(lambda: "127.0.0.1 - " in site.httpd.access_log(),
             "the access log")


@pytest.mark.parametrize("header", [
    "{0}, {0}", "{0},", "{0}=", "{0} {0}", "Basic", "Basic ",
    "Basic !", "Basic YWxpY2U="])
def test_header_that_is_not_exact(protect_basic, header):
    """httpd's decoder stops at what it does not know; we do not."""
    site = protect_basic()
    site.httpd.expect("AH01614")
    good = basic("alice", jwt.sign(site.key))["Authorization"]
    answer = site.api(None, {"Authorization": header.format(good)})
    assert answer.status in (400, 401)
    assert len(site.httpd.refusals()) == 1


def test_two_headers(protect_basic):
    """Which of them would be meant?"""
    site = protect_basic()
    pairs = [*basic("alice", jwt.sign(site.key)).items(),
             *basic("alice", jwt.sign(site.key, role="x")).items()]
    site.refused(site.api(None, pairs), 400, "token_ambiguous")


def test_token_as_user_name(protect_basic):
    """It is not taken there, and httpd does not log it."""
    site = protect_basic()
    token = jwt.sign(site.key)
    site.refused(ask(site, token, "x-oauth-basic"), 401, "token_malformed")
    wait_for(site.httpd.access_log, "the access log")
    said = site.httpd.error_log() + site.httpd.access_log()
    assert token.split(".")[1] not in said


def test_bearer_header(protect_basic):
    """The scheme is Basic; httpd says so."""
    site = protect_basic()
    site.httpd.expect("AH01614")
    answer = site.api(jwt.sign(site.key))
    site.refused(answer, 401, "token_missing")
    assert answer.all("WWW-Authenticate") == CHALLENGE


# -- authorization and identity ----------------------------------------------

def test_claims_and_403(protect_basic):
    """Require bearer-*, as behind AuthType Bearer; no challenge of another
    scheme."""
    site = protect_basic("""
        <RequireAll>
            Require bearer-scope read
            Require bearer-claim role eq editor
        </RequireAll>
    """)
    assert ask(site, "", jwt.sign(site.key, scope="read",
                                  role="editor")).status == 200
    answer = ask(site, "", jwt.sign(site.key, scope="read"))
    site.refused(answer, 403, "insufficient_scope")
    assert not answer.all("WWW-Authenticate")
    assert answer.json()["error"] == "insufficient_scope"
    site.refused(site.api(), 401, "token_missing")


@pytest.mark.parametrize("lines", [
    "Require not bearer-claim role eq bad\nRequire all granted",
    "Require all granted\n<RequireNone>\nRequire bearer-claim role eq bad\n"
    "</RequireNone>",
    "Require expr \"jwt_claim('role') == 'good'\""])
def test_negation_waits_for_the_token(protect_basic, lines):
    """Nobody is let in, or out, before the password is known."""
    site = protect_basic(f"<RequireAll>\n{lines}\n</RequireAll>")
    site.refused(site.api(), 401, "token_missing")
    assert ask(site, "", jwt.sign(site.key, role="good")).status == 200
    answer = ask(site, "", jwt.sign(site.key, role="bad"))
    site.refused(answer, 403, "insufficient_scope")


def test_any_by_address(protect_basic):
    """Let in by address: no user."""
    site = protect_basic("<RequireAny>\nRequire ip 127.0.0.1\n"
                         "Require bearer-scope x\n</RequireAny>")
    for answer in (site.api(), ask(site, "alice", jwt.sign(site.key))):
        assert (answer.status, answer.get("X-User")) == (200, None)


@pytest.mark.parametrize("strip", ["Off", "On"])
def test_backend(protect_basic, strip):
    """Claims in headers, spoofs gone; JwtStrip takes the token away."""
    with backends.proxied() as port:
        site = protect_basic(f"""
            Require valid-user
            JwtExport role header=X-Role
            JwtStrip {strip}
            ProxyPass "http://127.0.0.1:{port}/"
        """, modules=("proxy", "proxy_http"))
        answer = ask(site, "", jwt.sign(site.key, role="r"),
                     **{"X-Role": "root", "x_role": "root"})
    seen = {name.lower(): value for name, value in answer.json()}
    assert seen["x-role"] == "r" and "x_role" not in seen
    assert ("authorization" in seen) == (strip == "Off")




@pytest.mark.parametrize("strip", ["Off", "On"])
def test_directory_index(protect_basic, strip):
    """The index is a sub-request of a section of its own."""
    site = protect_basic(f"JwtStrip {strip}\nRequire bearer-scope read",
                         server="""
        <Location "/api/index.html">
            JwtExport role
            Require bearer-scope read
            Header set X-Role "%{JWT_CLAIM_role}e"
        </Location>
    """)
    answer = ask(site, "", jwt.sign(site.key, scope="read", role="r"))
    assert (answer.status, answer.get("X-User")) == (200, "alice")
    assert answer.get("X-Role") == "r"
    assert ask(site, "", jwt.sign(site.key)).status == 403
    answer = site.api()
    assert answer.status == 401
    assert answer.all("WWW-Authenticate") == CHALLENGE


# -- with other providers, aliases, other AuthTypes --------------------------

def test_beside_passwords(protect_basic):
    """Each provider knows its own; a bad token is nobody's password."""
    site = protect_basic(provider="bearer file")
    answer = ask(site, "alice", jwt.sign(site.key))
    assert (answer.status, answer.get("X-User")) == (200, "alice")
    answer = ask(site, "bob", "skyscraper")
    assert (answer.status, answer.get("X-User")) == (200, "bob")
    assert not site.httpd.refusals()
    site.refused(ask(site, "bob", jwt.sign(jwt.secret(), sub="bob")),
                 401, "signature_bad")
    site.httpd.expect("AH01617", "AH01618")
    assert ask(site, "bob", "wrong").status == 401
    assert "AH01617" in site.httpd.error_log()  # httpd's own refusal is heard
    assert ask(site, "nobody", "wrong").status == 401


def test_password_has_no_claims(protect_basic):
    """Somebody with a password is somebody, but has no scope."""
    site = protect_basic("Require bearer-scope read", provider="bearer file")
    site.httpd.expect("AH0162[68]", "AH01631")
    assert ask(site, "bob", "skyscraper").status == 401
    assert ask(site, "", jwt.sign(site.key, scope="read")).status == 200
    assert site.api().status == 401


def test_alias(protect_basic):
    """<AuthnProviderAlias>: each issuer has its key and its policy."""
    ours, theirs = jwt.secret(), jwt.secret()
    server = "\n".join(f"""
        <AuthnProviderAlias bearer {name}>
            JwtKey HS256 env:{name.upper()}
            JwtIssuer {name}
            JwtExport role header=X-{name}
        </AuthnProviderAlias>""" for name in ("ours", "theirs"))
    site = protect_basic('Require bearer-claim iss exists\nHeader set X-Theirs '
                         '"expr=%{HTTP:X-theirs}"', server,
                         provider="theirs",
                         env={"OURS": ours, "THEIRS": theirs})
    good = jwt.sign(theirs, iss="theirs", role="r")
    answer = ask(site, "", good, **{"X-Theirs": "root"})
    assert (answer.status, answer.get("X-Theirs")) == (200, "r")
    site.refused(ask(site, "", jwt.sign(theirs, iss="ours")), 401,
                 "issuer_refused")
    site.refused(ask(site, "", jwt.sign(ours, iss="theirs")), 401,
                 "signature_bad")


def test_both_schemes(protect_basic):
    """One Location for those who speak Bearer and those who cannot."""
    site = protect_basic("""
        Require bearer-scope read
        <If "%{HTTP:Authorization} =~ /^Bearer /i">
            AuthType Bearer
        </If>
    """)
    token = jwt.sign(site.key, scope="read")
    for answer in (site.api(token), ask(site, "", token)):
        assert (answer.status, answer.get("X-User")) == (200, "alice")
    assert site.api().all("WWW-Authenticate") == CHALLENGE
    assert site.api("x").get("WWW-Authenticate").startswith("Bearer ")


# -- configuration -----------------------------------------------------------

@pytest.mark.parametrize("alias", ["", "partner"])
def test_no_login_by_token(httpd, keyfile, alias):
    """A token of five minutes does not become a session of thirty days."""
    site = httpd(f"""
        JwtKey HS256 "file:{keyfile(jwt.secret())}"
        <AuthnProviderAlias bearer partner>
            JwtIssuer x
        </AuthnProviderAlias>
        <Location "/login">
            JwtLoginProvider {alias or "bearer"}
        </Location>
    """, start=False)
    status, said = site.configtest()
    assert status != 0
    assert "JwtLoginProvider" in said and "outlive" in said


def test_without_a_key(httpd):
    """500, and the log says what is missing."""
    site = Site(httpd, env={"LAB_KEY": jwt.secret()}).start("""
        <Location "/elsewhere">
            JwtKey HS256 env:LAB_KEY
        </Location>
        <Location "/api">
            AuthType Basic
            AuthName "test api"
            AuthBasicProvider bearer
            Require valid-user
        </Location>
    """)
    site.httpd.expect("outcome=misconfigured")
    line = site.refused(ask(site, "", jwt.sign(jwt.secret())), 500,
                        "misconfigured")
    assert "JwtKey" in line


def test_htaccess(httpd, keyfile):
    """A tenant may ask for tokens this way too."""
    key = jwt.secret()
    site = Site(httpd)
    site.httpd.write("htdocs/api/.htaccess", """
        AuthType Basic
        AuthName "test api"
        AuthBasicProvider bearer
        Require bearer-scope read
    """)
    site.start(f"""
        JwtKey HS256 "file:{keyfile(key)}"
        <Directory "{site.httpd.htdocs}">
            AllowOverride AuthConfig
        </Directory>
    """)
    assert ask(site, "", jwt.sign(key, scope="read")).status == 200
    assert ask(site, "", jwt.sign(key)).status == 403
    assert site.api().status == 401


# -- real clients ------------------------------------------------------------

def test_curl(protect_basic):
    """curl -u."""
    site = protect_basic()

    def curl(user):
        return run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
                    "-u", user, site.httpd.url("/api/")]).stdout
    assert curl(f":{jwt.sign(site.key)}") == "200"
    assert curl(f"alice:{jwt.sign(site.key)}") == "200"
    assert curl(f"alice:{jwt.sign(jwt.secret())}") == "401"


@pytest.fixture(name="repository")
def _repository(httpd):
    """A git repository behind git-http-backend; (site, url of a name)."""
    def git(*arguments, folder=None):
        where = ["-C", str(folder)] if folder else []
        return run(["git", *where, *arguments], env=environment(
            GIT_TERMINAL_PROMPT="0", GIT_CONFIG_GLOBAL="/dev/null",
            GIT_AUTHOR_NAME="a", GIT_AUTHOR_EMAIL="a@b.c",
            GIT_COMMITTER_NAME="a", GIT_COMMITTER_EMAIL="a@b.c"))

    site = Site(httpd, modules=("cgid", "rewrite"))
    site.git = git
    site.key = jwt.secret()
    root = site.httpd.root / "git"
    git("init", "-q", "--bare", str(root / "one.git"))
    git("config", "--file", str(root / "one.git" / "config"),
        "http.receivepack", "true")
    backends.give_to_httpd(root)
    backend = git("--exec-path").stdout.strip() + "/git-http-backend"
    path = site.httpd.write("keys/access.key", site.key, secret=True)
    return site.start(f"""
        JwtKey HS256 "file:{path}"
        SetEnv GIT_PROJECT_ROOT "{root}"
        SetEnv GIT_HTTP_EXPORT_ALL 1
        ScriptAlias "/git/" "{backend}/"
        <Location "/git/">
            AuthType Basic
            AuthName "git"
            AuthBasicProvider bearer
            Require bearer-scope read
        </Location>
        <LocationMatch "^/git/.*/git-receive-pack$">
            Require bearer-scope write
        </LocationMatch>
    """)


def test_git(repository, place):
    """Clone and push over smart HTTP, with the token as password."""
    site = repository

    def url(**claims):
        token = jwt.sign(site.key, claims)
        return site.httpd.url("/git/one.git").replace(
            "http://", f"http://oauth2:{token}@")
    work = place.folder(f"work-{site.httpd.root.name}")
    done = site.git("clone", "-q", url(scope="read"), str(work / "a"))
    assert done.returncode == 0, done.stderr
    folder = work / "a"
    (folder / "file").write_text("content", encoding="utf-8")
    site.git("add", "file", folder=folder)
    site.git("commit", "-q", "-m", "one", folder=folder)
    done = site.git("push", "-q", url(scope="read"), "HEAD:main",
                    folder=folder)
    assert done.returncode != 0 and "403" in done.stderr
    done = site.git("push", "-q", url(scope="read write"), "HEAD:main",
                    folder=folder)
    assert done.returncode == 0, done.stderr
    done = site.git("ls-remote", url(scope="read"))
    assert "refs/heads/main" in done.stdout
    done = site.git("ls-remote", url(exp=1))
    assert done.returncode != 0
    assert "token_expired" in site.httpd.outcomes()
    done = site.git("ls-remote", site.httpd.url("/git/one.git"))
    assert done.returncode != 0 and "could not read Username" in done.stderr
    shutil.rmtree(work)
