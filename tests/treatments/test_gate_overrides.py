"""What a clinician passes over with a reason when signing, and the last answers given in the same tap."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    ConsentFactory,
    CourseFactory,
    LocationFactory,
    LotFactory,
    ScreeningFactory,
    SessionFactory,
    make_ready,
)
from tests.treatments.session_forms import FIRST, NOW, edit_url, form_of, new_url, signed_in
from treatments.models import Override, Session

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def course():
    return CourseFactory(patient__location=LocationFactory())


@pytest.fixture(autouse=True)
def clinician(client, course):
    return signed_in(client, course, Role.CLINICIAN)


def signing(course, **changes):
    """Return a form for this course's patient, who lacks what the test leaves out."""
    LotFactory(location=course.location)
    form = form_of(make_ready(CourseFactory(patient__location=course.location)), action="sign", **changes)
    return form | {"performed_by": course.clinician.pk, "areas": [area.pk for area in course.areas.all()]}


def kept():
    return list(Override.objects.values_list("code", "words", "reason"))


def test_missing_consent_is_passed_over_with_a_reason(client, course):
    ScreeningFactory(patient=course.patient, answered_at=FIRST)

    response = client.post(new_url(course), signing(course, **{"override-consent": "Signed on paper, to be scanned."}))

    reason = "Signed on paper, to be scanned."
    assert kept() == [("consent", "There is no consent to the treatment.", reason)]
    assert Session.objects.signed().count() == 1
    assert reason in client.get(response.url).content.decode()


@pytest.mark.parametrize(
    ("days", "code", "words"),
    [
        (None, "screening-missing", "The patient was never screened."),
        (91, "screening-expired", "The screening was valid to 9 March 2026."),
    ],
)
def test_missing_and_expired_screening_are_passed_over_with_a_reason(client, course, days, code, words):
    ConsentFactory(patient=course.patient, signed_at=FIRST)
    if days:
        ScreeningFactory(patient=course.patient, answered_at=NOW - timedelta(days=days))

    client.post(new_url(course), signing(course, **{f"override-{code}": "Screened on paper."}))

    assert kept() == [(code, words, "Screened on paper.")]


def test_each_thing_that_stands_in_the_way_needs_its_own_reason(client, course):
    reasons = {"override-consent": "On paper.", "override-screening-missing": "On paper, too."}

    client.post(new_url(course), signing(course, **{"override-consent": "On paper."}))
    assert not Session.objects.exists()

    client.post(new_url(course), signing(course, **reasons))
    assert [code for code, _words, _reason in kept()] == ["consent", "screening-missing"]


def test_reason_typed_on_a_draft_passes_over_nothing_by_itself(client, course):
    ScreeningFactory(patient=course.patient, answered_at=FIRST)
    client.post(new_url(course), signing(course, **{"override-consent": "On paper."}) | {"action": "draft"})
    session = Session.objects.get()

    client.post(reverse("session-sign", args=[session.public_id]), {"version": session.version})

    assert not Session.objects.signed().exists()


def test_nurse_writing_a_reason_into_the_request_signs_nothing(client, course):
    ScreeningFactory(patient=course.patient, answered_at=FIRST)
    signed_in(client, course, Role.STAFF)

    client.post(new_url(course), signing(course, **{"override-consent": "On paper."}))

    assert (Session.objects.drafts().count(), Session.objects.signed().count()) == (1, 0)
    assert kept() == []


# The last answers, given in the tap that signs.


def test_draft_whose_screening_was_half_asked_is_completed_and_signed_in_one_tap(client, course):
    make_ready(course)
    blank = {"screening-pregnancy": "", "screening-new_medicines": ""}
    client.post(new_url(course), form_of(course, **blank))
    session = Session.objects.get()
    assert session.screening.answers.count() == 2

    client.post(edit_url(session), form_of(course, action="sign", version=session.version))

    assert Session.objects.signed().count() == 1
    assert session.screening.answers.count() == 4


def test_draft_without_anything_of_today_is_completed_and_signed_in_one_tap(client, course):
    make_ready(course)
    session = SessionFactory(course=course, performed_at=FIRST)

    client.post(edit_url(session), form_of(course, action="sign", version=session.version))

    assert Session.objects.signed().count() == 1
