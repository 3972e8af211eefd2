# SPDX-License-Identifier: Apache-2.0
"""`make bench` works: every row is measured, and wrong answers are noticed.

How fast anything is, is no test's business.
"""

import json
import os
import re

import pytest

from lab import jwt
from lab.place import TOP, Place
from lab.process import environment, run

from . import millions, wrk
from .figures import figures, verdict
from .loads import Get, Refresh, Rotate
from .measure import Measure, Wrong
from .rows import ROWS, chosen
from .stage import Stage

BENCH = TOP / "tests" / "bench" / "bench.py"


@pytest.fixture(scope="module", name="stage")
def _stage():
    with Place() as place:
        yield Stage(place, 10)


def test_quick_run(tmp_path):
    """Every row is there, not zero, and all its answers were right."""
    told = tmp_path / "figures.json"
    kept = {name: os.environ[name] for name in ("AJR_BUILD",)
            if name in os.environ}
    done = run(["/usr/bin/python3", str(BENCH), "--quick",
                "--json", str(told)], env=environment(**kept), timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(told.read_text(encoding="utf-8"))
    rows = found["rows"]
    assert [row["name"] for row in rows] == [row.name for row in ROWS]
    for row in rows:
        assert row["rate"]["low"] > 0 and row["client_busy"] > 0, row
        assert (row["ratio"] is not None) == bool(
            next(known for known in ROWS if known.name == row["name"]).against)
        assert row["title"] in done.stdout
    assert "memory: not watched" in done.stdout
    listen, poll = found["revocations"]
    assert (listen["way"], poll["way"]) == ("LISTEN", "poll")
    assert len(listen["waits"]) == 4 * listen["children"] == 4 * 6
    assert len(poll["waits"]) == 6
    assert listen["late"] == poll["late"] == 0
    assert found["millions"] is None


def test_many_sessions():
    """Few are enough to see that everything is counted."""
    with Place() as place:
        found = millions.run(place, 3000, 1, 0.2, print, refreshes=100)
    assert found.refreshes >= 100
    # One for each connection of each run had no answer yet when it ended.
    assert (found.refreshes <= found.updates
            <= found.refreshes + found.cut_off)
    assert found.hot > 0.9 * found.updates
    assert found.purged == 300
    assert "100 M sessions on paper" in str(found)


# -- wrong answers ------------------------------------------------------------

def test_a_check_that_refuses(stage, monkeypatch):
    """401 where 200 is promised: by hand and by the thousand."""
    load = Get("checks", "hs256", "HS256")
    load.check(stage)
    monkeypatch.setattr(stage, "token", lambda alg: jwt.sign(jwt.secret()))
    with pytest.raises(Wrong, match="401 instead of 200"):
        load.check(stage)
    with pytest.raises(Wrong, match="refused=[1-9]"):
        load.run(stage, 0.3)


def test_a_check_that_lets_everything_pass(stage):
    """200 to a forged token is as wrong."""
    with pytest.raises(Wrong, match="200 instead of 401"):
        Get("checks", "open", "HS256").check(stage)


def test_a_server_that_is_gone(stage):
    """No answers are no speed."""
    server = stage.server("openidc")
    server.stop()
    with pytest.raises(Wrong):
        Get("openidc", "open").run(stage, 0.3)


def test_refreshes_that_are_refused(stage, monkeypatch):
    """Tokens of nobody."""
    load = Refresh("refreshes")
    load.check(stage)
    strangers = ["js1_" + jwt.b64url(bytes([number] * 32))
                 for number in range(2 * wrk.CONNECTIONS)]
    monkeypatch.setattr(stage.sessions, "opened",
                        lambda: ("nobody", strangers))
    with pytest.raises(Wrong, match="bad=[1-9]"):
        load.run(stage, 0.3)


def test_refreshes_that_did_not_rotate(stage, monkeypatch):
    """200 without a rotation in the database is no refresh."""
    subject, _ = stage.sessions.opened()
    with pytest.raises(Wrong, match="1 refreshes were answered, 0 rotations"):
        stage.sessions.verify(subject, 1)
    monkeypatch.setattr(stage.sessions, "verify", _refuse)
    for load in (Refresh("refreshes"), Rotate(False)):
        with pytest.raises(Wrong, match="asked"):
            load.run(stage, 0.3)


def _refuse(_subject, answered, _cut_off=0):
    raise Wrong(f"asked about {answered}")


def test_pgbench_sends_what_the_store_sends():
    """Otherwise the limit is that of another call."""
    store = (TOP / "src" / "store" / "store.c").read_text(encoding="utf-8")
    sent = re.search(r"rotate_arguments\[\] =(.*?);", store, re.S)[1]
    script = (BENCH.parent / "rotate.sql").read_text(encoding="utf-8")
    called = script.partition(".rotate(")[2]
    assert re.findall(r"::(\w+)", sent)
    assert re.findall(r"::(\w+)", called) == re.findall(r"::(\w+)", sent)


# -- arithmetic ---------------------------------------------------------------

def _measures(*rates):
    return [Measure(rate, 1.0, 1.0, 2.0, 0.5) for rate in rates]


def test_ratio_to_the_harmonic_limit():
    """A ratio belongs to a round; the median of them is shown."""
    row, = (row for row in ROWS if row.name == "refresh")
    told = figures(row, {"open": _measures(6000, 3000, 6000),
                         "pgbench": _measures(3000, 6000, 3000),
                         "refresh": _measures(1000, 2000, 1800)})
    assert told.rate.median == 1800
    assert told.ratio.median == pytest.approx(0.9)
    assert (told.ratio.low, told.ratio.high) == pytest.approx((0.5, 1.0))
    assert told.added_us.median == pytest.approx(1e6 / 1800 - 500)
    assert told.verdict == "reached"


@pytest.mark.parametrize("ratio, target, words", [
    (0.93, 0.93, "reached"), (0.465, 0.93, "missed by 50 %"),
    (0.5, None, ""), (None, 0.5, "")])
def test_verdict(ratio, target, words):
    """How far a target is missed."""
    assert verdict(ratio, target) == words


def test_rows_bring_what_they_are_compared_with():
    """--only refresh measures its limit too."""
    assert [row.name for row in chosen(["refresh"])] == [
        "open", "pgbench", "refresh"]
