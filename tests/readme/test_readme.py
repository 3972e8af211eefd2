# SPDX-License-Identifier: Apache-2.0
"""What the README tells people to type works as it stands.

Only names that a test machine cannot have are put in the place of the
README's: /etc/apache2/jwt, the socket of the system's PostgreSQL, port 80.
"""

import json
import os
import re
import subprocess

import pytest

from lab import jwt
from lab.httpd import module_file
from lab.place import TOP
from lab.process import environment, run
from readme import blocks

TEN_LINES = "A site in ten lines"
SESSIONS = "Let people see their sessions"

#: What the host of the README has beside our schema.
HOST = """
    CREATE TABLE public.users (id bigint PRIMARY KEY, email text, role text,
                               password text);
    INSERT INTO public.users VALUES (42, 'ann@example.org', 'admin', 'x')
"""


class Reader:
    """Somebody who follows the README in a shell."""

    def __init__(self, place, cluster):
        self.folder = place.folder("readme")
        self.cluster = cluster
        self.names = {"/etc/apache2/jwt": str(self.folder / "jwt"),
                      "host=/run/postgresql": f"host={cluster.socket_dir}",
                      "site_httpd": "readme_httpd"}
        self.env = environment(PGHOST=str(cluster.socket_dir),
                               PGPORT=str(cluster.port), PGUSER="postgres")

    def here(self, text):
        """The text with the names of this machine."""
        for theirs, ours in self.names.items():
            text = text.replace(theirs, ours)
        if os.geteuid() != 0:
            text = re.sub(r"chown [^&\n]*&& ", "", text)
        return text

    def shell(self, text, **variables):
        """Runs lines of a shell block: their output."""
        done = subprocess.run(
            ["sh", "-eu", "-c", self.here(text)], cwd=TOP, check=False,
            env={**self.env, **variables}, text=True, capture_output=True)
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture(name="reader")
def _reader(place, cluster):
    reader = Reader(place, cluster)
    yield reader
    cluster.psql("DROP DATABASE IF EXISTS site WITH (FORCE)")
    cluster.psql("DROP ROLE IF EXISTS readme_httpd")


def test_a_site_in_ten_lines(reader, httpd):
    """Build, database, secrets, configuration, four curl lines."""
    install, database, secrets, curls = blocks("sh", TEN_LINES)
    assert install.splitlines() == ["make deps-build", "make",
                                    "sudo make install"]
    reader.shell(f"make install DESTDIR={reader.folder}/root")
    installed = list(reader.folder.rglob("mod_auth_jwt_refresh.so"))
    assert len(installed) == 1
    reader.shell(database)
    reader.shell(secrets)

    config, = blocks("apache", TEN_LINES)
    load, _, rest = config.partition("\n")
    assert load.startswith("LoadModule auth_jwt_refresh_module /usr/lib/apache2"
                           f"/modules/{module_file().name}")
    site = httpd(reader.here(rest + blocks("apache", SESSIONS)[0]))
    site.write("htdocs/api/index.html", "mine\n")

    login, api, refresh, logout, sessions, end = [
        line.replace("http://localhost", site.url("").rstrip("/"))
        for line in (curls + blocks("sh", SESSIONS)[0]).splitlines()]
    tokens = json.loads(reader.shell(login))
    assert reader.shell(api, ACCESS_TOKEN=tokens["access_token"]) == "mine\n"
    shown = json.loads(reader.shell(sessions,
                                    ACCESS_TOKEN=tokens["access_token"]))
    assert [one["current"] for one in shown["sessions"]] == [True]
    assert json.loads(reader.shell(
        end, ACCESS_TOKEN=tokens["access_token"])) == {"ended": 0}
    old = tokens["refresh_token"]
    tokens = json.loads(reader.shell(refresh, REFRESH_TOKEN=old))
    assert reader.shell(api, ACCESS_TOKEN=tokens["access_token"]) == "mine\n"
    reader.shell(logout, REFRESH_TOKEN=tokens["refresh_token"])
    answer = json.loads(reader.shell(
        refresh, REFRESH_TOKEN=tokens["refresh_token"]))
    assert answer["error"] == "invalid_grant"


def test_sql_for_the_owner(db):
    """Replacing subject_of() and claims() has the effect described."""
    db.psql(HOST)
    for statement in blocks("sql", "Log people in"):
        db.psql(statement)
    assert db.value("SELECT auth_jwt.subject_of('ann@example.org')") == "42"
    assert db.value("SELECT auth_jwt.subject_of('nobody')") is None
    assert db.value("SELECT auth_jwt.claims('42', NULL)") == {"role": "admin"}


def test_sql_for_php(db):
    """The app role opens a session and gets its token."""
    heading = "Log people in from PHP, with SQL"
    role, = blocks("sql", heading)
    assert role.startswith("CREATE ROLE site_app LOGIN")  # the lab has it
    program, = blocks("php", heading)
    program = program.replace("pgsql:dbname=site", "pgsql:" + ";".join(
        db.conninfo("site_app").replace("user=site_app", "").split()))
    done = run(["php", "-r", program])
    assert done.stdout.startswith("js1_"), done.stdout + done.stderr
    db.psql("SELECT auth_jwt.block_subject('42')")
    done = run(["php", "-r", program])
    assert "AJ001" in done.stdout + done.stderr


def test_sql_for_administrators(db):
    """Each line works for the admin role, and ends what it says it ends."""
    text, = blocks("sql", "Revoke with SQL")
    statements = text.strip().splitlines()
    assert len(statements) >= 10
    for statement in statements:
        db.psql("SELECT auth_jwt.unblock_subject('42')")
        db.execute("SELECT auth_jwt.open_session('42')")
        db.psql(statement, user="site_admin")
    ended = [s for s in statements if s.startswith(("UPDATE", "DELETE"))
             or re.search(r"revoke_(subject|all)|[^n]block_subject", s)]
    for statement in ended:
        db.psql("SELECT auth_jwt.unblock_subject('42')")
        db.execute("SELECT auth_jwt.open_session('42')")
        db.execute("UPDATE auth_jwt.session SET user_agent = 'Evil'"
                   " WHERE revoked_at IS NULL")
        db.psql(statement, user="site_admin")
        assert db.value("SELECT count(*) FROM auth_jwt.active_session"
                        " WHERE subject = '42'") == 0, statement


@pytest.mark.parametrize("text", [
    text for text in blocks("apache") if "LoadModule" not in text])
def test_configuration(reader, httpd, text):
    """Every other piece of configuration is accepted by httpd -t."""
    folder = reader.folder / "jwt"
    folder.mkdir(exist_ok=True)
    (folder / "refresh.key").write_text(jwt.secret(), encoding="utf-8")
    for name in ("2026.pem", "2027.pem"):
        run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-out", str(folder / name)])
    (folder / "issuer.json").write_text(json.dumps({"keys": [{
        "kty": "OKP", "crv": "Ed25519", "x":
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}), encoding="utf-8")
    text = re.sub(r"file:(?!/)", f"file:{folder}/", reader.here(text))
    key = folder / "refresh.key"
    site = httpd(f"JwtKey HS256 file:{key}\nJwtRefreshKey file:{key}\n"
                 f"JwtDatabase dbname=site\n{text}", start=False)
    status, said = site.configtest()
    assert status == 0, f"{text}\n{said}"
