"""The call list, and logging a call."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.access import get_object_or_404, may
from clinic.http import Request, way_back
from clinic.models import User
from clinic.navigation import MOST
from clinic.paging import bounded_count, page
from clinic.search_words import filter_of, searched
from clinic.spreadsheets import csv_file
from patients.banner import banner
from treatments.actions.follow_ups import log_contact
from treatments.calls import Call, csv_head, csv_row
from treatments.filters.follow_ups import FOLDED, IN_SIGHT, NAMES, FollowUpFilter, chosen_state
from treatments.forms.follow_ups import ContactForm
from treatments.models import ContactAttempt, FollowUp
from treatments.models.follow_up import FollowUpQuerySet
from treatments.models.late_signs import LateSigns
from treatments.rules.follow_up import State
from treatments.views.late_signs import sign_to_log

Outcome = ContactAttempt.Outcome
# What comes up next first; what is over, the latest first.
ORDERS = {State.UPCOMING: ("opens_on", "pk"), State.ATTENDED: ("-closes_on", "-pk")}
# Along which index each is counted.
ALONG = {State.DUE: "closes_on", State.OVERDUE: "-closes_on", State.UPCOMING: "opens_on", State.BOOKED: ""}


@may("treatments.call_patient")
@searched("state", "indication", "location")
def call_list(request: Request) -> HttpResponseBase:
    now = timezone.now()
    today = request.location.today(now) if request.location else timezone.localdate(now)
    user = request.user
    visible = FollowUp.objects.visible_to(user).with_facts(now)
    narrow = FollowUpFilter(filter_of(request), visible, request=request)
    state = chosen_state(request.GET.get("state"))
    order = ORDERS.get(state, ("closes_on", "pk"))
    rows = standing(narrow.qs, state, user, now).for_list()
    if request.GET.get("format") == "csv":
        calls = (csv_row(row) for row in rows.order_by(*order).iterator(chunk_size=500))
        return csv_file(csv_head(), calls, f"follow-ups-{state}-{today}.csv")
    found = page(request, rows, *order)
    return TemplateResponse(
        request,
        "treatments/follow_ups/list.html",
        {
            "tabs": [
                (
                    each,
                    NAMES[each],
                    bounded_count(standing(narrow.qs, each, request.user, now), most=MOST, along=ALONG[each]),
                )
                for each in IN_SIGHT
            ],
            "folded_states": FOLDED,
            "folded": [(each, NAMES[each]) for each in FOLDED],
            "state": state,
            "state_name": NAMES[state],
            "filter": narrow,
            "is_narrowed": any(narrow.form.cleaned_data.values()) if narrow.form.is_valid() else True,
            "page": found,
            "calls": [Call(row, row.course.location.today(now)) for row in found],
        },
    )


def standing(rows: FollowUpQuerySet, state: State, user: User, now: datetime) -> FollowUpQuerySet:
    """Return those that stand so, each on the day of its own place."""
    return rows.each_by_its_day(user.places, now, lambda these, day: these.in_state(state, day))


@may("treatments.call_patient")
def contact(request: Request, public_id: UUID) -> HttpResponse:
    """Log a try to reach the patient: in a form, or by the one-tap button of the list."""
    now = timezone.now()
    follow_up = get_object_or_404(
        FollowUp.objects.visible_to(request.user).with_facts(now).for_list(), public_id=public_id
    )
    patient = follow_up.course.patient
    follow_up.course.location.keep_time()
    today = follow_up.course.location.today(now)
    form = ContactForm(request.POST or None, today=today, initial={"outcome": request.GET.get("outcome")})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        _attempt, is_new = log_contact(
            follow_up,
            outcome=data["outcome"],
            by=request.user,
            now=now,
            token=data["form_token"],
            next_try_on=data["next_try_on"],
            note=data["note"],
            late_signs=data["late_signs"],
        )
        if is_new:
            messages.success(request, logged_message(data["outcome"], patient.full_name, data["next_try_on"], today))
        told = sign_to_log(request, patient, now) if data["late_signs"] == LateSigns.YES else None
        return redirect(told or way_back(request, reverse("follow-up-list")))
    return TemplateResponse(
        request,
        "treatments/follow_ups/contact.html",
        {
            "form": form,
            "call": Call(follow_up, today),
            "attempts": follow_up.attempts.select_related("made_by"),
            "banner": banner(patient, today=today),
            "way_back": way_back(request, reverse("follow-up-list")),
        },
    )


def logged_message(outcome: str, name: str, next_try: date | None, today: date) -> str:
    """Return what was logged in the words of the desk: "No answer logged for Ana Petrova. Next try tomorrow." """
    logged = _("%(outcome)s logged for %(name)s.") % {"outcome": Outcome(outcome).label, "name": name}
    if next_try == today + timedelta(days=1):
        return _("%(logged)s Next try tomorrow.") % {"logged": logged}
    if next_try:
        return _("%(logged)s Next try %(day)s.") % {"logged": logged, "day": date_format(next_try, "j F")}
    if outcome == Outcome.DO_NOT_CONTACT:
        return _("%(logged)s No more messages are sent.") % {"logged": logged}
    return logged
