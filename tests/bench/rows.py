# SPDX-License-Identifier: Apache-2.0
"""What is measured: one row each, with the targets of DESIGN 7."""

import dataclasses
import typing

from .loads import Forged, Get, Refresh, Rotate


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of the table.

    `against` are the rows that it is compared with. Of several, the harmonic
    limit 1/(1/a + 1/b) counts: what is left when the work of both is done one
    after the other.
    """

    name: str
    title: str
    load: typing.Any
    against: tuple = ()
    target: float = None
    note: str = ""

    def limit(self, rates):
        """What `rates` (by name of row) allow at best."""
        return 1 / sum(1 / rates[name] for name in self.against)


_CLOSES = ("httpd closes the connection after a 400: in the dialect oauth2 "
           "it cannot pass 0.53")
_DISK = ("commits wait for the disk, several together, which costs no CPU "
         "time: a ratio above 1 is possible; JwtDatabaseAsync On is the "
         "sharper row")

ROWS = (
    Row("open", "open file", Get("checks", "open")),
    Row("hs256", "access check HS256", Get("checks", "hs256", "HS256"),
        ("open",), 0.93),
    Row("hs256-board", "HS256, revocation looked up",
        Get("refreshes", "api", "HS256"), ("open",), 0.93),
    Row("rs256", "access check RS256", Get("checks", "rs256", "RS256"),
        ("open",), 0.90),
    Row("es256", "access check ES256", Get("checks", "es256", "ES256"),
        ("open",), 0.90),
    Row("eddsa", "access check EdDSA", Get("checks", "eddsa", "EdDSA"),
        ("open",), 0.90),
    Row("openidc-open", "open file beside mod_auth_openidc",
        Get("openidc", "open")),
    Row("openidc-hs256", "mod_auth_openidc HS256",
        Get("openidc", "hs256", "HS256"), ("openidc-open",)),
    Row("forged-400", "forged refresh token refused: 400",
        Forged("refreshes", "oauth2", 400), ("open",), note=_CLOSES),
    Row("forged-403", "forged refresh token refused: 403",
        Forged("refreshes", "express", 403), ("open",), 0.85),
    Row("pgbench", "rotate() by pgbench", Rotate(False)),
    Row("refresh", "refresh with rotation", Refresh("refreshes"),
        ("open", "pgbench"), 0.80, _DISK),
    Row("pgbench-async", "rotate() by pgbench, async", Rotate(True)),
    Row("refresh-async", "refresh, JwtDatabaseAsync On",
        Refresh("refreshes-async"), ("open", "pgbench-async"), 0.80),
)


def chosen(names):
    """The rows of these names and those that they are compared with, in the
    order of the table; all of them without names."""
    wanted = set(names or (row.name for row in ROWS))
    for row in ROWS:
        if row.name in wanted:
            wanted.update(row.against)
    return [row for row in ROWS if row.name in wanted]
