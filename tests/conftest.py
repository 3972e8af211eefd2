# SPDX-License-Identifier: Apache-2.0
"""Fixtures of all tests: a PostgreSQL for the session, the rest for each test.

    place    the working folder
    cluster  the PostgreSQL (always up when a test begins)
    db       a fresh database with our schema
    httpd    httpd(config, …) starts a server; a test fails on an error-log
             line that it did not declare with site.expect(regex)
    browser  a Chromium with nothing in its storage
    figures  figures(text) is printed at the end of the run
"""

import collections
import functools
import signal
import sys

import pytest

from lab.httpd import Httpd
from lab.place import Place
from lab.postgres import Cluster

assert sys.version_info >= (3, 9), "run with Debian's /usr/bin/python3"


def pytest_configure(config):
    """contract(dialect, row): a test of a row of DIALECTS.md."""
    config.addinivalue_line(
        "markers", "contract(dialect, row): sends a row of a wire contract")


def pytest_terminal_summary(terminalreporter):
    """What tests have measured, and how many rows of the wire contracts were
    sent, and held."""
    passed = terminalreporter.stats.get("passed", [])
    for report in passed:
        for name, text in report.user_properties:
            if name == "figures":
                test = report.nodeid.rpartition("::")[2]
                terminalreporter.write_line(f"{test}: {text}")
    rows = [dict(report.user_properties).get("contract") for report in passed]
    counts = collections.Counter(row.partition(":")[0] for row in rows if row)
    if counts:
        terminalreporter.write_line("contract rows: " + ", ".join(
            f"{name} {count}" for name, count in sorted(counts.items())))


def pytest_runtest_setup(item):
    """The row that a test sends is in its report."""
    for mark in item.iter_markers("contract"):
        item.user_properties.append(("contract", ":".join(mark.args)))


def pytest_sessionstart(session):
    """`kill` ends a run as orderly as Ctrl-C does, and xdist its workers,
    which are told several times: the first one counts.

    A SystemExit would be the failure of the test that it comes in.
    """
    def leave(_number, _frame):
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
    xdist = sys.modules.get("xdist.workermanage")
    if xdist:  # a worker that is ended has servers to stop first
        xdist.NodeManager.EXIT_TIMEOUT = 30


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Lets fixtures know how the test went."""
    report = (yield).get_result()
    if report.when == "call":
        item.failed_call = report.failed


@pytest.fixture(scope="session", name="place")
def _place():
    with Place() as place:
        yield place


@pytest.fixture(scope="session", name="running_cluster")
def _running_cluster(place):
    # A killed postmaster loses nothing without fsync; a lost machine would.
    return Cluster(place, in_memory=True, fsync="off", log_statement="all",
                   max_wal_size="256MB").start()


@pytest.fixture(name="cluster")
def _cluster(running_cluster):
    if not running_cluster.alive:
        running_cluster.start()
    yield running_cluster
    if not running_cluster.alive:
        running_cluster.start()


@pytest.fixture(name="db")
def _db(cluster):
    database = cluster.database()
    yield database
    if not cluster.alive:
        cluster.start()
    database.drop()


@pytest.fixture(name="httpd")
def _httpd(place, request):
    started = []

    def make(config="", *, start=True, **options):
        site = Httpd(place, config, **options)
        started.append(site)
        return site.start() if start else site

    yield make
    for site in started:
        site.stop()
    if getattr(request.node, "failed_call", False):
        for site in started:
            print(f"--- error log of {site.root.name}\n"
                  + "\n".join(site.error_log().splitlines()[-150:]))
    unexpected = [line for site in started for line in site.unexpected()]
    assert not unexpected, "unexpected in the error log:\n" + "\n".join(
        unexpected)


@pytest.fixture(name="figures")
def _figures(record_property):
    return functools.partial(record_property, "figures")


@pytest.fixture(scope="session", name="browser_process")
def _browser_process(place):
    # Only the tests that look need selenium.
    from lab.browser import chromium  # pylint: disable=import-outside-toplevel
    driver = chromium(place)
    yield driver
    driver.quit()


@pytest.fixture(name="browser")
def _browser(browser_process):
    """The browser with nothing in its storage; no script error allowed."""
    browser_process.get("about:blank")
    browser_process.get_log("browser")
    yield browser_process
    errors = [entry for entry in browser_process.get_log("browser")
              if entry["source"] not in ("network", "deprecation")]
    assert not errors, errors
