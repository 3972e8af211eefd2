# SPDX-License-Identifier: Apache-2.0
"""The work of a row.

check() asks by hand and looks at the answers: a benchmark of errors is a lie,
and so is one of a check that lets everything pass. run() does it for a while
and raises Wrong when any answer was another one.
"""

import dataclasses
import secrets

from lab import jwt
from lab.grant import Grant

from . import pgbench, wrk
from .measure import Measure, Wrong, cpu_us

#: The Content-Type and the body of a refresh, by dialect.
_ASKED = {
    "oauth2": ("application/x-www-form-urlencoded",
               "grant_type=refresh_token&refresh_token=%s"),
    "express": ("application/json", '{"refreshToken":"%s"}'),
}


def _expect(status, answer, what):
    if answer.status != status:
        raise Wrong(f"{what}: {answer.status} instead of {status}: {answer}")
    return answer


def _measured(server, run):
    """run() under the eyes of the clock of httpd's children."""
    children = server.children()
    before = cpu_us(children)
    count = run()
    if server.children() != children or not count.requests:
        raise Wrong("a child of httpd ended, or nothing was answered:\n"
                    + server.error_log()[-4000:])
    return count, Measure(
        requests=count.requests, seconds=count.seconds, p50=count.p50,
        p99=count.p99, client_busy=count.busy,
        httpd_us=(cpu_us(children) - before) / count.requests)


@dataclasses.dataclass(frozen=True)
class Get:
    """GET of the file in a folder, with a bearer where `alg` says so."""

    server: str
    folder: str
    alg: str = ""

    def check(self, stage):
        """Open without a token; otherwise with the right one and no other."""
        client, path = stage.server(self.server).client, self._path
        if not self.alg:
            _expect(200, client.get(path), path)
            return
        token = stage.token(self.alg)
        _expect(200, client.get(path, token), f"{path} with its token")
        _expect(401, client.get(path), f"{path} without a token")
        _expect(401, client.get(path, jwt.with_claims(token, sub="1")),
                f"{path} with a forged token")

    def run(self, stage, seconds):
        """Measures it."""
        server = stage.server(self.server)
        headers = [("Authorization", f"Bearer {stage.token(self.alg)}")
                   ] if self.alg else []
        count, measure = _measured(server, lambda: wrk.run(
            "same.lua", server.url(self._path), seconds, "GET",
            headers=headers))
        if count.refused or count.broken:
            raise Wrong(f"{self._path}: {count}")
        return measure

    @property
    def _path(self):
        return f"/{self.folder}/index.html"


def _ask(client, token):
    return client.post_form("/token", {"grant_type": "refresh_token",
                                       "refresh_token": token})


@dataclasses.dataclass(frozen=True)
class Refresh:
    """Refresh after refresh, each with the token that the last one gave."""

    server: str

    def check(self, stage):
        """A token works once, and its successor works."""
        client = stage.server(self.server).client
        _, tokens = stage.sessions.opened(1)
        successor = _expect(200, _ask(client, tokens[0]), "a refresh"
                            ).json()["refresh_token"]
        _expect(200, _ask(client, successor), "its successor")
        _expect(400, _ask(client, tokens[0]), "a token that was used")

    def run(self, stage, seconds):
        """Measures it. The database must have rotated as often."""
        server = stage.server(self.server)
        subject, tokens = stage.sessions.opened()
        count, measure = _measured(server, lambda: wrk.run(
            "chain.lua", server.url("/token"), seconds,
            stage.tokens_file(tokens)))
        if count.bad or count.broken or count.good != count.requests:
            raise Wrong(f"refreshes: {count}")
        stage.sessions.verify(subject, count.good, wrk.CONNECTIONS)
        return measure


@dataclasses.dataclass(frozen=True)
class Forged:
    """A refresh token with a wrong MAC, in a dialect of _ASKED.

    Its key id is the right one, so the MAC is computed. That no database is
    asked is for tests/e2e to show.
    """

    server: str
    dialect: str
    status: int

    def check(self, stage):
        """It is refused, and the one that it was made of is not."""
        client = stage.server(self.server).client
        genuine = self._genuine(stage)
        for token, status in ((genuine, 200),
                              (self._forge(genuine), self.status)):
            kind, body = self._asked(token)
            _expect(status, client.request("POST", self._path, {
                "Content-Type": kind}, body), f"{self.dialect}: {token}")

    def run(self, stage, seconds):
        """Measures it."""
        server = stage.server(self.server)
        asked = self._asked(self._forge(self._genuine(stage)))
        count, measure = _measured(server, lambda: wrk.run(
            "same.lua", server.url(self._path), seconds, "POST", *asked))
        if count.refused != count.requests or count.broken:
            raise Wrong(f"forged tokens: {count}")
        return measure

    def _genuine(self, stage):
        client = stage.server(self.server).client
        _, tokens = stage.sessions.opened(1)
        answer = _expect(200, _ask(client, tokens[0]), "a refresh")
        return answer.json()["refresh_token"]

    @property
    def _path(self):
        return f"/token/{self.dialect}"

    def _asked(self, token):
        kind, body = _ASKED[self.dialect]
        return kind, body % token

    @staticmethod
    def _forge(token):
        return Grant.parse(token).replace(mac=secrets.token_bytes(20)).build()


@dataclasses.dataclass(frozen=True)
class Rotate:
    """rotate() called by pgbench, without httpd."""

    asynchronous: bool

    def check(self, stage):
        """run() finds out by itself."""

    def run(self, stage, seconds):
        """Measures it. Every transaction must have rotated."""
        subject, variables = stage.sessions.numbered(wrk.CONNECTIONS)
        variables["async"] = "true" if self.asynchronous else "false"
        measure = pgbench.run(stage.database, seconds, wrk.CONNECTIONS,
                              variables)
        stage.sessions.verify(subject, measure.requests)
        return measure
