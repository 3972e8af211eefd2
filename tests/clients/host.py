# SPDX-License-Identifier: Apache-2.0
"""Hosts as real sites run them, each private on the loopback: Laravel behind
PHP-FPM, Django with simplejwt, Express with jsonwebtoken."""

import json
import os
import pathlib
import pwd
import re
import shutil

from lab import jwt
from lab.node import argv
from lab.place import TOP
from lab.process import environment, run, spawn, wait_for

HERE = pathlib.Path(__file__).resolve().parent
PHP_FPM = TOP / "build" / "php" / "php-fpm"

#: What each host knows: e-mail or name, and password. Numbers are the order.
USERS = {"ann@example.com": "secret-pass-1", "bob@example.com": "secret-pass-2"}


class _WwwData:
    """The account of httpd's children, when we are root."""

    @staticmethod
    def popen():
        """Arguments of Popen."""
        if os.geteuid() != 0:
            return {}
        entry = pwd.getpwnam("www-data")
        return {"user": entry.pw_uid, "group": entry.pw_gid,
                "extra_groups": []}

    def own(self, *paths):
        """Gives files to it."""
        for path in paths if self.popen() else ():
            shutil.chown(path, "www-data", "www-data")


WWW_DATA = _WwwData()


class Host:
    """A program that serves until stop(); what it says is in `log`."""

    def __init__(self, place, name):
        number = len(list(place.path.glob(f"{name}*"))) + 1
        self.folder = place.folder(f"{name}{number}")
        WWW_DATA.own(self.folder)
        self._log = self.folder / "host.log"
        self._log.touch()
        WWW_DATA.own(self._log)
        self._process = None
        place.at_close(self.stop)

    @property
    def log(self):
        """All that it said."""
        return self._log.read_text("utf-8", "replace")

    def run(self, command, ready, **env):
        """Starts the program; returns the match of `ready` in its log."""
        self._process = spawn(command, WWW_DATA, self._log,
                              env=environment(**env))

        def heard():
            if self._process.poll() is not None:
                raise RuntimeError(f"the host ended:\n{self.log}")
            return re.search(ready, self.log)
        return wait_for(heard, f"{command[0]} to start", 20)

    def stop(self):
        """Stops it. Harmless when it is down."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(10)


class Laravel(Host):
    """Laravel in a database `db`; `config` puts it into an httpd.

    Its own /api/login, /api/refresh and /api/logout answer until httpd's
    handlers stand before them.
    """

    MODULES = ("proxy", "proxy_fcgi", "rewrite")

    def __init__(self, place, db, **settings):
        super().__init__(place, "laravel")
        self.secret = jwt.secret()
        self.db = db
        shutil.copytree(HERE / "laravel", self.folder, dirs_exist_ok=True)
        for name in ("bootstrap/cache", "storage/views"):
            (self.folder / name).mkdir(parents=True)
            WWW_DATA.own(self.folder / name)
        self.dotenv = self.folder / ".env"
        self._write_dotenv(settings)
        self._fill_database()

    def _write_dotenv(self, settings):
        cluster = self.db.cluster
        values = {"APP_KEY": jwt.secret(32), "JWT_SECRET": self.secret,
                  "DB_HOST": cluster.socket_dir, "DB_PORT": cluster.port,
                  "DB_DATABASE": self.db.name, "DB_USERNAME": "site_app",
                  **settings}
        self.dotenv.write_text("".join(
            f"{name}={value}\n" for name, value in values.items()), "utf-8")

    def _fill_database(self):
        self.db.cluster.load(HERE / "laravel" / "host.sql", self.db.name)
        for email, password in USERS.items():
            done = run(["htpasswd", "-nbBC", "4", "x", password])
            self.db.execute(
                "INSERT INTO users (name, email, password) VALUES (%s, %s, %s)",
                email.partition("@")[0].title(), email,
                done.stdout.strip().partition(":")[2])

    def start(self):
        """Starts PHP-FPM."""
        pool = self.folder / "fpm.conf"
        pool.write_text(f"""[global]
error_log = {self._log}
daemonize = no
[host]
listen = {self.folder}/fpm.sock
pm = static
pm.max_children = 3
catch_workers_output = yes
php_admin_value[error_log] = {self._log}
""", "utf-8")
        extensions, = pathlib.Path("/etc/php").glob("*/cli/conf.d")
        self.run([str(PHP_FPM), "-n", "-y", str(pool), "-F",
                  *_extensions(extensions)], "ready to handle connections")
        return self

    @property
    def config(self):
        """For httpd.conf: the front controller, as Laravel documents it."""
        return f"""
            DocumentRoot "{self.folder}/public"
            <Directory "{self.folder}/public">
                AllowOverride All
                Require all granted
                DirectoryIndex index.php
                <FilesMatch "\\.php$">
                    SetHandler "proxy:unix:{self.folder}/fpm.sock|fcgi://host"
                </FilesMatch>
            </Directory>
        """


def _extensions(folder):
    """Options that load PHP's extensions, in the order of their files."""
    for path in sorted(folder.glob("*.ini")):
        for line in path.read_text("utf-8").splitlines():
            name, _, value = line.partition("=")
            if name.strip() in ("extension", "zend_extension"):
                yield "-d"
                yield f"{name.strip()}={value.strip()}"


class Django(Host):
    """Django with simplejwt's own views; a program of its own, `url`."""

    def __init__(self, place, **settings):
        super().__init__(place, "django")
        self.secret = jwt.secret()
        self._settings = {"secret": self.secret, "users": USERS,
                          "folder": str(self.folder), **settings}
        self.url = None

    def start(self):
        """Makes its tables and users, then serves."""
        ready = self.run(["/usr/bin/python3", "-B", str(HERE / "django_host.py"),
                          json.dumps(self._settings)], r"listening (\d+)")
        self.url = f"http://127.0.0.1:{ready[1]}"
        return self

    @property
    def port(self):
        """The port it listens on."""
        return int(self.url.rpartition(":")[2])


class Node(Host):
    """A server of this folder on node: Express, with access tokens."""

    def __init__(self, place, program, **settings):
        super().__init__(place, program.partition("_")[0])
        self.secret, self._program = jwt.secret(), program
        self._settings = {"secret": self.secret, "refresh": jwt.secret(),
                          "users": USERS, "lifetime": 300, **settings}
        self.url = None

    def start(self):
        """Starts it."""
        ready = self.run(argv(self._program, json.dumps(self._settings)),
                         r"listening (\d+)")
        self.url = f"http://127.0.0.1:{ready[1]}"
        return self

    @property
    def port(self):
        """The port it listens on."""
        return int(self.url.rpartition(":")[2])
