"""Which kinds of reaction are offered first, and which are asked about before they are logged."""

from datetime import timedelta

import pytest
import time_machine

from clinic.roles import Role
from tests.factories import (
    CourseFactory,
    LocationFactory,
    PatientFactory,
    SessionFactory,
    SideEffectKindFactory,
    TreatmentAreaFactory,
    UserFactory,
)
from tests.treatments.reaction_logs import DAY, NOW, PERFORMED, a_log, after, for_patient, form_of
from treatments.models import SideEffect
from treatments.rules.reaction import may_be_there


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


@pytest.mark.parametrize(
    ("elapsed", "there"),
    [(-DAY, False), (2 * DAY, False), (3 * DAY, True), (31 * DAY, True), (31 * DAY + timedelta(seconds=1), False)],
)
def test_kind_may_be_there_from_its_first_onset_to_its_last_end(elapsed, there):
    assert may_be_there(elapsed, 3 * DAY, 3 * DAY, 28 * DAY) is there


def test_kind_without_a_usual_onset_is_never_put_first():
    assert not may_be_there(DAY, None, None, 7 * DAY)


def codes(options):
    return [option.data["value"].instance.code for option in options]


def test_kinds_of_the_treatment_room_come_first_right_after_it(client, nurse, patient, session):
    with time_machine.travel(PERFORMED + timedelta(hours=1), tick=False):
        form = form_of(client.get(for_patient(patient)))
    assert codes(form.usual_kinds())[:3] == ["burning", "discomfort", "heaviness"]
    assert {"nodule", "infection"} <= set(codes(form.more_kinds()))


def test_kinds_that_come_late_come_first_after_a_week(client, nurse, patient, session):
    form = form_of(client.get(for_patient(patient)))
    assert codes(form.usual_kinds())[:4] == ["bruising", "discolouration", "induration", "nodule"]
    assert "burning" in codes(form.usual_kinds())


@pytest.mark.parametrize(("days", "offered"), [(6, False), (7, True), (35, True), (203, True), (204, False)])
def test_signs_of_a_late_infection_are_offered_as_long_as_they_are_watched(
    client, nurse, patient, session, days, offered
):
    with time_machine.travel(PERFORMED + days * DAY, tick=False):
        client.force_login(nurse)
        form = form_of(client.get(for_patient(patient)))
    assert ({"nodule", "induration", "abscess", "drainage"} <= set(codes(form.usual_kinds()))) is offered
    assert set(codes(form.usual_kinds())).isdisjoint(codes(form.more_kinds()))


def test_sign_of_a_late_infection_begun_at_a_session_weeks_ago_is_asked_about(client, nurse, session, left):
    """Four taps take it to have begun at the session, where nothing would watch it."""
    nodule = a_log(kind=SideEffectKindFactory(code="nodule").pk)
    with time_machine.travel(PERFORMED + 30 * DAY, tick=False):
        client.force_login(nurse)
        response = client.post(after(session), nodule)
        form = form_of(response)
        assert form.asked == [
            "Nodule, there since the session 30 days ago? One that came later may be an infection, and is watched by"
            " the day it began. Is that day meant?"
        ]
        assert SideEffect.objects.count() == 0
        assert form.mark in response.content.decode()
        client.post(after(session), nodule | {"meant": form.mark})
        client.post(after(session), a_log(kind=nodule["kind"], began="now", areas=[left.pk]))
        client.post(after(session), a_log(kind=nodule["kind"], state="gone", lasted="3", lasted_unit="days"))
    assert SideEffect.objects.count() == 3


def test_what_is_there_already_is_asked_about(client, nurse, session, left, right):
    """The patient told two people of one swelling: it is one reaction unless somebody says otherwise."""
    sent = a_log(areas=[left.pk])
    client.post(after(session), sent)
    client.post(after(session), sent)  # a double tap
    again = a_log(areas=[left.pk, right.pk])
    form = form_of(client.post(after(session), again))
    assert form.asked == [
        "Swelling, back thigh, left was logged already on 10 Mar and is not gone. Is this another one?"
    ]
    assert SideEffect.objects.count() == 1

    client.post(after(session), again | {"meant": form.mark})
    assert SideEffect.objects.count() == 3


def test_what_is_gone_or_elsewhere_or_another_kind_is_not_asked_about(client, nurse, session, left, right):
    client.post(after(session), a_log(areas=[left.pk], state="gone", lasted="3", lasted_unit="days"))
    client.post(after(session), a_log(areas=[right.pk]))
    client.post(after(session), a_log())
    client.post(after(session), a_log(areas=[left.pk], kind=SideEffectKindFactory(code="bruising").pk))
    client.post(after(session), a_log(areas=[left.pk]))
    assert SideEffect.objects.count() == 5


def test_what_a_kind_says_of_its_clock(client, nurse, patient, session):
    facts = form_of(client.get(for_patient(patient))).kind_facts()
    said = {code: facts[str(SideEffectKindFactory(code=code).pk)]["clock"] for code in ("swelling", "nodule", "ntm")}
    doctor = session.course.clinician.get_full_name()
    assert said["swelling"] == "Swelling is usually gone within 5 days."
    assert said["nodule"] == f"Nodule is usually gone within 14 days. It always goes to {doctor} for review."
    assert said["ntm"].endswith(f"has no expected end. It always goes to {doctor} for review.")
