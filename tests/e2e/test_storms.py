# SPDX-License-Identifier: Apache-2.0
"""Many clients at once, while things happen; afterwards everything adds up.

AJR_LONG=20 makes these as long as one likes.
"""

import random
import time

import pytest

from crowd import LONG, Crowd
from e2e_site import sid_of
from lab.process import SLACK, wait_for

#: Longer than a request takes on a slow machine, so that no client that read
#: a token before it was traded comes after the grace; short enough that
#: sessions rotate again and again.
GRACE = 3.0

MPM = ("ServerLimit 3\nStartServers 3\nThreadsPerChild 25\n"
       "MaxRequestWorkers 75\nMinSpareThreads 1\nMaxSpareThreads 75\n")


@pytest.fixture(name="site")
def _site(auth_site):
    site = auth_site(grace=f"{GRACE:g}s", mpm_config=MPM,
                     loglevel="warn auth_jwt_refresh:error",
                     server="JwtDatabaseTimeout 2s\nJwtDatabaseMax 8\n"
                            "JwtDatabaseKeep 8")
    site.httpd.expect("outcome=database_")
    return site


def open_sessions(site, count):
    """Sessions opened with SQL, each traded once for a jr1_: their tokens."""
    tokens = [token for token, in site.db.execute(
        "SELECT auth_jwt.open_session(format('user %%s', i))"
        " FROM generate_series(1, %s) i", count)]
    return [site.refreshed(token)[1] for token in tokens]


def in_database(site):
    """{sid: (generation, revoke_reason or None)}."""
    return {sid: rest for sid, *rest in site.db.execute(
        "SELECT sid::text, generation, revoke_reason FROM auth_jwt.session")}


def events(site):
    """{kind: number of events}."""
    return dict(site.db.execute(
        "SELECT kind, count(*) FROM auth_jwt.event GROUP BY kind"))


def test_revocations_in_a_storm_of_shared_tokens(site, figures):
    """64 clients, 100 sessions, each token in many hands, and half of the
    sessions are ended meanwhile: none for another reason, none lives on."""
    tokens = open_sessions(site, 100)
    sids = [str(sid_of(token)) for token in tokens]
    doomed = random.Random(4).sample(range(100), 50)
    ended = {}
    with Crowd(site.httpd.port, tokens, 64) as crowd:
        crowd.work(GRACE)
        for number in doomed:
            crowd.work(2 * GRACE / len(doomed))
            assert site.db.value("SELECT auth_jwt.revoke_session(%s)",
                                 sids[number])
            ended[number] = time.monotonic()
        crowd.work(GRACE)
    told, tags = crowd.told, crowd.tags()
    figures(f"{len(told)} refreshes, {tags}")

    assert set(tags) == {"rotated", "current", "replayed", "revoked"}
    for one in told:
        if one.tag == "revoked":
            assert one.session in ended
        elif one.session in ended:
            assert one.began < ended[one.session], one
    rows = in_database(site)
    assert (sum(generation for generation, _ in rows.values()) - 100
            == tags["rotated"])
    assert {number for number, sid in enumerate(sids)
            if rows[sid][1]} == set(doomed)
    assert events(site) == {"login": 100, "revoked": 50}
    for number, token in enumerate(crowd.tokens):
        assert site.refresh(token).status == (400 if number in ended else 200)


def _rotates(crowd):
    """Waits for a rotation: a grace after the last, or after an outage."""
    seen = crowd.count()
    wait_for(lambda: any(one.tag == "rotated" for one in crowd.told[seen:]),
             "a rotation", 4 * GRACE)


def test_postgresql_killed_five_times_under_load(site, cluster, figures):
    """503 while it is away and no other refusal; nobody is logged out."""
    tokens = open_sessions(site, 60)
    away = []
    with Crowd(site.httpd.port, tokens, 16) as crowd:
        _rotates(crowd)
        for _ in range(round(5 * LONG)):
            crowd.work(0.6 / LONG)
            left = time.monotonic()
            cluster.kill9()
            crowd.work(0.3 / LONG)
            cluster.start()
            away.append((left, time.monotonic()))
            seen = crowd.count()
            wait_for(lambda seen=seen: any(
                one.status == 200 for one in crowd.told[seen:]), "a refresh")
        _rotates(crowd)
    site.back()
    gaps = [min(one.ended for one in crowd.told
                if one.status == 200 and one.began > back) - back
            for _, back in away]
    figures(f"{crowd.count()} refreshes, {crowd.tags()}, back after "
            f"{max(gaps):.2f} s at most")

    assert {one.status for one in crowd.told} == {200, 503}
    assert set(crowd.tags()) <= {"rotated", "current", "replayed",
                                 "database_down", "database_busy",
                                 "database_timeout"}
    assert max(gaps) < 1 + SLACK
    for one in crowd.told:
        if one.status == 503:
            assert any(one.ended > left and one.began < back + 1 + SLACK
                       for left, back in away), one
    for token in crowd.tokens:
        site.refreshed(token)
    assert events(site) == {"login": 60}
    generations = [generation for generation, reason
                   in in_database(site).values() if reason is None]
    assert len(generations) == 60
    assert sum(generations) - 60 >= crowd.tags()["rotated"]
