"""The calendar: a day by practitioner or by room, and the week."""

from datetime import date, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from clinic.http import Request, came_from
from clinic.models import Location, User
from clinic.validators import YEARS
from treatments.calendar import HIDES_NAMES, WEEK, day_calendar, week_calendar


def calendar(request: Request) -> HttpResponse:
    location = request.location
    if location is None:
        return redirect("today")
    now = timezone.now()
    today = location.today(now)
    day = asked_day(request, today)
    is_week, by_room = request.GET.get("view") == "week", request.GET.get("by") == "room"
    person = asked_person(request, location) if is_week else None
    shown = (
        week_calendar(location, day, now, of=person) if is_week else day_calendar(location, day, now, by_room=by_room)
    )
    step = timedelta(days=WEEK if is_week else 1)
    return TemplateResponse(
        request,
        "treatments/calendar/calendar.html",
        {
            "calendar": shown,
            "now": now,
            "day": day,
            "today": today,
            "is_week": is_week,
            "by_room": by_room,
            "person": person,
            "people": list(User.objects.treating_at(location)) if is_week else [],
            "hides_names": request.session.get(HIDES_NAMES, False),
            "before": link(request, day=clamped(day, -step)),
            "after": link(request, day=clamped(day, step)),
            "to_today": link(request, day=today),
            "as_day": link(request, view=None, by=None, who=None),
            "as_rooms": link(request, view=None, by="room", who=None),
            "as_week": link(request, view="week", by=None),
        },
    )


def asked_day(request: Request, today: date) -> date:
    """Return the day that an address asks for; today when it names none that can be."""
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return today
    return day if day.year in YEARS else today


def clamped(day: date, step: timedelta) -> date:
    """Return the day a step away, unless it lies outside the years that are meant by anyone."""
    return day + step if (day + step).year in YEARS else day


def asked_person(request: Request, location: Location) -> User | None:
    """Return whose week it is, None for everyone's. Raises 404 for somebody who does not treat here."""
    if not request.GET.get("who"):
        return None
    try:
        person = User.objects.treating_at(location).filter(public_id=UUID(request.GET["who"])).first()
    except ValueError as error:
        raise Http404 from error
    if person is None:
        raise Http404
    return person


def link(request: Request, **changes: object) -> str:
    """Return the address of this page with some of its questions changed; None leaves one out."""
    asked = {name: request.GET[name] for name in ("day", "view", "by", "who") if name in request.GET}
    asked |= {name: str(value) for name, value in changes.items() if value is not None}
    kept = {name: value for name, value in asked.items() if name not in changes or changes[name] is not None}
    return f"{reverse('calendar')}?{urlencode(kept)}"


@require_POST
def names(request: Request) -> HttpResponse:
    """Hide the names in the calendar, or show them again, until the person signs out."""
    request.session[HIDES_NAMES] = not request.session.get(HIDES_NAMES, False)
    where = came_from(request)
    return redirect(where if where.startswith(reverse("calendar")) else "calendar")
