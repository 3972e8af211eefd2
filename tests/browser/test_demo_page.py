# SPDX-License-Identifier: Apache-2.0
"""The demo's page in a real browser."""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from demo.stage import USERS


class Page:
    """The page as a person uses it."""

    def __init__(self, browser, stage):
        self.browser, self.stage = browser, stage
        # A file of the same origin without our script, which would refresh.
        browser.get(stage.httpd.url("/style.css"))
        browser.execute_script("sessionStorage.clear()")
        browser.get(stage.httpd.url())

    def element(self, name):
        """The element of an id."""
        return self.browser.find_element(By.ID, name)

    def shows(self, name):
        """Whether the element can be seen."""
        return self.element(name).is_displayed()

    def text(self, name):
        """Its visible text."""
        return self.element(name).text

    def wait(self, condition, seconds=10):
        """Waits for a condition on the page."""
        return WebDriverWait(self.browser, seconds, 0.05).until(
            lambda _: condition())

    def log_in(self, email, password=None):
        """Fills in the form and sends it."""
        self.wait(lambda: self.shows("login"))
        for name, value in (("username", email),
                            ("password", password or USERS[email][0])):
            self.element(name).clear()
            self.element(name).send_keys(value)
        self.element("submit").click()

    def enter(self, email):
        """Logs in and waits for what the API said."""
        self.log_in(email)
        self.wait(lambda: self.shows("dashboard"))
        self.wait(self.claims)

    def claims(self):
        """What the application saw, as the page shows it."""
        return dict(self.browser.execute_script("""
            return [...document.querySelectorAll("#claims tr")].map(
                row => [...row.children].map(cell => cell.textContent))"""))

    def too_wide(self):
        """What sticks out of the card or bar that it is in."""
        return self.browser.execute_script("""
            const right = box => box.getBoundingClientRect().right;
            return [...document.querySelectorAll(".card *, .bar *")]
                .filter(one => one.checkVisibility() && right(one) >
                        right(one.closest(".card, .bar")) - 16
                        && !one.closest(".unseen"))
                .map(one => one.outerHTML.slice(0, 80))""")

    def log(self):
        """The visible log, newest first."""
        return self.text("log")


@pytest.fixture(name="page")
def _page(browser, stage):
    return Page(browser, stage)


def test_log_in_shows_what_the_server_saw(page):
    """The form, the dashboard, and the claims of the application's table."""
    assert not page.shows("dashboard")
    page.enter("alice@demo.example")
    assert page.claims() == {
        "REMOTE_USER": "41", "AUTH_TYPE": "Bearer",
        "JWT_CLAIM_name": "Alice Liddell", "JWT_CLAIM_role": "admin"}
    assert page.text("who") == "Alice Liddell"
    assert not page.shows("login")
    assert 0 <= int(page.text("seconds")) <= 4


def test_claims_in_any_script(page):
    """Names beyond ASCII arrive whole."""
    page.enter("carol@demo.example")
    assert page.claims()["JWT_CLAIM_name"] == "Carol Nováková"


def test_refreshes_by_itself(page):
    """Before the token expires there is a new one, without a click."""
    page.enter("bob@demo.example")
    page.wait(lambda: int(page.text("refreshes")) >= 2, 20)
    assert "Refreshed (shortly before expiry)" in page.log()
    assert "401" not in page.log()
    assert page.shows("dashboard")


def test_thrown_out_by_sql(page):
    """The administrator's line; the page says why it is back at the form."""
    page.enter("alice@demo.example")
    page.stage.sql("SELECT auth_jwt.revoke_subject('41')")
    page.element("refresh").click()
    page.wait(lambda: page.shows("login"))
    assert "Your session has ended" in page.text("notice")
    assert not page.shows("dashboard")
    page.enter("alice@demo.example")


def test_role_changed_by_sql(page):
    """The next access token carries the new role."""
    page.enter("bob@demo.example")
    page.stage.cluster.psql(
        "UPDATE users SET role = 'owner' WHERE name LIKE 'Bob%'", "demo")
    page.wait(lambda: page.claims().get("JWT_CLAIM_role") == "owner", 20)


def test_reload_keeps_the_session(page):
    """A reload refreshes instead of asking for the password."""
    page.enter("alice@demo.example")
    page.browser.refresh()
    page.wait(page.claims)
    assert page.text("who") == "Alice Liddell"


