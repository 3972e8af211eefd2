# SPDX-License-Identifier: Apache-2.0
"""Refresh tokens taken apart, and put together wrongly (DESIGN 4)."""

import dataclasses
import struct
import uuid

from .jwt import b64url, unb64url

_JR1 = struct.Struct("> B B 16s I 16s 20s")


@dataclasses.dataclass(frozen=True)
class Grant:
    """The fields of a jr1_."""

    version: int
    key_id: int
    sid: uuid.UUID
    generation: int
    secret: bytes
    mac: bytes

    @classmethod
    def parse(cls, token):
        """The fields of a token."""
        assert token.startswith("jr1_"), token[:4]
        version, key_id, sid, *rest = _JR1.unpack(unb64url(token[4:]))
        return cls(version, key_id, uuid.UUID(bytes=sid), *rest)

    def build(self):
        """The token of these fields, whether or not the MAC fits them."""
        return "jr1_" + b64url(_JR1.pack(
            self.version, self.key_id, self.sid.bytes, self.generation,
            self.secret, self.mac))

    def as_js1(self):
        """The same session and secret in the form of open_session()."""
        return "js1_" + b64url(self.sid.bytes + self.secret)

    def replace(self, **changes):
        """A copy with other fields under the old MAC."""
        return dataclasses.replace(self, **changes)


def sid_of_js1(token):
    """The session that a js1_ names."""
    assert token.startswith("js1_"), token[:4]
    return uuid.UUID(bytes=unb64url(token[4:])[:16])
