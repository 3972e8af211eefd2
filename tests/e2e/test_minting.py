# SPDX-License-Identifier: Apache-2.0
"""What the configuration adds to minted tokens, and to the replies."""

from lab import jwt


def claims_at(site):
    """Claims of a login's access token, and of a refresh's."""
    access, refresh = site.login()
    renewed, _ = site.refreshed(refresh)
    return jwt.claims_of(access), jwt.claims_of(renewed)


def test_values_of_every_kind(auth_site):
    """Text is a string, json: is JSON, in login and refresh alike."""
    site = auth_site(server="""
        JwtMintClaim prv   23bd5c8949f600adb39e701c400872db7a5976f7
        JwtMintClaim digits 42
        JwtMintClaim level json:3
        JwtMintClaim admin json:false
        JwtMintClaim teams 'json:["a", {"b": 1.5}]'
    """)
    for claims in claims_at(site):
        assert claims["prv"] == "23bd5c8949f600adb39e701c400872db7a5976f7"
        assert claims["digits"] == "42"
        assert claims["level"] == 3
        assert claims["admin"] is False
        assert claims["teams"] == ["a", {"b": 1.5}]


def test_expression_knows_the_subject(auth_site):
    """REMOTE_USER is the session's subject meanwhile, and not afterwards."""
    site = auth_site(server='JwtMintClaim username "u:%{REMOTE_USER}"')
    for claims in claims_at(site):
        assert claims["username"] == "u:alice"
    assert not site.ask_login().get("X-User")


def test_subject_and_not_the_client(auth_site):
    """A client that httpd authenticated is not who the token is about."""
    site = auth_site(
        server='JwtMintClaim username "%{REMOTE_USER}"',
        login="""
            AuthType Basic
            AuthName clients
            AuthBasicProvider file
            Require valid-user
            JwtLoginProvider file
            AuthUserFile "{users}"
        """)
    answer = site.client.post_json(
        "/login", {"username": "alice", "password": "wonderland"},
        [("Authorization", "Basic Ym9iOnNreXNjcmFwZXI=")])
    claims = jwt.claims_of(site.tokens(answer)[0])
    assert (claims["client_id"], claims["username"]) == ("bob", "alice")


def test_order_of_precedence(auth_site, db):
    """SQL < JwtMintClaim < the module; json:null removes what SQL said."""
    site = auth_site(server="""
        JwtSubjectClaim user_id
        JwtMintClaim role   editor
        JwtMintClaim secret json:null
        JwtMintClaim user_id 1
    """)
    db.psql("""CREATE OR REPLACE FUNCTION auth_jwt.claims(subject text,
        sid uuid) RETURNS jsonb LANGUAGE sql AS
        $$ SELECT '{"role":"user","secret":1,"team":"x"}'::jsonb $$""")
    for claims in claims_at(site):
        assert (claims["role"], claims["team"]) == ("editor", "x")
        assert "secret" not in claims
        assert claims["user_id"] == "alice"


def test_a_location_has_its_own(auth_site):
    """A list replaces the inherited one."""
    site = auth_site(server="JwtMintClaim a 1", token="JwtMintClaim b 2")
    login, refresh = claims_at(site)
    assert (login.get("a"), login.get("b")) == ("1", None)
    assert (refresh.get("a"), refresh.get("b")) == (None, "2")


def test_expression_that_gives_no_text(auth_site):
    """Bytes that JSON cannot hold mint nothing, and nothing is lost."""
    site = auth_site(token='JwtMintClaim agent "%{HTTP_USER_AGENT}"')
    _, refresh = site.login()
    body = f"grant_type=refresh_token&refresh_token={refresh}"
    form = ("Content-Type", "application/x-www-form-urlencoded")
    answer = site.client.request(
        "POST", "/token", [form, ("User-Agent", "caf\xe9")], body)
    line = site.refused(answer, 500, "misconfigured")
    site.httpd.expect("outcome=misconfigured")
    assert "JwtMintClaim agent" in line and "caf" not in line
    answer = site.client.request(
        "POST", "/token", [form, ("User-Agent", 'quote" and \t tab')], body)
    access, _ = site.tokens(answer)
    assert jwt.claims_of(access)["agent"] == 'quote" and \t tab'


# -- JwtReplyField -----------------------------------------------------------

def test_reply_fields(auth_site, db):
    """Claims beside the tokens, at login and at refresh."""
    db.psql("""CREATE OR REPLACE FUNCTION auth_jwt.claims(subject text,
        sid uuid) RETURNS jsonb LANGUAGE sql AS $$ SELECT
        '{"role":"editor","realm":{"roles":["a",{"b":null}]}}'::jsonb $$""")
    site = auth_site(server="""
        JwtMintClaim level json:3
        JwtReplyField user       sub
        JwtReplyField "the role" role
        JwtReplyField roles      realm.roles
        JwtReplyField second     realm.roles[1]
        JwtReplyField level      level
        JwtReplyField absent     realm.nothing
    """)
    login = site.ask_login()
    refresh = site.refresh(login.json()["refresh_token"])
    for answer in (login, refresh):
        site.tokens(answer)
        body = answer.json()
        assert body["user"] == "alice"
        assert body["the role"] == "editor"
        assert body["roles"] == ["a", {"b": None}]
        assert body["second"] == {"b": None}
        assert body["level"] == 3
        assert "absent" not in body


def test_reply_fields_replace_no_token(auth_site):
    """What the dialect says itself stays; refusals have no fields."""
    site = auth_site(server="""
        JwtReplyField access_token  sub
        JwtReplyField refresh_token sub
        JwtReplyField error         sub
    """)
    access, refresh = site.tokens(site.ask_login())
    assert access != "alice" and refresh != "alice"
    assert site.ask_login("alice", "guess").json()["error"] == "invalid_grant"


def test_reply_fields_of_a_location(auth_site):
    """Replaced, and taken away."""
    site = auth_site(server="JwtReplyField a sub", token="JwtReplyField none")
    login = site.ask_login().json()
    assert login["a"] == "alice"
    assert "a" not in site.refresh(login["refresh_token"]).json()
