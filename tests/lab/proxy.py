# SPDX-License-Identifier: Apache-2.0
"""A wire between httpd and PostgreSQL that can be cut at the worst moment."""

import contextlib
import re
import socket
import struct
import threading

_HEADER = struct.Struct("> c I")
_READY = b"Z"  # ReadyForQuery: what was asked is committed

#: What a request asks; the janitor asks other things, on its own account.
_VERB = re.compile(rb"\.(open|rotate|logout)\(")


class _Link:
    """One connection: bytes one way, messages the other."""

    def __init__(self, proxy, near, far):
        self._proxy, self._near, self._far = proxy, near, far
        self._greeted, self._asked = False, b""
        self._asker = threading.Thread(target=self._ask, daemon=True)
        self._asker.start()
        threading.Thread(target=self._answer, daemon=True).start()

    def cut(self):
        """Ends both sides."""
        for end in (self._near, self._far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _ask(self):
        with contextlib.suppress(OSError):
            while data := self._near.recv(65536):
                self._asked = data
                self._far.sendall(data)
        self.cut()

    def _answer(self):
        """An answer is passed on in one piece, or swallowed."""
        answer = b""
        with contextlib.suppress(OSError, EOFError):
            while True:
                kind, message = self._message()
                answer += message
                if self._greeted and kind != _READY:
                    continue
                if self._greeted and self._proxy.swallows(self._asked):
                    break
                self._greeted |= kind == _READY
                self._near.sendall(answer)
                answer = b""
        self.cut()
        # A descriptor closed under another thread may be somebody else's by
        # the time that it is read.
        self._asker.join()
        self._near.close()
        self._far.close()

    def _message(self):
        head = self._read(_HEADER.size)
        kind, size = _HEADER.unpack(head)
        return kind, head + self._read(size - 4)

    def _read(self, size):
        data = b""
        while len(data) < size:
            part = self._far.recv(size - len(data))
            if not part:
                raise EOFError
            data += part
        return data


class Proxy:
    """A port of the loopback that leads to the socket of a Cluster."""

    def __init__(self, cluster):
        self._target = str(cluster.socket_dir / f".s.PGSQL.{cluster.port}")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._to_swallow = 0
        self._links = []
        self._accepter = threading.Thread(target=self._accept, daemon=True)
        self._accepter.start()

    def conninfo(self, db, user="site_httpd"):
        """A libpq connection string through it, without encryption."""
        return (f"host=127.0.0.1 port={self.port} dbname={db.name} "
                f"user={user} sslmode=disable gssencmode=disable")

    def lose(self, count=1):
        """The next `count` answers to requests, complete and committed, are
        read and thrown away, and their connections cut."""
        self._to_swallow = count

    @property
    def lost(self):
        """Whether all of these have been thrown away."""
        return self._to_swallow == 0

    def swallows(self, asked):
        """Asked by a connection that has the answer to `asked` in hand."""
        with self._lock:
            if not self._to_swallow or not _VERB.search(asked):
                return False
            self._to_swallow -= 1
            return True

    def cut(self):
        """Cuts all connections at once."""
        links, self._links = self._links, []
        for link in links:
            link.cut()

    def close(self):
        """No more connections, and none left."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepter.join()
        self._listener.close()
        self.cut()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.socket(socket.AF_UNIX)
                try:
                    far.connect(self._target)
                except OSError:
                    near.close()
                    far.close()
                    continue
                self._links.append(_Link(self, near, far))
