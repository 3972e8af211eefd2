# SPDX-License-Identifier: Apache-2.0
"""The facts of the machine, the table, and the same as JSON."""

import dataclasses
import json
import math

_HEAD = ("row", "requests/s", "min–max", "ratio", "min–max", "target", "",
         "µs added", "httpd µs", "p99 ms", "client")

_TO_THE_LEFT = ("row", "")

_LEGEND = """\
ratio      of the requests/s to those of the open file; of a refresh to the
           harmonic limit 1/(1/open file + 1/pgbench); of mod_auth_openidc to
           the open file of its own server. Median of the rounds' ratios.
µs added   by a request beyond its limit, in time of the whole machine
httpd µs   CPU time of httpd's children for one request
client     CPU time of wrk or pgbench, of one core: well under 100 %, or the
           client and not the server was measured"""


def facts(known, rounds, seconds):
    """The facts of the machine as text."""
    lines = [f"{name:17} {value}" for name, value in known.items()]
    lines.append(f"{'run':17} {rounds} rounds of {seconds:g} s for each row, "
                 "alternating; medians")
    return "\n".join(lines)


def table(rows):
    """The table of Figures as text."""
    cells = [_HEAD, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*cells)]
    lines = ["  ".join(cell.ljust(width) if name in _TO_THE_LEFT
                       else cell.rjust(width)
                       for name, cell, width in zip(_HEAD, row, widths)
                       ).rstrip() for row in cells]
    lines.insert(1, "─" * max(map(len, lines)))
    notes = [f"{row.title}: {row.note}" for row in rows if row.note]
    return "\n".join([*lines, "", _LEGEND, *notes])


# pylint: disable-next=too-many-arguments
def save(path, known, rounds, seconds, rows, memory, latencies, many):
    """Writes all of it as JSON."""
    value = {"machine": known, "rounds": rounds, "seconds": seconds,
             "rows": [_plain(dataclasses.asdict(row)) for row in rows],
             "memory": [{**dataclasses.asdict(growth), "flat": growth.flat}
                        for growth in memory],
             "revocations": [{**dataclasses.asdict(latency),
                              "reached": latency.reached}
                             for latency in latencies],
             "millions": many and dataclasses.asdict(many)}
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n",
                    encoding="utf-8")


def _plain(value):
    """NaN is no JSON."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, float) and math.isnan(value):
        return None
    return value


def _number(value, form):
    return "" if value is None or math.isnan(value) else format(value, form)


def _range(spread, form):
    return "" if spread is None else (f"{spread.low:{form}}–"
                                      f"{spread.high:{form}}")


def _cells(row):
    return (row.title, f"{row.rate.median:.0f}", _range(row.rate, ".0f"),
            _number(row.ratio and row.ratio.median, ".3f"),
            _range(row.ratio, ".2f"), _number(row.target, ".2f"), row.verdict,
            _number(row.added_us and row.added_us.median, ".1f"),
            _number(row.httpd_us or None, ".1f"), _number(row.p99, ".2f"),
            f"{row.client_busy:.0%}")
