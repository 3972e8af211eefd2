# SPDX-License-Identifier: Apache-2.0
"""A private Apache httpd with one small configuration."""

import contextlib
import contextlib
import functools
import itertools
import os
import pathlib
import re
import signal
import socket

from . import sockets
from .http import Client
from .place import TOP, free_port
from .process import (alive, asleep, children_of, environment, run, spawn,
                      wait_for)

MODULE = "auth_jwt_refresh"

#: Loaded always, where the build has them as files (some are compiled in).
_MODULES = ("authn_core", "authn_file", "authz_core", "authz_host",
            "authz_user", "auth_basic", "log_config", "env", "setenvif",
            "headers", "mime", "dir", "alias", "unixd", "dbd", "authn_dbd")

_SERIOUS = re.compile(r"^\[[^\]]*\] \[[^:\]]*:(error|crit|alert|emerg)\]"
                      r"|exit signal|AddressSanitizer|runtime error:"
                      r"|ThreadSanitizer|double free|corrupted")

#: mpm_event says so when it is stopped while a connection lingers.
_HARMLESS = re.compile("AH03092: process_lingering_close")

_MPM = {
    "event": ("ServerLimit 2\nStartServers 2\nThreadsPerChild 8\n"
              "ThreadLimit 64\nMaxRequestWorkers 16\n"
              "MinSpareThreads 8\nMaxSpareThreads 16\n"),
    "prefork": ("ServerLimit 16\nStartServers 4\nMinSpareServers 2\n"
                "MaxSpareServers 8\nMaxRequestWorkers 16\n"),
}
_MPM["worker"] = _MPM["event"]


@functools.lru_cache(maxsize=None)
def _apxs(name, default):
    try:
        done = run(["apxs", "-q", name])
    except FileNotFoundError:
        return default
    return done.stdout.strip() if done.returncode == 0 else default


def program():
    """Path of the httpd program."""
    return str(pathlib.Path(_apxs("SBINDIR", "/usr/sbin"))
               / _apxs("PROGNAME", "apache2"))


def module_file():
    """The module under test, in build/ or in the folder $AJR_BUILD."""
    folder = pathlib.Path(os.environ.get("AJR_BUILD") or TOP / "build")
    return folder.resolve() / f"mod_{MODULE}.so"


def _preloaded():
    """For a module built with SANITIZE: $AJR_PRELOAD is libasan or libtsan."""
    library = os.environ.get("AJR_PRELOAD")
    return {"LD_PRELOAD": library} if library else {}


class HttpdFailed(RuntimeError):
    """It did not start; the message holds what it said."""


