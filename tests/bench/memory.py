# SPDX-License-Identifier: Apache-2.0
"""Whether the children grow: their own memory before and after many requests.

RssAnon counts, not VmRSS: pages of shared files are mapped one by one as they
are first touched, which is no growth.
"""

import dataclasses

from .loads import Forged, Get, Refresh

#: One server after the other, and on each what it can be asked.
_WORK = {"checks": (Get("checks", "hs256", "HS256"),
                    Get("checks", "es256", "ES256")),
         "refreshes": (Refresh("refreshes"), Forged("refreshes", "oauth2", 400))}

_SLICE = 2.0  # seconds of one kind of request, then the next

#: What every request may leave behind on the average and still be called
#: nothing: a leak of the smallest allocation (32 bytes) in one request of
#: sixteen is more. Below _SLACK it is the allocator's business.
_LEAK = 2
_SLACK = 512 * 1024


@dataclasses.dataclass(frozen=True)
class Growth:
    """The children of one server, all together."""

    server: str
    requests: int
    before: int   # bytes, when warm
    after: int

    @property
    def flat(self):
        """Whether nothing stayed behind."""
        return self.after - self.before <= max(_SLACK, _LEAK * self.requests)

    def __str__(self):
        return (f"memory of {self.server}: {self.before / 1024:.0f} KiB, "
                f"{self.after / 1024:.0f} KiB after {self.requests} more "
                f"requests: {'flat' if self.flat else 'GROWS'}")


def run(stage, requests, say):
    """A Growth of each server, half of the requests on each."""
    return [_run(stage, name, requests // len(_WORK), say) for name in _WORK]


def _run(stage, name, wanted, say):
    server = stage.server(name)
    for load in _WORK[name]:
        load.check(stage)
    for _ in range(2):  # the second time all threads have served
        _work(stage, name)
    before = _anonymous(server)
    answered = 0
    while answered < wanted:
        answered += _work(stage, name)
        say(f"memory   {name:16}{answered:10}  "
            f"{_anonymous(server) / 1024:.0f} KiB")
    return Growth(name, answered, before, _anonymous(server))


def _work(stage, name):
    return sum(load.run(stage, _SLICE).requests for load in _WORK[name])


def _anonymous(server):
    return sum(map(_rss_anon, server.children()))


def _rss_anon(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        for line in status:
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    raise RuntimeError("this kernel does not tell RssAnon")
