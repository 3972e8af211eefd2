# SPDX-License-Identifier: Apache-2.0
"""The demo's story, told in curl commands that are really run."""

import hashlib
import json
import re
import shlex
import time

from lab import jwt
from lab.process import run

#: A JWT or a refresh token, for display: its beginning and its end.
_TOKEN = re.compile(r"\b(?:jr1_|js1_|eyJ)[\w.-]{24,}")

#: Reply headers worth seeing.
_SHOWN = ("www-authenticate", "retry-after")


class Unexpected(Exception):
    """A step did not end as the story says."""


class Reply:
    """What curl printed: status line, headers, body."""

    def __init__(self, output):
        head, _, self.body = output.replace("\r\n", "\n").partition("\n\n")
        self.status_line, *self.headers = head.split("\n")
        self.status = int(self.status_line.split()[1])

    def json(self):
        """The body as JSON."""
        return json.loads(self.body)

    def header(self, name):
        """The value of a header, '' without it."""
        for line in self.headers:
            key, _, value = line.partition(":")
            if key.lower() == name:
                return value.strip()
        return ""


class Transcript:
    """Runs the story against a Stage, printing each command and answer."""

    def __init__(self, stage, grace, colour=False, out=print):
        self.stage, self.grace, self.out = stage, grace, out
        self._bold = ("\033[1m", "\033[0m") if colour else ("", "")

    def play(self):
        """The whole story. Raises Unexpected where it does not hold."""
        first = self._log_in()
        self._call_api(first["access_token"])
        self._refresh_and_replay(first)

    # -- the chapters -------------------------------------------------------

    def _log_in(self):
        self._title("Log in: the user's own password from the application's "
                    "table")
        reply = self._curl(
            "-H", "Content-Type: application/json", "-d",
            json.dumps({"username": "alice@demo.example",
                        "password": "wonderland"}), path="/auth/login")
        self._expect(reply, 200)
        return reply.json()

    def _call_api(self, token):
        self._title("Call the API with the access token")
        reply = self._with_token(token)
        self._expect(reply, 200)
        self._check(reply.json()["user"] == "41", "REMOTE_USER is Alice's id")

        self._title("Without a token: 401, and no error= (RFC 6750 3.1)")
        reply = self._curl(path="/api/me")
        self._expect(reply, 401)
        self._check("error=" not in reply.header("www-authenticate"),
                    "the challenge carries no error")

        self._title("With a token whose subject somebody changed")
        reply = self._with_token(jwt.with_claims(token, sub="42"))
        self._expect(reply, 401)
        self._check('error="invalid_token"'
                    in reply.header("www-authenticate"),
                    "the challenge says invalid_token")

    def _refresh_and_replay(self, first):
        self._title("Refresh: a new access token and the next refresh token")
        second = self._refresh(first["refresh_token"], 200).json()
        rotated = time.monotonic()
        self._check(second["refresh_token"] != first["refresh_token"],
                    "the refresh token has changed")
        self._expect(self._with_token(second["access_token"]), 200)

        self._title(f"The old refresh token again, within the grace of "
                    f"{self.grace} s: a reply was lost, say. Same successor")
        again = self._refresh(first["refresh_token"], 200).json()
        self._check(again["refresh_token"] == second["refresh_token"],
                    "the successor is the same")

        self._title("Once more after the grace: somebody else has a copy. "
                    "The session dies")
        time.sleep(max(0, rotated + self.grace + 0.2 - time.monotonic()))
        self._refused(first["refresh_token"])
        self._title("… for the newest refresh token too")
        self._refused(second["refresh_token"])

    # -- the steps ----------------------------------------------------------

    def _with_token(self, token):
        return self._curl("-H", f"Authorization: Bearer {token}",
                          path="/api/me")

    def _refresh(self, token, status):
        reply = self._curl("-d", "grant_type=refresh_token",
                           "-d", f"refresh_token={token}", path="/auth/token")
        self._expect(reply, status)
        return reply

    def _refused(self, token):
        reply = self._refresh(token, 400)
        self._check(reply.json()["error"] == "invalid_grant",
                    "the error is invalid_grant")

    def _curl(self, *arguments, path):
        command = ["curl", "-s", *arguments, self.stage.httpd.url(path)]
        self.out("$ " + _shorten(shlex.join(command)))
        done = run([*command, "-S", "-i", "--noproxy", "*", "--max-time", "20"])
        if done.returncode:
            raise Unexpected(f"curl: {done.stderr.strip()}")
        reply = Reply(done.stdout)
        self.out(reply.status_line)
        for line in reply.headers:
            if line.partition(":")[0].lower() in _SHOWN:
                self.out(line)
        if reply.header("content-type").startswith("application/json"):
            self.out(_shorten(reply.body.strip()))
        self.out("")
        return reply

    def _title(self, text):
        self.out(f"{self._bold[0]}# {text}{self._bold[1]}")

    @staticmethod
    def _expect(reply, status):
        if reply.status != status:
            raise Unexpected(f"expected status {status}, "
                             f"got {reply.status}: {reply.body}")

    @staticmethod
    def _check(holds, sentence):
        if not holds:
            raise Unexpected(f"it does not hold that {sentence}")


def _shorten(text):
    """Tokens cut, so that two that differ anywhere still look different."""
    def cut(found):
        tag = hashlib.sha256(found[0].encode()).hexdigest()[:4]
        return f"{found[0][:10]}…{tag}"

    return _TOKEN.sub(cut, text)
