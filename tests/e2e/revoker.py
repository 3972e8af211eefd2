# SPDX-License-Identifier: Apache-2.0
"""A site of several children, each of which must refuse what was revoked."""

import itertools
import re
import time

from e2e_site import AuthSite
from lab.process import wait_for

#: Four children, so that "every child" means something.
MPM = {
    "event": "ServerLimit 12\nStartServers 4\nThreadsPerChild 4\n"
             "MaxRequestWorkers 48\nMinSpareThreads 12\nMaxSpareThreads 48\n",
    "prefork": "ServerLimit 16\nStartServers 4\nMinSpareServers 4\n"
               "MaxSpareServers 8\nMaxRequestWorkers 16\n",
}
MPM["worker"] = MPM["event"]


class Revoker(AuthSite):
    """An AuthSite that knows which child answered."""

    def __init__(self, httpd, db, *, server="", mpm="event", **options):
        self._cases = itertools.count(1)
        super().__init__(
            httpd, db, mpm=mpm, mpm_config=MPM[mpm], **options,
            server='CustomLog "logs/who.log" "%{X-Case}i %P %>s"\n' + server)

    def ask(self, token, times=1):
        """GET /api so often: [(pid of the child, status)]."""
        case = f"case{next(self._cases)}"
        for _ in range(times):
            self.client.get("/api/", token, {"X-Case": case})
        wait_for(lambda: len(self._log(case)) == times, "the access log")
        return self._log(case)

    def _log(self, case):
        path = self.httpd.root / "logs" / "who.log"
        rows = (line.split() for line in path.read_text().splitlines())
        return [(int(pid), int(status)) for name, pid, status in rows
                if name == case]

    def accepted(self, token):
        """Asserts that a token is good."""
        assert self.api(token).status == 200

    def revoked(self, token, tag="token_revoked", within=1.0):
        """Waits for the first refusal; after it there is no other answer, and
        every child gives it. Returns how long the first took."""
        began = time.monotonic()
        wait_for(lambda: self.api(token).status == 401, f"{tag}", within)
        took = time.monotonic() - began
        answer = self.api(token)
        assert answer.get("X-Outcome") == tag, answer
        assert answer.json()["error"] == "invalid_token"
        self.everywhere(token, 401)
        return took

    def everywhere(self, token, status):
        """Asks until each child has answered; every answer must be this."""
        left = wait_for(lambda: len(found := set(self.httpd.children())) > 1
                        and found, "children")
        deadline = time.monotonic() + 10
        while left:
            assert time.monotonic() < deadline, f"{left} never answered"
            said = self.ask(token, 8)
            assert {status} == {code for _, code in said}, said
            left -= {pid for pid, _ in said}
            left &= set(self.httpd.children())  # one of before may be going

    def leader(self):
        """The child that keeps the board."""
        found = re.findall(r"\[pid (\d+)[^\n]*revocations: this child leads",
                           self.httpd.error_log())
        return int(found[-1]) if found else None
