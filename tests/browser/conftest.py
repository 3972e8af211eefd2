# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, and the demo site to look at."""

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from demo.stage import Stage
from lab.place import Place

_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
          "--no-first-run", "--disable-background-networking",
          "--disable-component-update", "--disable-sync",
          "--disable-dev-shm-usage", "--window-size=1100,900")


@pytest.fixture(scope="session", name="browser_process")
def _browser_process(place):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in _FLAGS:
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={place.folder('chromium')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options,
                              service=Service("/usr/bin/chromedriver"))
    place.at_close(driver.quit)
    yield driver
    driver.quit()


@pytest.fixture(name="browser")
def _browser(browser_process):
    """The browser with nothing in its storage; no script error allowed."""
    browser_process.get("about:blank")
    browser_process.get_log("browser")
    yield browser_process
    errors = [entry for entry in browser_process.get_log("browser")
              if entry["source"] not in ("network", "deprecation")]
    assert not errors, errors


@pytest.fixture(scope="module", name="stage")
def _stage():
    """The demo site; access tokens live 4 s so that nothing waits long."""
    with Place() as place:
        stage = Stage(place, lifetime="4s").start()
        yield stage
        assert not stage.httpd.unexpected()
