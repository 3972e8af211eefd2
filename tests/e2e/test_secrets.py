# SPDX-License-Identifier: Apache-2.0
"""What must not be read anywhere, and the one line that must."""

import re
import uuid

import pytest

from e2e_site import USERS
from lab import jwt
from lab.grant import Grant
from lab.process import wait_for

MARKER = "claim-value-tiger"


def _everything_said(site, cluster, mark):
    """All logs: httpd's at trace8, and PostgreSQL's with every statement."""
    return "\n".join((site.httpd.error_log(), site.httpd.access_log(),
                      site.httpd.console(), cluster.log_since(mark)))


def _parts(token):
    """A token, and the parts of it that would do harm."""
    if token.startswith("jr1_"):
        grant = Grant.parse(token)
        return [token, token[4:], grant.secret.hex(), grant.mac.hex(),
                jwt.b64url(grant.secret)]
    return [token, *token.split(".")[1:]]


def test_no_secret_in_any_log(auth_site, cluster, db, past):
    """Every kind of request, granted and refused, at LogLevel trace8.

    httpd itself prints all headers at trace4 of core and http: those two say
    no more than debug here.
    """
    db.psql(f"""CREATE OR REPLACE FUNCTION auth_jwt.claims(subject text,
        sid uuid) RETURNS jsonb LANGUAGE sql STABLE AS
        $$ SELECT jsonb_build_object('note', '{MARKER}') $$""")
    mark = cluster.log_mark()
    site = auth_site(loglevel="trace8 core:debug http:debug", server=(
        f'JwtDatabase "{db.conninfo(password="conninfo-secret")}"'))
    secrets = [*USERS.values(), "wrong-guess", "conninfo-secret", MARKER,
               site.key]
    access, first = site.login()
    _, second = site.refreshed(first)
    forged = Grant.parse(second).replace(secret=b"0123456789abcdef").build()
    tampered = jwt.with_claims(access, sub="root")
    rewritten = Grant.parse(second).as_js1()
    js1 = db.psql("SELECT auth_jwt.open_session('42')").strip()
    tokens = [access, first, second, forged, tampered, rewritten, js1]

    site.ask_login("alice", "wrong-guess")
    site.refresh(first)
    site.refresh(forged)
    site.refresh(rewritten)
    site.refresh(second + "AAAA")
    tokens += site.refreshed(js1)
    site.api(access)
    site.api(tampered)
    site.api(jwt.sign(site.key, exp=1, sub=MARKER))
    site.api(second)
    past(first, "31s")
    site.invalid_grant(site.refresh(first), "reused")
    site.logout(second)
    site.logout(access)
    db.psql("ALTER SCHEMA auth_jwt RENAME TO elsewhere")
    site.httpd.expect("outcome=database_error")
    site.refresh(second)
    site.logout(access)
    site.ask_login()

    said = _everything_said(site, cluster, mark)
    assert "outcome=reused" in said and "auth_jwt" in said
    for token in tokens:
        secrets += [part for part in _parts(token) if len(part) >= 16]
    # What the test itself said to PostgreSQL is not httpd's doing.
    said = "\n".join(line for line in said.splitlines()
                     if "postgres@" not in line)
    assert [secret for secret in secrets if secret in said] == []


def test_dump_holds_no_usable_token(auth_site, db):
    """Who has the whole database can refresh nothing."""
    site = auth_site()
    _, first = site.login()
    _, second = site.refreshed(first)
    js1 = db.psql("SELECT auth_jwt.open_session('42')").strip()
    dump = db.dump()
    assert str(Grant.parse(first).sid) in dump
    for token in (first, second, js1):
        raw = jwt.unb64url(token[4:])
        secret = raw[22:38] if token.startswith("jr1_") else raw[16:]
        assert token not in dump
        assert secret.hex() not in dump
        assert jwt.b64url(secret) not in dump
    # Functions name the prefixes; nothing has a token's length behind one.
    assert not re.search(r"j[rs]1_[A-Za-z0-9_-]{16}", dump)

    for sid, secret_hash in db.execute(
            "SELECT sid::text, secret_hash FROM auth_jwt.session"):
        stored = bytes(secret_hash)
        for guess in (stored[:16], stored[16:]):
            grant = Grant.parse(second).replace(secret=guess)
            answer = site.refresh(grant.build())
            assert answer.get("X-Outcome") == "refresh_forged"
            answer = site.refresh("js1_" + jwt.b64url(
                uuid.UUID(sid).bytes + guess))
            assert answer.get("X-Outcome") == "unknown"
    site.refreshed(second)