class Httpd:
    """One server: its ServerRoot holds conf, logs, run and htdocs.

    `config` is the test's own part of the configuration. Each thing that the
    server was told can be changed before start() or graceful().
    """

    _numbers = itertools.count(1)

    # pylint: disable-next=too-many-arguments
    def __init__(self, place, config="", *, mpm="event", mpm_config=None,
                 loglevel=None, modules=(), ours=True, env=None, port=None):
        self.account = place.account
        self.root = place.folder(f"httpd{next(self._numbers)}")
        for name in ("logs", "run", "htdocs"):
            (self.root / name).mkdir()
        self.htdocs = self.root / "htdocs"
        (self.htdocs / "index.html").write_text("index\n", encoding="utf-8")
        self.config, self.mpm, self.mpm_config = config, mpm, mpm_config
        self.loglevel = loglevel or (
            f"warn {MODULE}:trace8" if ours else "warn")
        self.modules, self.ours = modules, ours
        self.env = {**_preloaded(), **(env or {})}
        self.port, self._port_given = port or free_port(), bool(port)
        self._process = None
        self._expected = []
        place.at_close(self.stop)

    # -- life ---------------------------------------------------------------

    @property
    def alive(self):
        """Whether the parent process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self):
        """Process id of the parent."""
        return self._process.pid

    def children(self):
        """Process ids of the running children."""
        return [pid for pid in children_of(self.pid) if alive(pid)]

    def start(self):
        """Starts it and waits for its port."""
        for _ in range(5):
            self._write_config()
            self._process = spawn(self._argv("-DFOREGROUND"), _OURSELVES,
                                  self.root / "logs" / "console.log",
                                  env=environment(**self.env))
            try:
                wait_for(self._answers, "httpd to listen", 20)
                self._is_preloaded()
                return self
            except (TimeoutError, HttpdFailed) as error:
                said = self.console() + self.error_log()
                self.stop()
                if self._port_given or "could not bind" not in said:
                    raise HttpdFailed(f"{error}\n{said}") from None
                self.port = free_port()
        raise HttpdFailed("every port was taken")

    def stop(self):
        """Stops it. Harmless when it is down.

        Waits for two moments to pass in which httpd 2.4 crashes now and then
        when it is told to stop: mpm_event in a lingering close, and any child
        at its birth, where SIGTERM frees pools from within the handler that
        may have interrupted malloc() (seen in initgroups()).
        """
        if not self.alive:
            return
        with contextlib.suppress(TimeoutError):
            wait_for(self._is_quiet, "connections", 2)
        with contextlib.suppress(TimeoutError):
            wait_for(lambda: all(map(self._born, self.children())),
                     "children", 2)
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)

    def graceful(self):
        """Graceful restart; returns when the new generation serves, and none
        of before takes a connection any more."""
        before, old = self._generations(), self.children()
        self._write_config()
        self._process.send_signal(signal.SIGUSR1)
        wait_for(lambda: self._generations() > before or not self.alive,
                 "the graceful restart", 30)
        if not self.alive:
            raise HttpdFailed(self.console() + self.error_log())
        wait_for(lambda: not any(map(_listens, old)), "the old children", 30)

    def configtest(self):
        """httpd -t: (exit status, what it said)."""
        self._write_config()
        done = run(self._argv("-t"), env=environment(**self.env))
        return done.returncode, done.stdout + done.stderr

    def listed(self):
        """httpd -L: the directives that there are."""
        self._write_config()
        return run(self._argv("-L"), env=environment(**self.env)).stdout

    # -- use ----------------------------------------------------------------

    @property
    def client(self):
        """An HTTP client of this server."""
        return Client(self.port)

    def url(self, path="/"):
        """An absolute URL."""
        return f"http://127.0.0.1:{self.port}{path}"

    def write(self, name, content, secret=False):
        """A file below the ServerRoot; its path. Secret: for root alone."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(data)
        path.chmod(0o600 if secret else 0o644)
        return path

    # -- logs ---------------------------------------------------------------

    def error_log(self):
        """The error log so far."""
        return self._log("error.log")

    def access_log(self):
        """The access log so far."""
        return self._log("access.log")

    def console(self):
        """What the server printed before it had a log, and sanitizers."""
        return self._log("console.log")

    def refusals(self, tag=r"\w+"):
        """The lines with outcome=, or with outcome=<tag>, that refuse.

        What was granted is logged too, but at level debug.
        """
        wanted = re.compile(rf"\boutcome={tag}(?!\w)")
        return [line for line in self.error_log().splitlines()
                if wanted.search(line) and f"[{MODULE}:debug]" not in line]

    def outcomes(self):
        """The tags of all refusals, in order."""
        return [re.search(r"\boutcome=(\w+)", line)[1]
                for line in self.refusals()]

    def expect(self, *patterns):
        """Declares error-log lines that this test provokes."""
        self._expected += map(re.compile, patterns)

    def unexpected(self):
        """Serious lines of the logs that nobody has declared."""
        text = self.error_log() + self.console()
        known = [_HARMLESS, *self._expected]
        return [line for line in text.splitlines() if _SERIOUS.search(line)
                and not any(pattern.search(line) for pattern in known)]

    # -- inside -------------------------------------------------------------

    def _is_quiet(self):
        """No connection, and no thread that is about to close one."""
        return not sockets.inodes(sockets.CONNECTED, self.port) and all(
            map(asleep, self.children()))

    def _is_preloaded(self):
        """A sanitizer that is not there would find nothing."""
        library = self.env.get("LD_PRELOAD")
        if library:
            maps = pathlib.Path(f"/proc/{self.pid}/maps").read_text("utf-8")
            if str(pathlib.Path(library).resolve()) not in maps:
                raise HttpdFailed(f"{library} was not loaded")

    def _argv(self, *arguments):
        return [program(), "-d", str(self.root),
                "-f", str(self.root / "httpd.conf"), *arguments]

    def _log(self, name):
        path = self.root / "logs" / name
        return path.read_text(encoding="utf-8", errors="replace") \
            if path.exists() else ""

    def _generations(self):
        return self.error_log().count("resuming normal operations")

    def _born(self, pid):
        """Whether a child waits for work: the main thread of mpm_event and
        mpm_worker blocks signals then, that of mpm_prefork sleeps."""
        try:
            with open(f"/proc/{pid}/status", encoding="utf-8") as status:
                said = dict(line.split(":\t", 1) for line in status)
        except OSError:
            return True  # it ended
        if self.mpm == "prefork":
            return said["State"].startswith("S")
        return int(said["SigBlk"], 16) != 0

    def _answers(self):
        if not self.alive:
            raise HttpdFailed("httpd ended instead of starting")
        if not self._generations():
            return False
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def _write_config(self):
        libexec = pathlib.Path(_apxs("LIBEXECDIR", "/usr/lib/apache2/modules"))
        lines = [f'ServerRoot "{self.root}"', "ServerName localhost",
                 f"Listen 127.0.0.1:{self.port}",
                 f'DefaultRuntimeDir "{self.root}/run"',
                 f'PidFile "{self.root}/run/httpd.pid"',
                 f'ErrorLog "{self.root}/logs/error.log"',
                 f"LogLevel {self.loglevel}"]
        for name in (f"mpm_{self.mpm}", *_MODULES, *self.modules):
            path = libexec / f"mod_{name}.so"
            if path.exists():
                lines.append(f'LoadModule {name}_module "{path}"')
        if self.ours:
            lines.append(f'LoadModule {MODULE}_module "{module_file()}"')
        if os.geteuid() == 0:
            lines += ["User www-data", "Group www-data"]
        lines += [
            self.mpm_config or _MPM[self.mpm],
            f'DocumentRoot "{self.htdocs}"',
            'LogFormat "%h %u \\"%r\\" %>s %{JWT_OUTCOME}e'
            ' %{X-Case}i %P" lab',
            f'CustomLog "{self.root}/logs/access.log" lab',
            "TypesConfig /dev/null",
            "AddType text/html .html\nAddType text/css .css\n"
            "AddType text/javascript .js\nAddType image/svg+xml .svg",
            "DirectoryIndex index.html", "Timeout 20",
            '<Directory "/">\n  AllowOverride None\n  Require all denied\n'
            "</Directory>",
            f'<Directory "{self.htdocs}">\n  Require all granted\n'
            "</Directory>",
            self.config]
        (self.root / "httpd.conf").write_text("\n".join(lines) + "\n",
                                              encoding="utf-8")


def _listens(pid):
    """Whether a child takes connections: a listening socket is open.

    One that is ending has its folder taken from us, unless we are root.
    """
    listening = {f"socket:[{inode}]"
                 for inode in sockets.inodes(sockets.LISTEN)}
    try:
        descriptors = os.listdir(f"/proc/{pid}/fd")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False
    for descriptor in descriptors:
        with contextlib.suppress(FileNotFoundError, PermissionError):
            if os.readlink(f"/proc/{pid}/fd/{descriptor}") in listening:
                return True
    return False


class _Ourselves:
    """httpd changes its user by itself."""

    @staticmethod
    def popen():
        """No change of user."""
        return {}


_OURSELVES = _Ourselves()
