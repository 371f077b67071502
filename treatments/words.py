"""What a reaction's clock and a follow-up's window say beside their drawing."""

from datetime import date, datetime, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from treatments.rules.duration import DAY, HOUR, MINUTE, Unit, said
from treatments.rules.reaction import Clock, State


def duration(length: timedelta) -> str:
    """Return "18 minutes", "5 days", "6 months"."""
    number, unit = said(length)
    if unit is Unit.MINUTES:
        return ngettext("%(number)s minute", "%(number)s minutes", number) % {"number": number}
    if unit is Unit.HOURS:
        return ngettext("%(number)s hour", "%(number)s hours", number) % {"number": number}
    if unit is Unit.DAYS:
        return ngettext("%(number)s day", "%(number)s days", number) % {"number": number}
    return ngettext("%(number)s month", "%(number)s months", number) % {"number": number}


def clock_caption(clock: Clock, now: datetime) -> str:
    """Return how a reaction stands: "day 12 of 14", "3 h of 5 days", "5 days over", "gone after 17 days"."""
    if not clock.is_open():
        return _("gone after %(duration)s") % {"duration": duration(clock.elapsed(now))}
    if clock.state(now) is State.PROLONGED:
        return _("%(duration)s over") % {"duration": duration(clock.over(now))}
    elapsed = clock.elapsed(now)
    if clock.maximum is None:
        return _("%(duration)s, no expected maximum") % {"duration": _so_far(elapsed)}
    return _running(elapsed, clock.maximum)


def _so_far(elapsed: timedelta) -> str:
    """Return the running day once there is one, else how long it has been."""
    return _("day %(day)s") % {"day": elapsed // DAY + 1} if elapsed >= DAY else duration(elapsed)


def _running(elapsed: timedelta, maximum: timedelta) -> str:
    if elapsed >= DAY:
        # At the very end of the last day it is still that day.
        days = maximum // DAY
        return _("day %(day)s of %(days)s") % {"day": min(elapsed // DAY + 1, days), "days": days}
    if maximum <= HOUR:
        return _("%(minutes)s of %(maximum)s minutes") % {"minutes": elapsed // MINUTE, "maximum": maximum // MINUTE}
    if elapsed >= HOUR:
        return _("%(hours)s h of %(maximum)s") % {"hours": elapsed // HOUR, "maximum": duration(maximum)}
    return _("%(minutes)s min of %(maximum)s") % {"minutes": elapsed // MINUTE, "maximum": duration(maximum)}


def ago(day: date, today: date) -> str:
    """Return how long ago a day was: "today", "yesterday", "11 days ago", "5 weeks ago", then the date."""
    days = (today - day).days
    if days == 0:
        return _("today")
    if days == 1:
        return _("yesterday")
    if days < 28:
        return _("%(days)s days ago") % {"days": days}
    if days <= 84:
        return _("%(weeks)s weeks ago") % {"weeks": days // 7}
    return date_format(day, "j M Y")


def moment(at: datetime, now: datetime) -> str:
    """Return a moment as short as it may be said: "today 08:52", "20 Nov", "20 Nov 2025". Both in the local zone."""
    if at.date() == now.date():
        return _("today %(time)s") % {"time": date_format(at, "H:i")}
    return date_format(at, "j M" if at.year == now.year else "j M Y")
