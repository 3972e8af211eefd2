# SPDX-License-Identifier: Apache-2.0
"""Dialect oauth2, judged by clients that know nothing of us: authlib of
Debian, oauth4webapi and openid-client of npm, all unmodified."""

import base64
import json

import pytest
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session

from e2e_site import USERS, bcrypt
from lab.node import argv, node
from lab.place import free_port
from lab.process import environment, run

#: Clients encode name and secret as forms do (RFC 6749 2.3.1), httpd does not
#: decode them: letters and digits are the same in both.
CLIENT, SECRET = "portal", "9f2c4be1d07a"

#: Only this client gets in; its name becomes the session's client.
_BASIC = """
    AuthType Basic
    AuthName "clients"
    AuthBasicProvider file
    AuthUserFile "{users}"
    Require user portal
"""


class Stage:
    """A site, a session of alice on it, and how a client is told of both."""

    def __init__(self, auth_site, confidential):
        self.confidential = confidential
        self.site = auth_site()
        if confidential:
            self._ask_for_clients()
        self.token = self._login()

    def _ask_for_clients(self):
        httpd = self.site.httpd
        # httpd has one AuthUserFile for the client and for who logs in.
        users = httpd.write("clients", "".join(
            f"{name}:{bcrypt(password)}\n"
            for name, password in {**USERS, CLIENT: SECRET}.items()))
        basic = _BASIC.format(users=users)
        httpd.config += "".join(
            f'<Location "{path}">{basic}</Location>\n'
            for path in ("/login", "/token", "/logout", "/introspect"))
        httpd.config += """
            <Location "/introspect">
                SetHandler jwt-introspect
            </Location>
        """
        httpd.graceful()

    def _login(self):
        headers = []
        if self.confidential:
            pair = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
            headers = [("Authorization", f"Basic {pair}")]
        answer = self.site.client.post_json("/login", {
            "username": "alice", "password": USERS["alice"]}, headers)
        return self.site.tokens(answer)[1]

    @property
    def server(self):
        """Metadata as RFC 8414 has it."""
        url = self.site.httpd.url
        return {"issuer": "https://issuer.example",
                "token_endpoint": url("/token"),
                "revocation_endpoint": url("/logout"),
                "introspection_endpoint": url("/introspect")}

    @property
    def api(self):
        """A protected page."""
        return self.site.httpd.url("/api/")

    def node(self, program, steps, **more):
        """Runs a client of npm: the result of each step."""
        return json.loads(node(program, json.dumps({
            "server": self.server, "client": {"client_id": CLIENT},
            "secret": SECRET if self.confidential else None,
            "token": self.token, "api": self.api, "steps": steps, **more})))


@pytest.fixture(name="stage", params=[False, True],
                ids=["public", "confidential"])
def _stage(auth_site, request):
    return Stage(auth_site, request.param)


@pytest.mark.parametrize("program", ["oauth4webapi_client.mjs",
                                     "openid_client.mjs"])
def test_npm_client(stage, program):
    """Refresh, use, refresh, revoke; revoking again is fine; refused."""
    refreshed, used, again, _, _, refused = results = stage.node(
        program, ["refresh", "api", "refresh", "revoke", "revoke", "refresh"])
    assert [result.get("failed") for result in results[:5]] == [None] * 5
    assert used["status"] == 200
    assert {refreshed["token_type"].lower(), again["token_type"].lower()} == {
        "bearer"}
    assert refreshed["refresh_token"].startswith("jr1_")
    assert (refused["error"], refused["status"]) == ("invalid_grant", 400)
    assert stage.site.httpd.outcomes()[-1] == "revoked"


@pytest.mark.parametrize("program, word", [
    ("oauth4webapi_client.mjs", None),  # looks at the challenge alone
    ("openid_client.mjs", "invalid_client")])
def test_npm_client_with_wrong_secret(auth_site, program, word):
    """The client sees 401; the session lives."""
    stage = Stage(auth_site, True)
    stage.site.httpd.expect("Password Mismatch")
    refused, = stage.node(program, ["refresh"], secret="guess")
    assert (refused.get("error"), refused["status"]) == (word, 401), refused
    assert stage.node(program, ["refresh"])[0]["refresh_token"]


