# SPDX-License-Identifier: Apache-2.0
"""A private PostgreSQL: Cluster, and Database with our schema in it."""

import contextlib
import itertools
import os
import pathlib
import pwd
import signal

import psycopg2

from .place import TOP, free_port
from .process import alive, children_of, run, spawn, wait_for

SCHEMA = TOP / "conf" / "schema.sql"
SUPERUSER = "postgres"

#: Login roles of a site, and the role of the schema that each is member of.
SITE_ROLES = {"site_httpd": "auth_jwt_httpd", "site_app": "auth_jwt_app",
              "site_admin": "auth_jwt_admin"}

_TEMPLATE = "lab_template"

_SETTINGS = {
    "max_connections": 200,
    "shared_buffers": "64MB",
    "shared_preload_libraries": "pg_stat_statements",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_lock_waits": "on",
}


_RULES = f"""
local all {SUPERUSER} peer map=lab
local all all trust
local replication all trust
host all {SUPERUSER} 127.0.0.1/32 reject
host all all 127.0.0.1/32 trust
"""

#: Who is let in by the package as Debian installs it.
DEBIAN_RULES = f"""
local all {SUPERUSER} peer map=lab
local all all peer
host all all 127.0.0.1/32 scram-sha-256
"""


def newest_bindir():
    """The folder of the newest PostgreSQL server installed."""
    found = [path for path in pathlib.Path("/usr/lib/postgresql").glob("*/bin")
             if (path / "postgres").exists()]
    if not found:
        raise RuntimeError("no PostgreSQL server below /usr/lib/postgresql")
    return max(found, key=lambda path: float(path.parent.name))


class _Kept:
    """A superuser's connection, made anew after the server was away."""

    def __init__(self, cluster, dbname):
        self._cluster, self._dbname = cluster, dbname
        self._connection = None

    def execute(self, sql, *values):
        """Runs one statement; all rows, or [] without any."""
        with self._connected().cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []

    def close(self):
        """Ends it."""
        if self._connection:
            self._connection.close()

    def _connected(self):
        if self._connection and not self._connection.closed:
            try:
                self._connection.cursor().execute("SELECT 1")
                return self._connection
            except psycopg2.Error:
                self._connection.close()
        self._connection = self._cluster.connect(self._dbname)
        return self._connection


