# SPDX-License-Identifier: Apache-2.0
"""Where the servers live: a folder, an account, free ports."""

import atexit
import fcntl
import itertools
import os
import pathlib
import pwd
import random
import re
import shutil
import socket
import tempfile

from .process import run

#: The checkout.
TOP = pathlib.Path(__file__).resolve().parents[2]

#: Longest path of a unix socket, with room below the kernel's 108 bytes.
SOCKET_PATH_MAX = 100

#: A file system in memory, and what one cluster may take of it.
_MEMORY = pathlib.Path("/dev/shm")
_ROOM = 2 * 2 ** 30

_FIRST_PORT, _END_PORT = 16000, 32000
_PORTS = itertools.cycle(itertools.chain(
    range(middle := random.randrange(_FIRST_PORT, _END_PORT), _END_PORT),
    range(_FIRST_PORT, middle)))

_SOCKET_TAIL = "/pg/.s.PGSQL.65535"


class Account:
    """The user that PostgreSQL runs as; ourselves unless we are root."""

    def __init__(self, entry, switch):
        self.name = entry.pw_name
        self.uid, self.gid = entry.pw_uid, entry.pw_gid
        self._switch = switch

    def popen(self):
        """Arguments of Popen that make a child run as this account."""
        if not self._switch:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path):
        """Gives a file or folder to this account."""
        if self._switch:
            os.chown(path, self.uid, self.gid)

    def reaches(self, folder):
        """Whether this account may enter `folder`."""
        return run(["test", "-x", str(folder)], self).returncode == 0


def unprivileged():
    """postgres or nobody when we are root, else ourselves."""
    if os.geteuid() != 0:
        return Account(pwd.getpwuid(os.geteuid()), switch=False)
    for name in ("postgres", "nobody"):
        try:
            return Account(pwd.getpwnam(name), switch=True)
        except KeyError:
            continue
    raise RuntimeError("no account postgres or nobody to run PostgreSQL as")


def free_port():
    """A loopback port that nobody listens on now.

    None that the kernel gives to clients, and the next one each time, from
    wherever: test processes beside each other seldom look at the same.
    """
    for port in _PORTS:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("there is always another port")


class Place:
    """A working folder, removed at the end whatever happens.

    build/lab-XXXX of the checkout, where the unprivileged account can enter
    it and unix-socket paths stay short; else a folder in $TMPDIR or /tmp.
    """

    def __init__(self):
        self.account = unprivileged()
        self.path = self._in_checkout() or self._in_tmp()
        self._folders = {self.path: _lock(self.path)}
        self._closers = []
        atexit.register(self.close)

    def folder(self, name, owner=None, mode=0o755):
        """A folder inside, made if need be."""
        path = self.path / name
        path.mkdir(exist_ok=True)
        path.chmod(mode)
        if owner:
            owner.own(path)
        return path

    def folder_in_memory(self, name, owner):
        """The same in memory, where there is room; None elsewhere.

        For what makes and removes thousands of files: ext4 takes ten times as
        long over that.
        """
        if not _has_room(_MEMORY):
            return None
        path = self._below(_MEMORY)
        if not path:
            return None
        self._folders[path] = _lock(path)
        inside = path / name
        inside.mkdir()
        owner.own(inside)
        return inside

    def at_close(self, closer):
        """Calls `closer` before the folder goes; the last one first."""
        self._closers.append(closer)

    def close(self):
        """Stops what runs here and removes the folder."""
        atexit.unregister(self.close)
        while self._closers:
            self._closers.pop()()
        for path, lock in self._folders.items():
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _in_checkout(self):
        build = TOP / "build"
        if len(f"{build}/lab-XXXXXXXX{_SOCKET_TAIL}") >= SOCKET_PATH_MAX:
            return None
        return self._below(build)

    def _below(self, base):
        """A folder of our own in `base`; None where the account is kept out."""
        try:
            base.mkdir(exist_ok=True)
            _sweep(base)
            path = pathlib.Path(tempfile.mkdtemp(prefix="lab-", dir=base))
        except OSError:
            return None
        path.chmod(0o755)
        if self.account.reaches(path):
            return path
        path.rmdir()
        return None

    @staticmethod
    def _in_tmp():
        for base in (os.environ.get("TMPDIR"), "/tmp"):
            longest = f"{base}/ajr-XXXXXXXX{_SOCKET_TAIL}"
            if base and len(longest) < SOCKET_PATH_MAX:
                path = pathlib.Path(tempfile.mkdtemp(prefix="ajr-", dir=base))
                path.chmod(0o755)
                return path
        raise RuntimeError("no folder is short enough for a unix socket")


def _lock(path):
    """Marks a folder as in use. The file appears locked, never unlocked."""
    fresh = path / ".lock"
    handle = os.open(fresh, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    fresh.rename(path / "lock")
    return handle


def _has_room(folder):
    """Whether a cluster fits in there, and in the memory that is free."""
    try:
        file_system = os.statvfs(folder)
        memory = pathlib.Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return False
    free = int(re.search(r"^MemAvailable: *(\d+) kB$", memory, re.M)[1]) * 1024
    return min(file_system.f_bavail * file_system.f_frsize, free) > _ROOM


def _sweep(base):
    """Removes folders of ours whose maker was killed before it could."""
    for lock in base.glob("lab-*/lock"):
        try:
            if lock.parent.stat().st_uid != os.geteuid():
                continue
            handle = os.open(lock, os.O_RDWR | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(handle)
