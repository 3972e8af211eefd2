# SPDX-License-Identifier: Apache-2.0
"""The demo site to look at."""

import pytest

from demo.stage import Stage
from lab.place import Place


@pytest.fixture(scope="module", name="stage")
def _stage():
    """The demo site; access tokens live 4 s so that nothing waits long."""
    with Place() as place:
        stage = Stage(place, lifetime="4s").start()
        yield stage
        assert not stage.httpd.unexpected()
