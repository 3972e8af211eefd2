# SPDX-License-Identifier: Apache-2.0
"""jwt-logout in dialect oauth2: RFC 7009."""

import pytest

from e2e_site import ISSUER
from lab import jwt
from lab.grant import Grant


def test_refresh_token(auth_site):
    """The session ends; its refresh token is refused from then on."""
    site = auth_site()
    _, token = site.login()
    answer = site.logout(token)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.get("X-Outcome") == "logged_out"
    assert answer.get("Cache-Control") == "no-store"
    site.invalid_grant(site.refresh(token), "revoked")


def test_predecessor(auth_site):
    """A logged-out client may hold any generation."""
    site = auth_site()
    _, first = site.login()
    _, second = site.refreshed(first)
    assert site.logout(first).status == 200
    site.invalid_grant(site.refresh(second), "revoked")


def test_access_token(auth_site):
    """An access token names its session too."""
    site = auth_site()
    access, token = site.login()
    assert site.logout(access).status == 200
    assert not site.alive(token)


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "other"])
def test_hint_is_only_a_hint(auth_site, hint):
    """A wrong token_type_hint changes nothing (RFC 7009 2.1)."""
    site = auth_site()
    _, token = site.login()
    assert site.logout(token, token_type_hint=hint).status == 200
    assert not site.alive(token)


def test_twice(auth_site):
    """Logging out is idempotent."""
    site = auth_site()
    _, token = site.login()
    assert [site.logout(token).status for _ in range(3)] == [200] * 3


def _expired(site, _token):
    return jwt.sign(site.key, iss=ISSUER, exp=1,
                    sid=str(Grant.parse(_token).sid))


def _foreign(_site, token):
    return jwt.sign(jwt.secret(), iss=ISSUER, sid=str(Grant.parse(token).sid))


def _without_session(site, _token):
    return jwt.sign(site.key, iss=ISSUER)


def _odd_session(site, _token):
    return jwt.sign(site.key, iss=ISSUER, sid=["x"])


def _wrong_secret(_site, token):
    return Grant.parse(token).replace(secret=b"0" * 16).build()


@pytest.mark.parametrize("other", [
    lambda site, token: "nonsense",
    lambda site, token: "jr1_nonsense",
    lambda site, token: Grant.parse(token).as_js1(),
    _wrong_secret, _expired, _foreign, _without_session, _odd_session],
    ids=["nonsense", "short", "js1", "secret", "expired", "foreign",
         "no sid", "odd sid"])
def test_tokens_that_end_nothing(auth_site, other):
    """200 for any token (RFC 7009 2.2), and nobody's session ends."""
    site = auth_site()
    _, token = site.login()
    answer = site.logout(other(site, token))
    assert (answer.status, answer.body) == (200, b""), answer
    assert site.alive(token)
    site.refreshed(token)


def test_without_token(auth_site):
    """Nothing named: 400 invalid_request."""
    site = auth_site()
    answer = site.client.post_form("/logout", {"x": "y"})
    assert answer.json()["error"] == "invalid_request"
    site.refused(answer, 400, "parameter_missing")


def test_post_only(auth_site):
    """A link or an image logs nobody out."""
    site = auth_site()
    _, token = site.login()
    answer = site.client.get(f"/logout?token={token}")
    site.refused(answer, 405, "method_refused")
    assert site.alive(token)


def test_others_stay(auth_site):
    """One device logs out, the other does not notice."""
    site = auth_site()
    _, phone = site.login()
    _, laptop = site.login()
    site.logout(phone)
    site.refreshed(laptop)
