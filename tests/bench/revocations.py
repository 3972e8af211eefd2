# SPDX-License-Identifier: Apache-2.0
"""From COMMIT to the first refusal, in every child of two hosts.

Two httpd with a database in common, as on two machines, each with several
children, and wrk at work on both. Sessions are ended one by one at random
moments. Connections that are kept alive belong to one child each, which the
kernel tells; the access token of the session is asked on all of them again
and again until every child refuses it. The clock starts when COMMIT is sent,
so that the figures err on the long side.
"""

import contextlib
import dataclasses
import http.client
import os
import random
import selectors
import statistics
import time
import uuid

from lab import jwt
from lab.pgbouncer import PgBouncer
from lab.postgres import Cluster
from lab.process import wait_for

from . import servers, wrk
from .measure import Wrong

#: p99 in ms that is to be reached: with LISTEN, and by poll alone.
TARGETS = {"LISTEN": 50, "poll": 1200}

CHILDREN = 3

_MPM = f"""
    ServerLimit {CHILDREN}
    StartServers {CHILDREN}
    ThreadsPerChild 16
    MaxRequestWorkers {16 * CHILDREN}
    MinSpareThreads 1
    MaxSpareThreads {16 * CHILDREN}
"""

#: Longest wait for one revocation; then it is lost, which is no figure.
_PATIENCE = 20.0

_LOAD = 4  # connections of wrk to each host


@dataclasses.dataclass
class Latency:
    """What was found of one way by which the news come."""

    way: str
    revocations: int
    children: int
    waits: list      # ms, one for each revocation in each child
    late: int        # acceptances after the first refusal of a child
    rate: float      # requests per second of the load meanwhile

    def percentile(self, part):
        """Of the waits, in ms."""
        return sorted(self.waits)[min(len(self.waits) - 1,
                                      int(len(self.waits) * part))]

    @property
    def reached(self):
        """Whether the target is."""
        return self.percentile(0.99) <= TARGETS[self.way] and not self.late

    def __str__(self):
        return (f"revocation by {self.way}: {self.revocations} in each of "
                f"{self.children} children, under {self.rate:.0f} requests/s: "
                f"median {statistics.median(self.waits):.1f} ms, "
                f"p99 {self.percentile(0.99):.1f}, max {max(self.waits):.1f}; "
                f"{self.late} acceptances later; target p99 "
                f"{TARGETS[self.way]} ms "
                + ("reached" if self.reached else "MISSED"))


class Probe:
    """A connection that is kept alive, and the child at its other end."""

    def __init__(self, server):
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port,
                                                      timeout=10)
        self._connection.connect()
        self.socket = self._connection.sock
        self.ask("")
        self.child = _owner(server, self.socket.getsockname()[1])

    def ask(self, token):
        """One request, sent and answered: its status."""
        self.send(token)
        return self.receive()

    def send(self, token):
        """Sends the request."""
        self._connection.request("GET", "/api/index.html", headers={
            "Authorization": f"Bearer {token}"} if token else {})

    def receive(self):
        """Reads the answer: its status."""
        answer = self._connection.getresponse()
        answer.read()
        if self._connection.sock is not self.socket:
            raise Wrong("a connection was not kept alive")
        return answer.status

    def close(self):
        """Closes it."""
        self._connection.close()


