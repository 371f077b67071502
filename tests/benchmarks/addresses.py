"""The pages measured, each with the bare page it is measured against."""

from django.db.models import Count
from django.test import RequestFactory
from django.urls import reverse

from clinic.paging import page
from clinic.search_words import query_of
from patients.models import Patient
from treatments.exposure import By
from treatments.filters.side_effects import Tab
from treatments.models import Course
from treatments.rules.follow_up import State

BARE_LIST = "/bare/list/"
DEEP = 0.9  # of the list is before the deep page


def addresses(user):
    """Return (name, address, bare address) for a person of the clinic."""
    visible = Patient.objects.visible_to(user).active()
    courses = Course.objects.filter(patient__in=visible, status=Course.Status.ACTIVE)
    course = courses.annotate(n=Count("sessions")).select_related("patient").order_by("-n", "pk").first()
    patient = course.patient
    signed = course.sessions.signed().first()
    lot = signed.injections.first().lot
    patients, search = reverse("patient-list"), reverse("search")

    def found(text):
        return f"{search}?{query_of(text, user)}"

    bare_record = f"/bare/record/{patient.public_id}/"
    pages = [
        ("today", reverse("today"), BARE_LIST),
        ("today, my list", reverse("today") + "?list=mine", BARE_LIST),
        ("patients, page 1", patients, BARE_LIST),
        ("patients, deep page", patients + deep_page(visible, user), BARE_LIST),
        ("patients, in a course", f"{patients}?course=running", BARE_LIST),
        ("patients, archived", f"{patients}?standing=gone", BARE_LIST),
        ("patients, newest first", f"{patients}?sort=newest", BARE_LIST),
        ("search, last name", found(patient.family_name), BARE_LIST),
        ("search, first name of many", found("maria"), BARE_LIST),
        ("search, nobody", found("zzyzx"), BARE_LIST),
        ("search, two letters", found("be"), BARE_LIST),
        ("search, phone digits", found(patient.phone[-7:]), BARE_LIST),
        ("search, name and first name", found(f"{patient.given_name} {patient.family_name}"), BARE_LIST),
        ("search box, last name", f"htmx:{found(patient.family_name)}", BARE_LIST),
        ("search box, three letters", f"htmx:{found('ber')}", BARE_LIST),
        ("patient record", patient.get_absolute_url(), bare_record),
        ("course", course.get_absolute_url(), bare_record),
        ("session", signed.get_absolute_url(), bare_record),
        ("session, blank form", reverse("session-new", args=[course.public_id]), bare_record),
        ("session, amendment", reverse("session-amend", args=[signed.public_id]), bare_record),
        ("lots", reverse("lot-list"), BARE_LIST),
        ("lot", lot.get_absolute_url(), BARE_LIST),
        ("unsigned", reverse("session-unsigned"), BARE_LIST),
    ]
    pages += [(f"safety, by {by}", f"{reverse('report-safety')}?by={by}", BARE_LIST) for by in By]
    pages += [(f"side effects, {tab}", f"{reverse('side-effect-list')}?tab={tab}", BARE_LIST) for tab in Tab]
    pages += [(f"follow-ups, {state}", f"{reverse('follow-up-list')}?state={state}", BARE_LIST) for state in State]
    return pages


def deep_page(patients, user):
    """Return the query string of a page far down the list, as the page before it links to it."""
    ordered = patients.order_by("sort_name", "pk")
    before = ordered[int(patients.count() * DEEP)]
    from_there = ordered.filter(sort_name__gte=before.sort_name)
    request = RequestFactory().get("/")
    request.user = user
    return page(request, from_there, "sort_name", "pk").next
