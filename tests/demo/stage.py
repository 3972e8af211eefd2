# SPDX-License-Identifier: Apache-2.0
"""The demo site (conf/demo) on a private PostgreSQL and httpd."""

import secrets
import shutil

from lab.httpd import Httpd
from lab.place import TOP
from lab.postgres import SITE_ROLES, Cluster
from lab.process import run

CONF = TOP / "conf" / "demo"
DATABASE = "demo"

#: E-mail, password and name of the three users (conf/demo/users.sql).
USERS = {"alice@demo.example": ("wonderland", "Alice Liddell"),
         "bob@demo.example": ("skyscraper", "Bob Marchetti"),
         "carol@demo.example": ("snowflake", "Carol Nováková")}


class Stage:
    """Everything that the demo needs, running. It lives as long as `place`."""

    def __init__(self, place, port=None, lifetime="20s", grace="3s"):
        self.lifetime, self.grace = lifetime, grace
        self.cluster = Cluster(place, fsync="off")
        self.httpd = Httpd(place, modules=("cgid",), loglevel="warn",
                           port=port)

    def start(self):
        """Starts the database, fills it, makes keys, starts the server."""
        self.cluster.start()
        self._fill_database()
        self._copy_site()
        self._make_keys()
        self.httpd.config = self._config()
        self.httpd.start()
        return self

    @property
    def client(self):
        """An HTTP client of the site."""
        return self.httpd.client

    def sql(self, text):
        """Runs SQL as an administrator would."""
        return self.cluster.psql(text, DATABASE, "site_admin")

    def psql_command(self, text):
        """The command line that does the same, ready to paste."""
        return (f'psql "{self.cluster.conninfo(DATABASE, "site_admin")}" '
                f'-c "{text}"')

    def _fill_database(self):
        self.cluster.create_database(DATABASE)
        self.cluster.load(TOP / "conf" / "schema.sql", DATABASE)
        self.cluster.load(CONF / "users.sql", DATABASE)
        for login, role in SITE_ROLES.items():
            self.cluster.psql(f"CREATE ROLE {login} LOGIN IN ROLE {role}")

    def _copy_site(self):
        # The checkout may lie where httpd's user cannot go.
        for name in ("htdocs", "cgi"):
            shutil.copytree(CONF / name, self.httpd.root / name,
                            dirs_exist_ok=True)
        for path in self.httpd.root.glob("htdocs/*"):
            path.chmod(0o644)

    def _make_keys(self):
        pem = run(["openssl", "genpkey", "-algorithm", "EC",
                   "-pkeyopt", "ec_paramgen_curve:P-256"])
        if pem.returncode:
            raise RuntimeError(f"openssl failed: {pem.stderr}")
        self.httpd.write("keys/access.pem", pem.stdout, secret=True)
        self.httpd.write("keys/refresh.key", secrets.token_hex(32),
                         secret=True)

    def _config(self):
        defined = {
            "DEMO_ROOT": self.httpd.root,
            "DEMO_KEYS": self.httpd.root / "keys",
            "DEMO_DATABASE": self.cluster.conninfo(DATABASE, None),
            "DEMO_LIFETIME": self.lifetime,
            "DEMO_GRACE": self.grace}
        lines = [f'Define {name} "{value}"' for name, value in defined.items()]
        text = (CONF / "httpd.conf").read_text(encoding="utf-8")
        return "\n".join([*lines, text])
