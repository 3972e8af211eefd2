# SPDX-License-Identifier: Apache-2.0
"""The files of conf/, as shipped: httpd -t has nothing to say of them. What
the migrations do is in test_examples_openidc, _oauth2 and _authnz."""

import re

import pytest

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
    for name, word in WORDS:
        assert values[name] == word or name == "JwtKey", name
