# SPDX-License-Identifier: Apache-2.0
"""httpd's clock is a minute off: the database's time rules sessions."""

import os
import pathlib

import pytest

from e2e_site import ISSUER
from lab import jwt
from lab.process import run, wait_within


def _faketime():
    """libfaketime's library, which Debian keeps out of the linker's way."""
    listed = run(["dpkg-query", "-L", "libfaketime"]).stdout.split()
    return next(path for path in listed
                if pathlib.Path(path).name == "libfaketimeMT.so.1")


@pytest.fixture(name="site", params=[+60, -60], ids=["ahead", "behind"])
def _site(auth_site, request):
    preload = [os.environ.get("AJR_PRELOAD"), _faketime()]
    site = auth_site(env={"LD_PRELOAD": ":".join(filter(None, preload)),
                          "FAKETIME": f"{request.param:+}",
                          "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
    site.offset = request.param
    return site


def minted(site, access):
    """How far the token's iat is from the database's clock, in seconds."""
    return jwt.claims_of(access)["iat"] - float(
        site.db.value("SELECT extract(epoch FROM clock_timestamp())"))


def test_sessions_live_by_the_clock_of_the_database(site, past):
    """Rotation, replay, reuse: as if there were one clock."""
    access, first = site.login()
    assert minted(site, access) == pytest.approx(site.offset, abs=5)
    assert site.session(first, "abs(extract(epoch FROM clock_timestamp()"
                               " - created_at)) < 5")
    _, second = site.refreshed(first)
    assert site.refreshed(first)[1] == second
    past(second, "20s", "rotated_at")
    assert site.refreshed(first)[1] == second, "still within the grace"
    past(second, "10s", "rotated_at")
    site.invalid_grant(site.refresh(first), "reused")


def test_lifetimes_are_those_of_the_database(site, past):
    """A session is over when the database says so, not a minute off."""
    _, token = site.login()
    past(token, "30 days -50s", "created_at", "expires_at")
    site.refreshed(token)
    past(token, "50s", "created_at", "expires_at")
    site.invalid_grant(site.refresh(token), "expired")


def test_log_out_everywhere_and_log_in_again(site, db):
    """What was born before is over, what is born after is not."""
    _, old = site.login()
    db.execute("SELECT auth_jwt.revoke_subject('alice')")
    access, token = site.login()
    site.invalid_grant(site.refresh(old), "revoked")
    site.refreshed(token)
    assert site.api(access).status == 200


def test_an_outage_is_measured_on_one_clock(site, cluster, past):
    """How long ago it was is told to the database, never when."""
    site.httpd.expect("outcome=database_")
    _, first = site.login()
    _, second = site.refreshed(first)
    cluster.stop()
    assert site.refresh(first).status == 503
    cluster.start()
    past(second, "20s", "rotated_at")

    site.back()
    for _ in range(3):
        assert site.refreshed(first)[1] == second
    past(second, "1h", "rotated_at")
    site.invalid_grant(site.refresh(first), "reused")


def test_log_out_everywhere_reaches_tokens_of_the_host(site, db):
    """A host on httpd's machine mints by its clock: the token was there before
    the gate, whatever its iat says."""
    now = int(float(site.db.value(
        "SELECT extract(epoch FROM clock_timestamp())")))
    iat = now + site.offset - 1
    token = jwt.sign(site.key, {"sub": "42", "iss": ISSUER, "iat": iat,
                                "exp": iat + 300})
    assert site.api(token).status == 200
    db.execute("SELECT auth_jwt.revoke_subject('42')")
    wait_within(1, lambda: site.api(token).status == 401, "the API to refuse")
