"""Correcting the wrong patient: what the page says beforehand, and who may correct what, once and back."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    AllergyFactory,
    AppointmentFactory,
    AssessmentFactory,
    CourseFactory,
    LocationFactory,
    LotFactory,
    PatientFactory,
    PhotoFactory,
    SessionFactory,
    SideEffectFactory,
    UserFactory,
    make_ready,
)
from tests.searching import find
from tests.treatments.corrections import REASON, correct, form_for, left_of, url_of
from tests.treatments.session_forms import NOW, form_of, new_url, signed_in, told
from treatments.models import Course, Session, SessionCorrection

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def course(here):
    return make_ready(CourseFactory(patient__location=here))


@pytest.fixture
def right(here):
    """The course of the patient who was treated."""
    return make_ready(CourseFactory(patient__location=here, patient__given_name="Bela"))


@pytest.fixture
def lot(here):
    return LotFactory(location=here, received_ml=Decimal("2.000"))


@pytest.fixture
def clinician(client, course):
    return signed_in(client, course, Role.CLINICIAN)


@pytest.fixture
def session(client, clinician, course, lot):
    """Let all that the lot holds have been given, signed, with a burning seen at once."""
    client.post(new_url(course), form_of(course, action="sign", reactions=["burning"], note="Calm."))
    return Session.objects.latest("performed_at")


# What it looks like beforehand


def test_gate_of_the_right_patient_is_judged_by_the_day_of_the_session(client, here, session):
    unready = CourseFactory(patient__location=here)
    page = client.get(url_of(session, unready))
    codes = [problem.code for problem in page.context["correction"].against]
    assert {"consent", "screening-missing"} <= set(codes)
    assert "There is no consent to the treatment." in page.content.decode()

    make_ready(unready, by=NOW + timedelta(days=3))  # signed after the session: it did not stand before it
    with time_machine.travel(NOW + timedelta(days=5), tick=False):
        client.force_login(UserFactory(role=Role.CLINICIAN, locations=[here]))
        later = client.get(url_of(session, unready)).context["correction"].against
    assert codes == [problem.code for problem in later]


def test_allergy_of_the_right_patient_is_shown(client, right, session):
    AllergyFactory(patient=right.patient, substance="Lidocaine")

    page = client.get(url_of(session, right)).content.decode()

    assert "Lidocaine" in page


def test_session_too_early_in_the_right_course_needs_its_reason(client, right, session):
    SessionFactory(course=right, performed_at=session.performed_at - timedelta(days=1), signed=True)

    response = client.post(url_of(session), form_for(session, right))
    assert "Say why this one is earlier." in str(response.context["form"].errors["early_reason"])
    assert not SessionCorrection.objects.exists()
    assert not Session.objects.get(pk=session.pk).is_in_error

    assert correct(client, session, right, early_reason="Holiday.").early_reason == "Holiday."


def test_session_before_the_course_began_is_not_offered_that_course(client, here, session):
    later = CourseFactory(patient__location=here, started_on=date(2026, 3, 11))

    page = client.get(url_of(session) + f"?to={later.patient.public_id}")

    assert page.context["courses"] == []
    assert not page.context["may_begin_anew"]


def test_session_after_the_patient_died_is_refused(client, right, session):
    right.patient.note(deceased_on=date(2026, 3, 5))

    response = client.post(url_of(session), form_for(session, right))

    assert "The patient died on 5 March 2026." in str(response.context["form"].errors)
    assert not SessionCorrection.objects.exists()


def test_new_course_begins_with_the_session_where_there_is_none(client, here, course, session):
    patient = make_ready(CourseFactory(patient__location=here, status=Course.Status.COMPLETED)).patient
    page = client.get(url_of(session) + f"?to={patient.public_id}")
    assert page.context["may_begin_anew"]
    assert client.get(url_of(session) + f"?to={patient.public_id}&course=new").status_code == 200

    data = {"to": str(patient.public_id), "course": "new", "version": session.version, "reason": REASON}
    client.post(url_of(session), data)

    made = Course.objects.latest("pk")
    assert (made.patient, made.protocol, made.price, made.started_on) == (
        patient,
        course.protocol,
        course.price,
        date(2026, 3, 10),
    )
    assert set(made.areas.all()) == set(course.areas.all())
    assert made.status == Course.Status.PLANNED
    assert made.sessions.count() == 1


# Back, twice, and by whom


def test_correcting_back_gives_it_to_the_first_patient_again(client, clinician, course, right, session, lot):
    moved = correct(client, session, right)
    back = correct(client, moved, course)

    client.post(reverse("session-sign", args=[back.public_id]), {"version": back.version})

    assert list(Session.objects.counting()) == [back]
    assert back.course == course
    assert left_of(lot) == 0
    assert SessionCorrection.objects.count() == 2


def test_double_tap_corrects_once_and_leads_to_where_it_stands(client, right, session):
    form = form_for(session, right)
    client.post(url_of(session), form)

    response = client.post(url_of(session), form, follow=True)

    assert SessionCorrection.objects.count() == 1
    assert "This session was corrected already. Here it stands now." in told(response)
    assert response.context["session"].course == right


def test_session_that_somebody_amended_meanwhile_is_not_corrected_unseen(client, right, session):
    form = form_for(session, right, reason="Kept as typed.")
    session.pain = 9
    session.save_over(session.version)

    response = client.post(url_of(session), form)

    assert "Somebody changed it meanwhile." in str(response.context["form"].errors)
    assert response.context["form"]["reason"].value() == "Kept as typed."
    assert not SessionCorrection.objects.exists()


def test_staff_correct_drafts_and_no_signed_session(client, course, right, session):
    draft = SessionFactory(course=course, performed_at=NOW - timedelta(days=5), given=True)
    signed_in(client, course, Role.STAFF)

    assert client.get(url_of(session)).status_code == 403
    assert client.post(url_of(session), form_for(session, right)).status_code == 403
    assert correct(client, draft, right, early_reason="Holiday.").course == right


def test_admin_corrects_a_signed_session(client, course, right, session):
    signed_in(client, course, Role.ADMIN)

    assert correct(client, session, right).course == right


@pytest.mark.parametrize("part", ["to", "course", "effects", "scores"])
def test_nothing_of_another_place_or_another_session_is_taken(client, course, right, session, part):
    """T6: no form names a record that is not offered."""
    elsewhere = CourseFactory()
    foreign = SideEffectFactory(session__course=right)
    changes = {
        "to": {"to": str(elsewhere.patient.public_id)},
        "course": {"course": str(elsewhere.public_id)},
        "effects": {"effects": [str(foreign.public_id)]},
        "scores": {"scores": [str(AssessmentFactory(course=right).public_id)]},
    }[part]

    response = client.post(url_of(session), form_for(session, right, **changes))

    assert response.status_code in {200, 404}
    assert not SessionCorrection.objects.exists()
    assert not Session.objects.get(pk=session.pk).is_in_error


def test_fields_that_the_form_does_not_ask_for_change_nothing(client, clinician, right, session):
    """T6: neither the signature nor the time, the person or the patient is read from the form."""
    other = UserFactory()
    extra = {
        "signed_by": other.pk,
        "performed_by": other.pk,
        "signed_at": "2026-03-01",
        "patient": 1,
        "id": session.pk,
    }

    now_at = correct(client, session, right, **extra)

    assert (now_at.performed_by, now_at.signed_by, now_at.course) == (session.performed_by, None, right)
    assert now_at.pk != session.pk


def test_reader_who_may_not_see_the_other_record_learns_no_number(client, here, course, session):
    far = make_ready(CourseFactory(patient__location=LocationFactory()))
    signed_in(client, course, Role.ADMIN)
    correct(client, session, far)
    signed_in(client, course, Role.CLINICIAN)

    page = client.get(session.get_absolute_url()).content.decode()

    assert "It stands in the record of another patient now." in page
    assert far.patient.record_number not in page


@pytest.mark.parametrize("reason", ["", "  ", "a\x00b", "x" * 251])
def test_correction_needs_a_reason_that_can_be_read(client, right, session, reason):
    response = client.post(url_of(session), form_for(session, right, reason=reason))

    assert "reason" in response.context["form"].errors
    assert not SessionCorrection.objects.exists()


@pytest.mark.parametrize("to", ["nobody", "1", "9" * 50])
def test_patient_who_is_none_is_not_there(client, session, to):
    assert client.get(url_of(session) + f"?to={to}").status_code == 404


def test_appointment_of_the_wrong_patient_stays_and_is_named(client, clinician, course, right):
    visit = AppointmentFactory(course=course, starts_at=NOW - timedelta(hours=1), status="done")
    session = SessionFactory(course=course, performed_at=NOW - timedelta(hours=1), appointment=visit, given=True)

    page = client.get(url_of(session, right)).content.decode()
    correct(client, session, right)

    visit.refresh_from_db()
    assert "stays as it is, done: set it right" in page
    assert (visit.status, visit.patient) == ("done", course.patient)


def test_visit_of_the_right_patient_of_that_day_is_done(client, clinician, right, session):
    visit = AppointmentFactory(course=right, starts_at=NOW - timedelta(hours=1), status="in-room")

    now_at = correct(client, session, right)

    visit.refresh_from_db()
    assert (now_at.appointment, visit.status) == (visit, "done")


def test_number_of_a_merged_record_leads_to_the_courses_of_the_one_that_goes_on(client, here, session):
    survivor = CourseFactory(patient__location=here).patient
    old = PatientFactory(location=here, merged_into=survivor, archived_at=NOW)

    page = find(client, url_of(session), old.record_number)
    assert f"merged into {survivor.record_number}" in page.content.decode()
    assert client.get(url_of(session), {"to": str(old.public_id)}).context["patient"] == survivor


@pytest.mark.parametrize("count", [1, 3])
def test_page_asks_as_often_for_three_reactions_and_photos_as_for_one(
    client, course, right, session, count, django_assert_num_queries
):
    for _number in range(count):
        SideEffectFactory(session=session)
        PhotoFactory(course=course, session=session, taken_at=session.performed_at)
        AssessmentFactory(course=course, assessed_on=date(2026, 3, 10))
    client.get(url_of(session, right))

    with django_assert_num_queries(37):
        client.get(url_of(session, right))
