# SPDX-License-Identifier: Apache-2.0
"""Sequences recorded at a Laravel host, replayed step by step at a site that
our module stands before. Where we answer otherwise, the step says what."""

import pytest

from laravel_cases import BLACKLISTED, CLAIMS, DAY, mint
from laravel_recorded import STEPS
from laravel_site import LaravelSite
from lab import jwt
from lab.process import wait_for

GUARD = "Unauthenticated."

#: Claims that say who minted, of what session and when; `sub` is a string and
#: `aud` is what JwtAudience says.
OF_THE_MINTER = {"exp", "nbf", "sub", "aud", "sid", "gen"}

#: A refresh outside the guard, of a host that has such a route.
BARE = """<Location "/api/bare/refresh">
    AuthType None
    Require all granted
    SetHandler jwt-refresh
</Location>"""


class Sequence:
    """The steps of a sequence; each call is the next."""

    def __init__(self, site, name):
        self._site = site
        self._steps = [step for step in STEPS if step.sequence == name]

    def __call__(self, token=None, ours=None):
        """Sends it, with `token` as bearer: its successor, if there is one."""
        step = self._steps.pop(0)
        assert ours != step.answer
        request = {"headers": {"Authorization": f"Bearer {token}"}}
        answer = self._site.ask(step.path, request if token else None,
                                method=step.method)
        assert self._said(answer) == (ours or step.answer), (step, answer)
        if answer.status == 200 and "refresh" in step.path:
            return self._successor(step, token, answer)
        return None

    @staticmethod
    def _said(answer):
        if answer.status == 200:
            return "passes"
        if answer.status != 401:
            return str(answer.status)
        return answer.json()["message"]

    @staticmethod
    def _successor(step, old, answer):
        new = LaravelSite.token_of(answer)
        was, now = jwt.claims_of(old), jwt.claims_of(new)
        assert now["jti"] != was["jti"]
        assert {name: now[name] for name in step.kept
                if name not in OF_THE_MINTER} == {
                    name: was[name] for name in step.kept
                    if name not in OF_THE_MINTER}
        return new

    def dead(self, *tokens):
        """Waits until the API refuses tokens: the news is on its way."""
        for token in tokens:
            wait_for(lambda one=token: self._site.get(
                "/api/user", one).status == 401, "the token to be refused")

    def ends(self):
        """All steps were made."""
        assert not self._steps


@pytest.fixture(scope="module", name="site")
def _site(place, running_cluster):
    db = running_cluster.database()
    made = LaravelSite(place, db)
    yield made
    made.stop()
    unexpected = made.httpd.unexpected()
    db.drop()
    assert not unexpected, unexpected


@pytest.fixture(name="play")
def _play(site):
    """A sequence, at a site with a grace; all of its steps have to be made."""
    made = []

    def start(name, grace="0"):
        site.over(f"JwtRefreshGrace {grace}", BARE, "JwtRefreshExpired Off")
        made.append(Sequence(site, name))
        return made[-1]
    yield start
    for sequence in made:
        sequence.ends()


def test_head(site, play):
    """HEAD never refreshes."""
    step, token = play("HEAD refresh"), mint(site.host.secret)
    step(token, "405")
    step(token, "passes")


def test_refresh(site, play):
    """The old token is dead; using it to refresh ends the session."""
    step, old = play("refresh"), mint(site.host.secret)
    step(old)
    new = step(old)
    step.dead(old)
    for ours in (None, None, None, None, GUARD, None):
        step(old, ours)
    step.dead(new)
    for ours in (GUARD, GUARD, *[BLACKLISTED] * 3, None, *[BLACKLISTED] * 2):
        step(new, ours)


def test_logout(site, play):
    """Out at once, everywhere; a token without jti is none."""
    step, token = play("logout"), site.refreshed(mint(site.host.secret))
    step(token)
    step.dead(token)
    for ours in (None, None, None, None, GUARD, None):
        step(token, ours)
    step()
    lasting = mint(site.host.secret, jti=None)
    step(lasting, GUARD)
    step(lasting, GUARD)
    child = site.refreshed(mint(site.host.secret))
    step(child)
    step.dead(child)
    step(child)


def test_claims_of_others(site, play):
    """Tokens of a server elsewhere are traded, but for those that lack much."""
    step = play("extra claims over refresh")

    def other(**claims):
        return mint(site.host.secret, {"kid": "k", "typ": "at+jwt"}, sid="x",
                    gen=1, iss="https://apache.example", **claims)
    step(step(other(aud="api")))
    step(other(prv=None))
    step(other())
    bare = jwt.sign(site.host.secret, {"sub": "1"}, exp=None)
    step(bare, CLAIMS)
    step(bare, CLAIMS)


def test_expired(site, play):
    """Traded inside the window, to its last second."""
    step = play("expired")

    def aged(age, exp):
        return mint(site.host.secret, iat=lambda now: now - age,
                    nbf=lambda now: now - age, exp=lambda now: now + exp)
    step(step(aged(3660, -60)))
    step(aged(14 * DAY - 30, -1))
    late = aged(14 * DAY + 1, 3600)
    step(late)
    step(late)


def test_grace(site, play):
    """One generation for all who ask twice; a logout is not put off."""
    step, old = play("grace 30 s", "30s"), mint(site.host.secret)
    first, second = step(old), step(old)
    step(old)
    third = step(old)
    assert [jwt.claims_of(token)["gen"]
            for token in (first, second, third)] == [1, 1, 1]
    step(first)
    step(second)
    step(first)
    step.dead(first, second, old)
    step(first, GUARD)
    step(first, GUARD)
    for token in (old, old, old, first):
        step(token)


def test_empty_jti(site, play):
    """Each of them is a token: one that was traded takes no other along."""
    step, token = play("empty jti"), mint(site.host.secret, jti="")
    step(token)
    step(token)
    step(mint(site.host.secret, jti="", role="x"), "passes")
