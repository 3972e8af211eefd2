# SPDX-License-Identifier: Apache-2.0
"""What a client of djangorestframework-simplejwt sends, and what it is told.

Debian's 5.2.2 has one sentence where newer ones tell expired from invalid:
INVALID and EXPIRED are theirs, `said_by_5_2` makes Debian's of them.
"""

import dataclasses
import json
from typing import Any

INVALID, EXPIRED = "Token is invalid", "Token is expired"
WRONG_TYPE, BLACKLISTED = "Token has wrong type", "Token is blacklisted"
_ONE_SENTENCE = "Token is invalid or expired"

REQUIRED = ["This field is required."]
BLANK = ["This field may not be blank."]
NULL = ["This field may not be null."]


@dataclasses.dataclass(frozen=True)
class Case:
    """A POST. `$name` in the body stands for the token of that name:

        refresh access     good ones
        stale_refresh      expired, else good
        stale_access       the same
        forged             a refresh token signed with another key
        dead               a refresh token that was blacklisted
    """

    name: str
    path: str
    body: Any
    status: int
    reply: Any

    def text(self, tokens):
        """The body, tokens filled in."""
        text = self.body if isinstance(self.body, str) else json.dumps(
            self.body)
        for name, token in tokens.items():
            text = text.replace(f"${name}", token)
        return text


def _refused(detail):
    return {"detail": detail, "code": "token_not_valid"}


TOKEN, REFRESH = "/api/token/", "/api/token/refresh/"
VERIFY, BLACKLIST = "/api/token/verify/", "/api/token/blacklist/"

#: The reply of a row whose tokens have to be looked at: names of its members.
BOTH, ACCESS = {"refresh", "access"}, {"access"}

CASES = [
    Case("login", TOKEN, {"username": "ann@example.com",
                          "password": "secret-pass-1"}, 200, BOTH),
    *(Case(f"login {name}", TOKEN, {"username": who, "password": password},
           401, {"detail": "No active account found with the given "
                           "credentials"})
      for name, who, password in (
          ("wrong password", "ann@example.com", "secret-pass-2"),
          ("unknown", "nobody", "secret-pass-1"),
          ("inactive", "away", "away"))),
    Case("login no password", TOKEN, {"username": "a"}, 400,
         {"password": REQUIRED}),
    Case("login blank and null", TOKEN, {"username": "", "password": None},
         400, {"username": BLANK, "password": NULL}),
    Case("login nothing", TOKEN, {}, 400,
         {"username": REQUIRED, "password": REQUIRED}),
    Case("refresh", REFRESH, {"refresh": "$refresh"}, 200, ACCESS),
    Case("refresh again", REFRESH, {"refresh": "$refresh"}, 200, ACCESS),
    Case("refresh garbage", REFRESH, {"refresh": "x"}, 401, _refused(INVALID)),
    Case("refresh forged", REFRESH, {"refresh": "$forged"}, 401,
         _refused(INVALID)),
    Case("refresh expired", REFRESH, {"refresh": "$stale_refresh"}, 401,
         _refused(EXPIRED)),
    Case("refresh by access token", REFRESH, {"refresh": "$access"}, 401,
         _refused(WRONG_TYPE)),
    Case("refresh blacklisted", REFRESH, {"refresh": "$dead"}, 401,
         _refused(BLACKLISTED)),
    Case("refresh nothing", REFRESH, {}, 400, {"refresh": REQUIRED}),
    Case("refresh blank", REFRESH, {"refresh": ""}, 400, {"refresh": BLANK}),
    Case("refresh null", REFRESH, {"refresh": None}, 400, {"refresh": NULL}),
    Case("verify access", VERIFY, {"token": "$access"}, 200, {}),
    Case("verify refresh", VERIFY, {"token": "$refresh"}, 200, {}),
    Case("verify garbage", VERIFY, {"token": "x"}, 401, _refused(INVALID)),
    Case("verify forged", VERIFY, {"token": "$forged"}, 401,
         _refused(INVALID)),
    Case("verify expired", VERIFY, {"token": "$stale_access"}, 401,
         _refused(EXPIRED)),
    Case("verify nothing", VERIFY, {}, 400, {"token": REQUIRED}),
    Case("blacklist", BLACKLIST, {"refresh": "$refresh"}, 200, {}),
    Case("blacklist again", BLACKLIST, {"refresh": "$refresh"}, 401,
         _refused(BLACKLISTED)),
    Case("blacklist access token", BLACKLIST, {"refresh": "$access"}, 401,
         _refused(WRONG_TYPE)),
    Case("blacklist garbage", BLACKLIST, {"refresh": "x"}, 401,
         _refused(INVALID)),
    Case("blacklist nothing", BLACKLIST, {}, 400, {"refresh": REQUIRED}),
]

#: Malformed bodies: how the detail begins.
PARSE_ERROR = "JSON parse error - "
MALFORMED = ["{", '{"refresh":', "refresh=x"]

#: Methods that are refused, by the path of CASES.
METHODS = ["GET", "PUT", "DELETE", "HEAD"]


def said_by_5_2(reply):
    """A reply in the words of Debian's version."""
    if isinstance(reply, dict) and reply.get("detail") in (INVALID, EXPIRED):
        return {**reply, "detail": _ONE_SENTENCE}
    return reply


def not_authenticated(message=None):
    """What a protected view says: to no token, or to one that is bad."""
    if message is None:
        return {"detail": "Authentication credentials were not provided."}
    return {"detail": "Given token not valid for any token type",
            "code": "token_not_valid",
            "messages": [{"token_class": "AccessToken",
                          "token_type": "access", "message": message}]}
