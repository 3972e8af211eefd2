# SPDX-License-Identifier: Apache-2.0
"""Who is calling, as CGI, PHP and a proxied server are told; and what a client
may not say of itself."""

from concurrent import futures

import pytest

import backends
from e2e_site import Site
from lab import jwt

CLAIMS = {"role": "admin", "realm": {"roles": ["a", "b"]}, "level": 7,
          "on": True, "name": "J\u00fcrgen", "none": None}

EXPORTS = """
    JwtExport role
    JwtExport realm
    JwtExport realm.roles[1] env=SECOND
    JwtExport level
    JwtExport on
    JwtExport name header=X-Name
    JwtExport absent header=X-Absent env=ABSENT
    JwtExport sub header=X-User-Id
"""


@pytest.fixture(name="site")
def _site(httpd):
    """A Site that is not started, with a key and its directive."""
    site = Site(httpd, modules=("cgid", "proxy", "proxy_http", "proxy_fcgi",
                                "rewrite"))
    site.key = jwt.secret()
    path = site.httpd.write("keys/access.key", site.key, secret=True)
    site.secured = f"""
        AuthType Bearer
        AuthName "test api"
        JwtKey HS256 "file:{path}"
        Require valid-user
        {EXPORTS}
    """
    site.cgi = backends.write_cgi(site)
    return site


def start_cgi(site, more=""):
    """/api/env is a CGI program behind Bearer, /open/env is not."""
    folder = site.cgi.parent
    return site.start(f"""
        ScriptAlias /api "{folder}"
        ScriptAlias /open "{folder}"
        <Directory "{folder}">
            Require all granted
        </Directory>
        <Location "/api">
            {site.secured}
        </Location>
        {more}
    """)


def assert_identity(seen):
    """What every CGI-like backend must be told."""
    assert seen["REMOTE_USER"] == "alice"
    assert seen["AUTH_TYPE"] == "Bearer"
    assert seen["JWT_CLAIM_role"] == "admin"
    assert seen["JWT_CLAIM_realm"] == '{"roles":["a","b"]}'
    assert seen["SECOND"] == "b"
    assert seen["JWT_CLAIM_level"] == "7"
    assert seen["JWT_CLAIM_on"] == "true"
    assert seen["HTTP_X_USER_ID"] == "alice"
    assert seen["JWT_OUTCOME"] == "granted"
    assert "ABSENT" not in seen
    assert "HTTP_X_ABSENT" not in seen


def assert_no_mixture(site):
    """A thousand requests of PHP, eight at a time: each has its own user or
    none, and no header but those that it was sent and those of JwtExport."""
    sent = {f"HTTP_{name}" for name in ("HOST", "CONNECTION", "X_SENT")}
    told = {"JWT_OUTCOME", "HTTP_X_USER_ID"}

    def ask(number):
        user = f"user{number % 7}"
        known = bool(number % 2)
        seen = site.client.get(
            "/api/who.php" if known else "/who.php",
            jwt.sign(site.key, sub=user) if known else None,
            {"X-User-Id": "intruder", "X-Name": "intruder", "X-Sent": user}
        ).json()
        names = {name for name in seen if name.startswith(("HTTP_", "JWT_"))}
        assert seen["HTTP_X_SENT"] == user
        assert "intruder" not in seen.values()
        if known:
            assert names == sent | told | ({"HTTP_AUTHORIZATION"} & names)
            assert (seen["REMOTE_USER"], seen["HTTP_X_USER_ID"]) == (user,
                                                                     user)
        else:
            assert names == sent
            assert not [name for name in seen if "REMOTE_USER" in name]
        return known

    with futures.ThreadPoolExecutor(8) as crowd:
        assert sum(crowd.map(ask, range(1000))) == 500


def test_cgi(site):
    """A CGI program."""
    start_cgi(site)
    seen = site.client.get("/api/env", jwt.sign(site.key, CLAIMS)).json()
    assert_identity(seen)
    assert seen["HTTP_X_NAME"].encode(
        "utf-8", "surrogateescape").decode() == "J\u00fcrgen"


def start_php(site, socket, more=""):
    """*.php of the whole site by mod_proxy_fcgi; /api is protected."""
    return site.start(f"""
        <Location "/api">
            {site.secured}
            {more}
        </Location>
        <FilesMatch "\\.php$">
            SetHandler "proxy:unix:{socket}|fcgi://localhost"
        </FilesMatch>
    """)


