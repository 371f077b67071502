"""The late-infection watch: a sign of infection 7 to 203 days after any session of the patient."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from clinic.roles import Role
from tests.factories import (
    CourseFactory,
    FollowUpFactory,
    InjectionFactory,
    LocationFactory,
    LotFactory,
    PatientFactory,
    SessionFactory,
    SideEffectFactory,
    SideEffectKindFactory,
    TreatmentAreaFactory,
    UserFactory,
)
from treatments.actions.side_effects import take_step
from treatments.models import (
    Appointment,
    ContactAttempt,
    InfectionStep,
    SideEffect,
    SideEffectKind,
    StepTaken,
)
from treatments.rules import late_infection
from treatments.rules.reaction import ReviewReason

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
GIVEN = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
NOW = datetime(2026, 9, 30, 18, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def patient(db):
    return PatientFactory(location=LocationFactory())


@pytest.fixture
def session(patient):
    return SessionFactory(course__patient=patient, signed=True, performed_at=GIVEN)


@pytest.fixture
def clinician(client, patient):
    user = UserFactory(role=Role.CLINICIAN, locations=[patient.location])
    client.force_login(user)
    return user


def nodule(session, after, **facts):
    return SideEffectFactory(session=session, kind__code="nodule", onset_at=GIVEN + after, **facts)


def suspected():
    return list(SideEffect.objects.suspected())


@given(st.integers(min_value=-300 * 86400, max_value=300 * 86400))
def test_the_watch_is_from_the_seventh_to_the_203rd_full_day(seconds):
    after = timedelta(seconds=seconds)
    assert late_infection.is_watched(GIVEN, GIVEN + after) == (7 * DAY <= after < 204 * DAY)


@pytest.mark.parametrize(
    ("after", "is_watched"),
    [
        (7 * DAY - SECOND, False),
        (7 * DAY, True),
        (34 * DAY, True),
        (204 * DAY - SECOND, True),
        (204 * DAY, False),
    ],
    ids=str,
)
def test_rule_and_database_draw_the_same_line(session, after, is_watched):
    effect = nodule(session, after)
    assert late_infection.is_watched(session.performed_at, effect.onset_at) is is_watched
    assert effect.is_suspected_infection is is_watched
    assert suspected() == ([effect] if is_watched else [])
    assert SideEffect.objects.for_list().get().in_watch is is_watched
    assert (ReviewReason.SUSPECTED in effect.review_reasons(NOW)) is is_watched


def test_any_session_counts_of_any_course_also_one_that_is_over(session, patient):
    later = CourseFactory(patient=patient, protocol__name="Acne")
    new = SessionFactory(course=later, signed=True, performed_at=GIVEN + 60 * DAY)
    effect = nodule(new, 61 * DAY)  # a day after its own session, 61 after the one of the course before
    assert [each.pk for each in effect.watching_sessions()] == [session.pk]
    assert suspected() == [effect]


def test_a_draft_counts_because_it_was_given(patient):
    draft = SessionFactory(course__patient=patient, performed_at=GIVEN)
    assert nodule(draft, 34 * DAY).is_suspected_infection


def test_a_session_in_error_and_another_patient_do_not_count(session, patient):
    other = SessionFactory(signed=True, performed_at=GIVEN + 33 * DAY)
    effect = nodule(other, 34 * DAY)
    session.entered_in_error_at, session.entered_in_error_by = NOW, session.performed_by
    session.entered_in_error_reason = "Another patient"
    session.save()
    assert not effect.is_suspected_infection
    assert suspected() == []


def test_swelling_is_no_sign_unless_the_clinic_says_so(session):
    kind = SideEffectKindFactory(code="swelling")
    effect = SideEffectFactory(session=session, kind=kind, onset_at=GIVEN + 34 * DAY)
    before = suspected()
    kind.is_late_infection_sign = True
    kind.save()
    assert (before, suspected()) == ([], [effect])


@pytest.mark.django_db
def test_signs_are_these_kinds():
    signs = ["nodule", "induration", "abscess", "drainage", "ntm"]
    assert {kind.code for kind in SideEffectKind.objects.filter(is_late_infection_sign=True)} == set(signs)


def test_it_is_reviewed_even_if_its_kind_is_not_always_reviewed(session):
    kind = SideEffectKindFactory(code="nodule", always_review=False, expected_max=None)
    effect = SideEffectFactory(session=session, kind=kind, onset_at=GIVEN + 34 * DAY)
    assert effect.review_reasons(NOW) == [ReviewReason.SUSPECTED]
    assert list(SideEffect.objects.to_review(NOW)) == [effect]


def test_it_leaves_the_watch_when_it_is_gone_and_was_seen(session):
    effect = nodule(session, 34 * DAY, reviewed=True)
    assert suspected() == [effect]
    effect.resolved_at = NOW
    effect.save()
    assert suspected() == []


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_page_names_every_session_in_the_weeks_before_and_each_lot_once(client, clinician, session, patient):
    lot = LotFactory(location=patient.location)
    second = SessionFactory(course=session.course, signed=True, performed_at=GIVEN + 7 * DAY)
    area = TreatmentAreaFactory()
    for each in (session, second):
        InjectionFactory(session=each, area=area, lot=lot)
    effect = nodule(second, 41 * DAY)
    response = client.get(effect.get_absolute_url())
    page = text(response)
    assert "Nodule 34 days after session 2." in page
    assert [(row.session.number, row.days) for row in response.context["watched"]] == [(2, 34), (1, 41)]
    assert [(row.lot, len(row.given_at)) for row in response.context["watched_lots"]] == [(lot, 2)]
    assert "at 2 sessions, last 34 days before" in page


def test_a_lot_is_held_in_one_tap_with_its_reason(client, clinician, session, patient):
    lot = LotFactory(location=patient.location)
    InjectionFactory(session=session, area=TreatmentAreaFactory(), lot=lot)
    effect = nodule(session, 34 * DAY)
    url = reverse("lot-hold", args=[lot.public_id]) + f"?reaction={effect.public_id}"
    form = client.get(url).context["form"]
    assert form["reason"].value() == "Suspected late infection: nodule 34 days after session 1."


@pytest.mark.parametrize("named", ["", "no-uuid", "fb4b4522-cf42-482f-b75d-7ddc292d03a2"])
def test_a_lot_is_held_without_a_reaction_too(client, clinician, patient, named):
    lot = LotFactory(location=patient.location)
    response = client.get(reverse("lot-hold", args=[lot.public_id]), {"reaction": named})
    assert response.context["form"]["reason"].value() == ""


def tick(client, effect, step, done="yes"):
    url = reverse("side-effect-step", args=[effect.public_id])
    return client.post(url, {"step": step, "done": done}, follow=True)


def test_steps_are_ticked_by_somebody_and_taken_back(client, clinician, session):
    effect = nodule(session, 34 * DAY)
    page = text(tick(client, effect, "culture"))
    taken = StepTaken.objects.get()
    assert (taken.step.code, taken.done_by, taken.done_at) == ("culture", clinician, NOW)
    assert "Done: Take a culture or biopsy, and ask for mycobacteria by name." in page
    tick(client, effect, "culture", done="no")
    taken.refresh_from_db()
    assert (taken.done_at, taken.done_by, taken.history.count()) == (None, None, 3)


def test_who_ticked_first_stays_named(session, clinician):
    effect = nodule(session, 34 * DAY)
    step = InfectionStep.objects.get(code="culture")
    take_step(effect, step, done=True, by=session.performed_by, now=NOW)
    again = take_step(effect, step, done=True, by=clinician, now=NOW + DAY)
    assert (again.done_by, again.done_at) == (session.performed_by, NOW)


def test_clinic_makes_the_list_its_own(client, clinician, session, patient):
    InfectionStep.objects.filter(code="others").update(is_active=False)
    InfectionStep.objects.create(code="here", name="Call the laboratory", location=patient.location, order=0)
    InfectionStep.objects.create(code="there", name="Elsewhere", location=LocationFactory(), order=0)
    effect = nodule(session, 34 * DAY)
    shown = [row.step.code for row in client.get(effect.get_absolute_url()).context["steps"]]
    assert shown == ["here", "photograph", "culture", "antibiotics", "lots", "hold"]


def test_a_step_that_is_no_longer_proposed_is_not_ticked(client, clinician, session):
    effect = nodule(session, 34 * DAY)
    assert "This step is no longer on the list." in text(tick(client, effect, "nothing"))
    assert not StepTaken.objects.exists()


@pytest.mark.parametrize("count", [1, 3])
def test_page_costs_the_same_for_one_session_and_three(
    client, clinician, session, patient, django_assert_num_queries, count
):
    lot = LotFactory(location=patient.location)
    for number in range(count):
        given_at = GIVEN + 7 * number * DAY + DAY
        each = SessionFactory(course=session.course, signed=True, performed_at=given_at)
        InjectionFactory(session=each, area=TreatmentAreaFactory(), lot=lot)
    effect = nodule(session, 34 * DAY)
    with django_assert_num_queries(30):
        client.get(effect.get_absolute_url())


@pytest.fixture
def follow_up(session):
    return FollowUpFactory(course=session.course)


def log_call(client, follow_up, **facts):
    data = {"form_token": str(uuid.uuid4()), "outcome": "call-back", "next_try_on": "2026-10-02"}
    return client.post(reverse("follow-up-contact", args=[follow_up.public_id]), data | facts)


def test_question_of_a_call_starts_with_nothing_chosen(client, clinician, follow_up):
    form = client.get(reverse("follow-up-contact", args=[follow_up.public_id])).context["form"]
    assert form["late_signs"].value() is None


@pytest.mark.parametrize("answer", ["", "no"])
def test_no_and_not_asked_are_kept_apart(client, clinician, follow_up, answer):
    response = log_call(client, follow_up, late_signs=answer)
    assert (ContactAttempt.objects.get().late_signs, response.url) == (answer, reverse("follow-up-list"))


def test_yes_leads_to_logging_it_at_the_last_session(client, clinician, follow_up, session):
    last = SessionFactory(course=session.course, signed=True, performed_at=GIVEN + 7 * DAY)
    response = log_call(client, follow_up, late_signs="yes")
    assert response.url == reverse("side-effect-new", args=[last.public_id])
    assert ContactAttempt.objects.get().late_signs == "yes"


def test_who_may_not_log_is_told_whom_to_tell(client, follow_up, patient):
    client.force_login(UserFactory(role=Role.ADMIN, locations=[patient.location]))
    response = log_call(client, follow_up, late_signs="yes")
    told = [str(message) for message in client.get(response.url).context["messages"]]
    assert any("may have a late infection. Tell a nurse or a clinician now" in each for each in told)


def test_booking_of_a_follow_up_asks_too(client, clinician, follow_up, session):
    url = reverse("appointment-new") + f"?follow_up={follow_up.public_id}"
    assert client.get(url).context["form"]["late_signs"].value() in {None, ""}
    response = client.post(
        url,
        {
            "form_token": str(uuid.uuid4()),
            "kind": "follow-up",
            "course": follow_up.course.pk,
            "starts_at": "2026-10-05T09:00",
            "minutes": 30,
            "practitioner": clinician.pk,
            "late_signs": "yes",
        },
    )
    assert response.url == reverse("side-effect-new", args=[session.public_id])
    assert Appointment.objects.get().late_signs == "yes"


def test_other_bookings_do_not_ask(client, clinician, session):
    form = client.get(reverse("appointment-new"), {"course": str(session.course.public_id)}).context["form"]
    assert "late_signs" not in form.fields


@pytest.mark.parametrize(("days", "asks"), [(6, False), (7, True), (203, True), (204, False)])
def test_the_next_session_asks_by_name_within_the_watch(client, clinician, session, days, asks):
    with time_machine.travel(GIVEN + days * DAY, tick=False):
        page = text(client.get(reverse("session-new", args=[session.course.public_id])))
    assert ("Ask by name for a new lump, hardening, abscess or draining spot." in page) is asks
