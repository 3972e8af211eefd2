# SPDX-License-Identifier: Apache-2.0
"""Files of conf/examples as they are shipped, but for keys, passwords and the
database, and for lifetimes that nobody can wait for."""

from e2e_site import bcrypt
from host import USERS
from lab import jwt
from lab.place import TOP

_FOLDER, _DATABASE = "/etc/apache2/jwt/", "dbname=site user=site_httpd"


def shipped(httpd, db, name, secret, *changes):
    """The text of an example for this server; changes: (what, by what)."""
    httpd.write("jwt/access.key", secret, secret=True)
    httpd.write("jwt/refresh.key", jwt.secret(), secret=True)
    httpd.write("jwt/users", "".join(f"{user}:{bcrypt(password)}\n"
                                     for user, password in USERS.items()))
    text = (TOP / "conf" / "examples" / name).read_text("utf-8")
    for what, by_what in ((_FOLDER, f"{httpd.root}/jwt/"),
                          (_DATABASE, db.conninfo()), *changes):
        assert what in text, what
        text = text.replace(what, by_what)
    return text
