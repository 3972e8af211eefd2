# SPDX-License-Identifier: Apache-2.0
"""Every vector against a real httpd, and the vectors against themselves."""

import pathlib
import re
import sys
import urllib.parse

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "e2e"))

# pylint: disable=wrong-import-position
import recipe
from e2e_site import Site
from lab.httpd import Httpd

OUTCOMES = (HERE.parents[1] / "src/core/outcome.def").read_text("utf-8")
TAGS = {tag: int(status) for tag, status in
        re.findall(r'^OUTCOME\(\w+,\s*"(\w+)",\s*(\d+)', OUTCOMES, re.M)}
BAD = recipe.load_all(HERE / "bad", TAGS)
GOOD = recipe.load_all(HERE / "good", TAGS)


@pytest.fixture(scope="module", name="keys")
def _keys():
    return recipe.Keys()


@pytest.fixture(scope="module", name="site")
def _site(place, keys):
    site = Site(lambda start: Httpd(place))
    file = lambda name, content: site.httpd.write(f"keys/{name}", content,
                                                  secret=True)
    site.start(f"""
        LimitRequestLine 65536
        LimitRequestFieldSize 65536
        JwtKey HS256 "file:{file("hs", keys.named["hs"])}"
        JwtKey RS256 "file:{file("rsa", keys.pem("rsa"))}" kid=rsa
        JwtKey ES256 "file:{file("ec", keys.pem("ec"))}" kid=ec
        JwtKey EdDSA "file:{file("ed", keys.pem("ed"))}" kid=ed
        JwtIssuer {recipe.ISSUER}
        JwtAudience {recipe.AUDIENCE}
        JwtMaxLifetime 2h
        JwtSource header query:token
        <Location "/api">
            AuthType Bearer
            AuthName "test api"
            Require valid-user
        </Location>
    """)
    yield site
    site.httpd.stop()
    assert not site.httpd.unexpected()


def present(site, token):
    """The answer to a token. What no header can hold comes by the query."""
    if re.fullmatch(rb"[!-~]+", token):
        return site.api(token.decode())
    return site.client.get("/api/?token=" + urllib.parse.quote(token))


@pytest.mark.parametrize("slug", BAD)
def test_bad(site, keys, slug):
    """Refused, with its tag, and nothing of it in the log."""
    make, tag = BAD[slug]
    token = make(keys)
    before = len(site.httpd.error_log())
    answer = present(site, token)
    assert (answer.get("X-Outcome"), answer.status) == (tag, TAGS[tag])
    assert 400 <= answer.status < 500 and not answer.get("X-User")
    assert len(answer.all("WWW-Authenticate")) == 1
    said = site.httpd.error_log()[before:]
    assert f"outcome={tag} " in said
    assert len(token) < 40 or token[-40:].decode("latin-1") not in said


@pytest.mark.parametrize("slug", GOOD)
def test_good(site, keys, slug):
    """Let in: the bad ones are refused for what is bad in them."""
    make, tag = GOOD[slug]
    answer = present(site, make(keys))
    assert (answer.get("X-Outcome"), answer.status) == (tag, 200)


def test_bad_and_good_are_what_they_say():
    """No bad one is granted, no good one refused."""
    assert {TAGS[tag] for _, tag in GOOD.values()} == {200}
    assert all(400 <= TAGS[tag] < 500 for _, tag in BAD.values())


@pytest.mark.parametrize("files, complaint", [
    ({}, "no expect"),
    ({"token.txt": "x"}, "no expect"),
    ({"expect": "token_malformed"}, "one of token.txt and recipe.json"),
    ({"expect": "no_such_tag", "token.txt": "x"}, "is no outcome"),
    ({"expect": "", "token.txt": "x"}, "is no outcome"),
    ({"expect": "token_malformed", "token.txt": "x", "recipe.json": "{}"},
     "and no more")])
def test_folders_that_test_nothing(tmp_path, files, complaint):
    """Are not passed over."""
    (tmp_path / "slug").mkdir()
    for name, text in files.items():
        (tmp_path / "slug" / name).write_text(text, encoding="utf-8")
    with pytest.raises(recipe.Wrong, match=complaint):
        recipe.load_all(tmp_path, TAGS)


def test_no_folder_at_all(tmp_path):
    """Is not passed over either."""
    with pytest.raises(recipe.Wrong, match="no vectors"):
        recipe.load_all(tmp_path, TAGS)
