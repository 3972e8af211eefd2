# SPDX-License-Identifier: Apache-2.0
"""What a Laravel host with tymon/jwt-auth was recorded to answer: the rows,
one token at one kind of route, and the sequences of steps.

laravel_recorded.json is distilled from the recording: an answer is "passes",
"page" (302 to the page for those who do not ask for JSON), a message, or the
status of a page or of nothing."""

import collections
import json

from lab.place import TOP

OWN = TOP / "tests" / "clients" / "laravel_recorded.json"
RECORDING = TOP.parent / "shared" / "contracts" / "laravel.json"

ROUTES = {"auth:api user": "/api/user", "auth:api refresh": "/api/refresh",
          "jwt.auth user": "/api/mw/user", "jwt.refresh": "/api/mw/refresh"}

#: `answers` in the order of ROUTES.
Row = collections.namedtuple("Row", "case accept answers")

#: `kept`: the claims that a refresh left as they were.
Step = collections.namedtuple("Step", "sequence step method path answer kept")


def _word(row):
    if row["status"] in (200, 302):
        return {200: "passes", 302: "page"}[row["status"]]
    body = row["body"]
    return body["message"] if isinstance(body, dict) else str(row["status"])


def distilled(recording):
    """As laravel_recorded.json has it."""
    rows = {}
    for row in recording["rows"]:
        if row["at"] in ROUTES:
            rows.setdefault((row["case"], row["accept"]), {})[
                row["at"]] = _word(row)
    return {"rows": [[*key, [answers[at] for at in ROUTES]]
                     for key, answers in rows.items()],
            "steps": [[step["sequence"].removeprefix("sequence "),
                       step["step"], step["method"], step["path"], _word(step),
                       step.get("kept", [])]
                      for step in recording["sequences"]]}


def _read():
    """Compared with the recording, where that lies beside the checkout."""
    own = json.loads(OWN.read_text("utf-8"))
    if RECORDING.exists():
        assert own == distilled(json.loads(RECORDING.read_text("utf-8")))
    return own


_RECORDED = _read()
ROWS = [Row(*row) for row in _RECORDED["rows"]]
STEPS = [Step(*step) for step in _RECORDED["steps"]]