def start_mod_php(site, more=""):
    """The same by mod_php, under prefork."""
    site.httpd.mpm = "prefork"
    return site.start(f"""
        LoadModule php_module "{backends.MOD_PHP}"
        AddHandler application/x-httpd-php .php
        <Location "/api">
            {site.secured}
            {more}
        </Location>
    """)


@pytest.fixture(name="php")
def _php(site):
    """The site with pages of PHP, inside /api and outside."""
    for folder in "htdocs/api", "htdocs":
        site.httpd.write(f"{folder}/who.php", backends.PHP)
    site.httpd.write("htdocs/api/authorization.php",
                     backends.PHP_AUTHORIZATION)
    return site


def test_php_fpm(php):
    """PHP-FPM behind mod_proxy_fcgi, under event."""
    with backends.php_fpm(php) as socket:
        start_php(php, socket)
        seen = php.client.get("/api/who.php", jwt.sign(php.key, CLAIMS)).json()
        assert_identity(seen)
        assert seen["HTTP_X_NAME"] == "J\u00fcrgen"
        assert php.client.get("/api/who.php").status == 401
        assert_no_mixture(php)


def test_php_cgi(php):
    """An older PHP over FastCGI."""
    with backends.php_cgi(php) as socket:
        start_php(php, socket, "ProxyFCGIBackendType GENERIC")
        seen = php.client.get("/api/who.php", jwt.sign(php.key, CLAIMS)).json()
        assert_identity(seen)
        assert php.client.get("/api/who.php").status == 401


def test_mod_php(php):
    """PHP inside httpd, under prefork."""
    start_mod_php(php)
    seen = php.client.get("/api/who.php", jwt.sign(php.key, CLAIMS)).json()
    assert_identity(seen)
    assert seen["HTTP_X_NAME"] == "J\u00fcrgen"
    assert php.client.get("/api/who.php").status == 401
    assert_no_mixture(php)


@pytest.mark.parametrize("more, variable, header", [
    ("", False, False), ("CGIPassAuth On", True, True),
    ("CGIPassAuth On\nJwtStrip On", False, False)],
    ids=["default", "CGIPassAuth", "JwtStrip"])
def test_authorization_reaches_php_fpm(php, more, variable, header):
    """Where the host wants it, and nowhere else."""
    with backends.php_fpm(php) as socket:
        start_php(php, socket, more)
        assert_authorization(php, variable, header)


@pytest.mark.parametrize("more, variable, header", [
    ("", False, True), ("CGIPassAuth On", True, True),
    ("CGIPassAuth On\nJwtStrip On", False, False)],
    ids=["default", "CGIPassAuth", "JwtStrip"])
def test_authorization_reaches_mod_php(php, more, variable, header):
    """mod_php reads the headers of the request itself: JwtStrip alone keeps
    the token from getallheaders()."""
    start_mod_php(php, more)
    assert_authorization(php, variable, header)


def assert_authorization(site, variable, header):
    """What PHP sees of the token."""
    token = jwt.sign(site.key)
    seen = site.client.get("/api/authorization.php", token).json()
    value = f"Bearer {token}"
    assert seen == [value if variable else None, value if header else None]


def test_php_front_controller(site):
    """Laravel's public/.htaccess: /api/user becomes /index.php, and PHP sees
    REMOTE_USER and the claims, not only REDIRECT_ ones."""
    site.httpd.write("htdocs/index.php", backends.PHP)
    site.httpd.write("htdocs/.htaccess", """
        RewriteEngine On
        RewriteCond %{REQUEST_FILENAME} !-f
        RewriteRule ^ index.php [L]
    """)
    with backends.php_fpm(site) as socket:
        site.start(f"""
            <Directory "{site.httpd.htdocs}">
                AllowOverride FileInfo
                Options FollowSymLinks
            </Directory>
            <Location "/api">
                {site.secured}
            </Location>
            <FilesMatch "\\.php$">
                SetHandler "proxy:unix:{socket}|fcgi://localhost"
            </FilesMatch>
        """)
        headers = {"X-User-Id": "intruder", "x_absent": "spoof"}
        seen = site.client.get("/api/user", jwt.sign(site.key, CLAIMS),
                               headers).json()
        assert seen["REQUEST_URI"] == "/api/user"
        assert_identity(seen)
        assert site.client.get("/api/user").status == 401
        seen = site.client.get("/other", headers=headers).json()
        assert "REMOTE_USER" not in seen
        assert "HTTP_X_USER_ID" not in seen
        assert not [name for name in seen if "JWT_" in name]


