"""Between the decision to erase somebody and the worker: nothing new comes in, what was given is written, and the
decision may be withdrawn until it begins."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from clinic.models import AuditEvent
from clinic.roles import Role
from patients.actions import record_screening, write_for
from patients.models import Erasure, Patient, Screening
from tests.factories import (
    AppointmentFactory,
    AssessmentFactory,
    CourseFactory,
    ErasureFactory,
    FollowUpFactory,
    LocationFactory,
    PatientFactory,
    SessionFactory,
    SideEffectFactory,
    UserFactory,
    WaitingFactory,
    make_ready,
)
from tests.treatments.forgotten import DUE, FAMILY, NOW, decided, found_in_tables, person
from tests.treatments.photographs import agree, file, send
from tests.treatments.session_forms import edit_url, errors, form_of, new_url
from treatments.actions import courses
from treatments.actions import waiting as waiting_list
from treatments.actions.appointments import book, move, turn
from treatments.actions.assessments import record
from treatments.actions.privacy import decide_erasure, withdraw_erasure
from treatments.actions.series import book_series
from treatments.models import Appointment, Assessment, FollowUp, Photo, Session, Waiting
from treatments.privacy import erasing
from treatments.privacy.erasing import erase, erase_all

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


def put_off(patient):
    return decide_erasure(patient, ground="withdrawn", by=UserFactory(), now=NOW, today=NOW.date())


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
        assert "Will be erased from 3 Mar 2026, 14:00 on; until then it can be withdrawn." in shown
    desk = signed_in(UserFactory(role=Role.STAFF, locations=[patient.location]))
    erasure_page = reverse("patient-erasure", args=[patient.public_id])
    assert erasure_page not in desk.get(pages[0]).content.decode()
    assert erasure_page in signed_in(boss).get(pages[0]).content.decode()
    assert erasure.is_waiting


# Withdrawing it


def withdraw_url(erasure):
    return reverse("erasure-withdraw", args=[erasure.public_id])


def test_decision_is_withdrawn_with_a_reason_and_the_record_goes_on(boss, patient):
    erasure = put_off(patient)
    client = signed_in(boss)
    assert withdraw_url(erasure) in client.get(erasure.get_absolute_url()).content.decode()

    without = client.post(withdraw_url(erasure), {"reason": " "})
    response = client.post(withdraw_url(erasure), {"reason": "Took the wish back."})
    again = client.post(withdraw_url(erasure), {"reason": "Twice."})

    assert without.status_code == 200
    assert response.url == again.url == patient.get_absolute_url()
    erasure.refresh_from_db()
    assert (erasure.withdrawn_by, erasure.withdrawn_at, erasure.withdrawn_reason) == (
        boss,
        LATER,
        "Took the wish back.",
    )
    patient.refresh_from_db()
    assert patient.refusal_to_treat == ""
    assert erase_all(lambda: DUE) == 0
    assert patient.history.first().history_change_reason == "Erasure withdrawn"
    event = AuditEvent.objects.of_patient(patient.public_id).filter(detail__what="erasure-withdrawn").get()
    assert (event.act, event.by) == ("change", boss)
    assert "Nothing was erased." in client.get(erasure.get_absolute_url()).content.decode()
    assert "Withdrawn" in client.get(reverse("privacy")).content.decode()


def test_withdrawing_promises_no_more_than_it_does(boss, patient):
    patient.restrict(NOW, reason="A dispute")
    erasure = put_off(patient)
    client = signed_in(boss)

    certificate = client.get(erasure.get_absolute_url()).content.decode()
    form = client.get(withdraw_url(erasure)).content.decode()
    done = client.post(withdraw_url(erasure), {"reason": "A slip."}, follow=True).content.decode()
    after = client.get(erasure.get_absolute_url()).content.decode()

    for page in (certificate, form):
        assert "Will be erased from 3 Mar 2026, 14:00 on; until then it can be withdrawn." in page
    assert "The record is as before. It can be decided again." in form
    assert "is not erased. The record is as before." in done
    assert "It was decided and taken back. The record is as before." in after
    assert "Messages and booking go on" not in form
    assert "in use" not in form + done + after


def test_whoever_sees_a_record_in_an_emergency_only_is_not_led_to_withdrawing(boss, patient, monkeypatch):
    erasure = put_off(patient)
    client = signed_in(boss)
    monkeypatch.setattr(Patient, "is_lent_to", lambda self, user: True)

    assert withdraw_url(erasure) not in client.get(erasure.get_absolute_url()).content.decode()
    assert client.get(withdraw_url(erasure)).status_code == 403


def test_withdrawn_erasure_is_decided_again(patient, boss):
    withdraw_erasure(put_off(patient), reason="A slip.", by=boss, now=NOW)

    erase(put_off(patient), DUE)

    patient.refresh_from_db()
    assert patient.is_erased
    assert sorted(Erasure.objects.values_list("withdrawn_reason", flat=True)) == ["", "–"]


@pytest.mark.parametrize("role", [Role.STAFF, Role.CLINICIAN])
def test_nobody_else_withdraws_it(role, patient):
    erasure = put_off(patient)
    client = signed_in(UserFactory(role=role, locations=[patient.location]))

    assert client.post(withdraw_url(erasure), {"reason": "No."}).status_code == 403
    assert Erasure.objects.get().is_waiting


def test_erasure_that_is_done_is_not_withdrawn(boss, patient):
    erasure = put_off(patient)
    erase(erasure, DUE)

    shown = signed_in(boss).post(withdraw_url(erasure), {"reason": "Too late."}, follow=True).content.decode()

    assert "The erasure is done. It cannot be taken back." in shown
    assert Erasure.objects.get().withdrawn_at is None


def test_erasure_that_was_cut_off_after_the_files_went_is_not_withdrawn(monkeypatch, boss, here):
    erasure = decided(person(location=here))
    monkeypatch.setattr(erasing, "forget_person", lambda *args: 1 / 0)
    erase_all(lambda: DUE)

    with pytest.raises(ValidationError, match="has begun"):
        withdraw_erasure(erasure, reason="Too late.", by=boss, now=DUE)
    page = signed_in(boss).get(erasure.get_absolute_url()).content.decode()

    assert withdraw_url(erasure) not in page


def test_worker_that_took_it_up_before_it_was_withdrawn_leaves_everything(boss, here):
    patient = person(location=here)
    erasure = decided(patient)
    taken_up = Erasure.objects.claim(DUE)

    withdraw_erasure(erasure, reason="A slip.", by=boss, now=DUE)
    erase(taken_up, DUE)

    patient.refresh_from_db()
    assert not patient.is_erased
    assert len(found_in_tables()) > 20


def test_erasure_that_waits_for_somebody_is_withdrawn(boss, patient):
    AppointmentFactory(patient=patient, starts_at=DUE + timedelta(days=1))
    erasure = decided(patient)
    erase_all(lambda: DUE)

    withdraw_erasure(erasure, reason="A slip.", by=boss, now=DUE)

    assert not Erasure.objects.waiting().exists()


def test_database_keeps_no_withdrawal_without_a_reason_and_none_of_what_has_begun(boss):
    for facts in ({"withdrawn_at": NOW}, {"withdrawn_at": NOW, "withdrawn_by": boss}, {"withdrawn_reason": "x"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ErasureFactory(done_at=None, **facts)
    with pytest.raises(IntegrityError), transaction.atomic():
        ErasureFactory(done_at=None, begun_at=NOW, withdrawn_at=NOW, withdrawn_by=boss, withdrawn_reason="x")


def test_what_somebody_sends_to_a_page_of_an_erased_patient_names_the_reason(patient):
    assessments = Assessment.objects.count()
    course = CourseFactory(patient=patient)
    client = signed_in(course.clinician)
    course.clinician.locations.add(course.location)
    put_off(patient)

    shown = client.get(reverse("assessment-new", args=[course.public_id]), follow=True).content.decode()

    assert WORDS in shown
    assert Assessment.objects.count() == assessments
