# SPDX-License-Identifier: Apache-2.0
"""httpd's own ways: sub-requests, redirects, error pages, virtual hosts,
.htaccess."""

import pytest

import backends
from e2e_site import Site, challenge
from lab import jwt


@pytest.fixture(name="site")
def _site(httpd):
    """A Site that is not started; its log shows each verification."""
    site = Site(httpd, modules=("cgid", "rewrite", "include", "access_compat"))
    site.key, site.other = jwt.secret(), jwt.secret()
    for name, key in (("key", site.key), ("other", site.other)):
        path = site.httpd.write(f"keys/{name}", key, secret=True)
        setattr(site, f"use_{name}", f'JwtKey HS256 "file:{path}"')
    site.realm = 'AuthType Bearer\nAuthName "test api"\n'
    site.bearer = site.realm + site.use_key
    site.cgi = backends.write_cgi(site)
    site.alias = f"""
        ScriptAlias /api/env "{site.cgi}"
        ScriptAlias /open/env "{site.cgi}"
        ScriptAlias /other/env "{site.cgi}"
        <Directory "{site.cgi.parent}">
            Require all granted
        </Directory>
    """
    return site


# -- sub-requests ------------------------------------------------------------

def test_directory_index(site):
    """DirectoryIndex asks for the file by a sub-request of its own section."""
    site.start(f"""
        <Location "/api">
            {site.bearer}
            Require bearer-scope read
        </Location>
        <Location "/api/index.html">
            JwtExport role header=X-Role
            Require bearer-scope read
            Header set X-Role "expr=%{{HTTP:X-Role}}"
        </Location>
    """)
    answer = site.api(jwt.sign(site.key, scope="read", role="r"))
    assert (answer.status, answer.get("X-User")) == (200, "alice")
    assert answer.get("X-Role") == "r"
    assert not site.httpd.refusals()
    assert site.api(jwt.sign(site.key)).status == 403
    assert site.api().status == 401


def test_index_protected_alone(site):
    """Only the index file asks for a token: the folder's answer has the user
    of the sub-request that became it."""
    site.start(f"""
        {site.alias}
        <Directory "{site.httpd.htdocs}/api">
            DirectoryIndex env
        </Directory>
        <Location "/api/env">
            {site.bearer}
            JwtExport role
            Require valid-user
        </Location>
    """)
    site.httpd.write("htdocs/api/env", "placeholder")
    seen = site.api(jwt.sign(site.key, role="r"))
    assert (seen.status, seen.json()["REMOTE_USER"]) == (200, "alice")
    assert seen.json()["JWT_CLAIM_role"] == "r"


def test_included_pages_judge_anew(site):
    """mod_include: each fragment is judged by its own section's policy."""
    site.httpd.write("htdocs/api/page.shtml",
                     '<!--#include virtual="/api/part.html" -->'
                     '<!--#include virtual="/inner/part.html" -->'
                     '<!--#include virtual="/foreign/part.html" -->')
    for folder in ("api", "inner", "foreign"):
        site.httpd.write(f"htdocs/{folder}/part.html", f"[{folder}]")
    site.start(f"""
        AddType text/html .shtml
        AddOutputFilter INCLUDES .shtml
        <Directory "{site.httpd.htdocs}">
            Options +Includes
        </Directory>
        <Location "/api">
            {site.bearer}
            Require valid-user
        </Location>
        <Location "/inner">
            {site.bearer}
            JwtIssuer inner
            Require valid-user
        </Location>
        <Location "/foreign">
            {site.realm}
            {site.use_other}
            Require valid-user
        </Location>
    """)
    site.httpd.expect("unable to include")

    def page(**claims):
        return site.client.get("/api/page.shtml",
                               jwt.sign(site.key, claims)).text
    assert "[api]" in page()
    assert "[inner]" not in page()
    assert "[api][inner]" in page(iss="inner")
    assert "[foreign]" not in page(iss="inner")


