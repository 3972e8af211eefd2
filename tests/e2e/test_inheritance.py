# SPDX-License-Identifier: Apache-2.0
"""Every directive of directives.def: server, virtual host, directory, and back
to the default that the README states."""

import json
import re

import pytest

from lab import jwt
from lab.httpd import module_file
from lab.place import TOP

_ROW = re.compile(
    r'^ROW\((\w+), (\w+), \w+, "(\w+)"(?:[^()]|\([^()]*\))*?, ([SLD]),', re.M)

ROWS = [(name, kind, where) for _, kind, name, where in _ROW.findall(
    (TOP / "src/httpd/directives.def").read_text(encoding="utf-8"))]

#: Two values of each kind; they differ, but where there is only one yet.
_BY_KIND = {
    "DURATION": ("11s", "12s"), "LIFETIME": ("11m", "12m"),
    "FLAG": ("On", "Off"), "NUMBER": ("3", "4"), "CHOICE": ("On", "Off"),
    "TEXT": ("one", "two"), "TEXT_OR_NONE": ("one", "two"),
    "LIST": ("one", "two"),
    "LIST_OR_ANY": ("one", "two"), "LIST_OR_NONE": ("one", "two"), "SCHEMA": ("one", "two"),
    "EXPORTS": ("one", "two"), "FIELDS": ("a b", "c d"),
    "PROVIDERS": ("file", "dbd"), "RATE": ("3/1m", "Off"), "DIALECT": ("express", "pair"),
    "CONNINFO": ('"dbname=one"', '"dbname=two"'),
    "KEYS": ('HS256 "file:{0}"', 'HS256 "file:{1}"'),
    "REFRESH_KEYS": ('"file:{0}"', '"file:{1}"'),
    "KEY_FILES": ('"{2}"', '"{3}"'),
    "MINT_CLAIMS": ("a one", "a two"), "REPLY_FIELDS": ("a one", "a two"),
    "SOURCES": ("cookie:one", "query:two"),
    "ERROR_TEXTS": ("token_expired one", "token_expired two"),
    "URL": ("/one", "/two"), "IAT": ("original", "now"),
    "COUNT": ("30000", "40000"), "REVOCATION": ("Off", "On stale=3s"),
    "COOKIE": ("one", "two"), "ORIGINS": ("https://one", "https://two"),
}


def documented():
    """{directive: default} of the README."""
    text = (TOP / "README.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| `(Jwt\w+)[^|]*(?:\\\|[^|]*)*` \| \w \| ([^|]*) \|",
                       text, re.M)
    return {name: default.split(",")[0].replace("`", "").strip()
            for name, default in cells}


#: Those that can be written down.
DEFAULTS = {name: default for name, default in documented().items()
            if default not in ("\u2013", "any")}

