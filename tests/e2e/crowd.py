# SPDX-License-Identifier: Apache-2.0
"""A crowd of clients that never pauses, and remembers what it was told."""

import contextlib
import dataclasses
import http.client
import os
import random
import threading
import time

from lab.grant import Grant
from lab.http import Client

#: AJR_LONG=10 makes the storms ten times as long, for a run by hand.
LONG = float(os.environ.get("AJR_LONG", "1"))


@dataclasses.dataclass(frozen=True)
class Told:
    """One answer; status 0 when the connection broke."""

    began: float
    ended: float
    session: int
    generation: int  # of the token that was presented
    status: int
    tag: str


class Crowd:
    """Threads that refresh sessions picked at random, each with the newest
    token that any of them was given for it."""

    def __init__(self, port, tokens, width, seed=1):
        self.tokens = list(tokens)
        self.told = []
        self._port = port
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(
            target=self._work, args=[random.Random(f"{seed} {number}")],
            daemon=True) for number in range(width)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a client hangs"

    def work(self, seconds):
        """Lets them work; time is the load here, not a wait for something."""
        assert not self._stop.wait(seconds * LONG)

    def count(self):
        """Answers so far."""
        return len(self.told)

    def tags(self):
        """How often each outcome was told."""
        found = {}
        for told in self.told:
            found[told.tag] = found.get(told.tag, 0) + 1
        return found

    def _work(self, choice):
        client = Client(self._port)
        while not self._stop.is_set():
            session = choice.randrange(len(self.tokens))
            self.told.append(self._ask(client, session))

    def _ask(self, client, session):
        token = self.tokens[session]
        generation, began = Grant.parse(token).generation, time.monotonic()
        status, tag = 0, "broken"
        with contextlib.suppress(OSError, http.client.HTTPException):
            answer = client.post_form("/token", {
                "grant_type": "refresh_token", "refresh_token": token})
            status, tag = answer.status, answer.get("X-Outcome")
            if status == 200:
                self._keep(session, answer.json()["refresh_token"])
        return Told(began, time.monotonic(), session, generation, status, tag)

    def _keep(self, session, token):
        with self._lock:
            if (Grant.parse(token).generation
                    > Grant.parse(self.tokens[session]).generation):
                self.tokens[session] = token
