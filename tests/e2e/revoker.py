# SPDX-License-Identifier: Apache-2.0
"""A site of several children, each of which must refuse what was revoked."""

import re
import time

from e2e_site import AuthSite
from lab import each
from lab.process import wait_for, wait_within

#: Four children, so that "every child" means something.
MPM = {
    "event": "ServerLimit 12\nStartServers 4\nThreadsPerChild 4\n"
             "MaxRequestWorkers 48\nMinSpareThreads 12\nMaxSpareThreads 48\n",
    "prefork": "ServerLimit 16\nStartServers 4\nMinSpareServers 4\n"
               "MaxSpareServers 8\nMaxRequestWorkers 16\n",
}
MPM["worker"] = MPM["event"]


class Revoker(AuthSite):
    """An AuthSite of many children."""

    def __init__(self, httpd, db, *, mpm="event", **options):
        super().__init__(httpd, db, mpm=mpm, mpm_config=MPM[mpm], **options)

    def accepted(self, token):
        """Asserts that a token is good."""
        assert self.api(token).status == 200

    def revoked(self, token, tag="token_revoked", within=1.0):
        """Waits for the first refusal; after it there is no other answer, and
        every child gives it. Returns how long the first took."""
        began = time.monotonic()
        wait_within(within, lambda: self.api(token).status == 401, tag)
        took = time.monotonic() - began
        answer = self.api(token)
        assert answer.get("X-Outcome") == tag, answer
        assert answer.json()["error"] == "invalid_token"
        self.everywhere(token, 401)
        return took

    def everywhere(self, token, status):
        """Asks until each child has answered; every answer must be this."""
        wait_for(lambda: len(self.httpd.children()) > 1, "children")
        each.everywhere(self.httpd, lambda client: client.get("/api/", token),
                        lambda found: found == status)

    def leader(self):
        """The child that keeps the board."""
        found = re.findall(r"\[pid (\d+)[^\n]*revocations: this child leads",
                           self.httpd.error_log())
        return int(found[-1]) if found else None