def test_proxied_server(site):
    """Headers of JwtExport, and REMOTE_USER by mod_headers."""
    with backends.proxied() as port:
        site.start(f"""
            <Location "/api">
                {site.secured}
                ProxyPass "http://127.0.0.1:{port}/"
                RequestHeader set X-Remote "expr=%{{REMOTE_USER}}"
                RequestHeader set X-Role "expr=%{{jwt_claim:role}}"
            </Location>
        """)
        seen = dict(site.client.get("/api/", jwt.sign(site.key, CLAIMS),
                                    {"X-Absent": "spoof"}).json())
        assert seen["X-User-Id"] == "alice"
        assert seen["X-Remote"] == "alice"
        assert seen["X-Role"] == "admin"
        assert "X-Absent" not in seen
        assert site.client.get("/api/").status == 401


# -- what clients may not say ------------------------------------------------

SPOOFS = ["X-User-Id", "x-user-id", "X_USER_ID", "X-User_Id", "X.User.Id",
          "X-USER-ID"]


@pytest.mark.parametrize("name", SPOOFS)
@pytest.mark.parametrize("path", ["/api/env", "/open/env"])
def test_spoofed_header(site, name, path):
    """In any spelling, once and twice, on paths with and without a token."""
    with backends.proxied() as port:
        start_cgi(site, f"""
            ProxyPass /proxied "http://127.0.0.1:{port}/"
            HttpProtocolOptions Unsafe
        """)
        pairs = [(name, "intruder"), ("X-Other", "1"), (name, "intruder2"),
                 ("Authorization", "Bearer " + jwt.sign(site.key))]
        seen = site.client.request("GET", path, pairs).json()
        expected = "alice" if path == "/api/env" else None
        assert seen.get("HTTP_X_USER_ID") == expected
        assert seen["HTTP_X_OTHER"] == "1"
        raw = site.client.request("GET", "/proxied/", pairs).json()
        assert "intruder" not in str(raw)


def test_spoof_reaches_no_error_page(site):
    """Refused, and the ErrorDocument is a program."""
    start_cgi(site, "ErrorDocument 401 /open/env")
    answer = site.client.get("/api/env", headers={"X-User-Id": "intruder",
                                                  "X_Absent": "x"})
    assert answer.status == 401
    seen = answer.json()
    assert "intruder" not in str(seen)
    assert "REMOTE_USER" not in seen
    assert seen["REDIRECT_JWT_OUTCOME"] == "token_missing"


def test_refused_token_is_no_identity(site):
    """A good token that is not enough: the error page knows nobody."""
    start_cgi(site, """
        ErrorDocument 403 /open/env
        <Location "/api">
            Require bearer-scope admin
        </Location>
    """)
    answer = site.client.get("/api/env", jwt.sign(site.key))
    assert answer.status == 403
    seen = answer.json()
    assert "REMOTE_USER" not in seen
    assert "HTTP_X_USER_ID" not in seen
    assert seen["REDIRECT_JWT_OUTCOME"] == "insufficient_scope"


def test_options_is_scrubbed_too(site):
    """A method makes no difference."""
    start_cgi(site)
    seen = site.client.request("OPTIONS", "/open/env",
                               {"X-User-Id": "intruder"}).json()
    assert "HTTP_X_USER_ID" not in seen


@pytest.mark.parametrize("value", ["a\nX-Evil: 1", "a\r\nb", "a\u0000b"[:1]
                                   + "\u0007", "\u0085"])
def test_control_characters_are_not_published(site, value):
    """No claim makes a second header, nor a line of its own."""
    start_cgi(site)
    seen = site.client.get(
        "/api/env", jwt.sign(site.key, role=value, name=value)).json()
    assert "JWT_CLAIM_role" not in seen
    assert "HTTP_X_NAME" not in seen
    assert "HTTP_X_EVIL" not in seen


def test_directives_cannot_take_it_away(site):
    """What is published last is what the token says."""
    start_cgi(site, """
        <Location "/api">
            SetEnv JWT_CLAIM_role guest
            RequestHeader set X-User-Id someone
        </Location>
    """)
    seen = site.client.get("/api/env", jwt.sign(site.key, CLAIMS)).json()
    assert_identity(seen)


def test_many_requests_see_their_own_user(site):
    """A thousand requests of ten users, each sees its own name."""
    start_cgi(site)
    site.httpd.write("htdocs/index.html", "x")
    tokens = {f"user{n}": jwt.sign(site.key, sub=f"user{n}")
              for n in range(10)}
    for _ in range(5):
        for user, token in tokens.items():
            seen = site.client.get("/api/env", token).json()
            assert (seen["REMOTE_USER"], seen["HTTP_X_USER_ID"]) == (user,
                                                                     user)
