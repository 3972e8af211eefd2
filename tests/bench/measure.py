# SPDX-License-Identifier: Apache-2.0
"""What one run has found."""

import dataclasses
import os
import resource

_TICK = 1_000_000 / os.sysconf("SC_CLK_TCK")


class Wrong(Exception):
    """An answer that the row does not promise: its speed means nothing."""


@dataclasses.dataclass(frozen=True)
class Measure:
    """One run of one row."""

    requests: int        # answered, all of them as promised
    seconds: float       # as the client's own clock has it
    p50: float           # latency in ms
    p99: float
    client_busy: float   # of one core, used by wrk or pgbench
    httpd_us: float = 0  # CPU time of httpd's children for one request

    @property
    def rate(self):
        """Requests per second."""
        return self.requests / self.seconds


def client_cpu():
    """CPU time of the clients that have ended, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def cpu_us(pids):
    """CPU time that these processes have used, in microseconds."""
    return sum(map(_cpu_us, pids))


def _cpu_us(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK
