"""What the desk is told when an hour becomes free: who of the waiting list could come to it."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.http import Request
from clinic.next_page import tell
from treatments.models import Appointment
from treatments.openings import Opening, WaitingRoom

MOST_NAMED = 3


def still_free(before: Sequence[Opening], after: Sequence[Appointment]) -> list[Opening]:
    """Return the hours that appointments left by moving: none that one of them stands on now, in part or whole."""
    return [
        opening
        for opening in before
        if not any(opening.practitioner.pk == each.practitioner_id and opening.meets(each) for each in after)
    ]


def offer_freed(request: Request, openings: Sequence[Opening], now: datetime, *, hides_names: bool = False) -> None:
    """Let the next page say who could come to the hours that have just become free; nothing where nobody could."""
    ahead = [opening for opening in openings if opening.starts_at > now]
    if not ahead or not request.user.has_perm("treatments.book_appointment"):
        return
    room = WaitingRoom(ahead[0].location, ahead, request.user, now)
    found = {opening: fitting for opening in ahead if (fitting := room.fitting(opening))}
    if not found:
        return
    people = {each.waiting.pk: each.waiting.patient.full_name for fitting in found.values() for each in fitting}
    count = len(people)
    title = ngettext("%(count)s person could come earlier.", "%(count)s people could come earlier.", count)
    lines = [] if hides_names else [", ".join([*people.values()][:MOST_NAMED]) + (", …" if count > MOST_NAMED else "")]
    if len(found) == 1:
        opening = next(iter(found))
        tell(
            request,
            title % {"count": count},
            lines=[_("Free: %(hour)s.") % {"hour": opening.in_words}, *lines],
            url=slot_url(opening),
            label=_("Offer the hour"),
        )
        return
    hours = ngettext("%(count)s hour is free.", "%(count)s hours are free.", len(found)) % {"count": len(found)}
    tell(
        request,
        title % {"count": count},
        lines=[hours, *lines],
        url=reverse("waiting-list"),
        label=_("Offer the hours"),
    )


def slot_url(opening: Opening) -> str:
    """Return the page of who could come to an hour."""
    return f"{reverse('waiting-slot')}?{urlencode(opening.asked)}"
