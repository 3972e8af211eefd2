# SPDX-License-Identifier: Apache-2.0
"""JwtStrip, and query tokens kept out of every log."""

import pytest

from e2e_site import Site
from lab import jwt
from lab.backend import Backend
from lab.process import wait_for

#: Shows what a handler finds, and logs all that a log can.
SHOW = r"""
    JwtSource header cookie:token query:token
    Header always set X-Auth "expr=%{HTTP:Authorization}"
    Header always set X-Cookie "expr=%{HTTP:Cookie}"
    Header always set X-Query "expr=%{QUERY_STRING}"
    Header always set X-Line "expr=%{THE_REQUEST}"
"""
LOG = r"""
    LogFormat "%r|%q|%U|%{Referer}i|%{Cookie}i|%>r|%<r" everything
    CustomLog logs/everything.log everything
"""
ON, OFF = SHOW + "JwtStrip On", SHOW + "JwtStrip Off"


@pytest.fixture(name="backend")
def _backend():
    with Backend.running() as backend:
        yield backend


def ask(site, path="/api/", token=None, **headers):
    """GET with these headers; the answer, which must be 200."""
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    answer = site.client.get(path, token, pairs)
    assert (answer.status, answer.get("X-User")) == (200, "alice"), answer
    return answer


# ---- what is removed ------------------------------------------------------

def test_off_leaves_everything_to_the_backend(protect):
    """The default: it gets the request as it came."""
    site = protect(SHOW)
    token = jwt.sign(site.key)
    assert ask(site, token=token).get("X-Auth") == f"Bearer {token}"
    answer = ask(site, Cookie=f"a=1; token={token}; b=2")
    assert answer.get("X-Cookie") == f"a=1; token={token}; b=2"
    answer = ask(site, f"/api/?a=1&token={token}&b=2")
    assert answer.get("X-Query") == f"a=1&token={token}&b=2"


def test_the_header_is_removed(protect):
    """When it was the bearer token that was judged."""
    site = protect(ON)
    assert not ask(site, token=jwt.sign(site.key)).get("X-Auth")


def test_another_header_stays(protect):
    """Basic credentials beside a token in a cookie are the backend's."""
    site = protect(ON)
    answer = ask(site, Authorization="Basic YTpi",
                 Cookie=f"token={jwt.sign(site.key)}")
    assert answer.get("X-Auth") == "Basic YTpi"
    assert not answer.get("X-Cookie")


def test_a_bearer_that_is_no_source_stays(protect):
    """Where JwtSource does not list the header it is somebody else's."""
    site = protect("JwtSource cookie:token\nJwtStrip On\n"
                   'Header always set X-Auth "expr=%{HTTP:Authorization}"')
    answer = ask(site, Authorization="Bearer other",
                 Cookie=f"token={jwt.sign(site.key)}")
    assert answer.get("X-Auth") == "Bearer other"


@pytest.mark.parametrize("cookies, left", [
    ("token={}", None),
    ("a=1; token={}; b=2", "a=1; b=2"),
    ('token={}; a="x y";b==;  c', 'a="x y";b==;  c'),
    ("a=1; token={}; token={}; xtoken=2", "a=1; xtoken=2")])
def test_the_cookie_is_removed(protect, cookies, left):
    """The others stay byte for byte."""
    site = protect(ON)
    cookies = cookies.replace("{}", jwt.sign(site.key))
    assert ask(site, Cookie=cookies).get("X-Cookie") == left


@pytest.mark.parametrize("query, left", [
    ("?token={}", None),
    ("?a=%zz&token={}&b=+&&c", "a=%zz&b=+&&c"),
    ("?%74oken={}&token={}&xtoken=1", "xtoken=1")])
def test_the_parameter_is_removed(protect, query, left):
    """From the query string and from the request line."""
    site = protect(ON)
    query = query.replace("{}", jwt.sign(site.key))
    answer = ask(site, "/api/" + query)
    assert answer.get("X-Query") == left
    line = "GET /api/" + (f"?{left}" if left else "") + " HTTP/1.1"
    assert answer.get("X-Line") == line


def test_every_copy_is_removed(protect):
    """The same token in three places leaves by all of them."""
    site = protect(ON)
    token = jwt.sign(site.key)
    answer = ask(site, f"/api/?token={token}", token, Cookie=f"token={token}")
    assert token not in str(answer.headers)


