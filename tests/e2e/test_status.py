# SPDX-License-Identifier: Apache-2.0
"""jwt-status: what an administrator sees of a running httpd."""

import os
import signal

import pytest

from lab import jwt
from lab.process import wait_for

PLACE = """
    <Location "/status">
        SetHandler jwt-status
        Require ip 127.0.0.1
    </Location>
"""

#: One child, so that what a child knows can be asked for.
ONE = ("ServerLimit 1\nStartServers 1\nThreadsPerChild 8\n"
       "MaxRequestWorkers 8\nMinSpareThreads 1\nMaxSpareThreads 8\n")


@pytest.fixture(name="site")
def _site(auth_site):
    def make(**options):
        return auth_site(server=PLACE, **options)
    return make


def status(site):
    """What it says as JSON."""
    answer = site.client.get("/status", headers=[
        ("Accept", "application/json")])
    assert answer.status == 200, answer
    assert answer.get("Cache-Control") == "no-store"
    return answer.json()


def text(site):
    """The same for people, as a dict."""
    answer = site.client.get("/status")
    assert answer.get("Content-Type") == "text/plain; charset=utf-8"
    assert answer.get("Cache-Control") == "no-store"
    return dict(line.split(": ", 1) for line in answer.text.splitlines())


def test_outcomes_are_counted_over_all_children(site):
    """Whichever child answers, also after a graceful restart."""
    site = site()
    for _ in range(10):
        assert site.api("x.y.z").status == 401
    _, refresh = site.login()
    site.refreshed(refresh)
    expected = {"token_malformed": 10, "logged_in": 1, "rotated": 1}
    said = status(site)["outcomes"]
    assert {name: said[name] for name in expected} == expected
    before = set(site.httpd.children())
    site.httpd.graceful()
    wait_for(lambda: not before & set(site.httpd.children()), "new children")
    said = status(site)["outcomes"]
    assert {name: said[name] for name in expected} == expected
    assert "reused" not in said
    assert text(site)["outcomes.token_malformed"] == "10"


def test_what_a_child_knows(site):
    """Its connections and its cache; it says which child it is."""
    site = site(mpm_config=ONE)
    assert status(site)["child"]["connections"] == {
        "open": 0, "idle": 0, "attempts": 0, "lost": 0}
    access, _ = site.login()
    for _ in range(3):
        assert site.api(access).status == 200
    child = status(site)["child"]
    assert child["connections"]["open"] == 1
    assert child["connections"]["attempts"] == 1
    assert child["cache"]["hits"] >= 2
    assert child["pid"] in site.httpd.children()
    said = text(site)
    assert said["child.pid"] == str(child["pid"])
    assert said["child.connections.open"] == "1"


def test_an_outage(site, cluster):
    """When the database was away."""
    site = site(mpm_config=ONE)
    assert status(site)["outage"] is None
    assert text(site)["outage"] == "none"
    _, refresh = site.login()
    site.httpd.expect("outcome=database_down")
    cluster.stop("immediate")
    assert site.refresh(refresh).status == 503
    cluster.start()
    wait_for(lambda: site.refresh(refresh).status == 200, "the database")
    outage = status(site)["outage"]
    assert 0 <= outage["ended_seconds_ago"] <= outage["began_seconds_ago"] < 60
    assert status(site)["child"]["connections"]["lost"] >= 1


def test_the_board(site, db):
    """What was revoked, how old the news is, and which child brings it."""
    site = site()
    def board():
        return status(site)["board"]
    wait_for(lambda: board()["news_seconds_ago"] is not None, "the first news")
    before = board()
    assert (before["sessions"], before["subjects"], before["full"]) == (
        0, 0, False)
    assert before["news_seconds_ago"] <= 2
    wait_for(lambda: board()["leader_pid"] in site.httpd.children(),
             "a leader")
    access, _ = site.login()
    db.execute("SELECT auth_jwt.revoke_session(%s)",
               jwt.claims_of(access)["sid"])
    db.psql("SELECT auth_jwt.block_subject('bob')")
    wait_for(lambda: (board()["sessions"], board()["subjects"]) == (1, 1),
             "the news")
    assert board()["changes"] > before["changes"]
    assert abs(board()["clock_offset_ms"]) < 5000
    wait_for(lambda: board()["listening"], "notifications")
    said = text(site)
    assert said["board.sessions"] == "1" and said["board.full"] == "false"


def test_another_child_leads(site):
    """The one that is killed does not stay on the page."""
    site = site()
    def leader():
        return status(site)["board"]["leader_pid"]
    wait_for(lambda: leader() in site.httpd.children(), "a leader")
    first = leader()
    site.httpd.expect("exit signal")
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: leader() not in (0, first)
             and leader() in site.httpd.children(), "another leader")


def test_no_secret_and_no_name(site):
    """Neither tokens nor who has them, nor how to reach the database."""
    site = site()
    access, refresh = site.login()
    site.ask_login("mallory", "hunter2hunter2")
    for accept in ("application/json", "*/*"):
        body = site.client.get("/status", headers=[("Accept", accept)]).text
        sid = jwt.claims_of(access)["sid"]
        for secret in (access, refresh, sid, site.key, "alice", "mallory",
                       "hunter2", "dbname", "127.0.0.1"):
            assert secret not in body
    assert '"login_refused":1' in body or "login_refused: 1" in body


def test_the_administrator_says_who_may_see_it(auth_site):
    """httpd's own authorization, as for server-status."""
    site = auth_site(server=PLACE.replace("127.0.0.1", "192.0.2.1"))
    site.httpd.expect("AH01630")
    answer = site.client.get("/status")
    assert answer.status == 403
    assert b"outcomes" not in answer.body


def test_it_is_only_read(site):
    """405, and which methods there are."""
    site = site()
    site.refused(site.client.request("POST", "/status"), 405,
                 "method_refused")
    head = site.client.request("HEAD", "/status")
    assert (head.status, head.body) == (200, b"")


def test_a_server_without_a_database(httpd):
    """Tokens alone can be judged without one."""
    site = httpd(PLACE)
    said = site.client.get("/status", headers=[
        ("Accept", "application/json")]).json()
    assert said["outage"] is None and said["board"] is None
    assert said["child"]["connections"] is None
