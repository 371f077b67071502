"""While an erasure waits nothing new comes in, and what was given before is written."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from clinic.roles import Role
from patients.actions import record_screening, write_for
from patients.models import Patient, Screening
from tests.factories import (
    AppointmentFactory,
    AssessmentFactory,
    CourseFactory,
    FollowUpFactory,
    LocationFactory,
    PatientFactory,
    SessionFactory,
    SideEffectFactory,
    UserFactory,
    WaitingFactory,
    make_ready,
)
from tests.treatments.forgotten import FAMILY, NOW, put_off
from tests.treatments.photographs import agree, file, send
from tests.treatments.session_forms import edit_url, errors, form_of, new_url
from treatments.actions import courses
from treatments.actions import waiting as waiting_list
from treatments.actions.appointments import book, move, turn
from treatments.actions.assessments import record
from treatments.actions.series import book_series
from treatments.models import Appointment, Assessment, FollowUp, Photo, Session, Waiting

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
WORDS = "The patient is being erased. Nothing is added to this record."


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.PHOTO_ROOT = tmp_path / "photos"
    settings.DOSSIER_ROOT = tmp_path / "dossiers"
    settings.VAR_DIR = tmp_path / "var"
    settings.TOMBSTONES = tmp_path / "tombstones.jsonl"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(LATER, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory(time_zone="UTC")


@pytest.fixture
def boss(here):
    return UserFactory(role=Role.ADMIN, locations=[here])


@pytest.fixture
def patient(here):
    return PatientFactory(location=here, family_name=FAMILY)


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


# Nothing new comes in


def booked(patient, **facts):
    return Appointment(
        patient=patient,
        location=patient.location,
        kind="consultation",
        minutes=30,
        practitioner=UserFactory(),
        starts_at=LATER + timedelta(days=9),
        **facts,
    )


VERBS = {
    "consent": lambda patient: write_for(patient, lambda: pytest.fail("It was written.")),
    "course": lambda patient: write_for(patient, lambda: pytest.fail("It was written.")),
    "screening": lambda patient: record_screening(Screening(patient=patient), answers=[]),
    "appointment": lambda patient: book(booked(patient)),
    "series": lambda patient: book_series([booked(patient), booked(patient)], series=uuid4()),
    "move": lambda patient: move(AppointmentFactory(patient=patient, starts_at=NOW - timedelta(days=2)), version=1),
    "return": lambda patient: turn(
        AppointmentFactory(patient=patient, status="cancelled", status_reason="Ill"),
        Appointment.Status.BOOKED,
        now=LATER,
        version=1,
    ),
    "waiting": lambda patient: waiting_list.join(
        Waiting(patient=patient, kind="consultation", from_on=LATER.date()), by=UserFactory(), now=LATER
    ),
    "waiting again": lambda patient: waiting_list.put_back(
        WaitingFactory(
            course__patient=patient, removed_at=NOW, removed_by=UserFactory(), removed_reason="Wishes nothing earlier."
        ),
        version=1,
        now=LATER,
    ),
    "course resumed": lambda patient: courses.turn(
        CourseFactory(patient=patient, status="paused", status_reason="Away"), "active", on=LATER.date(), version=1
    ),
    "course taken up again": lambda patient: courses.turn(
        CourseFactory(patient=patient, status="stopped", status_reason="Moved"), "active", on=LATER.date(), version=1
    ),
    "scores": lambda patient: record(
        AssessmentFactory.build(course=CourseFactory(patient=patient)),
        lambda: pytest.fail("It was written."),
        entries=[],
        by=UserFactory(),
    ),
}


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_new_is_written_while_an_erasure_waits(verb, patient):
    put_off(patient)

    with pytest.raises(ValidationError, match="is being erased"):
        VERBS[verb](patient)


@pytest.mark.parametrize("status", ["paused", "completed", "stopped"])
def test_course_is_paused_or_ended_while_an_erasure_waits(status, patient):
    course = CourseFactory(patient=patient, status="active")
    put_off(patient)

    assert courses.turn(course, status, on=LATER.date(), reason="Asked.", version=course.version).status == status


def test_pages_of_the_record_offer_nothing_that_is_refused_while_an_erasure_waits(patient):
    paused = CourseFactory(patient=patient, status="paused", status_reason="Away")
    planner = signed_in(UserFactory(role=Role.CLINICIAN, locations=[patient.location]))
    new = PatientFactory(location=patient.location)
    offers = {
        patient.get_absolute_url(): {reverse("course-new", args=[patient.public_id])},
        new.get_absolute_url(): {reverse("course-new", args=[new.public_id])},
        paused.get_absolute_url(): {
            f"{reverse('appointment-new')}?course={paused.public_id}",
            reverse("course-book", args=[paused.public_id]),
            f"{reverse('course-status', args=[paused.public_id])}?to=active",
        },
    }

    def offered():
        return {way for page, ways in offers.items() for way in ways if way in planner.get(page).content.decode()}

    assert offered() == set().union(*offers.values())
    put_off(patient)
    put_off(new)

    assert offered() == set()
    ending = f"{reverse('course-status', args=[paused.public_id])}?to=stopped"
    assert ending in planner.get(paused.get_absolute_url()).content.decode()


def test_photo_is_not_taken_in_even_where_the_page_was_open_before(client, patient):
    course = agree(CourseFactory(patient=patient))
    client.force_login(course.clinician)
    course.clinician.locations.add(course.location)
    put_off(patient)

    response = send(client, course, file(), script=True)

    assert response.json()["refused"] == [WORDS]
    assert not Photo.objects.exists()


@pytest.mark.parametrize("name", ["consents/new", "screening/new", "courses/new"])
def test_pages_that_begin_something_lead_back_and_say_why(name, patient):
    put_off(patient)
    client = signed_in(UserFactory(role=Role.CLINICIAN, locations=[patient.location]))

    shown = client.get(f"/patients/{patient.public_id}/{name}/?purpose=treatment", follow=True)

    assert shown.redirect_chain[0][0].startswith(patient.get_absolute_url())
    assert WORDS in shown.content.decode()


def test_nobody_is_called_offered_an_hour_or_sent_anything_while_an_erasure_waits(here):
    patient = PatientFactory(location=here, email="a@example.org", preferred_channel="email", contact_permission=True)
    course = CourseFactory(patient=patient)
    waits = WaitingFactory(course=course)
    follow_up = FollowUpFactory(course=course)
    put_off(patient)
    patient.refresh_from_db()

    assert not patient.can_be_contacted
    assert patient not in Patient.objects.with_messages()
    assert list(FollowUp.objects.with_facts(LATER).to_call(follow_up.closes_on)) == []
    assert list(Waiting.objects.with_facts().waiting(LATER, LATER.date())) == []
    assert Waiting.objects.with_facts().for_list().get(pk=waits.pk).state(LATER) == "gone"


# What was given is written


def test_session_of_before_is_logged_and_signed_and_one_after_is_refused_in_words(patient):
    course = make_ready(CourseFactory(patient=patient))
    client = signed_in(course.clinician)
    course.clinician.locations.add(course.location)
    put_off(patient)
    before, after = NOW - timedelta(minutes=30), NOW + timedelta(minutes=30)

    form = form_of(course, performed_at=f"{after:%Y-%m-%dT%H:%M}", action="sign")
    assert errors(client.post(new_url(course), form)) == {"performed_at": [WORDS]}
    assert not Session.objects.exists()

    response = client.post(new_url(course), form | {"performed_at": f"{before:%Y-%m-%dT%H:%M}"})
    assert response.status_code == 302, errors(response)
    assert Session.objects.get().is_signed


def test_draft_of_before_is_edited_and_signed_and_does_not_move_past_the_decision(patient):
    course = make_ready(CourseFactory(patient=patient))
    session = SessionFactory(course=course, performed_at=NOW - timedelta(hours=1))
    client = signed_in(course.clinician)
    course.clinician.locations.add(course.location)
    put_off(patient)
    form = form_of(course, version=session.version, action="draft")

    moved = client.post(edit_url(session), form | {"performed_at": f"{NOW + timedelta(minutes=5):%Y-%m-%dT%H:%M}"})
    kept = client.post(edit_url(session), form | {"performed_at": f"{NOW - timedelta(hours=1):%Y-%m-%dT%H:%M}"})

    assert errors(moved) == {"performed_at": [WORDS]}
    assert kept.status_code == 302


def test_reaction_to_what_was_given_is_noted_while_an_erasure_waits(patient):
    session = SessionFactory(course__patient=patient, performed_at=NOW - timedelta(days=1), signed=True)
    put_off(patient)

    assert SideEffectFactory(session=session).pk


def test_every_page_of_the_record_says_that_it_is_being_erased_and_leads_an_admin_there(boss, patient):
    course = CourseFactory(patient=patient)
    erasure = put_off(patient)
    pages = [
        patient.get_absolute_url(),
        course.get_absolute_url(),
        reverse("patient-allergies", args=[patient.public_id]),
    ]

    for address in pages:
        shown = signed_in(boss).get(address).content.decode()
        assert "Erasure decided." in shown
        assert "Will be erased from 3 Mar 2026, 14:00 on; until it begins it can be withdrawn." in shown
    desk = signed_in(UserFactory(role=Role.STAFF, locations=[patient.location])).get(pages[0]).content.decode()
    erasure_page = reverse("patient-erasure", args=[patient.public_id])
    assert "on. Is that a mistake? Until it begins an admin can withdraw it." in desk
    assert erasure_page not in desk
    assert erasure_page in signed_in(boss).get(pages[0]).content.decode()
    assert erasure.is_waiting


def test_what_somebody_sends_to_a_page_of_an_erased_patient_names_the_reason(patient):
    assessments = Assessment.objects.count()
    course = CourseFactory(patient=patient)
    client = signed_in(course.clinician)
    course.clinician.locations.add(course.location)
    put_off(patient)

    shown = client.get(reverse("assessment-new", args=[course.public_id]), follow=True).content.decode()

    assert WORDS in shown
    assert Assessment.objects.count() == assessments