def _owner(server, port):
    """The child of the server that holds the other end of our port."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table][1:]
    inode = next(row[9] for row in rows
                 if row[1] == f"0100007F:{server.port:04X}"
                 and row[2] == f"0100007F:{port:04X}")
    for child in server.children():
        folder = f"/proc/{child}/fd"
        for entry in os.listdir(folder):
            with contextlib.suppress(OSError):
                if os.readlink(f"{folder}/{entry}") == f"socket:[{inode}]":
                    return child
    raise Wrong(f"no child of {server.pid} holds the connection")


def _host(place, keys, conninfo):
    """One of the hosts; both have the same keys."""
    server = servers.Server(place, "")
    server.mpm_config = _MPM
    access = server.write("keys/access.key", keys, secret=True)
    server.config += f"""
        KeepAliveTimeout 600
        JwtKey HS256 "file:{access}"
        JwtDatabase "{conninfo}"
        <Location "/api">
            AuthType Bearer
            AuthName "bench"
            Require valid-user
        </Location>
    """
    return server.serve("api")


def _probes(server):
    """One for each child."""
    found = {}

    def look():
        probe = Probe(server)
        if found.setdefault(probe.child, probe) is not probe:
            probe.close()
        return len(found) == CHILDREN

    wait_for(look, "a connection to every child", 30)
    return list(found.values())


def run(place, count, say):
    """A Latency for each way: `count` revocations by LISTEN, fewer by poll."""
    cluster = Cluster(place, folder="pgr", shared_preload_libraries="").start()
    database = cluster.database()
    pooler = PgBouncer(place, cluster).start()
    ways = {"LISTEN": (database.conninfo(), count),
            "poll": (pooler.conninfo(database), max(1, count // 4))}
    return [_run(place, database, way, conninfo, number, say)
            for way, (conninfo, number) in ways.items()]


def _run(place, database, way, conninfo, count, say):
    keys = jwt.secret()
    hosts = [_host(place, keys, conninfo) for _ in range(2)]
    probes = [probe for host in hosts for probe in _probes(host)]
    choice, latency = random.Random(count), Latency(
        way, count, len(probes), [], 0, 0)
    with _load(hosts, _token(keys, *_session(database))) as rates, \
            contextlib.closing(database.connect(autocommit=False)) as admin:
        for number in range(count):
            sid, subject = _session(database)
            _revoke(admin, probes, sid, _token(keys, sid, subject), choice,
                    latency)
            if (number + 1) % 50 == 0:
                say(f"revocation by {way}: {number + 1}, "
                    f"{statistics.median(latency.waits):.1f} ms")
    latency.rate = sum(rates)
    for host in hosts:
        host.stop()
        if host.unexpected():
            raise Wrong("\n".join(host.unexpected()))
    return latency


def _session(database):
    """A new one: (sid, subject)."""
    subject = f"user {uuid.uuid4().hex}"
    database.execute("SELECT auth_jwt.open_session(%s)", subject)
    return database.value("SELECT sid::text FROM auth_jwt.session"
                          " WHERE subject = %s", subject), subject


def _token(keys, sid, subject):
    now = int(time.time())
    return jwt.sign(keys, sub=subject, sid=sid, gen=0, iat=now, nbf=now,
                    exp=now + 300, jti=uuid.uuid4().hex)


def _revoke(admin, probes, sid, token, choice, latency):
    """Ends a session while all probes ask for it; adds to `latency`."""
    cursor = admin.cursor()
    cursor.execute("SELECT auth_jwt.revoke_session(%s)", [sid])
    moment = time.monotonic() + choice.uniform(0.02, 0.5)
    committed, refused, again = None, {}, {probe: 5 for probe in probes}
    with selectors.DefaultSelector() as selector:
        for probe in probes:
            selector.register(probe.socket, selectors.EVENT_READ, probe)
            probe.send(token)
        while again:
            if committed is None and time.monotonic() >= moment:
                committed = time.monotonic()
                admin.commit()
            for key, _ in selector.select(0.001):
                probe = key.data
                status, now = probe.receive(), time.monotonic()
                _note(latency, probe, status, now, committed, refused)
                if probe in refused:
                    again[probe] -= 1
                if again[probe]:
                    probe.send(token)
                else:
                    selector.unregister(probe.socket)
                    del again[probe]
            if committed and time.monotonic() > committed + _PATIENCE:
                raise Wrong(f"{len(again)} children still accept a token "
                            f"{_PATIENCE:g} s after its revocation")
    latency.waits += [1000 * (at - committed) for at in refused.values()]


def _note(latency, probe, status, now, committed, refused):
    if status not in (200, 401) or (status == 401 and committed is None):
        raise Wrong(f"{status} instead of 200 or 401")
    if status == 401:
        refused.setdefault(probe, now)
    elif probe in refused:
        latency.late += 1


@contextlib.contextmanager
def _load(hosts, token):
    """wrk on both hosts; at the end their rates are in the list."""
    rates, running = [], [wrk.start(
        "same.lua", host.url("/api/index.html"), "GET", connections=_LOAD,
        headers=[("Authorization", f"Bearer {token}")]) for host in hosts]
    try:
        yield rates
        for process in running:
            count = wrk.stop(process)
            if count.refused or count.broken:
                raise Wrong(f"the load of revocations: {count}")
            rates.append(count.requests / count.seconds)
    finally:
        for process in running:
            process.kill()
            process.wait()
