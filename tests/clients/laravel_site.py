# SPDX-License-Identifier: Apache-2.0
"""A Laravel site that our module stands before, by conf/examples/laravel.conf
as it is shipped, and what a test adds to it."""

import host
from lab import each
from lab.httpd import Httpd
from lab.place import TOP
from lab.process import alive, wait_for

EXAMPLE = TOP / "conf" / "examples" / "laravel.conf"
ANN = {"email": "ann@example.com", "password": "secret-pass-1"}
JSON = {"Accept": "application/json"}

_SHOW = 'Header always set X-Outcome "%{JWT_OUTCOME}e"\n'

#: Routes of jwt-auth's middlewares, which say why.
_MIDDLEWARES = """
    <Location "/api/mw">
        JwtReplyHeader On
    </Location>
    <Location "/api/mw/refresh">
        AuthType None
        Require all granted
        SetHandler jwt-refresh
    </Location>
    <Location "/api/session">
        AuthType None
        Require all granted
    </Location>
"""


class LaravelSite:
    """The host, and an httpd with our module once `over` is called."""

    def __init__(self, place, db, **dotenv):
        self.db = db
        self.host = host.Laravel(place, db, **dotenv).start()
        self.httpd = Httpd(place, self.host.config,
                           modules=host.Laravel.MODULES)

    def over(self, server="", extra="", refresh="", example=True):
        """Apache takes over; or gives back, with example=False."""
        if example:
            server = (f"{self._example()}\n{server}{_MIDDLEWARES}\n{extra}\n"
                      f'<Location "/api/refresh">\n{refresh}\n</Location>\n')
        config = f"{_SHOW}{self.host.config}{server}"
        if not self.httpd.alive:
            self.httpd.config = config
            self.httpd.start()
        elif config != self.httpd.config:
            before = self.httpd.children()
            self.httpd.config = config
            self.httpd.graceful()
            # A child of before may still take a connection.
            wait_for(lambda: not any(map(alive, before)), "the children to go")
        return self

    def _example(self):
        text = EXAMPLE.read_text("utf-8")
        for shipped, here in (
                ("/var/www/app/", f"{self.host.folder}/"),
                ("JwtSource header cookie:token",
                 "JwtSource header query:token cookie:token"),
                ("dbname=site user=site_httpd", self.db.conninfo())):
            assert shipped in text
            text = text.replace(shipped, here)
        return text

    @property
    def client(self):
        """An HTTP client of the site."""
        return self.httpd.client

    def ask(self, path, request=None, headers=None, method="GET"):
        """A request as a case of laravel_cases wants it."""
        request = request or {}
        query = request.get("query")
        return self.client.request(
            method, path + (f"?{query}" if query else ""), {
                **(JSON if headers is None else headers),
                **request.get("headers", {})})

    def get(self, path, token, method="GET"):
        """A request with a token as bearer."""
        return self.ask(path, {"headers": {"Authorization": f"Bearer {token}"}},
                        method=method)

    def login(self):
        """Logs Ann in, at whoever answers /api/login: her token."""
        answer = self.client.post_json("/api/login", ANN)
        assert answer.status == 200, answer
        return answer.json()["access_token"]

    def refreshed(self, token):
        """Refreshes a token, whose reply is checked."""
        return self.token_of(self.get("/api/refresh", token))

    def back(self, token):
        """Waits until each child uses the database again, after an outage."""
        each.everywhere(self.httpd, lambda client: client.get(
            "/api/refresh", token), lambda status: status != 503, 1)

    @staticmethod
    def token_of(answer):
        """The token of a reply in this dialect."""
        assert answer.status == 200, answer
        body = answer.json()
        assert set(body) == {"access_token", "token_type", "expires_in"}
        assert body["token_type"] == "bearer"
        assert isinstance(body["expires_in"], int)
        assert answer.get("Cache-Control") == "no-store"
        assert answer.get("Pragma") == "no-cache"
        return body["access_token"]

    def stop(self):
        """Stops both."""
        self.httpd.stop()
        self.host.stop()


def refused(answer, tag, says="Unauthenticated."):
    """A refusal: 401, the outcome, the message."""
    assert (answer.status, answer.get("X-Outcome")) == (401, tag), answer
    assert answer.json() == {"message": says}, answer
