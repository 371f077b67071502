"""What a reaction's clock and a follow-up's window say beside their drawing."""

from datetime import date, datetime, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from treatments.rules.duration import DAY, HOUR, MINUTE, MONTH, Unit, said
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
    """Return how a reaction stands, from minutes to months.

    "day 4 of about 5", "3 hours of about 5 days", "5 days over", "gone after 3 days, within its time".
    """
    if not clock.is_open():
        return _gone(clock, now)
    if clock.state(now) is State.PROLONGED:
        return _("%(duration)s over") % {"duration": duration(clock.over(now))}
    elapsed = clock.elapsed(now)
    if clock.maximum is None:
        return _("%(duration)s, no expected maximum") % {"duration": _so_far(elapsed)}
    return _running(elapsed, clock.maximum)


def clock_sentence(title: str, clock: Clock, now: datetime) -> str:
    """Return what and how it stands in one line: "Swelling, thigh, left, day 4 of about 5"."""
    return _("%(what)s, %(how)s") % {"what": title, "how": clock_caption(clock, now)}


def _gone(clock: Clock, now: datetime) -> str:
    after = _("gone after %(duration)s") % {"duration": duration(clock.elapsed(now))}
    if clock.state(now) is State.RESOLVED_LATE:
        return _("%(gone)s, %(duration)s late") % {"gone": after, "duration": duration(clock.over(now))}
    return after if clock.maximum is None else _("%(gone)s, within its time") % {"gone": after}


# The running unit and its name: on day 4 three days are full.
STEPS = {
    Unit.MINUTES: (MINUTE, gettext_lazy("minute %(n)s")),
    Unit.HOURS: (HOUR, gettext_lazy("hour %(n)s")),
    Unit.DAYS: (DAY, gettext_lazy("day %(n)s")),
    Unit.MONTHS: (MONTH, gettext_lazy("month %(n)s")),
}


def _so_far(elapsed: timedelta) -> str:
    """Return the running day once there is one, else how long it has been."""
    return _step(elapsed, Unit.DAYS) if elapsed >= DAY else duration(elapsed)


def _step(elapsed: timedelta, unit: Unit, most: int | None = None) -> str:
    size, name = STEPS[unit]
    number = elapsed // size + 1
    return name % {"n": min(number, most) if most else number}


def _running(elapsed: timedelta, maximum: timedelta) -> str:
    """Return "day 4 of about 5"; before the first of the kind's own units is full, the time itself."""
    most, unit = said(maximum)
    if elapsed < STEPS[unit][0]:
        smaller = max(elapsed, MINUTE)
        if unit is Unit.MINUTES:
            return _("%(step)s of about %(most)s") % {"step": _step(elapsed, unit), "most": most}
        return _("%(so_far)s of about %(maximum)s") % {"so_far": _so_far(smaller), "maximum": duration(maximum)}
    # At the very end of the last day it is still that day.
    return _("%(step)s of about %(most)s") % {"step": _step(elapsed, unit, most), "most": most}


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
