# SPDX-License-Identifier: Apache-2.0
"""jwt-metadata: what an OAuth client finds out by itself (RFC 8414)."""

import pytest

from e2e_site import ISSUER
from lab import jwt

WELL_KNOWN = "/.well-known/oauth-authorization-server"

PLACE = f"""
    <Location "{WELL_KNOWN}">
        SetHandler jwt-metadata
    </Location>
"""

BASIC = """
    AuthType Basic
    AuthName clients
    AuthBasicProvider file
    AuthUserFile /dev/null
    Require valid-user
"""


def document(site):
    """The document, whose form is checked."""
    answer = site.client.get(WELL_KNOWN)
    assert answer.status == 200, answer
    assert answer.get("X-Outcome") == "granted"
    return answer.json()


def test_what_a_site_publishes(auth_site):
    """Every endpoint that is there, at the origin of the issuer."""
    site = auth_site(server=PLACE + """
        <Location "/keys">
            SetHandler jwt-keys
        </Location>
    """)
    assert document(site) == {
        "issuer": ISSUER,
        "response_types_supported": [],
        "grant_types_supported": ["refresh_token"],
        "token_endpoint": f"{ISSUER}/token",
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint": f"{ISSUER}/logout",
        "revocation_endpoint_auth_methods_supported": ["none"],
        "jwks_uri": f"{ISSUER}/keys",
    }


def test_nothing_that_is_not_there(httpd):
    """No endpoint, no member."""
    site = httpd(f'JwtIssuer "{ISSUER}"\n{PLACE}')
    answer = site.client.get(WELL_KNOWN)
    assert answer.json() == {"issuer": ISSUER, "response_types_supported": []}


def test_clients_that_httpd_authenticates(auth_site):
    """How a client proves itself at an endpoint is its Location's AuthType."""
    site = auth_site(server=PLACE, token=BASIC)
    said = document(site)
    assert said["token_endpoint_auth_methods_supported"] == [
        "client_secret_basic"]
    assert said["revocation_endpoint_auth_methods_supported"] == ["none"]


def test_only_endpoints_of_this_issuer(httpd, keyfile):
    """Two issuers on one server: each document has its own; patterns and other
    servers have no URL to publish."""
    site = httpd(f"""
        JwtKey HS256 "file:{keyfile(jwt.secret())}"
        JwtIssuer "{ISSUER}/a" "{ISSUER}/b"
        <Location "/b">
            JwtIssuer "{ISSUER}/b"
        </Location>
        <Location "/a/keys">
            SetHandler jwt-keys
        </Location>
        <LocationMatch "^/a/more">
            SetHandler jwt-keys
        </LocationMatch>
        <Location "/b/the keys%">
            SetHandler jwt-keys
        </Location>
        <Location "/a/metadata">
            SetHandler jwt-metadata
        </Location>
        <Location "/b/metadata">
            SetHandler jwt-metadata
        </Location>
    """)
    for name, path in (("a", "/a/keys"), ("b", "/b/the%20keys%25")):
        said = site.client.get(f"/{name}/metadata").json()
        assert said["issuer"] == f"{ISSUER}/{name}"
        assert said["jwks_uri"] == ISSUER + path
        assert site.client.get(path).status == 200


def test_what_the_client_sends_changes_nothing(auth_site):
    """Neither Host nor X-Forwarded-Host moves an endpoint."""
    site = auth_site(server=PLACE)
    honest = document(site)
    for name in ("X-Forwarded-Host", "Forwarded", "X-Forwarded-Proto"):
        answer = site.client.get(WELL_KNOWN, headers=[(name, "evil.example")])
        assert answer.json() == honest
    answer = site.client.raw(f"GET {WELL_KNOWN} HTTP/1.1\r\n"
                             "Host: evil.example\r\n"
                             "Connection: close\r\n\r\n".encode())
    assert b"evil.example" not in answer and b"/token" in answer


def test_it_may_be_kept(auth_site):
    """ETag, 304 and HEAD, as of jwt-keys."""
    site = auth_site(server=PLACE)
    answer = site.client.get(WELL_KNOWN)
    assert answer.get("Cache-Control") == "public, max-age=300"
    again = site.client.get(WELL_KNOWN, headers=[
        ("If-None-Match", answer.get("ETag"))])
    assert (again.status, again.body) == (304, b"")
    head = site.client.request("HEAD", WELL_KNOWN)
    assert (head.status, head.body) == (200, b"")


def test_it_is_only_read(auth_site):
    """405, and which methods there are."""
    site = auth_site(server=PLACE)
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer = site.client.request(method, WELL_KNOWN)
        assert answer.status == 405
        assert answer.get("X-Outcome") == "method_refused"
        assert answer.get("Allow") == "GET, HEAD"


@pytest.mark.parametrize("issuer", [
    "", 'JwtIssuer "my api"', "JwtIssuer http://plain.example",
    "JwtIssuer https://", "JwtIssuer https:///x", "JwtIssuer https://a/?b",
    "JwtIssuer https://a@b/"])
def test_an_issuer_that_cannot_be_published(httpd, issuer):
    """RFC 8414 2: an https URL; said when httpd is configured."""
    site = httpd(f"{issuer}\n{PLACE}", start=False)
    status, said = site.configtest()
    assert status != 0
    assert "jwt-metadata" in said and "JwtIssuer" in said
