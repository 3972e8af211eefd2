# SPDX-License-Identifier: Apache-2.0
"""The TCP sockets of this machine, as sock_diag(7) tells them.

/proc/net/tcp writes out those in TIME_WAIT as well: tests leave tens of
thousands, and reading them takes a second.
"""

import socket
import struct

LISTEN = 1 << 10
CONNECTED = 0xFFF & ~LISTEN & ~(1 << 6)  # all but those in TIME_WAIT

_SOCK_DIAG, _BY_FAMILY, _REQUEST_DUMP = 4, 20, 0x301
_ERROR, _DONE = 2, 3

_HEADER = struct.Struct("=IHHII")       # struct nlmsghdr
_REQUEST = struct.Struct("=BBBBI")      # struct inet_diag_req_v2, …
_SOCKET_ID = struct.Struct("!HH44s")    # … and its struct inet_diag_sockid
_INODE_AT = 4 + _SOCKET_ID.size + 4 * 4  # in struct inet_diag_msg


def inodes(states, port=0):
    """The inodes of IPv4 sockets in these states, on a local port (0 = any)."""
    try:
        return _asked(states, port)
    except OSError:  # a kernel without it
        return _listed(states, port)


def _listed(states, port):
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table][1:]
    return {int(row[9]) for row in rows if states >> int(row[3], 16) & 1
            and port in (0, int(row[1].rpartition(":")[2], 16))}


def _asked(states, port):
    request = (_REQUEST.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0, states)
               + _SOCKET_ID.pack(port, 0, bytes(44)))
    found = set()
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                       _SOCK_DIAG) as kernel:
        kernel.send(_HEADER.pack(_HEADER.size + len(request), _BY_FAMILY,
                                 _REQUEST_DUMP, 1, 0) + request)
        while True:
            for kind, message in _messages(kernel.recv(1 << 16)):
                if kind == _DONE:
                    return found
                if kind == _ERROR:
                    raise OSError(-struct.unpack_from("=i", message)[0],
                                  "no sock_diag")
                found.add(struct.unpack_from("=I", message, _INODE_AT)[0])


def _messages(data):
    """The messages of a packet: (kind, payload)."""
    while data:
        size, kind, *_ = _HEADER.unpack_from(data)
        yield kind, data[_HEADER.size:size]
        data = data[(size + 3) & ~3:]
