# SPDX-License-Identifier: Apache-2.0
"""The sites of the end-to-end tests, and what they are asked."""

import functools
import re
import uuid

from lab import each, jwt
from lab.grant import Grant, sid_of_js1
from lab.process import run, wait_for

ISSUER = "https://issuer.example"
USERS = {"alice": "wonderland", "bob": "skyscraper"}

#: Of no session; only the database knows that.
STRANGER = "js1_" + jwt.b64url(
    uuid.UUID("01800000-0000-7000-8000-000000000000").bytes + bytes(16))

#: Shows in the reply what the server thinks of the request.
_SHOW = """
Header always set X-User    "expr=%{REMOTE_USER}"
Header always set X-Outcome "%{JWT_OUTCOME}e"
"""


def challenge(answer):
    """The parameters of the one WWW-Authenticate: Bearer, as a dict."""
    values = answer.all("WWW-Authenticate")
    assert len(values) == 1, values
    scheme, _, rest = values[0].partition(" ")
    assert scheme == "Bearer", values
    return dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', rest))


@functools.lru_cache(maxsize=None)
def bcrypt(password, cost=4):
    """A bcrypt hash, as Laravel stores it; by default of the lowest cost."""
    done = run(["htpasswd", "-nbBC", str(cost), "x", password])
    return done.stdout.strip().partition(":")[2]


class Site:
    """A server, a client, and what came of a request."""

    def __init__(self, httpd, **options):
        self.httpd = httpd(start=False, **options)
        self.httpd.write("htdocs/api/index.html", "protected\n")
        self.client = None

    def start(self, config):
        """Starts the server with this configuration."""
        self.httpd.config = _SHOW + config
        self.httpd.start()
        self.client = self.httpd.client
        return self

    def api(self, token=None, headers=()):
        """GET of the protected page."""
        return self.client.get("/api/", token, headers)

    def refused(self, answer, status, tag):
        """Asserts how a request ended: status, JWT_OUTCOME, one log line.

        Returns the log line. For a tag that the test provokes once.
        """
        assert (answer.status, answer.get("X-Outcome")) == (status, tag), answer
        wait_for(lambda: self.httpd.refusals(tag), f"a line outcome={tag}")
        line, = self.httpd.refusals(tag)
        return line


def protect(httpd, location="", server="", key=None, **options):
    """A Site with a folder /api behind AuthType Bearer, HS256."""
    site = Site(httpd, **options)
    site.key = key or jwt.secret()
    path = site.httpd.write("keys/access.key", site.key, secret=True)
    return site.start(f"""
        JwtKey HS256 "file:{path}"
        {server}
        <Location "/api">
            AuthType Bearer
            AuthName "test api"
            Require valid-user
            {location}
        </Location>
    """)


class AuthSite(Site):
    """A whole site: /api, and /login, /token, /logout on a database."""

    LOGIN = 'JwtLoginProvider file\nAuthUserFile "{users}"'

    # pylint: disable-next=too-many-arguments
    def __init__(self, httpd, db, *, server="", login=None, token="",
                 grace="30s", user="site_httpd", conninfo=None, key=None, **options):
        super().__init__(httpd, **options)
        self.db, self.key = db, key or jwt.secret()
        self.start(self._config(server, login or self.LOGIN, token, grace,
                                conninfo or db.conninfo(user)))

    def _config(self, server, login, token, grace, conninfo):
        write = self.httpd.write
        access = write("keys/access.key", self.key, secret=True)
        refresh = write("keys/refresh.key", jwt.secret(), secret=True)
        users = write("users", "".join(f"{name}:{bcrypt(password)}\n"
                                       for name, password in USERS.items()))
        return f"""
            JwtKey HS256 "file:{access}"
            JwtIssuer "{ISSUER}"
            JwtRefreshKey "file:{refresh}"
            JwtRefreshGrace {grace}
            JwtDatabase "{conninfo}"
            {server}
            <Location "/login">
                SetHandler jwt-login
                {login.format(users=users)}
            </Location>
            <Location "/token">
                SetHandler jwt-refresh
                {token}
            </Location>
            <Location "/logout">
                SetHandler jwt-logout
            </Location>
            <Location "/api">
                AuthType Bearer
                AuthName "test api"
                Require valid-user
            </Location>
        """

    # -- what a client does -------------------------------------------------

    def ask_login(self, username="alice", password=None):
        """Asks for a login: the Answer."""
        return self.client.post_json("/login", {
            "username": username, "password": password or USERS[username]})

    def login(self, username="alice"):
        """Logs in: (access token, refresh token)."""
        return self.tokens(self.ask_login(username))

    def refresh(self, token):
        """Asks for a refresh: the Answer."""
        return self.client.post_form("/token", {
            "grant_type": "refresh_token", "refresh_token": token})

    def refreshed(self, token):
        """Refreshes: (access token, refresh token)."""
        return self.tokens(self.refresh(token))

    def logout(self, token, **more):
        """Asks for a logout: the Answer."""
        return self.client.post_form("/logout", {"token": token, **more})

    def back(self, promised=1):
        """Waits until each child, which has a back-off of its own, uses the
        database again: within the second that is promised."""
        each.everywhere(self.httpd, lambda client: client.post_form(
            "/token", {"grant_type": "refresh_token",
                       "refresh_token": STRANGER}),
                        lambda status: status != 503, promised)

    def invalid_grant(self, answer, tag):
        """Asserts a refused refresh, and returns its log line."""
        assert answer.json()["error"] == "invalid_grant"
        return self.refused(answer, 400, tag)

    @staticmethod
    def tokens(answer):
        """The tokens of a good answer, whose form is checked (RFC 6749 5.1)."""
        assert answer.status == 200, answer
        body = answer.json()
        assert body["token_type"] == "Bearer"
        assert isinstance(body["expires_in"], int)
        assert answer.get("Cache-Control") == "no-store"
        assert answer.get("Pragma") == "no-cache"
        return body["access_token"], body["refresh_token"]

    # -- what the database holds --------------------------------------------

    def session(self, token, column):
        """A column of the session that a refresh token names."""
        return self.db.value(
            f"SELECT {column} FROM auth_jwt.session WHERE sid = %s",
            str(sid_of(token)))

    def alive(self, token):
        """Whether the session of a refresh token has not been ended."""
        return self.session(token, "revoked_at IS NULL")


class Past:
    """Moves a session into the past, which is quicker than waiting.

    Triggers that guard the table are off meanwhile: nobody but a superuser
    can do this.
    """

    def __init__(self, db):
        self._db = db

    def __call__(self, token, interval, *columns):
        """Makes these columns (default: all times) `interval` older."""
        names = columns or ("created_at", "rotated_at", "used_at",
                            "expires_at")
        changes = ", ".join(f"{name} = {name} - %(by)s::interval"
                            for name in names)
        connection = self._db.connect()
        try:
            cursor = connection.cursor()
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(f"UPDATE auth_jwt.session SET {changes}"
                           " WHERE sid = %(sid)s",
                           {"by": interval, "sid": str(sid_of(token))})
            assert cursor.rowcount == 1
        finally:
            connection.close()


def sid_of(token):
    """The session that a refresh token names."""
    return (sid_of_js1(token) if token.startswith("js1_")
            else Grant.parse(token).sid)
