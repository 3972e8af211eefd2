# SPDX-License-Identifier: Apache-2.0
"""A hot standby, made with pg_basebackup and fed by streaming."""

import shutil

from .postgres import Cluster
from .process import run, wait_for


class Standby(Cluster):
    """A Cluster that follows another one until it is promoted."""

    def __init__(self, place, primary, **settings):
        self._primary = primary
        super().__init__(place, folder="pg2", in_memory=True, fsync="off",
                         primary_conninfo=primary.conninfo(dbname=None),
                         **settings)

    def caught_up(self):
        """Waits until all that the primary has committed is here."""
        wanted = self._primary.psql("SELECT pg_current_wal_lsn()").strip()
        wait_for(lambda: self.psql(
            f"SELECT pg_last_wal_replay_lsn() >= '{wanted}'").strip() == "t",
            "the standby to catch up")

    def lose_touch(self):
        """What the primary commits from now on never comes here."""
        self.caught_up()
        self.psql("ALTER SYSTEM SET primary_conninfo = ''")
        self.psql("SELECT pg_reload_conf()")
        wait_for(lambda: not self._primary.psql(
            "SELECT 1 FROM pg_stat_replication"), "the stream to end")

    def promote(self):
        """Makes it a primary, and waits until it is one."""
        self.psql("SELECT pg_promote()")

    def remove(self):
        """Stops it and removes its data, so that another can be made."""
        self.stop("immediate")
        shutil.rmtree(self.data)

    def _initdb(self, rules):
        """The primary's files, its rules among them."""
        done = run([str(self.bindir / "pg_basebackup"), "-D", str(self.data),
                    "-d", self._primary.conninfo(dbname=None),
                    "--checkpoint=fast", "--no-sync"], self.account)
        if done.returncode:
            raise RuntimeError(f"pg_basebackup failed:\n{done.stderr}")
        self._write_settings()
        self._write("standby.signal", "")
