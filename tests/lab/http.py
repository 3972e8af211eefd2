# SPDX-License-Identifier: Apache-2.0
"""A client that hides nothing: headers in order, duplicates, raw bytes."""

import http.client
import json
import socket
import urllib.parse


class Answer:
    """What came back: status, headers as a list, body as bytes."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.getheaders()
        self.body = response.read()

    @property
    def text(self):
        """The body as text."""
        return self.body.decode("utf-8")

    def json(self):
        """The body as JSON, which its Content-Type must announce."""
        kind = (self.get("Content-Type") or "").partition(";")[0].strip()
        assert kind == "application/json", f"Content-Type is {kind!r}"
        return json.loads(self.body)

    def all(self, name):
        """Every value of a header, in order."""
        return [value for key, value in self.headers
                if key.lower() == name.lower()]

    def get(self, name, default=None):
        """The value of a header; several are joined with a comma."""
        return ", ".join(self.all(name)) or default

    def __repr__(self):
        return f"<Answer {self.status} {self.headers} {self.body[:500]!r}>"


class Client:
    """Requests to one server on the loopback, each on its own connection.

    `always` are headers of every request.
    """

    def __init__(self, port, timeout=30, always=()):
        self.port, self.timeout, self.always = port, timeout, tuple(always)

    def request(self, method, path, headers=(), body=None, chunked=False):
        """One request. headers are pairs or a dict; body is text or bytes.

        Content-Length is added when there is a body; nothing else is, but
        Host and Connection: close. With chunked=True the body is sent so.
        """
        pairs = list(headers.items() if isinstance(headers, dict) else headers)
        payload = body.encode() if isinstance(body, str) else body
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=self.timeout)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            connection.putheader("Connection", "close")
            for name, value in (*self.always, *pairs):
                connection.putheader(name, value)
            if chunked:
                connection.putheader("Transfer-Encoding", "chunked")
            elif payload is not None:
                connection.putheader("Content-Length", str(len(payload)))
            try:
                connection.endheaders([payload] if chunked else payload,
                                      encode_chunked=chunked)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused before the body was read: the answer is there
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, token=None, headers=()):
        """GET, with `token` as bearer."""
        pairs = list(headers.items() if isinstance(headers, dict) else headers)
        if token is not None:
            pairs.append(("Authorization", f"Bearer {token}"))
        return self.request("GET", path, pairs)

    def post_json(self, path, value, headers=()):
        """POST of a JSON body; a str is sent as it is."""
        body = value if isinstance(value, (str, bytes)) else json.dumps(value)
        return self.request(
            "POST", path, [("Content-Type", "application/json"), *headers],
            body)

    def post_form(self, path, fields, headers=()):
        """POST of a form: a dict, pairs, or the text itself."""
        body = (fields if isinstance(fields, (str, bytes))
                else urllib.parse.urlencode(fields))
        kind = "application/x-www-form-urlencoded"
        return self.request("POST", path, [("Content-Type", kind), *headers],
                            body)

    def raw(self, data):
        """Sends bytes as they are and returns all that comes back."""
        with socket.create_connection(("127.0.0.1", self.port),
                                      self.timeout) as link:
            link.sendall(data)
            link.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: link.recv(65536), b""))
