"""Somebody who waits, as the pages of the waiting list show it."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.models import Weekday
from patients.models import Patient
from treatments.forms.waiting import Parts
from treatments.models import Appointment, Waiting, WaitingOffer
from treatments.rules.waiting import State

IN_A_ROW = 3  # days
ENDINGS = {
    State.REMOVED: gettext_lazy("Taken off"),
    State.GONE: gettext_lazy("No longer treated here"),
    State.FULFILLED: gettext_lazy("Has an hour"),
    State.OFF: gettext_lazy("The appointment is cancelled or past"),
    State.ENDED: gettext_lazy("The course has ended"),
    State.EXPIRED: gettext_lazy("The last day is past"),
}


@dataclass(frozen=True)
class WaitingRow:
    waiting: Waiting
    now: datetime

    @property
    def today(self) -> date:
        return self.waiting.location.today(self.now)

    @property
    def patient(self) -> Patient:
        return self.waiting.patient

    @property
    def what(self) -> str:
        """Return "Cellulite" for a session, else "Follow-up, Cellulite" or "Consultation"."""
        kind, course = str(self.waiting.get_kind_display()), self.waiting.course
        if course is None:
            return kind
        is_session = self.waiting.kind == Appointment.Kind.SESSION
        return str(course.protocol) if is_session else f"{kind}, {course.protocol}"

    @property
    def has(self) -> str:
        """Return what they have so far: "booked 18 Dec, 10:00"."""
        one = self.waiting.appointment
        if one is None:
            return _("nothing booked")
        start = self.waiting.location.local(one.starts_at)
        return _("booked %(day)s, %(time)s") % {"day": short(start.date(), self.today), "time": f"{start:%H:%M}"}

    @property
    def could_come(self) -> str:
        """Return when, in words: "Monday, Friday; morning; from 3 Dec to 20 Dec"."""
        waiting = self.waiting
        days = weekdays_in_words(waiting.weekdays)
        parts = ", ".join(str(Parts(part).label).lower() for part in Parts.values if part in waiting.parts)
        return "; ".join(filter(None, [days or _("Any day"), parts or _("at any hour"), self.span]))

    @property
    def span(self) -> str:
        waiting, today = self.waiting, self.today
        said = {
            "first": short(waiting.from_on, today),
            "last": short(waiting.until_on, today) if waiting.until_on else "",
        }
        if waiting.until_on and waiting.from_on > today:
            return _("from %(first)s to %(last)s") % said
        if waiting.until_on:
            return _("until %(last)s") % said
        return _("from %(first)s") % said if waiting.from_on > today else ""

    @property
    def terms(self) -> str:
        """Return with whom and how short the notice may be."""
        waiting = self.waiting
        notice = _("notice: %(time)s") % {"time": str(waiting.get_notice_hours_display()).lower()}
        if waiting.practitioner:
            return _("only with %(name)s, %(notice)s") % {
                "name": waiting.practitioner.get_short_name(),
                "notice": notice,
            }
        return notice

    @property
    def is_clinical(self) -> bool:
        return self.waiting.need == Waiting.Need.CLINICAL

    @property
    def age(self) -> str:
        """Return how long they wait: "12 days"."""
        days = max((self.today - self.waiting.location.local(self.waiting.joined_at).date()).days, 0)
        return ngettext("%(count)s day", "%(count)s days", days) % {"count": days} if days else _("since today")

    @property
    def last_offer(self) -> str:
        """Return what came of the last offer: "Said no, 3 Dec 10:40"."""
        latest = next(iter(self.waiting.offers.all()), None)
        return offer_in_words(latest, self.waiting, self.today) if latest else _("Not asked yet")

    @property
    def state(self) -> State:
        return self.waiting.state(self.now)

    @property
    def is_waiting(self) -> bool:
        return self.state is State.WAITING

    @property
    def ending(self) -> str:
        """Return why they wait no more, with the reason where a person gave one."""
        word = str(ENDINGS.get(self.state, ""))
        return f"{word}: {self.waiting.removed_reason}" if self.waiting.removed_reason else word


def weekdays_in_words(days: list[int]) -> str:
    """Return "Monday, Friday", and three or more in a row as "Monday to Friday"; nothing for none."""
    named = [str(Weekday(day).label) for day in sorted(days)]
    if len(days) >= IN_A_ROW and max(days) - min(days) == len(days) - 1:
        return _("%(first)s to %(last)s") % {"first": named[0], "last": named[-1]}
    return ", ".join(named)


def offer_in_words(offer: WaitingOffer, waiting: Waiting, today: date) -> str:
    at = waiting.location.local(offer.made_at)
    return f"{offer.what_came}, {short(at.date(), today)} {at:%H:%M}"


def short(day: date, today: date) -> str:
    return date_format(day, "j M" if day.year == today.year else "j M Y")
