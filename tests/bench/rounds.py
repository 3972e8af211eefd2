# SPDX-License-Identifier: Apache-2.0
"""The rows in turn, again and again: A B C A B C …

What the machine does besides, and what its clock frequency does, then falls
on all rows alike.
"""

from .measure import Wrong

#: The first round warms up: caches, connections, pages of the database.
_WARM_UP = 0.25


def run(stage, rows, rounds, seconds, say):
    """Lists of measures by name of row; one measure for each round."""
    found = {row.name: [] for row in rows}
    for row in rows:
        say(f"check    {row.name}")
        _named(row, row.load.check, stage)
    for number in range(rounds + 1):
        for row in rows:
            measure = _named(row, row.load.run, stage,
                             seconds if number else seconds * _WARM_UP)
            say((f"round {number}/{rounds}" if number else "warm up  ")
                + f"  {row.name:16}{measure.rate:10.0f}/s")
            if number:
                found[row.name].append(measure)
    stage.verify()
    return found


def _named(row, call, *arguments):
    try:
        return call(*arguments)
    except Wrong as error:
        raise Wrong(f"row {row.name}: {error}") from None