def test_header_removed_on_the_way(site):
    """RequestHeader unset Authorization hides the token from a backend, not
    from the section that a redirect leads to."""
    site.start(f"""
        {site.alias}
        RewriteEngine On
        <Location "/api">
            {site.bearer}
            Require valid-user
            RequestHeader unset Authorization
        </Location>
        <Location "/other">
            {site.bearer}
            JwtExport role
            Require bearer-scope read
        </Location>
        <Directory "{site.httpd.htdocs}/api">
            RewriteEngine On
            RewriteRule ^go$ /other/env [PT]
        </Directory>
    """)
    seen = site.client.get("/api/go", jwt.sign(site.key, role="r",
                                               scope="read"))
    assert seen.status == 200, seen
    assert seen.json()["REMOTE_USER"] == "alice"
    assert seen.json()["JWT_CLAIM_role"] == "r"
    assert site.client.get("/api/go", jwt.sign(site.key)).status == 403


@pytest.mark.parametrize("places, status", [
    ("header", 401), ("header cookie:other", 401), ("query:token", 401),
    ("query:a cookie:token", 200), ("cookie:token", 200)])
def test_stripped_token_stays_in_its_place(site, places, status):
    """A section that takes no cookies takes none by a redirect either."""
    site.start(f"""
        {site.alias}
        RewriteEngine On
        <Location "/api">
            {site.bearer}
            JwtSource cookie:token
            JwtStrip On
            Require valid-user
        </Location>
        <Location "/other">
            {site.bearer}
            JwtSource {places}
            Require valid-user
        </Location>
        <Directory "{site.httpd.htdocs}/api">
            RewriteEngine On
            RewriteRule ^go$ /other/env [PT]
        </Directory>
    """)
    cookie = {"Cookie": f"token={jwt.sign(site.key)}"}
    assert site.client.get("/api/go", headers=cookie).status == status


# -- redirects and error pages -----------------------------------------------

def redirected(site, target, more=""):
    """/api/go is rewritten, inside the server, to `target`."""
    return site.start(f"""
        {site.alias}
        <Location "/api">
            {site.bearer}
            JwtExport role header=X-Role env=ROLE
            Require valid-user
        </Location>
        <Directory "{site.httpd.htdocs}/api">
            RewriteEngine On
            RewriteRule ^go$ {target} [PT]
        </Directory>
        {more}
    """)


def test_redirect_to_an_open_page(site):
    """The handler there sees who asked, under the plain names."""
    redirected(site, "/open/env")
    seen = site.client.get("/api/go", jwt.sign(site.key, role="r")).json()
    assert seen["REMOTE_USER"] == "alice"
    assert seen["AUTH_TYPE"] == "Bearer"
    assert seen["ROLE"] == "r"
    assert seen["HTTP_X_ROLE"] == "r"
    assert site.client.get("/api/go").status == 401


def test_redirect_to_another_key(site):
    """A section with another key does not take over the verdict."""
    redirected(site, "/other/env", f"""
        <Location "/other">
            {site.realm}
            {site.use_other}
            Require valid-user
        </Location>
    """)
    answer = site.client.get("/api/go", jwt.sign(site.key))
    site.refused(answer, 401, "signature_bad")


def test_redirect_to_basic(site):
    """Another AuthType there has the last word on who it is."""
    redirected(site, "/other/env", """
        <Location "/other">
            AuthType Basic
            AuthName "other"
            AuthBasicProvider file
            AuthUserFile /dev/null
            Require valid-user
        </Location>
    """)
    site.httpd.expect("AH01614")
    answer = site.client.get("/api/go", jwt.sign(site.key))
    assert answer.status == 401
    assert answer.all("WWW-Authenticate") == ['Basic realm="other"']


@pytest.mark.parametrize("token, status", [(None, 401), ("good", 403)])
def test_error_page_keeps_the_challenge(site, token, status):
    """ErrorDocument: the administrator's page, our status and challenge."""
    site.httpd.write("htdocs/sorry.html", "sorry\n")
    site.start(f"""
        ErrorDocument 401 /sorry.html
        ErrorDocument 403 /sorry.html
        <Location "/api">
            {site.bearer}
            Require bearer-scope admin
        </Location>
    """)
    answer = site.api(token and jwt.sign(site.key))
    assert (answer.status, answer.text) == (status, "sorry\n")
    said = challenge(answer)
    assert said["realm"] == "test api"
    assert said.get("scope") == ("admin" if token else None)
    assert len(site.httpd.refusals()) == 1


