# SPDX-License-Identifier: Apache-2.0
"""JwtLoginLimit: guesses are few, and nobody locks out who was here before."""

import collections
import concurrent.futures

import pytest

from e2e_site import AuthSite, USERS
from lab.process import wait_for

#: Clients choose their address: a proxy in front of us tells it.
PROXY = "RemoteIPHeader X-Client\nRemoteIPInternalProxy 127.0.0.1"


@pytest.fixture(name="site")
def _site(auth_site):
    """site(limit, …): three failed logins an hour, unless said otherwise."""
    def make(limit="3/1h", **options):
        return auth_site(server=f"{PROXY}\nJwtLoginLimit {limit}",
                         modules=("remoteip",), **options)
    return make


def ask(site, name, password, address):
    """A login from that address: what came of it."""
    answer = site.client.post_json(
        "/login", {"username": name, "password": password},
        [("X-Client", address)])
    return answer.get("X-Outcome"), answer


def guess(site, name, address, times):
    """Wrong passwords: the outcomes, counted."""
    return collections.Counter(ask(site, name, "guess", address)[0]
                               for _ in range(times))


def test_a_thousand_wrong_passwords(site):
    """From as many addresses: three are judged, the rest cost nothing."""
    site = site()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        outcomes = collections.Counter(pool.map(
            lambda i: ask(site, "alice", "guess",
                          f"10.1.{i // 250}.{i % 250}")[0], range(1000)))
    assert outcomes["login_limited"] >= 990, outcomes
    assert outcomes["login_refused"] == 3, outcomes


def test_what_the_refusal_says(site):
    """429, when to come back, and no word of whose name it is."""
    site = site()
    guess(site, "alice", "10.0.0.1", 3)
    _, answer = ask(site, "alice", "wonderland", "10.0.0.2")
    line = site.refused(answer, 429, "login_limited")
    assert 1100 < int(answer.get("Retry-After")) <= 1201
    assert answer.json()["error_description"]
    assert answer.get("Cache-Control") == "no-store"
    assert "alice" not in line and "10.0.0" not in line.partition("outcome")[2]
    unknown = [ask(site, "nobody", "guess", f"10.0.1.{i}")[0]
               for i in range(4)]
    assert unknown == ["login_refused"] * 3 + ["login_limited"]


@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_all_children_count_together(site, mpm):
    """Whichever child is asked; also those that come after a restart."""
    site = site(mpm=mpm)
    assert guess(site, "alice", "10.0.0.1", 12)["login_refused"] == 3
    before = set(site.httpd.children())
    site.httpd.graceful()
    wait_for(lambda: not before & set(site.httpd.children()), "new children")
    assert guess(site, "alice", "10.0.0.2", 4) == {"login_limited": 4}


def test_one_address_many_names(site):
    """Who tries one password on everybody is stopped by the address."""
    site = site()
    outcomes = [ask(site, f"user{i}", "Summer2026", "10.0.0.1")[0]
                for i in range(5)]
    assert outcomes == ["login_refused"] * 3 + ["login_limited"] * 2
    assert ask(site, "user9", "Summer2026", "10.0.0.2")[0] == "login_refused"


def test_own_account_buys_no_guesses(site):
    """A success takes nothing off the count."""
    site = site()
    for _ in range(3):
        assert guess(site, "alice", "10.0.0.1", 1) == {"login_refused": 1}
        ask(site, "bob", USERS["bob"], "10.0.0.1")
    assert guess(site, "alice", "10.0.0.1", 1) == {"login_limited": 1}
    assert guess(site, "carol", "10.0.0.1", 1) == {"login_limited": 1}


def test_nobody_locks_out_who_was_here_before(site):
    """Guesses from elsewhere do not count where the name has logged in."""
    site = site()
    assert ask(site, "alice", "wonderland", "10.0.0.1")[0] == "logged_in"
    assert guess(site, "alice", "10.9.9.9", 5)["login_limited"] == 2
    assert ask(site, "alice", "wonderland", "10.8.8.8")[0] == "login_limited"
    for _ in range(5):
        assert ask(site, "alice", "wonderland", "10.0.0.1")[0] == "logged_in"
    # The owner's address guesses no more than others.
    assert guess(site, "alice", "10.0.0.1", 5) == {"login_refused": 3,
                                                   "login_limited": 2}


def test_a_neighbour_behind_the_same_address(site):
    """An office: one who guesses does not keep the others out."""
    site = site()
    assert ask(site, "alice", "wonderland", "10.0.0.1")[0] == "logged_in"
    assert guess(site, "mallory", "10.0.0.1", 5)["login_limited"] == 2
    assert ask(site, "alice", "wonderland", "10.0.0.1")[0] == "logged_in"
    assert ask(site, "bob", USERS["bob"], "10.0.0.1")[0] == "login_limited"


def test_what_is_one_address(site):
    """An IPv6 client has 2^64 addresses, and one count."""
    site = site()
    for one, other, same in (
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
            ("2001:db8:2:2::1", "2001:db8:2:3::1", False),
            ("10.0.0.1", "10.0.0.2", False)):
        for i in range(3):
            assert ask(site, f"{one} {i}", "x", one)[0] == "login_refused"
        outcome, _ = ask(site, f"{one} 9", "x", other)
        assert outcome == ("login_limited" if same else "login_refused"), one


def test_one_name_in_other_letters(site):
    """What a database may take for the same name has no count of its own."""
    site = site()
    assert guess(site, "alice", "10.0.0.1", 3) == {"login_refused": 3}
    for other in ("ALICE", " alice", "alice ", "Alice"):
        assert guess(site, other, "10.0.0.2", 1) == {"login_limited": 1}


def test_time_pays(site):
    """The wait that was told is enough."""
    site = site("2/2s")
    assert guess(site, "alice", "10.0.0.1", 3)["login_limited"] == 1
    wait_for(lambda: ask(site, "alice", "wonderland", "10.0.0.1")[0]
             == "logged_in", "the debt to be paid")


def test_the_default(auth_site):
    """Ten, without any directive."""
    site = auth_site()
    outcomes = [site.ask_login("alice", "guess").status for _ in range(11)]
    assert outcomes == [401] * 10 + [429]


def test_off(auth_site):
    """Some count elsewhere."""
    site = auth_site(server="JwtLoginLimit Off")
    assert {site.ask_login("alice", "guess").status
            for _ in range(12)} == {401}


def test_trouble_of_ours_does_not_count(auth_site):
    """A database that is away is nobody's wrong password."""
    site = auth_site(
        server='JwtLoginLimit 2/1h\nDBDriver pgsql\n'
               'DBDParams "host=/nowhere dbname=x"',
        login='JwtLoginProvider dbd\nAuthDBDUserPWQuery '
              '"SELECT password FROM users WHERE email = %s"')
    site.httpd.expect("dbd:", "outcome=login_unavailable")
    assert {site.ask_login().status for _ in range(4)} == {503}


def test_sites_count_on_their_own(site):
    """Two sites of one httpd have different people of the same name."""
    site = site(login=AuthSite.LOGIN + """
        </Location>
        <Location "/other/login">
            SetHandler jwt-login
            JwtSite other
            """ + AuthSite.LOGIN)
    assert guess(site, "alice", "10.0.0.1", 4)["login_limited"] == 1
    other = site.client.post_json(
        "/other/login", {"username": "alice", "password": "wonderland"},
        [("X-Client", "10.0.0.2")])
    assert other.get("X-Outcome") == "logged_in"
