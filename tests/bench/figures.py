# SPDX-License-Identifier: Apache-2.0
"""Figures of a row: medians over the rounds, ratios, verdicts.

A ratio and the µs added are taken within each round, where both rows saw the
same machine, and then the median is shown. So they need not be what the
medians of the rates would give.
"""

import dataclasses
import statistics
import typing


@dataclasses.dataclass(frozen=True)
class Spread:
    """The median of some values, with the smallest and the largest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values):
        """The spread of these values."""
        values = list(values)
        return cls(statistics.median(values), min(values), max(values))


@dataclasses.dataclass(frozen=True)
class Figures:
    """All that the table says of a row."""

    name: str
    title: str
    rate: Spread            # requests per second
    p50: float              # ms
    p99: float
    client_busy: float
    httpd_us: float
    ratio: typing.Optional[Spread]
    added_us: typing.Optional[Spread]  # per request, beyond the limit
    target: typing.Optional[float]
    verdict: str
    note: str


def verdict(ratio, target):
    """In words: whether a ratio is what DESIGN 7 asks for."""
    if ratio is None or target is None:
        return ""
    if ratio >= target:
        return "reached"
    return f"missed by {100 * (1 - ratio / target):.0f} %"


def figures(row, found):
    """The Figures of a row; `found` as rounds.run() returns it."""
    measures = found[row.name]
    ratio = added = None
    if row.against:
        limits = [row.limit({name: found[name][number].rate
                             for name in row.against})
                  for number in range(len(measures))]
        pairs = list(zip((measure.rate for measure in measures), limits))
        ratio = Spread.of(rate / limit for rate, limit in pairs)
        added = Spread.of(1e6 / rate - 1e6 / limit for rate, limit in pairs)
    return Figures(
        name=row.name, title=row.title, ratio=ratio, added_us=added,
        rate=Spread.of(measure.rate for measure in measures),
        target=row.target, note=row.note,
        verdict=verdict(ratio and ratio.median, row.target),
        **{name: statistics.median(getattr(measure, name)
                                   for measure in measures)
           for name in ("p50", "p99", "client_busy", "httpd_us")})
