# SPDX-License-Identifier: Apache-2.0
"""Who is calling, as CGI, PHP and a proxied server are told; and what a client
may not say of itself."""

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
    """A thousand requests of PHP: each has its own user, or none."""
    for user in ("bob", "carol") * 250:
        seen = site.client.get("/api/who.php",
                               jwt.sign(site.key, sub=user)).json()
        assert (seen["REMOTE_USER"], seen["HTTP_X_USER_ID"]) == (user, user)
        assert "JWT_CLAIM_role" not in seen
        seen = site.client.get("/who.php",
                               headers={"X-User-Id": "intruder"}).json()
        assert "intruder" not in seen.values()
        assert not [name for name in seen if "REMOTE_USER" in name]


def test_cgi(site):
    """A CGI program."""
    start_cgi(site)
    seen = site.client.get("/api/env", jwt.sign(site.key, CLAIMS)).json()
    assert_identity(seen)
    assert seen["HTTP_X_NAME"].encode(
        "utf-8", "surrogateescape").decode() == "J\u00fcrgen"


def test_php_fastcgi(site):
    """PHP over FastCGI, as PHP-FPM is reached: mod_proxy_fcgi."""
    site.httpd.write("htdocs/api/who.php", backends.PHP)
    site.httpd.write("htdocs/who.php", backends.PHP)
    with backends.php_fastcgi(site) as socket:
        site.start(f"""
            <Location "/api">
                {site.secured}
                CGIPassAuth On
            </Location>
            <FilesMatch "\\.php$">
                SetHandler "proxy:unix:{socket}|fcgi://localhost"
                ProxyFCGIBackendType GENERIC
            </FilesMatch>
        """)
        token = jwt.sign(site.key, CLAIMS)
        seen = site.client.get("/api/who.php", token).json()
        assert_identity(seen)
        assert seen["HTTP_X_NAME"] == "J\u00fcrgen"
        assert seen["HTTP_AUTHORIZATION"] == f"Bearer {token}"
        assert site.client.get("/api/who.php").status == 401
        assert_no_mixture(site)


def test_mod_php(site):
    """PHP inside httpd, under prefork."""
    site.httpd.mpm = "prefork"
    site.httpd.write("htdocs/api/who.php", backends.PHP)
    site.httpd.write("htdocs/who.php", backends.PHP)
    site.start(f"""
        LoadModule php_module "{backends.MOD_PHP}"
        AddHandler application/x-httpd-php .php
        <Location "/api">
            {site.secured}
        </Location>
    """)
    assert_identity(site.client.get("/api/who.php",
                                    jwt.sign(site.key, CLAIMS)).json())
    assert_no_mixture(site)


def test_php_front_controller(site):
    """Laravel's public/.htaccess: /api/user becomes /index.php, and PHP sees
    REMOTE_USER and the claims, not only REDIRECT_ ones."""
    site.httpd.write("htdocs/index.php", backends.PHP)
    site.httpd.write("htdocs/.htaccess", """
        RewriteEngine On
        RewriteCond %{REQUEST_FILENAME} !-f
        RewriteRule ^ index.php [L]
    """)
    with backends.php_fastcgi(site) as socket:
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
                ProxyFCGIBackendType GENERIC
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
