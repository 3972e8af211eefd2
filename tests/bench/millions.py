# SPDX-License-Identifier: Apache-2.0
"""Many sessions against few: refreshes, HOT updates, sizes, purge.

Two databases of one cluster, with SMALL and with `count` sessions, and a httpd
for each. Every refresh is of a session picked at random from all of them, so
its page is one that nobody has touched lately. One row in ten is of a session
that expired long ago: food for purge().
"""

import dataclasses
import functools
import random
import statistics
import threading
import time

from lab import jwt
from lab.postgres import Cluster
from lab.process import wait_for

from . import servers, wrk
from .measure import Wrong

SMALL = 100_000

#: Sessions of one run, picked anew for each: a part of all, and no more than
#: are traded a few times in it.
_PART, _WALKED = 20, 50_000

_SECRET = b"bench of millions"[:16]
_HEAD = "01800000-0000-7000-8000-"
_DEAD = 10  # one row in so many has expired

_INSERT = """
    INSERT INTO auth_jwt.session (sid, subject, form, secret_hash, claims,
        created_at, used_at, expires_at, idle, user_agent, address)
    SELECT (%s || lpad(i::text, 12, '0'))::uuid, format('user %%s', i / 3),
           'js1', sha256(%s), '{"role": "reader"}', now - '40 days'::interval,
           now - '1 hour'::interval,
           now + CASE WHEN i %% %s = 0 THEN '-5 days' ELSE '20 days'
                 END::interval + i * '10 ms'::interval, '14 days',
           'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101',
           '192.0.2.17'
      FROM generate_series(0, %s - 1) i, clock_timestamp() now
"""

_SIZES = """
    SELECT relname, pg_relation_size(oid) FROM pg_class
     WHERE oid = 'auth_jwt.session'::regclass OR oid IN (SELECT indexrelid
           FROM pg_index WHERE indrelid = 'auth_jwt.session'::regclass)
     ORDER BY relkind DESC, relname
"""


@dataclasses.dataclass
class Millions:  # pylint: disable=too-many-instance-attributes
    """What was found."""

    count: int
    load_s: float        # seconds that INSERT … SELECT took
    rates: list          # refreshes per second: (few, many) of each round
    refreshes: int       # of the runs that were watched for HOT updates
    cut_off: int         # more, at most, under way when wrk was stopped
    updates: int
    hot: int
    sizes: list          # (name, bytes loaded, bytes after the refreshes)
    purged: int
    purge_s: float
    purge_batch_ms: list
    purge_rate: float    # refreshes per second meanwhile
    purge_p99: float

    @property
    def ratio(self):
        """Median of the rounds."""
        return statistics.median(many / few for few, many in self.rates)

    def __str__(self):
        few, many = (statistics.median(rates) for rates in zip(*self.rates))
        total = sum(after for _, _, after in self.sizes)
        batches = sorted(self.purge_batch_ms)
        return "\n".join([
            f"sessions: {self.count}, loaded in {self.load_s:.0f} s",
            f"  refreshes/s: {many:.0f} against {few:.0f} of {SMALL} "
            f"sessions, ratio {self.ratio:.3f} (target 0.90)",
            f"  {self.refreshes} refreshes: {self.updates} updates, "
            f"{100 * self.hot / self.updates:.3f} % HOT",
            *(f"  {name:24} {loaded / 2**20:8.0f} MiB, then "
              f"{after / 2**20:.0f} MiB" for name, loaded, after in self.sizes),
            f"  {total / self.count:.0f} bytes for a session in all; "
            f"100 M sessions on paper: {total / self.count / 10.737:.0f} GiB",
            f"  purge of {self.purged} expired in {self.purge_s:.0f} s, in "
            f"batches of {batches[len(batches) // 2]:.0f} ms in the median, "
            f"{batches[-1]:.0f} at most; meanwhile {self.purge_rate:.0f} "
            f"refreshes/s, p99 {self.purge_p99:.1f} ms"])


