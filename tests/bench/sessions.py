# SPDX-License-Identifier: Apache-2.0
"""Sessions in the database, fresh ones for each run.

So no run depends on where the one before it was cut off, and afterwards the
generations of its sessions tell how many refreshes there really were.
"""

import hashlib
import itertools

from .measure import Wrong

#: Sessions that one run walks. Far more than requests under way, so that none
#: waits for another one's row; few enough that most refreshes of a run trade a
#: jr1_ and not the js1_ that a session begins with.
WALKED = 2048

_HASH = "\\x" + hashlib.sha256(b"bench").hexdigest()

#: Sessions of form jr1 with the numbers 1 to n in their sids. In place of a
#: login: nobody has a token of theirs.
_INSERT = """
    INSERT INTO auth_jwt.session (sid, subject, form, secret_hash, created_at,
                                  used_at, expires_at, idle)
    SELECT (%s || lpad(i::text, 12, '0'))::uuid,
           format(%s, i), 'jr1', %s, clock_timestamp(),
           clock_timestamp(), clock_timestamp() + '30 days', '14 days'
      FROM generate_series(0, %s - 1) i
"""


class Sessions:
    """The table of sessions, with `population` rows of other people in it."""

    def __init__(self, database, population):
        self._db = database
        self._runs = itertools.count(1)
        self._insert("01800000-0000-7000-8000-", "other %s", population)
        database.psql("VACUUM ANALYZE auth_jwt.session")
        database.psql("CHECKPOINT")

    def opened(self, count=WALKED):
        """Opens sessions as a host does: (their subject, refresh tokens)."""
        subject = f"run {next(self._runs)}"
        rows = self._db.execute(
            "SELECT auth_jwt.open_session(%s) FROM generate_series(1, %s)",
            subject, count)
        return subject, [token for token, in rows]

    def numbered(self, clients):
        """Sessions that rotate.sql finds: (their subject, its variables)."""
        number = next(self._runs)
        subject, head = f"run {number}", f"0190{number:04}-0000-7000-8000-"
        self._insert(head, subject, WALKED)
        return subject, {"head": head, "turn": -1, "each": WALKED // clients,
                         "form": "jr1", "hash": _HASH,
                         "rotates": "true", "grace": "0.000000 seconds",
                         "patience": "2.000000 seconds"}

    def verify(self, subject, answered, cut_off=0):
        """Every answer was a rotation, and nobody was thrown out.

        Up to `cut_off` more may have been under way when the run ended.
        """
        rotated, ended = self._db.execute(
            "SELECT sum(generation), count(revoked_at)"
            "  FROM auth_jwt.session WHERE subject = %s", subject)[0]
        if ended or not answered <= rotated <= answered + cut_off:
            raise Wrong(f"{answered} refreshes were answered, {rotated} "
                        f"rotations are in the database, {ended} sessions "
                        "were revoked")

    def _insert(self, head, subject, count):
        self._db.execute(_INSERT, head, subject, _HASH, count)
