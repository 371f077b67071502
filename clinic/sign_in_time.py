"""How long a sign-in lasts: until nobody has used it for a while, and a day's work at most.

Both moments stand in the session itself, where no page asks for them with another query. Only what a person does makes
a sign-in last longer; what a page sends by itself does not.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

SIGNED_IN_AT = "signed_in_at"
USED_AT = "used_at"


@dataclass(frozen=True)
class Left:
    """What is left of a sign-in: until it ends unused, and until it ends however much it is used."""

    unused: timedelta
    at_most: timedelta

    @property
    def seconds(self) -> int:
        return max(0, int(min(self.unused, self.at_most).total_seconds()))

    @property
    def is_over(self) -> bool:
        return min(self.unused, self.at_most) <= timedelta()

    @property
    def can_be_longer(self) -> bool:
        """Say whether using it puts its end off."""
        return self.at_most > self.unused


def begin(session: SessionBase, now: datetime, *, signed_in_at: datetime | None = None) -> None:
    """Let a sign-in begin now. `signed_in_at` is when the person last gave more than a PIN."""
    session[SIGNED_IN_AT] = (signed_in_at or now).timestamp()
    session[USED_AT] = now.timestamp()


def began_at(session: SessionBase, now: datetime) -> datetime:
    """Return when the person last gave more than a PIN; now, where the session does not say."""
    return _moment(session.get(SIGNED_IN_AT), now) or now


def left(session: SessionBase, now: datetime) -> Left:
    """Return what is left. A session that does not say when it began has nothing left."""
    used, began = (_moment(session.get(key), now) for key in (USED_AT, SIGNED_IN_AT))
    if used is None or began is None:
        return Left(timedelta(), timedelta())
    return Left(
        used + timedelta(minutes=settings.SESSION_IDLE_MINUTES) - now,
        began + timedelta(hours=settings.SESSION_HOURS) - now,
    )


def is_worth_noting(session: SessionBase, now: datetime) -> bool:
    """Say whether the last use that is noted is long enough ago for another to be written."""
    used = _moment(session.get(USED_AT), now)
    return used is None or now - used >= timedelta(seconds=settings.SESSION_NOTED_AFTER_SECONDS)


def use(session: SessionBase, now: datetime) -> None:
    """Note that the person did something."""
    session[USED_AT] = now.timestamp()


def is_act(request: HttpRequest) -> bool:
    """Say whether a person did this: went to a page, sent a form, typed into a field that htmx sends.

    A script that looks for news, a beacon, or a picture of a page does not keep anybody signed in. Browsers say what a
    request is for; one that does not is taken to go to a page, unless a script of ours says otherwise.
    """
    if "X-Background" in request.headers:
        return False
    return request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate" or "HX-Request" in request.headers


def is_of_a_page(request: HttpRequest) -> bool:
    """Say whether a script sent this, which has no use for the page of the sign-in."""
    return "HX-Request" in request.headers or "X-Background" in request.headers


def _moment(stamp: object, now: datetime) -> datetime | None:
    return datetime.fromtimestamp(stamp, tz=now.tzinfo) if isinstance(stamp, (int, float)) else None
