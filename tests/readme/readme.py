# SPDX-License-Identifier: Apache-2.0
"""The README taken apart: its sections and their fenced blocks."""

import re

from lab.place import TOP

_SECTION = re.compile(r"^## (.+)$", re.M)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


def sections_text():
    """{heading: text} of the README."""
    parts = _SECTION.split((TOP / "README.md").read_text(encoding="utf-8"))
    return dict(zip(parts[1::2], parts[2::2]))


def sections():
    """{heading: [(language, text), …]} of the README."""
    return {heading: _BLOCK.findall(text)
            for heading, text in sections_text().items()}


def blocks(language, heading=None):
    """Texts of the blocks in a language, of one section or of all."""
    found = [text for name, content in sections().items()
             if heading in (None, name)
             for kind, text in content if kind == language]
    assert found, f"no {language} block in {heading or 'the README'}"
    return found