def test_error_page_behind_bearer(site):
    """A page that needs a token itself: the first refusal stands."""
    site.httpd.write("htdocs/api/sorry.html", "sorry\n")
    site.start(f"""
        ErrorDocument 401 /api/sorry.html
        <Location "/api">
            {site.bearer}
            Require valid-user
        </Location>
    """)
    answer = site.api()
    assert answer.status == 401
    assert challenge(answer) == {"realm": "test api"}


def test_not_found_after_a_good_token(site):
    """A 404 is a 404: nothing about tokens in it."""
    site.start(f"""
        ErrorDocument 404 /open/env
        {site.alias}
        <Location "/api">
            {site.bearer}
            Require valid-user
        </Location>
    """)
    answer = site.client.get("/api/none", jwt.sign(site.key))
    assert answer.status == 404
    assert not answer.all("WWW-Authenticate")
    assert answer.json()["REMOTE_USER"] == "alice"


# -- virtual hosts, .htaccess, Satisfy ----------------------------------------

def test_virtual_hosts(site):
    """Each host has its keys; headers of one are scrubbed there."""
    port = site.httpd.port
    site.httpd.write("htdocs/index.html", "index\n")
    site.start(f"""
        <VirtualHost 127.0.0.1:{port}>
            ServerName one.example
            <Location "/">
                {site.bearer}
                Require valid-user
            </Location>
        </VirtualHost>
        <VirtualHost 127.0.0.1:{port}>
            ServerName two.example
            {site.use_other}
            JwtIssuer two
            <Location "/">
                AuthType Bearer
                AuthName two
                Require valid-user
            </Location>
        </VirtualHost>
    """)

    def ask(host, token):
        return site.client.get(f"http://{host}/", token).status
    ours = jwt.sign(site.key)
    theirs = jwt.sign(site.other, iss="two")
    assert (ask("one.example", ours), ask("one.example", theirs)) == (200, 401)
    assert (ask("two.example", ours), ask("two.example", theirs)) == (401, 200)
    assert ask("two.example", jwt.sign(site.other)) == 401


def htaccess(site, text):
    """/api is protected by its .htaccess, as far as that may."""
    site.httpd.write("htdocs/api/.htaccess", text)
    return site.start(f"""
        {site.use_key}
        <Directory "{site.httpd.htdocs}">
            AllowOverride AuthConfig
        </Directory>
    """)


def test_htaccess(site):
    """A tenant protects his folder with the server's key."""
    htaccess(site, """
        AuthType Bearer
        AuthName tenant
        JwtExport role
        <RequireAll>
            Require bearer-claim role in editor admin
            Require not bearer-scope banned
        </RequireAll>
    """)
    assert site.api(jwt.sign(site.key, role="admin")).status == 200
    answer = site.api(jwt.sign(site.key, role="guest"))
    site.refused(answer, 403, "insufficient_scope")
    assert site.api(jwt.sign(site.key, role="admin",
                             scope="banned")).status == 403
    site.refused(site.api(), 401, "token_missing")


def test_htaccess_mistake(site):
    """It breaks that folder, with a sentence in the log."""
    htaccess(site, "AuthType Bearer\nAuthName x\n"
                   "Require bearer-claim role like x\n")
    site.httpd.expect("Require bearer-claim")
    assert site.api(jwt.sign(site.key)).status == 500
    assert "`like` is no operator" in site.httpd.error_log()
    assert site.client.get("/").status == 200


@pytest.mark.parametrize("rule, anonymous, bearer", [
    ("Deny from all\nSatisfy Any", 401, 200),
    ("Allow from all\nSatisfy Any", 200, 200),
    ("Deny from all\nSatisfy All", 403, 403),
    ("Allow from all\nSatisfy All", 401, 200)])
def test_satisfy(site, rule, anonymous, bearer):
    """The old directives of mod_access_compat next to ours."""
    site.start(f"""
        <Location "/api">
            {site.bearer}
            Order allow,deny
            {rule}
            Require bearer-scope read
        </Location>
    """)
    site.httpd.expect("AH01797")
    assert site.api().status == anonymous
    assert site.api(jwt.sign(site.key, scope="read")).status == bearer