def test_one_line_for_each_refusal(auth_site, past):
    """Each refusal is one line with its tag; what is granted makes none."""
    site = auth_site()
    access, first = site.login()
    _, second = site.refreshed(first)
    site.api(access)
    assert site.httpd.refusals() == []

    asked = [
        (site.api(), "token_missing"),
        (site.api("x"), "token_malformed"),
        (site.api(jwt.flip(access, -5)), "signature_bad"),
        (site.api(jwt.sign(site.key)), "issuer_refused"),
        (site.ask_login("alice", "guess"), "login_refused"),
        (site.refresh("jr1_x"), "refresh_malformed"),
        (site.refresh(Grant.parse(second).as_js1()), "unknown"),
        (site.client.get("/token"), "method_refused"),
    ]
    past(first, "31s")
    asked.append((site.refresh(first), "reused"))
    asked.append((site.refresh(second), "revoked"))
    assert [answer.get("X-Outcome") for answer, _ in asked] == [
        tag for _, tag in asked]
    wait_for(lambda: len(site.httpd.refusals()) >= len(asked), "the log")
    assert site.httpd.outcomes() == [tag for _, tag in asked]


def test_fields_of_the_line(auth_site):
    """alg, kid and realm for an access token; a hash of the sid, not it."""
    site = auth_site()
    access, token = site.login()
    bad = jwt.sign(jwt.secret(), alg="HS256", header={"kid": "key-7"},
                   iss="https://issuer.example")
    line = site.refused(site.api(bad), 401, "signature_bad")
    assert "alg=HS256" in line
    assert re.search(r"kid=\"?key-7", line)
    assert re.search(r"realm=\"?test api", line)

    site.logout(token)
    line = site.invalid_grant(site.refresh(token), "revoked")
    sid = str(Grant.parse(token).sid)
    assert re.search(r"\bsid=[0-9a-f]{6,16}\b", line)
    assert sid not in line and sid.replace("-", "") not in line
    assert access not in line


@pytest.mark.parametrize("level, tag, ask", [
    ("info", "token_missing", lambda site, token: site.api()),
    ("info", "unknown",
     lambda site, token: site.refresh(Grant.parse(token).as_js1())),
    ("warn", "reused", lambda site, token: site.refresh(token)),
])
def test_levels(auth_site, past, level, tag, ask):
    """What clients cause at will is info; a theft is a warning."""
    site = auth_site()
    _, token = site.login()
    if tag == "reused":
        site.refreshed(token)
        past(token, "31s")
    ask(site, token)
    wait_for(lambda: site.httpd.refusals(tag), "the line")
    line, = site.httpd.refusals(tag)
    assert f"[auth_jwt_refresh:{level}]" in line


@pytest.mark.parametrize("forged", [
    "x\noutcome=granted", "x outcome=granted", "x\" outcome=\"granted",
    "x\r\n[auth_jwt_refresh:warn] outcome=reused"])
def test_nobody_writes_our_lines(auth_site, forged):
    """A name, a kid or a token with line breaks forges no line."""
    site = auth_site()
    site.ask_login(forged, "guess")
    site.api(jwt.sign(jwt.secret(), header={"kid": forged}))
    site.refresh(forged)
    said = [tag for line in site.httpd.error_log().splitlines()
            for tag in re.findall(r"(?:^|\s)outcome=(\w+)", line)]
    assert "granted" not in said and "reused" not in said


def test_keys_are_not_readable_by_children(auth_site):
    """Key files are read as root: a mode of 0600 is enough."""
    site = auth_site()
    assert (site.httpd.root / "keys/access.key").stat().st_mode & 0o77 == 0
    site.httpd.graceful()
    site.login()