def test_files_of_the_directory(protect):
    """DirectoryIndex and a plain file alike."""
    site = protect(ON)
    site.httpd.write("htdocs/api/page.html", "page\n")
    token = jwt.sign(site.key)
    assert ask(site, f"/api/page.html?token={token}").text == "page\n"
    assert ask(site, f"/api/?token={token}").text == "protected\n"


def test_a_file_that_directoryindex_finds(httpd, keyfile):
    """Where only the file is protected: the request becomes it."""
    key = jwt.secret()
    site = Site(httpd).start(f"""
        JwtKey HS256 "file:{keyfile(key)}"
        <Directory "/">
            <Files "index.html">
                AuthType Bearer
                AuthName "test api"
                Require valid-user
                {ON}
            </Files>
        </Directory>
    """)
    token = jwt.sign(key)
    answer = ask(site, f"/api/?token={token}&a=1", token,
                 Cookie=f"token={token}")
    assert token not in str(answer.headers)
    assert answer.get("X-Query") == "a=1"


def test_a_redirected_request_keeps_its_token(protect):
    """Judged, stripped, redirected into a scope with other rules: the token
    that came in is judged again there."""
    site = protect(ON + '\nFallbackResource /api/index.html', server="""
        <Location "/api/index.html">
            Require user alice
        </Location>""")
    token = jwt.sign(site.key)
    assert ask(site, f"/api/no/such?token={token}").text == "protected\n"


def test_back_to_off(protect):
    """Server On, Location Off."""
    site = protect(OFF, server="JwtStrip On")
    assert ask(site, token=jwt.sign(site.key)).get("X-Auth")


# ---- a backend behind mod_proxy -------------------------------------------

PROXIES = {
    "ProxyPass": 'ProxyPass "/api" "{url}"',
    "nocanon": 'ProxyPass "/api" "{url}" nocanon',
    "RewriteRule": 'RewriteEngine On\nRewriteRule "^/api/(.*)$" "{url}/$1" [P]',
}


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_proxied_backend(protect, backend, proxy):
    """It sees neither header nor cookie nor parameter."""
    site = protect(ON, server=PROXIES[proxy].format(url=backend.url),
                   modules=("proxy", "proxy_http", "rewrite"))
    token = jwt.sign(site.key)
    ask(site, f"/api/x?a=%20&token={token}&b=2", token,
        Cookie=f"a=1; token={token}")
    line, headers = backend.last()
    assert line == "GET /x?a=%20&b=2 HTTP/1.1"
    assert headers["Cookie"] == "a=1"
    assert "Authorization" not in headers
    assert token not in str(headers)


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_proxied_backend_that_judges_itself(protect, backend, proxy):
    """With JwtStrip Off it gets the token where it was."""
    site = protect(OFF, server=PROXIES[proxy].format(url=backend.url),
                   modules=("proxy", "proxy_http", "rewrite"))
    token = jwt.sign(site.key)
    ask(site, f"/api/x?a=1&token={token}")
    assert backend.last()[0] == f"GET /x?a=1&token={token} HTTP/1.1"


# ---- logs -----------------------------------------------------------------

def logs_of(site):
    """All that was logged, once the server has ended."""
    site.httpd.stop()
    everything = site.httpd.root / "logs" / "everything.log"
    return (everything.read_text(encoding="utf-8") + site.httpd.access_log()
            + site.httpd.error_log())


@pytest.mark.parametrize("config", [ON, OFF], ids=["On", "Off"])
@pytest.mark.parametrize("path", ["/api/", "/api/index.html", "/api/none",
                                  "/api"])
def test_no_log_shows_a_query_token(protect, config, path):
    """Granted, not found or redirected; one parameter or two."""
    site = protect(config, server=LOG)
    token = jwt.sign(site.key)
    site.client.get(f"{path}?a=1&token={token}&%74oken={token}", headers=[
        ("Referer", f"http://x/api/?token={token}&b=2")])
    text = logs_of(site)
    assert "a=1" in text and "b=2" in text
    assert token not in text and token.split(".")[2] not in text
    assert "http://x/api/?token=redacted&b=2" in text


