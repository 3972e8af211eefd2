# SPDX-License-Identifier: Apache-2.0
"""Children of httpd come, go and are killed, while clients refresh.

AJR_LONG=10 makes 200 graceful restarts of the 20.
"""

import os
import pathlib
import signal

import pytest

from crowd import LONG, Crowd
from lab.httpd import module_file
from lab.process import alive, wait_for

MPMS = ("event", "worker", "prefork")
FEW = {"event": "ServerLimit 4\nStartServers 2\nThreadsPerChild 8\n"
                "MaxRequestWorkers 16\nMinSpareThreads 1\n"
                "MaxSpareThreads 16\n",
       "prefork": "ServerLimit 16\nStartServers 6\nMinSpareServers 4\n"
                  "MaxSpareServers 8\nMaxRequestWorkers 16\n"}
FEW["worker"] = FEW["event"]


@pytest.fixture(name="start")
def _start(auth_site):
    """start(mpm): (site, tokens of 20 sessions)."""
    def make(mpm, more=""):
        site = auth_site(mpm=mpm, mpm_config=FEW[mpm] + more,
                         loglevel="warn auth_jwt_refresh:info",
                         server="JwtDatabaseKeep 4")
        return site, [site.login()[1] for _ in range(20)]
    return make


def nobody_lost(site, crowd):
    """Every answer was a good one, and so is every session."""
    assert {(one.status, one.tag) for one in crowd.told} <= {
        (200, "rotated"), (200, "current"), (200, "replayed")}
    for token in crowd.tokens:
        site.refreshed(token)
    assert site.db.execute("SELECT kind, count(*) FROM auth_jwt.event"
                           " GROUP BY kind") == [("login", 20)]


def held(httpd):
    """What the parent holds: descriptors, mappings, shared memory, and the
    semaphores and segments of System V there are in the machine."""
    process = pathlib.Path(f"/proc/{httpd.pid}")
    maps = (process / "maps").read_text(encoding="utf-8").splitlines()
    shared = [line for line in maps if line.split()[1].endswith("s")]
    return {"descriptors": len(os.listdir(process / "fd")),
            "mappings": len(maps), "shared": len(shared),
            "shared KiB": sum(map(_kib, shared)),
            "semaphores": _system_v("sem", httpd),
            "segments": _system_v("shm", httpd)}


def _kib(line):
    low, high = (int(end, 16) for end in line.split()[0].split("-"))
    return (high - low) // 1024


def _system_v(kind, httpd):
    """Made by this server, or used last by it."""
    rows = pathlib.Path(f"/proc/sysvipc/{kind}").read_text(
        encoding="utf-8").splitlines()
    pids = {str(pid) for pid in (httpd.pid, *httpd.children())}
    return sum(bool(pids & set(row.split())) for row in rows[1:])


def connections(site):
    """Of httpd to PostgreSQL."""
    return site.db.value("SELECT count(*) FROM pg_stat_activity"
                         " WHERE usename = 'site_httpd'")


# -- restarts ----------------------------------------------------------------

def test_graceful_restarts_under_load_leave_nothing_behind(start, figures):
    """No request fails, and the parent holds what it held before."""
    site, tokens = start("event")
    with Crowd(site.httpd.port, tokens, 8) as crowd:
        found = []
        for number in range(round(20 * LONG)):
            before, seen = set(site.httpd.children()), crowd.count()
            site.httpd.graceful()
            wait_for(lambda seen=seen: crowd.count() > seen + 20, "the load")
            wait_for(lambda before=before: not before & set(
                site.httpd.children()), "the old children to end")
            # Of threads, janitors, and those whose child just went.
            wait_for(lambda: connections(site) <= 24, "connections to go")
            if number >= 2:
                found.append(held(site.httpd))
    figures(f"{crowd.count()} refreshes, then {found[-1]}")
    nobody_lost(site, crowd)
    for name in found[0]:
        values = [one[name] for one in found]
        assert max(values) <= max(values[:3]), (name, values)


@pytest.mark.parametrize("mpm", MPMS)
def test_a_graceful_restart_in_each_mpm(start, cluster, mpm):
    """And PostgreSQL restarted: what a request leaves behind is the same."""
    site, tokens = start(mpm)
    with Crowd(site.httpd.port, tokens, 6) as crowd:
        for _ in range(2):
            seen = crowd.count()
            site.httpd.graceful()
            wait_for(lambda seen=seen: crowd.count() > seen + 20, "the load")
    nobody_lost(site, crowd)
    cluster.restart()
    nobody_lost(site, crowd)


# -- children ----------------------------------------------------------------

def test_a_child_that_ends_while_a_name_is_looked_up(httpd):
    """Its janitor hears of nothing then, and must not live on in memory that
    is gone: prefork gives it back, and glibc fills it here."""
    library = module_file().parent / "tests" / "hung_resolver.so"
    httpd('JwtDatabase "host=hung.test dbname=site"', mpm="prefork",
          mpm_config=FEW["prefork"],
          env={"LD_PRELOAD": str(library), "MALLOC_PERTURB_": "165"}).stop()


@pytest.mark.parametrize("mpm", MPMS)
def test_children_that_serve_few_connections_each(start, mpm):
    """MaxConnectionsPerChild: they come and go, and no request notices."""
    site, tokens = start(mpm, "MaxConnectionsPerChild 15\n")
    first, seen = set(site.httpd.children()), set()
    with Crowd(site.httpd.port, tokens, 6) as crowd:
        wait_for(lambda: seen.update(site.httpd.children()) or len(
            seen - first) >= 6, "six new children", 30)
    nobody_lost(site, crowd)
    wait_for(lambda: connections(site) <= 16, "the connections of the dead")


@pytest.mark.parametrize("mpm", MPMS)
def test_a_child_that_is_killed(start, mpm):
    """Its requests are lost, no session is, and its connections go."""
    site, tokens = start(mpm)
    site.httpd.expect("exit signal Killed")
    with Crowd(site.httpd.port, tokens, 6) as crowd:
        for _ in range(3):
            victim = site.httpd.children()[0]
            os.kill(victim, signal.SIGKILL)
            wait_for(lambda victim=victim: not alive(victim), "its death")
            seen = crowd.count()
            wait_for(lambda seen=seen: crowd.count() > seen + 20, "the load")
            wait_for(lambda: len(site.httpd.children()) >= 2, "a new child")
    broken = [one for one in crowd.told if one.tag == "broken"]
    assert len(broken) <= 3 * 6
    crowd.told = [one for one in crowd.told if one.tag != "broken"]
    nobody_lost(site, crowd)