class Cluster:
    """One postmaster with a data folder of its own.

    The superuser is reserved to root, the account and ourselves (peer), since
    whoever is superuser runs programs as the account. All other roles are
    trusted on the socket and, with tcp=True, on 127.0.0.1; `rules` are other
    lines of pg_hba.conf. in_memory=True keeps the data there if it can be.
    """

    # pylint: disable-next=too-many-arguments
    def __init__(self, place, tcp=False, folder="pg", *, rules=_RULES,
                 in_memory=False, **settings):
        self.account = place.account
        self.bindir = newest_bindir()
        self.socket_dir = place.folder(folder, self.account)
        fast = in_memory and place.folder_in_memory(folder, self.account)
        self.data = (fast or self.socket_dir) / "data"
        # Files are copied, not written to the log: quicker where they are few
        # and the disk is memory. Before 15 there was no other way.
        self._copying = "STRATEGY file_copy" if fast and int(
            self.bindir.parent.name) >= 15 else ""
        self.log_path = self.socket_dir / "postgres.log"
        self.port = free_port() if tcp else 5432
        self._settings = {
            **_SETTINGS,
            "listen_addresses": "127.0.0.1" if tcp else "",
            "port": self.port,
            "unix_socket_directories": str(self.socket_dir),
            **settings}
        self._process = None
        self._template_made = False
        self._kept = _Kept(self, "postgres")
        self._names = itertools.count(1)
        place.at_close(lambda: self.stop("immediate"))
        self._initdb(rules)

    # -- life ---------------------------------------------------------------

    @property
    def alive(self):
        """Whether the postmaster runs."""
        return self._process is not None and self._process.poll() is None

    def start(self):
        """Starts the postmaster and waits until it accepts connections."""
        self._process = spawn(
            [str(self.bindir / "postgres"), "-D", str(self.data)],
            self.account, self.log_path, death_signal=signal.SIGINT)
        try:
            wait_for(self._answers, "PostgreSQL to start", 30)
        except (TimeoutError, RuntimeError) as error:
            raise RuntimeError(f"{error}\n{self.log}") from None
        return self

    def stop(self, mode="fast"):
        """Stops it: smart, fast or immediate. Harmless when it is down."""
        if not self.alive:
            return
        self._process.send_signal({"smart": signal.SIGTERM,
                                   "fast": signal.SIGINT,
                                   "immediate": signal.SIGQUIT}[mode])
        self._process.wait(30)

    def kill9(self):
        """Kills postmaster and backends at once, as a crash would."""
        backends = children_of(self._process.pid)
        self._process.kill()
        for pid in backends:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self._process.wait(30)
        wait_for(lambda: not any(map(alive, backends)), "the backends to die")

    def restart(self, mode="fast"):
        """stop() and start()."""
        self.stop(mode)
        return self.start()

    def reload(self, **settings):
        """Changes settings (as in postgresql.conf) of the running server.

        Holds for every connection made afterwards.
        """
        before = self._loaded_at()
        with contextlib.closing(self.connect()) as connection:
            cursor = connection.cursor()
            for name, value in settings.items():
                cursor.execute(f"ALTER SYSTEM SET {name} = %s", [str(value)])
            cursor.execute("SELECT pg_reload_conf()")
        wait_for(lambda: self._loaded_at() > before, "the new settings")

    # -- its log ------------------------------------------------------------

    @property
    def log(self):
        """All that the server has logged."""
        return self.log_since(0)

    def log_mark(self):
        """A position in the log, for log_since()."""
        return self.log_path.stat().st_size

    def log_since(self, mark):
        """What the server has logged after `mark`."""
        with open(self.log_path, "rb") as log:
            log.seek(mark)
            return log.read().decode(errors="replace")

    # -- clients ------------------------------------------------------------

    def conninfo(self, dbname="postgres", user=SUPERUSER, **more):
        """A libpq connection string, over the unix socket; None is left out."""
        parts = {"host": self.socket_dir, "port": self.port,
                 "dbname": dbname, "user": user, **more}
        return " ".join(f"{name}={value}" for name, value in parts.items()
                        if value is not None)

    def connect(self, dbname="postgres", user=SUPERUSER, autocommit=True):
        """A psycopg2 connection."""
        connection = psycopg2.connect(self.conninfo(dbname, user))
        connection.autocommit = autocommit
        return connection

    def psql(self, sql, dbname="postgres", user=SUPERUSER):
        """Runs SQL through psql; its output, unaligned, tuples only."""
        return self._client("psql", "-XqAtv", "ON_ERROR_STOP=1", "-c", sql,
                            self.conninfo(dbname, user))

    def load(self, path, dbname="postgres", user=SUPERUSER):
        """Runs a file of SQL through psql."""
        return self._client("psql", "-XqAtv", "ON_ERROR_STOP=1", "-f",
                            str(path), self.conninfo(dbname, user))

    def dump(self, dbname="postgres"):
        """pg_dump's text of a database."""
        return self._client("pg_dump", self.conninfo(dbname))

    def create_database(self, name, template="template1"):
        """An empty database, or a copy of `template`."""
        self._kept.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'
                           f" {self._copying}")

    def drop_database(self, name):
        """Drops a database, cutting its connections."""
        self._kept.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def database(self):
        """A fresh Database: our schema, pgTAP, and the roles of a site."""
        if not self._template_made:
            self._make_template()
            self._template_made = True
        name = f"t{next(self._names)}"
        self.create_database(name, _TEMPLATE)
        return Database(self, name)

    # -- inside -------------------------------------------------------------

    def _initdb(self, rules):
        done = run([str(self.bindir / "initdb"), "-D", str(self.data),
                    "-U", SUPERUSER, "--auth=trust", "--no-sync",
                    "--encoding=UTF8", "--locale=C.UTF-8"], self.account)
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{done.stdout}{done.stderr}")
        self._write_settings()
        self._write("pg_hba.conf", rules)
        self._write("pg_ident.conf", "".join(
            f"lab {name} {SUPERUSER}\n" for name in sorted(
                {"root", self.account.name,
                 pwd.getpwuid(os.geteuid()).pw_name})))

    def _write_settings(self):
        self._write("postgresql.auto.conf", "".join(
            f"{name} = '{value}'\n" for name, value in self._settings.items()))

    def _write(self, name, text):
        path = self.data / name
        path.write_text(text, encoding="utf-8")
        self.account.own(path)

    def _answers(self):
        if not self.alive:
            raise RuntimeError("PostgreSQL ended instead of starting")
        try:
            self.connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def _loaded_at(self):
        """When the postmaster read its files: a new backend inherits that."""
        with contextlib.closing(self.connect()) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT pg_conf_load_time()")
            return cursor.fetchone()[0]

    def _make_template(self):
        self.create_database(_TEMPLATE)
        for extension in ("pg_stat_statements", "pgtap"):
            self.psql(f"""DO $$ BEGIN IF EXISTS (
                SELECT FROM pg_available_extensions WHERE name = '{extension}')
                THEN CREATE EXTENSION IF NOT EXISTS {extension};
                END IF; END $$""", _TEMPLATE)
        self.load(SCHEMA, _TEMPLATE)
        for login, role in SITE_ROLES.items():
            self.psql(f"CREATE ROLE {login} LOGIN IN ROLE {role}")

    def _client(self, program, *arguments):
        done = run([str(self.bindir / program), *arguments])
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{done.stderr}")
        return done.stdout


class Database:
    """A database with our schema, for one test."""

    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name
        self._kept = _Kept(cluster, name)

    def conninfo(self, user="site_httpd", **more):
        """A libpq connection string; by default of the role httpd uses."""
        return self.cluster.conninfo(self.name, user, **more)

    def connect(self, user=None, autocommit=True):
        """A psycopg2 connection; by default of the superuser."""
        return self.cluster.connect(self.name, user or SUPERUSER, autocommit)

    def psql(self, sql, user=None):
        """Runs SQL through psql and returns its output."""
        return self.cluster.psql(sql, self.name, user or SUPERUSER)

    def execute(self, sql, *values):
        """Runs one statement as superuser; all rows, or [] without any."""
        return self._kept.execute(sql, *values)

    def value(self, sql, *values):
        """The first column of the first row, None without rows."""
        rows = self.execute(sql, *values)
        return rows[0][0] if rows else None

    def dump(self):
        """pg_dump's text."""
        return self.cluster.dump(self.name)

    def drop(self):
        """Closes our connection and drops the database."""
        self._kept.close()
        self.cluster.drop_database(self.name)
