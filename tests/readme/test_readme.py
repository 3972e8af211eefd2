# SPDX-License-Identifier: Apache-2.0
"""What the README tells people to type works as it stands.

Only names that a test machine cannot have are put in the place of the
README's: /etc/apache2/jwt, the ports of the system's PostgreSQL and httpd, and
the superuser of the former. Ours asks for passwords where Debian's does.
"""

import json
import os
import re
import subprocess

import pytest

from lab import jwt
from lab.httpd import module_file
from lab.place import TOP
from lab.postgres import DEBIAN_RULES, Cluster
from lab.process import environment, run
from readme import blocks, sections_text

FIRST = "A first site"
LOGIN = "Log people in"
PHP = "Log people in from PHP, with SQL"
SESSIONS = "Let people see their sessions"

#: What the host of the README has beside our schema.
HOST = """
    CREATE TABLE public.users (id bigint PRIMARY KEY, email text, role text,
                               password text);
    INSERT INTO public.users VALUES (42, 'ann@example.org', 'admin', 'x'),
                                    (7, 'alice', 'reader', 'x')
"""


class Reader:
    """Somebody who follows the README in a shell."""

    def __init__(self, place, cluster):
        self.folder = place.folder("readme")
        self.cluster = cluster
        self.names = {"/etc/apache2/jwt": str(self.folder / "jwt"),
                      "host=localhost": f"host=localhost port={cluster.port}",
                      "sudo -u postgres ": ""}
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


@pytest.fixture(name="debian", scope="module")
def _debian(place):
    cluster = Cluster(place, tcp=True, folder="readme-pg", rules=DEBIAN_RULES,
                      fsync="off").start()
    yield cluster
    cluster.stop()


@pytest.fixture(name="reader", scope="module")
def _reader(place, debian):
    """A reader who has come as far as the configuration of the first site."""
    reader = Reader(place, debian)
    install, database, secrets, _, _ = blocks("sh", FIRST)
    assert install.splitlines() == ["make deps-build", "make",
                                    "sudo make install"]
    reader.shell(f"make install DESTDIR={reader.folder}/root")
    installed = list(reader.folder.rglob("mod_auth_jwt_refresh.so"))
    assert len(installed) == 1
    reader.shell(database)
    reader.shell(secrets)
    return reader


def first_site():
    """Its configuration, but for the line that loads the module."""
    config, = blocks("apache", FIRST)
    load, _, rest = config.partition("\n")
    assert load == ("LoadModule auth_jwt_refresh_module /usr/lib/apache2"
                    f"/modules/{module_file().name}")
    return rest


def lines_at(site, *headings):
    """The lines of the last sh blocks of sections, asked of our server."""
    return [line.replace("http://localhost", site.url("").rstrip("/"))
            for heading in headings
            for line in blocks("sh", heading)[-1].splitlines()]


def test_a_first_site(reader, httpd):
    """Build, database, secrets, configuration, four curl lines."""
    assert blocks("sh", FIRST)[3].splitlines() == [
        "a2enconf jwt", "apachectl configtest && apachectl restart"]
    site = httpd(reader.here(first_site() + blocks("apache", SESSIONS)[0]))
    site.write("htdocs/api/index.html", "mine\n")
    login, api, refresh, logout, sessions, end = lines_at(site, FIRST, SESSIONS)
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


def test_monitor(reader, httpd):
    """The figures to watch are there under the names that the README has."""
    text, = blocks("apache", "Monitor")
    site = httpd(reader.here(first_site() + text))
    as_text, as_json = lines_at(site, "Monitor")
    names = set(re.findall(r"`((?:board|child)\.\w+)`",
                           sections_text()["Monitor"]))
    shown = reader.shell(as_text)
    assert len(names) > 3
    assert names <= set(re.findall(r"^([\w.]+): ", shown, re.M)), shown
    shown = json.loads(reader.shell(as_json))
    assert {name for name in names if name.startswith("board.")} <= {
        f"board.{name}" for name in shown["board"]}


def test_on_call(reader, debian):
    """The lines for the night end what they say."""
    text, = blocks("sh", "On call")
    debian.psql("SELECT auth_jwt.open_session('41')", "site")
    assert "active" in reader.shell(text.splitlines()[0])
    reader.shell(text)
    assert "revoked" in reader.shell(text.splitlines()[0])
    assert debian.psql("SELECT count(*) FROM auth_jwt.active_session"
                       " WHERE subject = '41'", "site") == "0\n"


