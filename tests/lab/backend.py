# SPDX-License-Identifier: Apache-2.0
"""A backend behind a proxy that remembers what it was asked."""

import contextlib
import http.server
import threading


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        """Remembers the request and answers with an empty page."""
        self.server.seen.append((self.requestline, list(self.headers.items())))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        """Says nothing."""


class Backend:
    """An HTTP server on the loopback."""

    def __init__(self):
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                       _Handler)
        self._server.seen = []
        self.port = self._server.server_address[1]

    @property
    def url(self):
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def last(self):
        """The newest request: (request line, {name: value})."""
        line, headers = self._server.seen[-1]
        return line, dict(headers)

    @classmethod
    @contextlib.contextmanager
    def running(cls):
        """A backend for a while."""
        backend = cls()
        thread = threading.Thread(target=backend._server.serve_forever,
                                  args=(0.02,), daemon=True)
        thread.start()
        try:
            yield backend
        finally:
            backend._server.shutdown()
            backend._server.server_close()
