# SPDX-License-Identifier: Apache-2.0
"""Tabs of one browser over one cookie jar, with a clock of their own.

Every tab refreshes when its access token is near its end. A request reads the
jar when it leaves; its reply writes the jar when it arrives, so Set-Cookie of
different tabs overtake each other. rotate() is asked in the order of these
events; between them the row is made older, as much as the model's clock says.
Nothing is left to the machine's own speed, and a seed says all of it.
"""

import contextlib
import hashlib
import heapq
import random
import time

import pytest

HASH = hashlib.sha256(b"S").digest()
ACCESS, GRACE = 300.0, 30.0  # seconds
ROUNDS = 15


class Browser:
    """The jar, the tabs, and the session's row in the model's time."""

    def __init__(self, db, seed, tabs, latency):
        self._connection = db.connect()
        self._cursor = self._connection.cursor()
        self._cursor.execute("SET session_replication_role = replica")
        self._random = random.Random(seed)
        self._latency = latency
        self._events = []
        self._count = self._now = 0
        self._real = time.monotonic()
        self.jar = 0
        self.verdicts = []
        self._cursor.execute(
            "INSERT INTO auth_jwt.session (sid, subject, form, secret_hash,"
            " created_at, used_at, expires_at, idle) SELECT"
            " auth_jwt.new_sid(now), 'alice', 'jr1', %s, now, now,"
            " now + interval '10 days', '10 days' FROM"
            " date_trunc('milliseconds', clock_timestamp()) AS now"
            " RETURNING sid::text", [HASH])
        self._sid, = self._cursor.fetchone()
        for _ in range(tabs):  # restored together
            self._at(self._delay(), self._send)

    def run(self, rounds):
        """Until the time is over: the verdicts."""
        with contextlib.closing(self._connection):
            while self._events and self._now < rounds * ACCESS:
                moment, _, action, value = heapq.heappop(self._events)
                self._age(moment - self._now)
                self._now = moment
                action(value)
        return self.verdicts

    def _at(self, delay, action, value=None):
        self._count += 1
        heapq.heappush(self._events,
                       (self._now + delay, self._count, action, value))

    def _delay(self):
        return self._random.uniform(0, self._latency)

    def _send(self, _):
        self._at(self._delay(), self._ask, self.jar)

    def _ask(self, generation):
        self._cursor.execute(
            "SELECT verdict, generation FROM auth_jwt.rotate(%s, %s, 'jr1',"
            " %s, NULL, '', true, %s * interval '1 s', false, NULL, NULL)",
            [self._sid, generation, HASH, GRACE])
        verdict, generation = self._cursor.fetchone()
        self.verdicts.append(verdict)
        if generation is not None:
            self._at(self._delay(), self._receive, generation)

    def _receive(self, generation):
        self.jar = generation
        self._at(ACCESS - self._delay(), self._send)

    def _age(self, seconds):
        """So much later by the model's clock, however long we took."""
        now = time.monotonic()
        seconds -= now - self._real
        self._real = now
        self._cursor.execute(
            "UPDATE auth_jwt.session SET rotated_at = rotated_at -"
            " %s * interval '1 s', used_at = used_at - %s * interval '1 s'",
            [seconds, seconds])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("tabs, latency", [(3, 5), (20, 5), (20, 0.2)])
def test_tabs_over_one_jar_never_lose_their_session(db, seed, tabs, latency):
    verdicts = Browser(db, seed, tabs, latency).run(ROUNDS)
    assert len(verdicts) >= tabs * (ROUNDS - 1)
    assert set(verdicts) <= {"rotated", "current", "replayed"}
    assert db.value("SELECT generation FROM auth_jwt.session"
                    ) == verdicts.count("rotated")
    assert db.execute("SELECT kind FROM auth_jwt.event") == []


def test_the_model_does_find_a_session_that_is_lost(db):
    """Replies that take longer than the grace are more than it covers."""
    verdicts = Browser(db, 1, 20, 4 * GRACE).run(ROUNDS)
    assert "reused" in verdicts
