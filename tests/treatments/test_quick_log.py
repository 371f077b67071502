"""Logging a reaction from wherever a patient tells of one: the session it came after is inferred."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    AppointmentFactory,
    CourseFactory,
    FollowUpFactory,
    LocationFactory,
    LotFactory,
    PatientFactory,
    ProtocolFactory,
    SessionFactory,
    TreatmentAreaFactory,
    UserFactory,
)
from tests.treatments.reaction_logs import DAY, NOW, PERFORMED, a_log, after, for_patient, form_of, lots_of
from treatments.models import Session, SideEffect


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here(db):
    return LocationFactory(name="Harbour")


@pytest.fixture
def patient(here):
    return PatientFactory(location=here)


@pytest.fixture
def left():
    return TreatmentAreaFactory(code="thigh-back-left")


@pytest.fixture
def right():
    return TreatmentAreaFactory(code="thigh-back-right")


@pytest.fixture
def session(patient, left, right):
    course = CourseFactory(patient=patient, areas=[left, right])
    return SessionFactory(course=course, signed=True, performed_at=PERFORMED)


@pytest.fixture
def nurse(client, here):
    user = UserFactory(role=Role.STAFF, locations=[here])
    client.force_login(user)
    return user


# Which session


def test_record_takes_the_latest_session_of_all_courses_and_says_which(client, nurse, patient, session):
    acne = CourseFactory(patient=patient, protocol=ProtocolFactory(name="Acne"))
    later = SessionFactory(course=acne, signed=True, performed_at=PERFORMED + 3 * DAY)
    form = form_of(client.get(for_patient(patient)))
    assert form.session == later
    assert form["after"].value() == str(later.public_id)
    assert [words for _key, words in form.fields["after"].choices] == ["Session 1, 5 Mar", "Session 1, 2 Mar"]

    client.post(for_patient(patient), a_log())
    assert SideEffect.objects.get().session == later


def test_another_session_is_one_tap_away(client, nurse, patient, session, left):
    later = SessionFactory(course=session.course, signed=True, performed_at=PERFORMED + 7 * DAY, areas=[left])
    page = client.get(for_patient(patient), {"after": str(session.public_id), "areas": [left.pk]})
    form = form_of(page)
    assert (form.session, form["areas"].value()) == (session, [left.pk])

    client.post(for_patient(patient), a_log(after=str(session.public_id)))
    assert SideEffect.objects.get().session == session
    assert later.side_effects.count() == 0


def test_session_of_the_address_is_taken_though_it_is_not_the_latest(client, nurse, session):
    SessionFactory(course=session.course, signed=True, performed_at=PERFORMED + 7 * DAY)
    assert form_of(client.get(after(session))).session == session


def test_oldest_sessions_are_folded_away_and_one_of_them_may_be_taken(client, nurse, patient, session):
    for week in range(1, 6):
        SessionFactory(course=session.course, signed=True, performed_at=PERFORMED - week * 7 * DAY)
    form = form_of(client.get(for_patient(patient)))
    assert (len(form.few_sessions), len(form.older_sessions)) == (4, 2)
    oldest = Session.objects.order_by("performed_at").first()
    form = form_of(client.get(for_patient(patient), {"after": str(oldest.public_id)}))
    assert (len(form.few_sessions), len(form.older_sessions)) == (5, 1)


def test_draft_counts_for_the_needle_was_real(client, nurse, patient, session):
    draft = SessionFactory(course=session.course, performed_at=PERFORMED + 7 * DAY)
    form = form_of(client.get(for_patient(patient)))
    assert form.session == draft
    assert form.fields["after"].widget.lines[str(draft.public_id)] == "Cellulite, yesterday, draft"


def in_error(session):
    session.entered_in_error_at, session.entered_in_error_by = session.performed_at, session.performed_by
    session.entered_in_error_reason = "Another patient."
    session.save()


def test_session_entered_in_error_is_not_offered(client, nurse, patient, session):
    later = SessionFactory(course=session.course, signed=True, performed_at=PERFORMED + 7 * DAY)
    in_error(later)
    assert form_of(client.get(for_patient(patient))).session == session
    response = client.get(after(later))
    assert form_of(response).session == session
    assert [str(message) for message in response.context["messages"]] == [
        "That session was entered in error. Say after which one it began."
    ]


def test_patient_without_a_session_is_told_what_to_do(client, nurse, patient):
    course = CourseFactory(patient=patient)
    page = client.get(for_patient(patient))
    assert page.status_code == 200
    text = page.content.decode()
    assert "No session is recorded yet" in text
    assert reverse("session-new", args=[course.public_id]) in text
    assert client.post(for_patient(patient), a_log()).status_code == 200
    assert not SideEffect.objects.exists()


def test_session_of_somebody_else_is_no_choice(client, nurse, patient, session):
    other = SessionFactory(signed=True, course__patient__location=patient.location)
    form = form_of(client.post(for_patient(patient), a_log(after=str(other.public_id), note="Warm")))
    assert form.errors["after"] == ["That is no session of this patient. Choose another."]
    assert form["note"].value() == "Warm"


def test_onset_before_the_session_that_is_chosen_is_refused(client, nurse, patient, session):
    later = SessionFactory(course=session.course, signed=True, performed_at=PERFORMED + 7 * DAY)
    data = a_log(began="other-time", onset_at="2026-03-04T10:00")
    form = form_of(client.post(for_patient(patient), data))
    assert form.errors["onset_at"] == ["This is before the session. A reaction begins after it."]

    client.post(for_patient(patient), data | {"after": str(session.public_id)})
    assert (SideEffect.objects.get().session, later.side_effects.count()) == (session, 0)


def test_dead_patient_may_still_have_died_of_it(client, nurse, patient, session):
    patient.deceased_on = NOW.date()
    patient.save()
    client.post(for_patient(patient), a_log(severity="severe", grade="5", death_confirmed="on", began="now"))
    assert SideEffect.objects.get().grade == 5


# A record that was merged


@pytest.fixture
def merged(patient, here):
    return PatientFactory(location=here, merged_into=PatientFactory(location=here, merged_into=patient))


def test_merged_record_leads_to_the_one_that_goes_on(client, nurse, merged, patient, session):
    response = client.get(for_patient(merged), follow=True)
    assert response.redirect_chain == [(for_patient(patient), 302)]
    assert [str(message) for message in response.context["messages"]] == [
        f"Record {merged.record_number} was merged into this one, {patient.full_name}, {patient.record_number}."
    ]


def test_reaction_for_a_merged_record_is_shown_and_logged_in_the_one_that_goes_on(
    client, nurse, merged, patient, session
):
    data = a_log(note="Warm")
    response = client.post(for_patient(merged), data)
    form = form_of(response)
    assert "was merged into this one" in str(form.non_field_errors())
    assert (form["note"].value(), form.session, response.context["address"]) == ("Warm", session, for_patient(patient))
    assert not SideEffect.objects.exists()

    client.post(for_patient(patient), data)
    assert SideEffect.objects.get().session == session


def test_session_that_stayed_with_a_merged_record_leads_to_the_one_that_goes_on(
    client, nurse, merged, patient, session
):
    left_behind = SessionFactory(course=CourseFactory(patient=merged), signed=True)
    assert client.get(after(left_behind)).url == for_patient(patient)


def test_record_is_not_merged_into_itself(patient):
    patient.merged_into = patient
    with pytest.raises(IntegrityError), transaction.atomic():
        patient.save()


# The doors


def test_card_of_today_logs_after_its_own_session(client, nurse, session):
    AppointmentFactory(course=session.course, starts_at=NOW, status="done", practitioner__locations=[])
    SessionFactory(
        course=session.course, performed_at=NOW - timedelta(hours=1), appointment=session.course.appointments.get()
    )
    card = client.get("/").context["board"].columns[-1].cards[0]
    assert card.log_url == after(card.session)
    assert f"{card.log_url}?next=%2F" in client.get("/").content.decode()


@pytest.mark.parametrize(("status", "has_door"), [("booked", False), ("arrived", True), ("in-room", True)])
def test_card_of_somebody_who_was_treated_before_has_the_door(client, nurse, session, patient, status, has_door):
    AppointmentFactory(course=session.course, starts_at=NOW, status=status)
    assert (f"{for_patient(patient)}?next=%2F" in client.get("/").content.decode()) == has_door


def test_card_of_somebody_who_was_never_treated_has_none(client, nurse, patient):
    AppointmentFactory(course=CourseFactory(patient=patient), starts_at=NOW, status="arrived")
    assert "/side-effects/new/" not in client.get("/").content.decode()


def test_record_call_list_and_session_have_the_door(client, nurse, session, patient):
    FollowUpFactory(course=session.course, opens_on=NOW.date(), closes_on=NOW.date() + 60 * DAY)
    assert for_patient(patient) in client.get(patient.get_absolute_url()).content.decode()
    assert for_patient(patient) in client.get(reverse("follow-up-list")).content.decode()
    assert after(session) in client.get(session.get_absolute_url()).content.decode()


def test_saving_leads_back_to_the_door(client, nurse, patient, session, left):
    assert client.post(for_patient(patient), a_log(next="/follow-ups/?q=x")).url == "/follow-ups/?q=x"
    outside = client.post(for_patient(patient), a_log(next="https://example.org/", areas=[left.pk]))
    assert outside.url == SideEffect.objects.order_by("pk").last().get_absolute_url()


def test_several_areas_are_named_by_their_number(client, nurse, patient, session, left, right):
    response = client.post(for_patient(patient), a_log(areas=[left.pk, right.pk], began="now"), follow=True)
    assert [str(message) for message in response.context["messages"]] == ["Swelling is logged in 2 areas."]


def test_admin_has_no_door(client, here, session, patient):
    client.force_login(UserFactory(role=Role.ADMIN, locations=[here]))
    assert for_patient(patient) not in client.get(patient.get_absolute_url()).content.decode()
    assert client.get(for_patient(patient)).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_form_asks_as_often_for_three_sessions_as_for_one(
    client, nurse, patient, left, django_assert_num_queries, count
):
    course = CourseFactory(patient=patient)
    for week in range(count):
        session = SessionFactory(course=course, signed=True, performed_at=PERFORMED - week * 7 * DAY)
        lots_of(session, *LotFactory.create_batch(count, location=course.location))
    with django_assert_num_queries(22):
        client.get(for_patient(patient))
