# SPDX-License-Identifier: Apache-2.0
"""A real streaming standby: it judges nobody, and takes over with less."""

import contextlib
import shutil

import pytest

from lab.grant import Grant
from lab.process import wait_within, within
from lab.standby import Standby

#: JwtDatabaseTimeout of these sites.
TIMEOUT = 1.0


@pytest.fixture(name="standby")
def _standby(place, cluster, db):  # pylint: disable=unused-argument
    """Of the cluster with the test's database in it; put back at the end."""
    standby = Standby(place, cluster).start()
    yield standby
    standby.remove()


@pytest.fixture(name="site")
def _site(auth_site, db, cluster, standby):
    """A site that knows both servers and wants the one that writes."""
    site = auth_site(grace="0", server=f"JwtDatabaseTimeout {TIMEOUT:g}s",
                     conninfo=f"host={cluster.socket_dir},{standby.socket_dir}"
                              f" dbname={db.name} user=site_httpd"
                              " target_session_attrs=read-write")
    site.httpd.expect("outcome=(database_|unfit|healed|ahead)")
    return site


def unavailable(answer, *tags):
    """Asserts 503 with Retry-After and one of these outcomes."""
    assert answer.status == 503, answer
    assert int(answer.get("Retry-After")) >= 1
    assert not answer.all("Set-Cookie")
    assert answer.get("X-Outcome") in tags


def fail_over(site, cluster, standby, token):
    """The primary dies, 503s in time, the standby takes over."""
    cluster.kill9()
    for _ in range(3):
        with within(TIMEOUT):
            unavailable(site.refresh(token), "database_down")
    standby.promote()
    return answered(site, token)


def answered(site, token):
    """The first answer that is no 503, when all children could give one."""
    answer = wait_within(1, lambda: _not_503(site.refresh(token)), "an answer")
    site.back()
    return answer


def _not_503(answer):
    return answer if answer.status != 503 else None


def on(standby, db, sql):
    """The lines that a query gives on the standby."""
    return standby.psql(sql, db.name).split()


@pytest.mark.parametrize("rotates", ["On", "Off"])
def test_a_standby_alone_decides_nothing(auth_site, db, standby, rotates):
    """Not even with rotation off, where a refresh would be a mere look."""
    primary = auth_site(server=f"JwtRefreshRotate {rotates}")
    access, token = primary.login()
    standby.caught_up()
    site = auth_site(server=f"JwtRefreshRotate {rotates}\n"
                            f"JwtDatabaseTimeout {TIMEOUT:g}s",
                     conninfo=standby.conninfo(db.name, "site_httpd"))
    # The same keys, as on another host.
    for name in ("access", "refresh"):
        shutil.copy(primary.httpd.root / f"keys/{name}.key",
                    site.httpd.root / "keys")
    site.httpd.graceful()
    site.httpd.expect("outcome=unfit")
    for _ in range(2):
        unavailable(site.refresh(token), "unfit")
        unavailable(site.ask_login(), "unfit")
        unavailable(site.logout(token), "unfit")
    assert site.api(access).status == 200
    primary.refreshed(token)
    assert primary.logout(token).status == 200


def test_failover_that_loses_nothing(site, cluster, standby, db):
    """As a restart elsewhere; no restart of httpd."""
    _, token = site.refreshed(site.login()[1])
    standby.caught_up()
    answer = fail_over(site, cluster, standby, token)
    assert answer.get("X-Outcome") == "rotated"
    assert Grant.parse(site.tokens(answer)[1]).generation == 2
    assert on(standby, db, "SELECT kind FROM auth_jwt.event") == ["login"]


def test_failover_that_loses_the_last_commits_heals(site, cluster, standby,
                                                    db):
    """Tokens that the new primary has never heard of log nobody out."""
    _, token = site.refreshed(site.login()[1])
    standby.lose_touch()
    for _ in range(2):
        _, token = site.refreshed(token)
    assert Grant.parse(token).generation == 3
    answer = fail_over(site, cluster, standby, token)
    assert answer.get("X-Outcome") == "healed"
    _, token = site.tokens(answer)
    assert Grant.parse(token).generation == 4
    _, token = site.refreshed(token)
    assert on(standby, db, "SELECT generation FROM auth_jwt.session") == ["5"]
    assert on(standby, db, "SELECT kind FROM auth_jwt.event") == [
        "login", "healed"]


def test_failover_does_not_forgive_a_thief(site, cluster, standby, db):
    """The lost rotation of the victim makes nobody else's copy good."""
    _, stolen = site.login()
    _, token = site.refreshed(stolen)
    standby.lose_touch()
    _, token = site.refreshed(token)
    answer = fail_over(site, cluster, standby, token)
    _, token = site.tokens(answer)
    assert site.refresh(stolen).get("X-Outcome") == "reused"
    assert site.refresh(token).get("X-Outcome") == "revoked"


def test_a_database_much_older_than_its_tokens_says_so(site, cluster, standby,
                                                       db):
    """More than two rotations are gone: a backup, not a failover."""
    _, token = site.login()
    standby.lose_touch()
    for _ in range(3):
        _, token = site.refreshed(token)
    answer = fail_over(site, cluster, standby, token)
    assert answer.get("X-Outcome") == "ahead"
    assert answer.json()["error"] == "invalid_grant"
    assert "ahead" in on(standby, db, "SELECT kind FROM auth_jwt.event")


def test_a_primary_that_became_a_standby_is_left(site, cluster, standby, db):
    """A switchover: the first host of the list answers, and is read-only."""
    _, token = site.login()
    with contextlib.closing(db.connect()) as admin:
        standby.caught_up()
        admin.cursor().execute(
            f'ALTER DATABASE "{db.name}" SET default_transaction_read_only'
            " = on")
        standby.lose_touch()
        standby.promote()
        standby.psql(f'ALTER DATABASE "{db.name}"'
                     " SET default_transaction_read_only = off")
        # Becoming a standby takes a restart, which ends connections.
        admin.cursor().execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE usename = 'site_httpd'")
    answer = answered(site, token)
    assert Grant.parse(site.tokens(answer)[1]).generation == 1
    assert on(standby, db, "SELECT generation FROM auth_jwt.session") == ["1"]