@pytest.mark.parametrize("config", [ON, OFF], ids=["On", "Off"])
def test_no_log_shows_a_refused_query_token(protect, config):
    """A bad token may be somebody's good one elsewhere."""
    site = protect(config, server=LOG)
    tokens = [jwt.sign(jwt.secret()) for _ in range(2)]
    site.refused(site.client.get(f"/api/?token={tokens[0]}"), 401,
                 "signature_bad")
    site.refused(site.client.get(f"/api/?token={tokens[0]}&token={tokens[1]}"),
                 400, "token_ambiguous")
    text = logs_of(site)
    assert not any(token in text for token in tokens)
    assert "token=redacted&token=redacted" in text


def test_a_redirect_inside_httpd(protect):
    """The request line of the first request is logged: it is redacted too."""
    site = protect(ON, server=LOG + 'RewriteEngine On\n'
                   'RewriteRule "^/short$" "/api/" [PT]\n'
                   'ErrorDocument 404 "/api/"', modules=("rewrite",))
    token = jwt.sign(site.key)
    assert ask(site, f"/short?token={token}").text == "protected\n"
    assert site.client.get(f"/none?token={token}").status == 404
    assert token not in logs_of(site)


def test_other_scopes_keep_their_parameters(protect):
    """`token` means something else outside."""
    site = protect(ON, server=LOG)
    assert site.client.get("/?token=csrf").status == 200
    assert "GET /?token=csrf HTTP/1.1" in logs_of(site)


def test_the_referer_of_what_a_page_loads(protect):
    """Its picture is of another scope; its own parameters stay."""
    site = protect(ON, server=LOG)
    token = jwt.sign(site.key)
    answer = site.client.get("/?token=csrf", headers=[
        ("Referer", f"http://x/api/?a=1&token={token}#top")])
    assert answer.status == 200
    text = logs_of(site)
    assert "GET /?token=csrf HTTP/1.1" in text
    assert "http://x/api/?a=1&token=redacted" in text and token not in text


@pytest.mark.parametrize("line, status", [
    ("GET {url} HTTP/1.1", b"400"),             # no Host
    ("GET {url} HTTP/1.1\r\nHost: a b", b"400"),
    ("BAD\x01 {url} HTTP/1.1\r\nHost: x", b"400"),
    ("GET {url} HTTP/1.1\r\nHost: x\r\nExpect: all", b"417")])
@pytest.mark.parametrize("server", ["", "JwtDialect laravel\n"])
def test_a_request_refused_before_it_has_a_scope(protect, line, status, server):
    """Nobody knows yet what its parameters are; it is logged all the same."""
    site = protect("" if server else ON, server=server + LOG)
    token = jwt.sign(site.key)
    url = f"/api/?a=1&token={token}"
    answer = site.client.raw(f"{line.format(url=url)}\r\n\r\n".encode())
    assert answer.split()[1] == status, answer
    text = logs_of(site)
    assert "a=1" in text and token not in text


def test_laravels_clients_send_it_where_it_is_not_read(protect):
    """Without query:token in JwtSource the token is refused, not logged."""
    site = protect("JwtDialect laravel", server=LOG)
    token = jwt.sign(site.key)
    assert site.client.get(f"/api/?a=1&token={token}").status == 401
    text = logs_of(site)
    assert "a=1&token=redacted" in text and token not in text


def test_server_status_shows_no_token(protect, backend):
    """Not even while the request is served."""
    site = protect(OFF, server='ExtendedStatus On\n<Location "/status">\n'
                   'SetHandler server-status\n</Location>\n'
                   + PROXIES["ProxyPass"].format(url=backend.url),
                   modules=("status", "proxy", "proxy_http"))
    token = jwt.sign(site.key)

    def shown():
        """Each thread shows its last request: the page may take its place."""
        ask(site, f"/api/?seen=1&token={token}")
        text = site.client.get("/status").text
        return "seen=1" in text and text

    page = wait_for(shown, "the request on the status page")
    assert "token=redacted" in page and token[:40] not in page


def test_scripts_find_it_in_the_query_alone(protect):
    """REQUEST_URI is made of the request line, QUERY_STRING is not."""
    site = protect(OFF + "\nOptions +ExecCGI\nSetHandler cgi-script",
                   mpm="prefork", modules=("cgi",))
    script = site.httpd.write("htdocs/api/env", "#!/bin/sh\n"
                              "printf 'Content-Type: text/plain\\n\\n'\n"
                              'echo "$REQUEST_URI $QUERY_STRING"\n')
    script.chmod(0o755)
    token = jwt.sign(site.key)
    answer = ask(site, f"/api/env?token={token}")
    assert answer.text == f"/api/env?token=redacted token={token}\n"
