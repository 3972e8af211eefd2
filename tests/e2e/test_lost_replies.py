# SPDX-License-Identifier: Apache-2.0
"""Replies that are lost on the way: to the client, and to httpd."""

import concurrent.futures
import random
import socket
import struct
import urllib.parse

import pytest

from lab.grant import Grant
from lab.process import wait_for
from lab.proxy import Proxy


@pytest.fixture(name="proxy")
def _proxy(cluster):
    proxy = Proxy(cluster)
    yield proxy
    proxy.close()


def ask_and_hang_up(site, token):
    """Sends a refresh and resets the connection before the reply."""
    body = urllib.parse.urlencode({"grant_type": "refresh_token",
                                   "refresh_token": token}).encode()
    with socket.create_connection(("127.0.0.1", site.httpd.port)) as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
        link.sendall(b"POST /token HTTP/1.1\r\nHost: localhost\r\n"
                     b"Content-Type: application/x-www-form-urlencoded\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(body) + body)
        wait_for(lambda: site.session(token, "generation") == 1,
                 "the rotation")


def events(db):
    """How often each kind of event is in the table."""
    return dict(db.execute("SELECT kind, count(*) FROM auth_jwt.event"
                           " GROUP BY kind"))


# -- to the client -----------------------------------------------------------

def test_client_that_asks_again_within_the_grace(auth_site, db):
    """The same successor, byte for byte, as often as it asks."""
    site = auth_site()
    _, token = site.login()
    ask_and_hang_up(site, token)
    successors = {site.refreshed(token)[1] for _ in range(3)}
    assert len(successors) == 1
    assert Grant.parse(successors.pop()).generation == 1
    assert events(db) == {"login": 1}


def test_client_that_asks_again_after_the_grace(auth_site, db, past):
    """It looks like a thief: the session ends, and the event says so."""
    site = auth_site()
    _, token = site.login()
    ask_and_hang_up(site, token)
    past(token, "31s")
    site.invalid_grant(site.refresh(token), "reused")
    assert not site.alive(token)
    assert events(db) == {"login": 1, "reused": 1}
    site.invalid_grant(site.refresh(token), "revoked")
    assert events(db) == {"login": 1, "reused": 1}


# -- to httpd: committed, and the connection is lost -------------------------

@pytest.mark.parametrize("grace", ["0", "30s"])
def test_commit_whose_answer_was_lost(auth_site, db, proxy, grace):
    """httpd asks again, and its client notices nothing."""
    site = auth_site(grace=grace, conninfo=proxy.conninfo(db))
    _, token = site.login()
    for generation in (1, 2, 3):
        proxy.lose()
        answer = site.refresh(token)
        assert proxy.lost
        _, token = site.tokens(answer)
        assert answer.get("X-Outcome") == ("replayed" if generation == 1
                                           or grace == "0" else "current")
        assert site.session(token, "generation") == (
            generation if grace == "0" else 1)
    assert events(db) == {"login": 1}


def test_commit_whose_answer_was_lost_twice(auth_site, db, proxy):
    """503, and the client's own repeat gets the successor of the first."""
    site = auth_site(conninfo=proxy.conninfo(db))
    site.httpd.expect("outcome=database_down")
    _, token = site.login()
    proxy.lose(2)
    answer = site.refresh(token)
    assert (answer.status, answer.get("Retry-After")) == (503, "1")
    assert not answer.all("Set-Cookie")
    assert site.session(token, "generation") == 1
    _, successor = site.refreshed(token)
    assert Grant.parse(successor).generation == 1
    assert events(db) == {"login": 1}


def test_healing_whose_answer_was_lost(auth_site, db, proxy):
    """The row was behind the token; it heals once."""
    site = auth_site(grace="0", conninfo=proxy.conninfo(db))
    site.httpd.expect("outcome=healed")
    _, token = site.refreshed(site.login()[1])
    with db.connect() as connection:
        connection.cursor().execute(
            "SET session_replication_role = replica;"
            "UPDATE auth_jwt.session SET generation = 0, rotated_at = NULL")
    proxy.lose()
    _, token = site.refreshed(token)
    assert Grant.parse(token).generation == 2
    assert events(db) == {"login": 1, "healed": 1}


def test_logout_whose_answer_was_lost(auth_site, db, proxy):
    """The repeat finds it done, and says so."""
    site = auth_site(conninfo=proxy.conninfo(db))
    _, token = site.login()
    proxy.lose()
    assert site.logout(token).status == 200
    assert proxy.lost and not site.alive(token)
    assert events(db) == {"login": 1, "logout": 1}


def test_login_whose_answer_was_lost(auth_site, db, proxy):
    """Logged in by the repeat. Nobody holds the token of the first session."""
    site = auth_site(conninfo=proxy.conninfo(db))
    proxy.lose()
    _, token = site.login()
    assert proxy.lost
    site.refreshed(token)
    assert events(db) == {"login": 2}


def test_connections_cut_by_the_network(auth_site, db, proxy):
    """A firewall or pooler that forgets: no request is lost."""
    site = auth_site(grace="0", conninfo=proxy.conninfo(db))
    _, token = site.login()
    for _ in range(5):
        proxy.cut()
        _, token = site.refreshed(token)


# -- thieves and tabs --------------------------------------------------------

@pytest.mark.parametrize("first", ["thief", "victim"])
def test_thief_and_victim_are_told_apart_a_grace_after_they_diverge(
        auth_site, db, past, first):
    """Both hold a copy. Whoever is second after the grace ends it for both."""
    site = auth_site()
    _, stolen = site.login()
    held = {"thief": stolen, "victim": stolen}
    second, = set(held) - {first}

    _, held[first] = site.refreshed(held[first])
    _, held[second] = site.refreshed(held[second])
    assert held[first] == held[second], "not diverged yet"
    past(stolen, "31s")
    _, held[first] = site.refreshed(held[first])
    past(stolen, "31s")
    site.invalid_grant(site.refresh(held[second]), "reused")
    site.invalid_grant(site.refresh(held[first]), "revoked")
    assert events(db) == {"login": 1, "reused": 1}


def test_twenty_tabs_over_one_cookie_jar(auth_site, past):
    """All ask at once, and the replies arrive in any order."""
    site = auth_site()
    _, jar = site.login()
    order = random.Random(20)
    with concurrent.futures.ThreadPoolExecutor(20) as tabs:
        for generation in range(1, 6):
            answers = list(tabs.map(site.refresh, [jar] * 20))
            order.shuffle(answers)
            for answer in answers:
                _, jar = site.tokens(answer)
            assert Grant.parse(jar).generation == generation
            assert site.alive(jar)
            past(jar, "31s")


def test_predecessor_a_day_old_right_after_a_restart(auth_site, cluster, past):
    """The outage excuses replies that it lost, not a copy from yesterday."""
    site = auth_site(server="JwtDatabaseTimeout 1s")
    site.httpd.expect("outcome=database_")
    _, old = site.login()
    _, token = site.refreshed(old)
    past(token, "1 day", "rotated_at", "used_at", "created_at")
    cluster.stop()
    assert site.refresh(old).status == 503
    cluster.start()
    answer = wait_for(lambda: _not_503(site.refresh(old)), "an answer")
    assert answer.get("X-Outcome") == "reused"
    assert not site.alive(token)


def _not_503(answer):
    return answer if answer.status != 503 else None


def test_storm_of_a_dead_token_writes_nothing(auth_site, db, past):
    """The first reuse ends the session; repeats cost no transaction id."""
    site = auth_site(loglevel="warn auth_jwt_refresh:info")
    _, token = site.login()
    site.refreshed(token)
    past(token, "31s")
    assert site.refresh(token).get("X-Outcome") == "reused"
    before = int(db.value("SELECT pg_snapshot_xmax(pg_current_snapshot())"))
    with concurrent.futures.ThreadPoolExecutor(8) as workers:
        answers = list(workers.map(site.refresh, [token] * 400))
    assert {answer.get("X-Outcome") for answer in answers} == {"revoked"}
    spent = int(db.value("SELECT pg_snapshot_xmax(pg_current_snapshot())"
                         )) - before
    assert spent <= 2, "of autovacuum, perhaps"
    assert events(db) == {"login": 1, "reused": 1}
