# SPDX-License-Identifier: Apache-2.0
"""A page of pages/ in a browser, used through its own functions."""

import pathlib
import shutil

from lab.node import NPM

PAGES = pathlib.Path(__file__).resolve().parent / "pages"
AXIOS = NPM / "node_modules" / "axios" / "dist" / "axios.min.js"


def put_pages(httpd, folder=None):
    """Copies the pages, and axios, to where `httpd` serves files, which is
    `folder` if it is told so."""
    # A browser's idle connections would delay the end of the server, and for a
    # moment it would show a file that it has without asking.
    httpd.config = ("KeepAlive Off\nHeader setifempty Cache-Control no-cache\n"
                    + httpd.config)
    for path in (*PAGES.iterdir(), AXIOS):
        shutil.copy(path, folder or httpd.htdocs)
        ((folder or httpd.htdocs) / path.name).chmod(0o644)


class Page:
    """A page that is shown in a browser's window."""

    def __init__(self, browser, url, tab=False):
        self._browser, self.url = browser, url
        if tab:
            browser.switch_to.new_window("tab")
        self.handle = browser.current_window_handle
        browser.get(url)

    def begin(self, function, *arguments):
        """Calls a function of the page and does not wait for it."""
        self._show()
        names = ", ".join(f"arguments[{i}]" for i in range(len(arguments)))
        self._browser.execute_script(
            f"window.result = {function}({names});", *arguments)

    def result(self):
        """What the function that begin() called came to."""
        self._show()
        return self._browser.execute_async_script(
            "const done = arguments[0];"
            "window.result.then(done, (error) => done(String(error)));")

    def call(self, function, *arguments):
        """Calls a function of the page: what its promise came to."""
        self.begin(function, *arguments)
        return self.result()

    def get(self, value):
        """What an expression of the page says."""
        return self.call(f"(async () => {value})")

    def reload(self):
        """Loads it again: what it was asking for is cut off."""
        self._show()
        self._browser.refresh()

    def seen(self):
        """The answers since the last call: [[method, path, status], …]."""
        self._show()
        return self._browser.execute_script("return seen.splice(0)")

    def close(self):
        """Closes the tab and goes back to the first window."""
        self._show()
        self._browser.close()
        self._browser.switch_to.window(self._browser.window_handles[0])

    def _show(self):
        self._browser.switch_to.window(self.handle)
