# SPDX-License-Identifier: Apache-2.0
"""The body of a refusal: JSON of the dialect, unless the administrator has a
page of his own."""

import pytest

from e2e_site import challenge
from lab import jwt


def refused(answer, status, error):
    """Asserts an answer in JSON: the error, and the challenge's sentence."""
    assert answer.status == status
    body = answer.json()
    assert body.pop("error_description")
    assert body == ({"error": error} if error else {})
    assert challenge(answer).get("error") == error


def test_json(protect):
    """400, 401 and 403 say the same in the body as in the challenge."""
    site = protect("Require bearer-scope admin")
    refused(site.api(), 401, None)
    refused(site.api("x.y.z"), 401, "invalid_token")
    refused(site.api(jwt.sign(site.key, exp=0)), 401, "invalid_token")
    two = [("Authorization", "Bearer a"), ("Authorization", "Bearer b")]
    refused(site.api(headers=two), 400, "invalid_request")


def test_json_of_a_403(protect):
    """A good token that is not enough."""
    site = protect("AuthMerging Off\n<RequireAll>\nRequire valid-user\n"
                   "Require bearer-scope admin\n</RequireAll>\n"
                   "</Location>\n<Location /api>\nRequire bearer-scope admin")
    answer = site.api(jwt.sign(site.key))
    refused(answer, 403, "insufficient_scope")


def test_head(protect):
    """No body, the same headers."""
    site = protect()
    answer = site.client.request("HEAD", "/api/")
    assert (answer.status, answer.body) == (401, b"")
    assert answer.get("Content-Type") == "application/json"


@pytest.mark.parametrize("page, text", [
    ('"go away"', "go away"), ("/index.html", "index\n")])
def test_error_document(protect, page, text):
    """The administrator's page stays as it is, and so does its type."""
    site = protect(f"ErrorDocument 401 {page}")
    answer = site.api()
    assert (answer.status, answer.text) == (401, text)
    assert answer.get("Content-Type").startswith("text/html")
    assert challenge(answer) == {"realm": "test api"}


def test_refused_index(protect):
    """A folder whose index is refused answers as the index does."""
    site = protect("""
        </Location>
        <Location "/open/index.html">
            AuthType Bearer
            AuthName "index"
            Require bearer-scope admin
    """)
    site.httpd.write("htdocs/open/index.html", "open\n")
    answer = site.client.get("/open/")
    refused(answer, 401, None)
    assert challenge(answer) == {"realm": "index"}
    refused(site.client.get("/open/", jwt.sign(site.key)), 403,
            "insufficient_scope")


def test_other_errors_are_httpds(protect):
    """404 behind a good token is a page of httpd's."""
    site = protect()
    answer = site.client.get("/api/none", jwt.sign(site.key))
    assert answer.status == 404
    assert answer.get("Content-Type").startswith("text/html")
