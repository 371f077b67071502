"""A browser at the live clinic: who is signed in, and every word of complaint it utters."""

import pytest
from django.test import Client

VIEW = {"width": 1440, "height": 900}


class Visitor:
    """A person at the clinic in a browser of their own; `complaints` are what its console and its network say."""

    def __init__(self, page, base):
        self.page, self.base = page, base
        self.complaints = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("requestfailed", self._miss)

    def _hear(self, message):
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _miss(self, request):
        # What a page gives up because somebody goes on to the next is no fault: the draft's last keeping, for one.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"{self.page.url}: {request.url} failed")

    def go(self, address):
        return self.page.goto(self.base + address)

    def shows(self, text):
        """Say whether a text is seen within two seconds: the page that somebody was led to may be on its way."""
        for _try in range(20):
            if self.page.get_by_text(text).first.is_visible():
                return True
            self.page.wait_for_timeout(100)
        return False

    @property
    def path(self):
        return self.page.url.removeprefix(self.base)


@pytest.fixture
def visit(live_server, new_context):
    """Return a function that signs somebody in and gives their browser."""

    def visit(user=None, **context):
        tab = new_context(**{"viewport": VIEW} | context)
        tab.set_default_timeout(10_000)
        if user is not None:
            client = Client()
            client.force_login(user)
            cookie = client.cookies["sessionid"].value
            tab.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        return Visitor(tab.new_page(), live_server.url)

    return visit
