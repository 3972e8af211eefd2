# SPDX-License-Identifier: Apache-2.0
"""Sessions that a host opened in SQL, at the handlers of httpd."""

from lab import jwt


def opened(db, **arguments):
    """A session opened by the host's role: its js1_ token."""
    names = ", ".join(f"{name} => %s" for name in arguments)
    connection = db.connect("site_app")
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT auth_jwt.open_session({names})",
                           tuple(arguments.values()))
            return cursor.fetchone()[0]
    finally:
        connection.close()


def scoped(site, token, scope):
    """Asks for a refresh with a scope: the Answer."""
    return site.client.post_form("/token", {
        "grant_type": "refresh_token", "refresh_token": token, "scope": scope})


def test_without_rotation_the_token_stays_as_it_is(auth_site, db):
    """A js1_ is good for as long as it is not traded: never rewritten."""
    site = auth_site(server="JwtRefreshRotate Off\nJwtRefreshGrace 0")
    token = opened(db, subject="42")
    for _ in range(3):
        access, again = site.refreshed(token)
        assert again == token
        assert jwt.claims_of(access)["sub"] == "42"


def test_scope_narrows_for_one_access_token(auth_site, db):
    """RFC 6749 6: within what was granted; the session keeps all of it."""
    site = auth_site()
    token = opened(db, subject="42", scope="read write")
    answer = scoped(site, token, "read")
    access, token = site.tokens(answer)
    assert answer.json()["scope"] == "read"
    assert jwt.claims_of(access)["scope"] == "read"
    access, _ = site.refreshed(token)
    assert jwt.claims_of(access)["scope"] == "read write"


def test_a_refused_scope_costs_no_generation(auth_site, db):
    """The client that asked for too much is no thief afterwards."""
    site = auth_site(grace="0")
    token = opened(db, subject="42", scope="read")
    for _ in range(2):
        answer = scoped(site, token, "read admin")
        assert answer.status == 400
        assert answer.json()["error"] == "invalid_scope"
    assert site.httpd.outcomes() == ["scope_refused"] * 2
    site.refreshed(token)
    assert site.alive(token)
