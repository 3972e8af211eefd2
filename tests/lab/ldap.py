# SPDX-License-Identifier: Apache-2.0
"""A directory (LDAP, RFC 4511) that knows one person and one group: enough for
what mod_authnz_ldap asks."""

import contextlib
import socketserver
import threading

_BIND, _UNBIND, _SEARCH, _COMPARE = 0x60, 0x42, 0x63, 0x6E
_TRUE, _FALSE = 6, 5


def _tlv(tag, *parts):
    """BER: one element. Nothing here is longer than 64 KiB."""
    body = b"".join(parts)
    size = len(body)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + body


def _elements(data):
    """BER: the (tag, content) pairs of a run of elements."""
    while data:
        size, start = data[1], 2
        if size & 0x80:
            start = 2 + (size & 0x7F)
            size = int.from_bytes(data[2:start], "big")
        yield data[0], data[start:start + size]
        data = data[start + size:]


def _result(tag, code=0):
    return _tlv(tag, _tlv(0x0A, bytes([code])), _tlv(4), _tlv(4))


class _Session(socketserver.StreamRequestHandler):
    def handle(self):
        """One connection."""
        while head := self.rfile.read(2):
            size = head[1]
            if size & 0x80:
                size = int.from_bytes(self.rfile.read(size & 0x7F), "big")
            (_, number), (tag, content), *_ = _elements(self.rfile.read(size))
            if tag == _UNBIND:
                return
            for answer in self.server.answers(tag, content):
                self.wfile.write(_tlv(0x30, _tlv(2, number), answer))


class Directory(socketserver.ThreadingTCPServer):
    """mail finds the person `dn`, who alone is in the group."""

    daemon_threads = True

    def __init__(self, mail, dn, group):
        super().__init__(("127.0.0.1", 0), _Session)
        self.mail, self.dn, self.group = mail, dn, group
        self.port = self.server_address[1]

    def answers(self, tag, content):
        """What an operation is answered."""
        if tag == _SEARCH:
            if self.mail.encode() in content:
                yield _tlv(0x64, _tlv(4, self.dn.encode()), _tlv(0x30))
            yield _result(0x65)
        elif tag == _COMPARE:
            (_, group), (_, said) = _elements(content)
            (_, attribute), (_, value) = _elements(said)
            member = (group, attribute, value) == (
                self.group.encode(), b"member", self.dn.encode())
            yield _result(0x6F, _TRUE if member else _FALSE)
        else:
            assert tag == _BIND
            yield _result(0x61)


@contextlib.contextmanager
def directory(*person):
    """A running Directory."""
    with Directory(*person) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