#: RFC 8037 A.2
PUBLIC = {"kty": "OKP", "crv": "Ed25519",
          "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}


def test_rows_are_found():
    """A check that finds nothing to check must not pass."""
    table = (TOP / "src/httpd/directives.def").read_text(encoding="utf-8")
    assert len(ROWS) == len(re.findall(r"^ROW\(", table, re.M)) > 20
    assert len(DEFAULTS) > 10


@pytest.fixture(name="dump")
def _dump(httpd, keyfile, place):
    """dump(server, host, inner): asks for a value in force somewhere."""
    keys = [keyfile(jwt.secret()) for _ in range(2)]
    keys += [place.folder("sets") / f"{name}.json" for name in ("a", "b")]
    for path in keys[2:]:
        path.write_text(json.dumps({"keys": [PUBLIC]}), encoding="utf-8")
    library = module_file().parent / "tests" / "mod_conf_dump.so"

    def make(server, host, inner):
        site = httpd(start=False)
        server, host, inner = (line.format(*keys)
                               for line in (server, host, inner))
        site.config = f"""
            LoadModule conf_dump_module "{library}"
            {server}
            <VirtualHost 127.0.0.1:{site.port}>
                ServerName plain
                <Location "/">
                    SetHandler conf-dump
                </Location>
                <Location "/inner">
                    {inner}
                </Location>
                <Location "/inner/most">
                    SetHandler conf-dump
                </Location>
            </VirtualHost>
            <VirtualHost 127.0.0.1:{site.port}>
                ServerName own
                {host}
                <Location "/">
                    SetHandler conf-dump
                </Location>
            </VirtualHost>
        """
        site.start()

        def ask(name, path="/", where="plain"):
            text = site.client.get(f"http://{where}{path}").text
            return dict(row.split("=", 1) for row in text.splitlines())[name]
        return ask
    return make


@pytest.mark.parametrize("name, kind, where", ROWS,
                         ids=[name for name, _, _ in ROWS])
def test_inheritance(dump, name, kind, where):
    """Said nowhere below, it is inherited; said again, it is replaced."""
    server, own = (f"{name} {value}" for value in _BY_KIND[kind])
    ask = dump(server, own, own if where != "S" else "")
    alike = server == own
    assert (ask(name) == ask(name, where="own")) == alike
    if where != "S":
        assert (ask(name) == ask(name, "/inner/")) == alike
        assert ask(name, "/inner/") == ask(name, "/inner/most/")


@pytest.mark.parametrize("name, kind, where", [
    row for row in ROWS
    if row[0] in DEFAULTS and row[1] not in ("LIST", "LIST_OR_NONE", "FIELDS", "DIALECT", "SOURCES", "RATE")],
    ids=lambda value: value if str(value).startswith("Jwt") else "")
def test_back_to_the_default(dump, name, kind, where):
    """A scope that says what the README calls the default has it."""
    other, default = f"{name} {_BY_KIND[kind][1]}", f"{name} {DEFAULTS[name]}"
    untouched = dump("", "", "")(name)
    ask = dump(other, default, default if where != "S" else "")
    assert ask(name, where="own") == untouched
    if where != "S":
        assert ask(name, "/inner/") == untouched


#: The words that leave a scope without a list.
WORDS = [("JwtKey", "none"), ("JwtKeySet", "none"), ("JwtIssuer", "any"),
         ("JwtAudience", "any"), ("JwtExport", "none"),
         ("JwtMintClaim", "none"), ("JwtReplyField", "none"),
         ("JwtErrorText", "none"), ("JwtLoginProvider", "none"),
         ("JwtRefreshKey", "none")]

#: The same for what has one value.
LONE_WORDS = [("JwtLoginPage", "none"), ("JwtDatabase", "none")]


@pytest.mark.parametrize("name, word", WORDS + LONE_WORDS,
                         ids=[n for n, _ in WORDS + LONE_WORDS])
def test_a_value_is_left_behind(dump, name, word):
    """A scope that wants nothing of what it would inherit."""
    kind, where = {row[0]: row[1:] for row in ROWS}[name]
    untouched = dump("", "", "")(name)
    ask = dump(f"{name} {_BY_KIND[kind][0]}", f"{name} {word}",
               f"{name} {word}" if where != "S" else "")
    assert ask(name) != untouched
    assert ask(name, where="own") == untouched
    if where != "S":
        assert ask(name, "/inner/most/") == untouched


@pytest.mark.parametrize("name, word", [*WORDS, ("JwtRequireClaims", "none")],
                         ids=lambda value: value)
@pytest.mark.parametrize("order", [1, -1], ids=["before", "behind"])
def test_the_word_stands_alone(httpd, keyfile, name, word, order):
    """Beside values it would mean two things."""
    kind = {row[0]: row[1] for row in ROWS}[name]
    value = _BY_KIND[kind][0].format(*2 * [keyfile(jwt.secret())], *2 * [""])
    if name == "JwtKeySet":
        path = keyfile(json.dumps({"keys": [PUBLIC]}))
        value = f'"{path}"'
    lines = [f"{name} {word}", f"{name} {value}"][::order]
    status, said = httpd("\n".join(lines), start=False).configtest()
    assert status != 0
    assert f"{name}: `{word}` stands alone" in said