class _Population:
    """A database with sessions, and a httpd before it."""

    def __init__(self, place, cluster, count):
        self._place = place
        self.database, self.count = cluster.database(), count
        # Holds the janitors of httpd off, and not purge() on this connection.
        self.database.execute("SELECT pg_advisory_lock(hashtextextended("
                              "'purge of auth_jwt', 0))")
        began = time.monotonic()
        self.database.execute(_INSERT, _HEAD, _SECRET, _DEAD, count)
        self.load_s = time.monotonic() - began
        self.database.psql("VACUUM (ANALYZE) auth_jwt.session")
        self.database.psql("CHECKPOINT")
        self._unused = iter(self._order())
        self.server = servers.refreshes(place, jwt.secret(),
                                        self.database.conninfo(), False)

    def _order(self):
        """Numbers of live sessions, each once, in any order."""
        choice, taken = random.Random(self.count), set()
        while len(taken) < self.count * (_DEAD - 1) // _DEAD:
            number = choice.randrange(self.count)
            if number % _DEAD and number not in taken:
                taken.add(number)
                yield number

    def refresh(self, seconds):
        """Refreshes sessions at random for a while: wrk's Count."""
        walked = min(_WALKED, self.count // _PART)
        path = self._place.path / "tokens"
        path.touch(mode=0o600)
        with open(path, "w", encoding="utf-8") as tokens:
            for _, number in zip(range(walked), self._unused):
                sid = bytes.fromhex(f"{_HEAD}{number:012}".replace("-", ""))
                tokens.write(f"js1_{jwt.b64url(sid + _SECRET)}\n")
        count = wrk.run("chain.lua", self.server.url("/token"), seconds, path)
        if count.bad or count.broken or count.good != count.requests:
            raise Wrong(f"refreshes of {self.count}: {count}")
        return count

    def sizes(self):
        """(name, bytes) of the table and its indexes."""
        return self.database.execute(_SIZES)

    def updates(self):
        """(updates, HOT ones) so far, once the statistics are in."""
        before = self.database.value(
            "SELECT array_agg(pid) FROM pg_stat_activity WHERE"
            " usename = 'site_httpd' AND datname = current_database()")
        self.server.renew()
        # A backend that has ended has sent its counters.
        wait_for(lambda: not self.database.value(
            "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY (%s)",
            before), "the old children to end", 30)
        return self.database.execute(
            "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables"
            " WHERE relid = 'auth_jwt.session'::regclass")[0]

    def verify(self):
        """Nobody was thrown out."""
        if self.server.unexpected() or self.database.value(
                "SELECT count(*) FROM auth_jwt.event WHERE kind <> 'login'"):
            raise Wrong(f"the server of {self.count} sessions:\n"
                        + self.server.error_log()[-2000:])


def run(place, count, rounds, seconds, say, refreshes=1_000_000):
    """Measures it: Millions. `refreshes` are watched for HOT updates."""
    cluster = Cluster(place, folder="pgm", shared_preload_libraries="",
                      shared_buffers="1GB", max_wal_size="8GB").start()
    say(f"millions  loading {SMALL} and {count} sessions")
    few, many = (_Population(place, cluster, size) for size in (
        min(SMALL, count), count))
    rates = _compare(few, many, rounds, seconds, say)
    loaded = many.sizes()
    watched = _watch(many, refreshes, 2 * seconds, say)
    sizes = [(name, before, after) for (name, before), (_, after)
             in zip(loaded, many.sizes())]
    purged = _purge(many, seconds, say)
    for population in (few, many):
        population.verify()
    return Millions(count, many.load_s, rates, *watched, sizes, *purged)


def _compare(few, many, rounds, seconds, say):
    rates = []
    for number in range(rounds + 1):
        pair = tuple(count.requests / count.seconds for count in (
            population.refresh(seconds) for population in (few, many)))
        say(f"millions  round {number}: {pair[0]:.0f}/s, {pair[1]:.0f}/s")
        if number:  # the first one warms up
            rates.append(pair)
    return rates


def _watch(many, refreshes, seconds, say):
    """(refreshes, cut off, updates, HOT updates) of that many refreshes."""
    before, done, cut_off = many.updates(), 0, 0
    while done < refreshes:
        done += many.refresh(seconds).requests
        cut_off += wrk.CONNECTIONS
        say(f"millions  {done} refreshes watched")
    return done, cut_off, *(after - old for after, old in zip(many.updates(), before))


def _purge(many, seconds, say):
    """Purges all that has expired, under refreshes."""
    counts, stop = [], threading.Event()

    def load():
        while not stop.is_set():
            counts.append(many.refresh(seconds))

    thread = threading.Thread(target=load)
    thread.start()
    purged, batches, began = 0, [], time.monotonic()
    purge = functools.partial(many.database.value, "SELECT auth_jwt.purge()")
    try:
        while batch := _timed(purge, batches):
            purged += batch
            if len(batches) % 100 == 0:
                say(f"millions  {purged} purged")
        took = time.monotonic() - began
    finally:
        stop.set()
        thread.join()
    left = many.database.value("SELECT count(*) FROM auth_jwt.session"
                               " WHERE expires_at < now() - '2 days'::interval")
    if left or not purged:
        raise Wrong(f"purge() left {left} rows and removed {purged}")
    return (purged, took, batches,
            sum(count.requests for count in counts)
            / sum(count.seconds for count in counts),
            statistics.median(count.p99 for count in counts))


def _timed(call, found):
    began = time.monotonic()
    value = call()
    found.append((time.monotonic() - began) * 1000)
    return value
