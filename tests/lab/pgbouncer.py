# SPDX-License-Identifier: Apache-2.0
"""A private PgBouncer in transaction mode, before a Cluster."""

import shutil
import signal

import psycopg2

from .place import TOP
from .postgres import SITE_ROLES
from .process import spawn, wait_for

#: As the README advises; see there.
SETTINGS = {"pool_mode": "transaction", "server_login_retry": 1,
            "query_wait_timeout": 5, "max_client_conn": 100,
            "default_pool_size": 20}


def program():
    """Taken out of its package by .ci/deps, else the one installed."""
    ours = TOP / "build" / "pgbouncer" / "pgbouncer"
    found = str(ours) if ours.exists() else shutil.which(
        "pgbouncer", path="/usr/sbin:/usr/bin")
    if not found:
        raise RuntimeError("no pgbouncer: run make deps")
    return found


class PgBouncer:
    """One pooler with a socket folder of its own."""

    def __init__(self, place, cluster, **settings):
        self.account = place.account
        self.folder = place.folder("pgb", self.account)
        self.log_path = self.folder / "pgbouncer.log"
        self._cluster = cluster
        self._settings = {**SETTINGS, **settings}
        self._process = None
        place.at_close(self.stop)

    def start(self):
        """Starts it and waits until it answers."""
        self._write("users", "".join(f'"{name}" ""\n'
                                     for name in (*SITE_ROLES, "pgbouncer")))
        self._write("ini", "\n".join([
            "[databases]",
            f"* = host={self._cluster.socket_dir} port={self._cluster.port}",
            "[pgbouncer]", "listen_port = 6432", "auth_type = trust",
            f"auth_file = {self.folder}/users", "admin_users = pgbouncer",
            f"unix_socket_dir = {self.folder}",
            *(f"{name} = {value}" for name, value in self._settings.items()),
            ""]))
        self._process = spawn([program(), str(self.folder / "ini")],
                              self.account, self.log_path)
        wait_for(self._answers, "PgBouncer to start")
        return self

    def stop(self):
        """Ends it and every connection through it. Harmless when it is down."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(10)

    def conninfo(self, db, user="site_httpd"):
        """A libpq connection string through it."""
        return f"host={self.folder} port=6432 dbname={db.name} user={user}"

    def do(self, command):
        """A command of its administrator: SHOW POOLS, KILL name, …"""
        connection = psycopg2.connect(
            f"host={self.folder} port=6432 dbname=pgbouncer user=pgbouncer")
        connection.autocommit = True
        try:
            cursor = connection.cursor()
            cursor.execute(command)
            return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def _write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        self.account.own(path)

    def _answers(self):
        if self._process.poll() is not None:
            raise RuntimeError(self.log_path.read_text(encoding="utf-8"))
        try:
            return self.do("SHOW VERSION")
        except psycopg2.OperationalError:
            return False
