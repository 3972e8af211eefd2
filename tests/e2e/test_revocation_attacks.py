# SPDX-License-Identifier: Apache-2.0
"""Tokens that were revoked and might be taken nevertheless: by another name of
their subject, by a clock of their own, or for being too old."""

import time

import pytest

from e2e_site import ISSUER
from lab import jwt
from lab.process import wait_within


def host_token(site, **claims):
    """What a host minted itself, a while ago, and for long."""
    now = int(time.time())
    return jwt.sign(site.key, {"sub": "42", "iss": ISSUER, "iat": now - 10,
                               "exp": now + 86400, **claims})


def accepted_then_revoked(site, db, token):
    """Taken, until an administrator hands it to revoke_token()."""
    assert site.api(token).status == 200
    assert db.value("SELECT auth_jwt.revoke_token(%s)", token) is True
    refused(site, token)


def refused(site, token):
    """Waits until it is not taken any more."""
    wait_within(1, lambda: site.api(token).status == 401, "the news")
    assert site.api(token).get("X-Outcome") == "token_revoked"


@pytest.mark.parametrize("end", ["revoke_subject", "block_subject"])
def test_shown_by_another_name(auth_site, db, end):
    """REMOTE_USER is the mail address there; the session has the subject, and
    so has its gate."""
    db.execute("CREATE OR REPLACE FUNCTION"
               " auth_jwt.claims(subject text, sid uuid) RETURNS jsonb"
               " LANGUAGE sql STABLE AS $$ SELECT jsonb_build_object('email',"
               " subject || '@example.org') $$")
    site = auth_site(server="""
        <Location "/api">
            JwtSubjectClaim email
        </Location>
    """)
    access, _ = site.login()
    assert site.api(access).get("X-User") == "alice@example.org"
    db.execute(f"SELECT auth_jwt.{end}('alice')")
    refused(site, access)


def test_the_name_it_is_shown_by(auth_site, db):
    """That one has a gate too, where no session knows better."""
    site = auth_site(server="""
        <Location "/api">
            JwtSubjectClaim email
        </Location>
    """)
    token = host_token(site, email="x@example.org")
    assert site.api(token).status == 200
    db.execute("SELECT auth_jwt.revoke_subject('x@example.org')")
    refused(site, token)


@pytest.mark.parametrize("client", ["7", 7])
def test_client_that_is_a_number(auth_site, db, client):
    """Hosts that count their clients write client_id so."""
    site = auth_site()
    token = host_token(site, client_id=client)
    db.execute("SELECT auth_jwt.revoke_client('8')")
    assert site.api(token).status == 200
    db.execute("SELECT auth_jwt.revoke_client('7')")
    refused(site, token)


def test_birth_with_more_digits_than_a_clock_has(auth_site, db):
    """Hosts write iat as a double prints: httpd and SQL count the same
    millisecond, or a token is revoked and another one refused."""
    site = auth_site()
    now = int(time.time()) - 10
    for fraction in (0.1239998, 0.4569999, 0.5, 0.123, 0.123456, 0.9999998):
        accepted_then_revoked(site, db, host_token(site, iat=now + fraction))


def test_older_than_any_gate(auth_site, db):
    """Good for two years: its revocation is not dropped for its age."""
    site = auth_site()
    born = int(time.time()) - 500 * 86400
    accepted_then_revoked(site, db, host_token(site, iat=born))


def test_revoked_before_it_was_good(auth_site, db):
    """nbf is hours after iat: the board has forgotten by then, so nbf does not
    say how long ago somebody may have revoked it."""
    site = auth_site()
    now = int(time.time())
    token = host_token(site, iat=now - 4 * 3600, nbf=now - 1)
    assert db.value("SELECT auth_jwt.revoke_token(%s)", token) is True
    db.execute("UPDATE auth_jwt.revocation"
               " SET until = until - interval '3 hours'")
    site.httpd.stop()
    site.httpd.start()
    assert site.api(token).status == 401
    assert site.api(token).get("X-Outcome") == "token_revoked"
