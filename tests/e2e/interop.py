# SPDX-License-Identifier: Apache-2.0
"""The algorithms of the module's table, for tests with other makers of
tokens."""

import re

from lab.place import TOP

TABLE = TOP / "src/core/alg.c"
ALGORITHMS = re.findall(r'^\s+\{"(\w+)", AJR_KEY_', TABLE.read_text("utf-8"),
                        re.M)
