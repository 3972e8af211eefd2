# SPDX-License-Identifier: Apache-2.0
"""Programs of tests/clients, which run on packages that .ci/deps took from
npm. Nothing is fetched in a test."""

from .place import TOP
from .process import run

#: node_modules, and the programs of tests/clients under `clients`.
NPM = TOP / "build" / "npm"


def argv(program, *arguments):
    """The command line of one of them."""
    path = NPM / "clients" / program
    assert path.exists(), f"no {path}: `make deps` brings npm's packages"
    # Through the link, so that a program finds what is beside it.
    return ["node", "--preserve-symlinks", "--preserve-symlinks-main",
            str(path), *map(str, arguments)]


def node(program, *arguments, text=None):
    """Runs one to its end, with `text` as its input: what it printed."""
    options = {} if text is None else {"input": text, "stdin": None}
    done = run(argv(program, *arguments), **options)
    assert done.returncode == 0, done.stderr
    return done.stdout
