# SPDX-License-Identifier: Apache-2.0
"""What each child of a Httpd answers.

Connections, back-offs and caches are a child's own: the answer of one child
says nothing of what the next request meets in another.
"""

import concurrent.futures
import itertools
import time

from .http import Client
from .process import SLACK, wait_for

#: Requests at once: no child serves them all while another one sleeps.
_AT_ONCE = 6

#: For a child that has to wait for its turn, or for its end.
_PATIENCE = 30

_CASES = itertools.count(1)


def _asked(httpd, ask):
    """Asks several times at once: [(pid of the child, status)], as the lab's
    access log has it."""
    case = f"case{next(_CASES)}"
    client = Client(httpd.port, always=[("X-Case", case)])

    def told():
        rows = (line.split()[-2:] + line.rpartition('" ')[2].split()[:1]
                for line in httpd.access_log().splitlines())
        return [(int(pid), int(status)) for name, pid, status in rows
                if name == case]

    with concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as clients:
        list(clients.map(ask, [client] * _AT_ONCE))
    return wait_for(lambda: len(found := told()) == _AT_ONCE and found,
                    "the access log")


def everywhere(httpd, ask, good, promised=None):
    """Asks until each child has given an answer whose status is good().

    ask(client) sends one request by that Client.

    No child may give another one, before or after; where it is promised
    within so many seconds, after these.
    """
    began = time.monotonic()
    bound = began if promised is None else began + promised + SLACK
    left = wait_for(lambda: set(httpd.children()), "children")
    while left:
        strict = time.monotonic() >= bound
        said = _asked(httpd, ask)
        bad = [one for one in said if not good(one[1])]
        assert not (bad and strict), said
        left -= {pid for pid, _ in said} - {pid for pid, _ in bad}
        left &= set(httpd.children())  # one of before may be going
        assert time.monotonic() < began + _PATIENCE, f"{left} never answered"
