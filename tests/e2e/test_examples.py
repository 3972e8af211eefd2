# SPDX-License-Identifier: Apache-2.0
"""The files of conf/, as shipped: httpd -t has nothing to say of them, and
nothing that other modules can be told is forgotten. What the migrations do is in
test_examples_openidc, _oauth2 and _authnz."""

import fnmatch
import re

import pytest

import peers
from e2e_site import Site
from lab.place import TOP
from test_inheritance import DEFAULTS, WORDS


@pytest.fixture(name="shipped")
def _shipped(httpd, keys):
    """shipped(name): a Site with that file of conf/; not started."""
    def make(name):
        text = (TOP / "conf" / name).read_text(encoding="utf-8")
        site = Site(httpd, modules=("ldap", "authnz_ldap"))
        site.httpd.config = keys.place(text)
        return site
    return make


@pytest.mark.parametrize("name", sorted(
    str(path.relative_to(TOP / "conf"))
    for path in (TOP / "conf").glob("**/*.conf")
    if path.parent.name != "demo"))
def test_nothing_to_say(shipped, name):
    """httpd -t, without a word."""
    status, said = shipped(name).httpd.configtest()
    assert (status, said) == (0, "Syntax OK\n")


def test_reference_has_the_defaults(shipped):
    """What it says is what the README calls the default."""
    text = shipped("reference.conf").httpd.config
    values = dict(re.findall(r"^\s*(Jwt\w+) (.*)$", text, re.M))
    for name, default in DEFAULTS.items():
        assert values[name] == default, name
    assert len(DEFAULTS) > 10
    needed = {"JwtKey", "JwtErrorText", "JwtLoginProvider", "JwtRefreshKey"}
    for name, word in WORDS:
        assert name in needed or values[name] == word, name


def documented(peer):
    """(words, what is here) of the rows of a table of migration. A word may
    end in *."""
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    table = re.search(rf"^\| {peer} \| here \|\n\|---\|---\|\n((?:\|.*\n)+)",
                      readme, re.M)[1]
    for row in table.splitlines():
        theirs, ours = re.fullmatch(r"\| (.+?) \| (.+) \|", row).groups()
        spans = re.findall("`([^`]+)`", theirs)
        yield {word.strip("%{}") for span in spans for word in
               [span, *span.split()]}, ours


@pytest.mark.parametrize("peer", peers.WORDS)
def test_every_word_has_a_row(peer):
    """And every row is about something that they know."""
    rows = list(documented(peer))
    known = {word.strip("%{}") for word in peers.WORDS[peer]}
    assert len(rows) > 10
    assert all(ours for _, ours in rows)
    missing = [word for word in known if not any(
        fnmatch.fnmatchcase(word, glob) for words, _ in rows
        for glob in words if glob.strip("*") not in ("", "OIDC", "AuthJWT"))]
    assert not missing
    idle = [sorted(words) for words, _ in rows if not any(
        fnmatch.fnmatchcase(word, glob) for glob in words for word in known)]
    assert not idle
    named = {word for words, _ in rows for word in words
             if re.match("OIDC|OAuth2|AuthJWT", word) and " " not in word}
    invented = [word for word in named
                if not fnmatch.filter(known, word)]
    assert not invented


def test_the_list_is_what_they_have(httpd):
    """The installed mod_auth_openidc is told nothing else about tokens."""
    server = httpd(start=False, modules=("auth_openidc",))
    listed = server.listed()
    theirs = set(re.findall(r"^(OIDCOAuth\w+) \(mod_auth_openidc", listed, re.M))
    assert len(theirs) > 15
    assert not theirs - set(peers.WORDS["mod_auth_openidc"])