def test_users_in_a_table(reader, debian, httpd):
    """People log in by e-mail, with the claims of their row; while PostgreSQL
    is away nobody is told that the password is wrong, and so afterwards."""
    debian.psql(HOST, "site")
    hashed = reader.shell("htpasswd -nbBC 4 x wonderland").strip()[2:]
    debian.psql(f"UPDATE public.users SET password = '{hashed}'", "site")
    for statement in blocks("sql", LOGIN):
        debian.psql(statement, "site")
    assert debian.psql("SELECT auth_jwt.subject_of('nobody') IS NULL",
                       "site") == "t\n"
    site = httpd(reader.here(first_site() + blocks("apache", LOGIN)[0]))
    site.expect("AH0|outcome=(login_unavailable|database_down)")

    def login():
        return site.client.post_form("/auth/login", {
            "email": "ann@example.org", "password": "wonderland"})

    token = login().json()["access_token"]
    claims = jwt.claims_of(token)
    assert (claims["sub"], claims["role"]) == ("42", "admin")
    assert login().status == 200
    debian.stop()
    assert [login().status for _ in range(4)] == [503] * 4
    debian.start()
    assert [login().status for _ in range(4)] == [200] * 4


def test_sql_for_php(reader, debian):
    """The app role opens a session and gets its token."""
    role, = blocks("sql", PHP)
    debian.psql(role)
    program = blocks("php", PHP)[0].replace(
        "host=localhost", f"host=localhost;port={debian.port}")
    done = run(["php", "-r", program])
    assert done.stdout.startswith("js1_"), done.stdout + done.stderr
    debian.psql("SELECT auth_jwt.block_subject('42')", "site")
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


def test_rotate_keys(reader, httpd):
    """The key made is one that signs, and what the old one signed is good
    still."""
    make, = blocks("sh", "Rotate keys")
    reader.shell(make.replace("2027", "2026"))
    reader.shell(make)
    new, old = blocks("apache", "Rotate keys")[0].splitlines()
    config = re.sub("(?m)^JwtKey .*\n", "{keys}\n", reader.here(first_site()))
    site = httpd(config.replace("{keys}", reader.here(
        old.replace(" use=verify", ""))))
    site.write("htdocs/api/index.html", "mine\n")

    def login():
        return site.client.post_form("/auth/login", {
            "username": "alice", "password": "wonderland"}).json()

    before = login()["access_token"]
    site.config = config.replace("{keys}", reader.here(f"{new}\n{old}"))
    site.graceful()
    after = login()["access_token"]
    assert [jwt.header_of(token)["kid"] for token in (before, after)] == [
        "2026", "2027"]
    assert [site.client.get("/api/", token).status
            for token in (before, after)] == [200, 200]


def test_upgrade_and_remove(reader, debian, httpd):
    """A session outlives the upgrade, and of the removal nothing is left."""
    upgrade, remove = blocks("sh", "Upgrade, switch back, remove")
    build, schema, install, reload = upgrade.splitlines()
    assert (build, install, reload) == (
        "make", "sudo make install", "sudo apachectl graceful")
    site = httpd(reader.here(first_site()))
    token = site.client.post_form("/auth/login", {
        "username": "alice", "password": "wonderland"}).json()["refresh_token"]
    reader.shell(schema)
    site.graceful()
    assert site.client.post_form("/auth/token", {
        "grant_type": "refresh_token", "refresh_token": token}).status == 200
    site.stop()
    disable, reload, files, schema, roles = remove.splitlines()
    assert (disable, reload) == (
        "a2disconf jwt", "apachectl configtest && apachectl graceful")
    for name in files.split()[2:]:
        assert f"{name}/" in sections_text()[FIRST] or \
            f"{name}`" in sections_text()[FIRST] or \
            f"{name}\n" in sections_text()[FIRST], name
    reader.shell(schema)
    reader.shell(roles)
    assert debian.psql("SELECT count(*) FROM pg_roles WHERE rolname LIKE"
                       " 'auth_jwt%' OR rolname = 'site_httpd'") == "0\n"


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
