"""What the desk is told when an hour becomes free: who of the waiting list could come to it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.http import Request
from clinic.models import Closure
from clinic.next_page import Way, tell
from patients.models import Patient
from treatments.models import Appointment, Waiting
from treatments.openings import MOST_ASKED, Opening, WaitingRoom, treated_still
from treatments.rules.waiting import Wish, takes_day

FURTHEST = timedelta(days=366)


def still_free(before: Sequence[Opening], after: Sequence[Appointment]) -> list[Opening]:
    """Return the hours that appointments left by moving: none that one of them stands on now, in part or whole."""
    return [
        opening
        for opening in before
        if not any(opening.practitioner.pk == each.practitioner_id and opening.meets(each) for each in after)
    ]


def offer_freed(request: Request, openings: Sequence[Opening], now: datetime, *, hides_names: bool = False) -> None:
    """Let the next page say who could come to the hours that have just become free; nothing where nobody could."""
    if not request.user.has_perm("treatments.book_appointment"):
        return
    ahead = [opening for opening in openings if opening.starts_at > now]
    ahead = treated_still(ahead[0].location, ahead) if ahead else []
    if not ahead:
        return
    room = WaitingRoom(ahead[0].location, ahead, request.user, now)
    found = {opening: fitting for opening in ahead if (fitting := room.fitting(opening))}
    if not found:
        return
    people = {each.waiting.pk: str(each.waiting.patient.public_id) for fitting in found.values() for each in fitting}
    count = len(people)
    title = ngettext("%(count)s person could come earlier.", "%(count)s people could come earlier.", count)
    if len(found) == 1:
        said = _("Free: %(hour)s.") % {"hour": next(iter(found)).in_words}
    else:
        said = ngettext("%(count)s hour is free.", "%(count)s hours are free.", len(found)) % {"count": len(found)}
    # Each by its own page: the list shows the hours of the next weeks only.
    ways = [Way(slot_url(opening), _("Offer the hour"), opening.in_words) for opening in found]
    named = [] if hides_names else [*people.values()]
    tell(request, title % {"count": count}, lines=[said], people=named, ways=ways)


def names_of(request: Request, public_ids: Sequence[str]) -> list[str]:
    """Return the names of patients in the order of their ids; nobody's who was erased or may not be seen."""
    if not public_ids:
        return []
    seen = Patient.objects.visible_to(request.user).filter(public_id__in=public_ids, erased_at=None)
    names = {str(patient.public_id): patient.full_name for patient in seen}
    return [names[public_id] for public_id in public_ids if public_id in names]


def slot_url(opening: Opening) -> str:
    """Return the page of who could come to an hour."""
    return f"{reverse('waiting-slot')}?{urlencode(opening.asked)}"


def tell_of_lifted(request: Request, closure: Closure) -> None:
    """Say to whoever called a closure off how many of the waiting list could come on a day that is open again."""
    now = timezone.now()
    away = closure.practitioner
    count = 0
    for place in away.locations.all() if away else filter(None, [closure.location]):
        first, last = max(closure.first_on, place.today(now)), min(closure.last_on, place.today(now) + FURTHEST)
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        rows = Waiting.objects.visible_to(request.user).at(place).with_facts().waiting(now, place.today(now))
        count += sum(could_come_on(each, days, closure) for each in rows.by_turn()[:MOST_ASKED])
    if count:
        words = ngettext(
            "%(count)s person of the waiting list could come then.",
            "%(count)s people of the waiting list could come then.",
            count,
        )
        day = f"?day={closure.first_on.isoformat()}" if closure.first_on == closure.last_on else ""
        address, label = reverse("waiting-list") + day, _("See who")
        messages.info(request, format_html('{} <a href="{}">{}</a>', words % {"count": count}, address, label))


def could_come_on(waiting: Waiting, days: Sequence[date], closure: Closure) -> bool:
    """Say whether somebody named one of these days, and not somebody else than the one who was away."""
    wanted = {None, closure.practitioner_id} if closure.practitioner_id else {None, waiting.practitioner_id}
    wish = Wish(waiting.from_on, waiting.minutes, waiting.notice, waiting.until_on, waiting.weekdays)
    return waiting.practitioner_id in wanted and any(takes_day(wish, day) for day in days)