def test_log_out(page):
    """The session ends on the server too."""
    page.enter("alice@demo.example")
    token = page.browser.execute_script(
        "return sessionStorage.getItem('refresh_token')")
    page.element("logout").click()
    page.wait(lambda: page.shows("login"))
    assert not page.shows("notice")
    assert page.browser.execute_script("return sessionStorage.length") == 0
    answer = page.stage.client.post_form("/auth/token", {
        "grant_type": "refresh_token", "refresh_token": token})
    assert answer.json()["error"] == "invalid_grant"


def another(page, email, agent):
    """Somebody else logs in with that name: the refresh token."""
    answer = page.stage.client.post_json("/auth/login", {
        "username": email, "password": USERS[email][0]},
        [("User-Agent", agent)])
    return answer.json()["refresh_token"]


def sessions(page):
    """The rows of the list: their visible texts."""
    return page.browser.execute_script("""
        return [...document.querySelectorAll("#sessions tr")].map(
            row => [...row.children].map(cell => cell.textContent))""")


def dead(page, token):
    """Whether the session of a refresh token is over."""
    return page.stage.client.post_form("/auth/token", {
        "grant_type": "refresh_token", "refresh_token": token}).status == 400


def test_own_sessions_are_shown_and_ended(page):
    """Where else this name is logged in: one is ended, then all others."""
    page.stage.sql("SELECT auth_jwt.revoke_subject('43')")
    phone = another(page, "carol@demo.example", "A phone <b>")
    page.enter("carol@demo.example")
    page.wait(lambda: len(sessions(page)) == 2)
    here, there = sessions(page)
    assert here[3] == "here" and "Chrome" in here[0]
    assert there[:2] == ["A phone <b>", "127.0.0.1"] and there[3] == "End"

    page.browser.find_element(By.CSS_SELECTOR, "#sessions button").click()
    page.wait(lambda: len(sessions(page)) == 1)
    assert dead(page, phone)
    assert not page.shows("end-others")

    others = [another(page, "carol@demo.example", name) for name in "ab"]
    page.element("call").click()
    page.wait(lambda: len(sessions(page)) == 3)
    page.element("end-others").click()
    page.wait(lambda: len(sessions(page)) == 1)
    assert all(dead(page, token) for token in others)
    assert page.shows("dashboard")


def test_wrong_password(page):
    """A sentence at the form, and another try."""
    page.log_in("alice@demo.example", "guess")
    page.wait(lambda: page.shows("notice"))
    assert "wrong" in page.text("notice")
    assert not page.shows("dashboard")
    page.enter("alice@demo.example")


def test_database_down_keeps_the_session(page):
    """503 is the server's trouble: the page waits, and goes on."""
    page.enter("alice@demo.example")
    page.stage.cluster.stop()
    try:
        page.element("refresh").click()
        page.wait(lambda: "Refresh failed" in page.log())
        assert page.shows("waiting")
        assert page.shows("dashboard")
    finally:
        page.stage.cluster.start()
    before = int(page.text("refreshes"))
    page.wait(lambda: int(page.text("refreshes")) > before, 20)
    page.stage.httpd.expect("outcome=database_")


def test_content_security_policy(page):
    """Nothing but our own files, and no inline script or style."""
    policy = page.stage.client.get("/").get("Content-Security-Policy")
    assert policy.startswith("default-src 'self'")
    assert "unsafe" not in policy


def test_fits_a_phone(page):
    """Nothing is wider than its card, at the form and behind it."""
    page.browser.set_window_size(390, 844)
    try:
        page.wait(lambda: page.shows("login"))
        assert page.too_wide() == []
        page.enter("alice@demo.example")
        assert page.too_wide() == []
    finally:
        page.browser.set_window_size(1100, 900)


def test_database_away_at_login(page):
    """Nobody is told that the password is wrong; afterwards it is right."""
    page.stage.httpd.expect("AH0|outcome=login_unavailable|revocations:")
    page.enter("alice@demo.example")
    page.element("logout").click()
    page.wait(lambda: page.shows("login"))
    page.stage.cluster.stop()
    page.log_in("alice@demo.example")
    page.wait(lambda: page.shows("notice"))
    assert "Logging in is not possible now" in page.text("notice")
    page.stage.cluster.start()
    page.enter("alice@demo.example")


def test_status(page):
    """The administrator's figures, as the terminal names them."""
    page.wait(lambda: "board.listening: true"
              in page.stage.client.get("/jwt-status").text)
