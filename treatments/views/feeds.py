"""A practitioner's private calendar feed: making its secret address, and the feed behind it."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic import trail
from clinic.access import may
from clinic.http import Request
from treatments.ical import TYPE, feed
from treatments.models import Appointment, CalendarFeed

PAST, AHEAD = timedelta(days=30), timedelta(days=365)


@may("treatments.see_own_feed")
@never_cache
def own_feed(request: Request) -> HttpResponse:
    """Show whether there is a feed; make one in the place of the last, or withdraw it. Its address is shown once."""
    now = timezone.now()
    token = ""
    if request.method == "POST" and request.POST.get("act") == "withdraw":
        CalendarFeed.objects.of_user(request.user).update(revoked_at=now)
        messages.success(request, _("The feed is withdrawn. Its address leads nowhere now."))
        return redirect("calendar-feeds")
    if request.method == "POST":
        shows = request.POST.get("shows", "")
        shows = shows if shows in CalendarFeed.Shows else CalendarFeed.Shows.RECORD_NUMBER
        token = CalendarFeed.make(request.user, shows=shows, now=now)
    own = CalendarFeed.objects.of_user(request.user).first()
    address = settings.PUBLIC_URL.rstrip("/") + reverse("calendar-feed", args=[token]) if token else ""
    return TemplateResponse(
        request,
        "treatments/feeds/own.html",
        {
            "feed": own,
            "address": address,
            "choices": CalendarFeed.Shows.choices,
            "chosen": own.shows if own else "number",
        },
    )


@never_cache
@login_not_required
@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """Return the appointments of the practitioner whose secret address this is."""
    own = CalendarFeed.objects.opened_by(token)
    if own is None:
        raise Http404
    trail.saw(own, by=own.user)
    now = timezone.now()
    booked = (
        Appointment.objects.of_practitioner(own.user)
        .standing()
        .filter(starts_at__gte=now - PAST, starts_at__lt=now + AHEAD)
    )
    found = booked.select_related("patient", "location", "room").order_by("starts_at", "pk")
    return HttpResponse(feed(own, found), content_type=f"{TYPE}; charset=utf-8")