@pytest.mark.parametrize("program", ["oauth4webapi_client.mjs",
                                     "openid_client.mjs"])
def test_npm_client_introspects(auth_site, program):
    """Active until the session is revoked, then active: false alone."""
    stage = Stage(auth_site, True)
    _, before, _, after = stage.node(
        program, ["refresh", "introspect", "revoke", "introspect"])
    assert before["active"] is True, before
    assert (before["sub"], before["client_id"]) == ("alice", CLIENT)
    assert after == {"step": "introspect", "active": False}


#: The same site with TLS; its metadata say where everything is.
_TLS = """
    Listen 127.0.0.1:{port} https
    <Location "/.well-known/oauth-authorization-server">
        SetHandler jwt-metadata
    </Location>
    <VirtualHost 127.0.0.1:{port}>
        JwtIssuer "https://localhost:{port}"
        SSLEngine On
        SSLCertificateFile "{folder}/tls.crt"
        SSLCertificateKeyFile "{folder}/tls.key"
    </VirtualHost>
"""


def _certificate(folder):
    done = run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/CN=localhost", "-addext",
                "subjectAltName=DNS:localhost", "-keyout",
                f"{folder}/tls.key", "-out", f"{folder}/tls.crt"])
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("program", ["oauth4webapi_client.mjs",
                                     "openid_client.mjs"])
def test_npm_client_finds_out_by_itself(auth_site, place, program):
    """Told nothing but the issuer: RFC 8414 over TLS, then as above."""
    folder, port = place.folder("tls"), free_port()
    _certificate(folder)
    site = auth_site(server=_TLS.format(port=port, folder=folder),
                     modules=("ssl", "socache_shmcb"))
    done = run(argv(program, json.dumps({
        "issuer": f"https://localhost:{port}", "client": {"client_id": CLIENT},
        "token": site.login()[1], "steps": ["refresh", "revoke", "refresh"]})),
        env=environment(NODE_EXTRA_CA_CERTS=str(folder / "tls.crt")))
    assert done.returncode == 0, done.stderr
    first, revoked, refused = json.loads(done.stdout)
    assert first.get("refresh_token", "").startswith("jr1_"), first
    assert "failed" not in revoked
    assert refused["error"] == "invalid_grant"


@pytest.fixture(name="insecure")
def _insecure(monkeypatch):
    # authlib refuses plain http otherwise, loopback or not.
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.mark.usefixtures("insecure")
def test_authlib(stage):
    """Refresh, use, introspect, revoke, refused: authlib's OAuth2Session."""
    session = OAuth2Session(
        CLIENT, SECRET if stage.confidential else None,
        token_endpoint_auth_method=("client_secret_basic" if stage.confidential
                                    else "none"))
    url = stage.site.httpd.url
    token = session.refresh_token(url("/token"), refresh_token=stage.token)
    assert token["refresh_token"].startswith("jr1_")
    assert session.get(stage.api).status_code == 200
    session.refresh_token(url("/token"))
    if stage.confidential:
        told = session.introspect_token(
            url("/introspect"), token=session.token["access_token"]).json()
        assert (told["active"], told["sub"]) == (True, "alice")
    answer = session.revoke_token(url("/logout"),
                                  token=session.token["refresh_token"])
    assert (answer.status_code, answer.content) == (200, b"")
    with pytest.raises(OAuthError) as refused:
        session.refresh_token(url("/token"))
    assert refused.value.error == "invalid_grant"


@pytest.mark.usefixtures("insecure")
def test_authlib_refreshes_by_itself(auth_site):
    """An expired token: authlib refreshes and repeats the request."""
    stage = Stage(auth_site, False)
    seen = []
    session = OAuth2Session(
        CLIENT, token={"access_token": "stale", "token_type": "Bearer",
                       "expires_at": 1, "refresh_token": stage.token},
        token_endpoint=stage.site.httpd.url("/token"),
        token_endpoint_auth_method="none",
        update_token=lambda token, **_: seen.append(token))
    assert session.get(stage.api).status_code == 200
    assert seen and seen[0]["refresh_token"].startswith("jr1_")
