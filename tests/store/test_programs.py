# SPDX-License-Identifier: Apache-2.0
"""The test programs of this folder that need no server."""

import subprocess

from storectl import program


def test_the_parts_of_the_store():
    done = subprocess.run([program("test_parts")], capture_output=True,
                          text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
