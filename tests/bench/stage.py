# SPDX-License-Identifier: Apache-2.0
"""All that the rows need, started when a row first asks for it."""

import functools
import secrets
import time
import uuid

from lab import jwt
from lab.postgres import Cluster

from . import servers
from .measure import Wrong
from .sessions import Sessions


def _sid_of_now():
    """As schema.sql makes them: a UUIDv7, by which revocation judges."""
    moment = time.time_ns() // 1_000_000
    return str(uuid.UUID(int=moment << 80 | 7 << 76 | secrets.randbits(12) << 64
                         | 2 << 62 | secrets.randbits(62)))


class Stage:
    """The servers, keys, tokens and sessions. It lives as long as `place`."""

    def __init__(self, place, population):
        self._place, self._population = place, population
        self._keys = servers.keys()
        self._servers = {}

    @functools.cached_property
    def database(self):
        """A database on a cluster with PostgreSQL's own defaults: commits
        wait for the disk. The lab's statistics extension is left out."""
        cluster = Cluster(self._place, shared_preload_libraries="")
        return cluster.start().database()

    @functools.cached_property
    def sessions(self):
        """The sessions of that database."""
        return Sessions(self.database, self._population)

    def server(self, name):
        """A server, running: checks, refreshes, refreshes-async, openidc."""
        if name not in self._servers:
            self._servers[name] = self._start(name)
        return self._servers[name]

    def token(self, alg):
        """An access token with the claims that the module mints."""
        now = int(time.time())
        return jwt.sign(
            self._keys[alg], alg=alg, iss=servers.ISSUER, sub="4711",
            exp=now + 86400, nbf=now, iat=now, jti=uuid.uuid4().hex,
            sid=_sid_of_now(), gen=3)

    def tokens_file(self, tokens):
        """The path of a file with a token in each line."""
        path = self._place.path / "tokens"
        path.touch(mode=0o600)
        path.write_text("".join(f"{token}\n" for token in tokens),
                        encoding="utf-8")
        return path

    def verify(self):
        """No server has complained."""
        for name, server in self._servers.items():
            if server.unexpected():
                raise Wrong(f"the error log of {name}:\n"
                            + "\n".join(server.unexpected()))

    def _start(self, name):
        if name == "checks":
            return servers.checks(self._place, self._keys)
        if name == "openidc":
            return servers.openidc(self._place, self._keys["HS256"])
        return servers.refreshes(self._place, self._keys["HS256"],
                                 self.database.conninfo(),
                                 name == "refreshes-async")
