# SPDX-License-Identifier: Apache-2.0
"""Runs every pgTAP file of this folder, each in a database of its own."""

import pathlib
import re

import pytest

HERE = pathlib.Path(__file__).parent
FILES = sorted(HERE.glob("*.sql"))


def tap_complaints(text):
    """What is wrong with TAP output; [] when every planned test passed."""
    plans = re.findall(r"^1\.\.(\d+)$", text, re.M)
    results = re.findall(r"^(not )?ok (\d+)\b", text, re.M)
    numbers = [int(number) for _, number in results]
    complaints = re.findall(r"^not ok .*(?:\n# .*)*", text, re.M)
    if len(plans) != 1:
        complaints.append(f"{len(plans)} plans instead of one")
    elif not int(plans[0]):
        complaints.append("no test planned")
    elif numbers != list(range(1, int(plans[0]) + 1)):
        complaints.append(f"planned 1..{plans[0]}, ran {numbers}")
    return complaints


@pytest.mark.parametrize("text, complaints", [
    ("1..2\nok 1 - a\nok 2 - b\n", 0),
    ("ok 1 - a\nok 2 - b\n1..2\n", 0),
    ("", 1),
    ("1..0\n", 1),
    ("ok 1 - a\n", 1),
    ("1..2\nok 1 - a\n", 1),
    ("1..1\nok 1 - a\nok 2 - b\n", 1),
    ("1..1\nnot ok 1 - a\n# Failed test 1\n", 1),
    ("1..2\nok 2 - a\nok 1 - b\n", 1),
])
def test_tap_that_is_incomplete_does_not_pass(text, complaints):
    assert len(tap_complaints(text)) == complaints


def test_there_are_files():
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_pgtap(db, path):
    complaints = tap_complaints(db.cluster.load(path, db.name))
    assert not complaints, "\n".join(complaints)
