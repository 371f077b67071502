"""The states of a follow-up are said twice, in Python and in SQL; here both say the same."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from tests.factories import (
    ContactAttemptFactory,
    CourseFactory,
    FollowUpFactory,
    PatientFactory,
    ReturnFactory,
    SessionFactory,
)
from treatments.models import Appointment, ContactAttempt, FollowUp
from treatments.rules.follow_up import State

TODAY = date(2026, 9, 20)
NOW = datetime(2026, 9, 20, 16, 0, tzinfo=UTC)
DAY = timedelta(days=1)
Outcome, Status = ContactAttempt.Outcome, Appointment.Status

# From five days before an end of the window to two days after it.
DAYS = range(-5, 3)
WINDOWS = [(TODAY - days * DAY, TODAY - days * DAY + 30 * DAY) for days in DAYS] + [
    (TODAY - days * DAY - 30 * DAY, TODAY - days * DAY) for days in DAYS
]


def assert_both_agree():
    found = {}
    for state in State:
        for key in FollowUp.objects.with_facts(NOW).in_state(state, TODAY).values_list("pk", flat=True):
            found.setdefault(key, set()).add(state)
    rows = list(FollowUp.objects.with_facts(NOW))
    assert {row.pk: {row.state(TODAY)} for row in rows} == found
    to_call = {row.pk for row in rows if row.state(TODAY) in {State.DUE, State.OVERDUE}}
    assert to_call == set(FollowUp.objects.with_facts(NOW).to_call(TODAY).values_list("pk", flat=True))


def follow_ups(**patient):
    """Make a follow-up of every window, each of another patient: nobody comes twice at one hour."""
    courses = [CourseFactory(patient=PatientFactory(**patient)) for _window in WINDOWS]
    return [
        FollowUpFactory(course=course, opens_on=opens, closes_on=closes)
        for course, (opens, closes) in zip(courses, WINDOWS, strict=True)
    ]


def nothing(follow_up):
    return None


def attended(follow_up):
    SessionFactory(course=follow_up.course, follow_up=follow_up, signed=True)


def a_draft(follow_up):
    SessionFactory(course=follow_up.course, follow_up=follow_up)


def visit(status, starts_at):
    def happen(follow_up):
        ReturnFactory(follow_up=follow_up, practitioner=follow_up.course.clinician, status=status, starts_at=starts_at)

    return happen


def said(*outcomes):
    def happen(follow_up):
        for hour, outcome in enumerate(outcomes):
            ContactAttemptFactory(follow_up=follow_up, outcome=outcome, made_at=NOW - 10 * DAY + timedelta(hours=hour))

    return happen


EVENTS = {
    "nothing": nothing,
    "attended": attended,
    "draft": a_draft,
    "done": visit(Status.DONE, NOW - DAY),
    "booked": visit(Status.BOOKED, NOW + DAY),
    "booked now": visit(Status.BOOKED, NOW),
    "never came": visit(Status.BOOKED, NOW - DAY),
    "waiting": visit(Status.ARRIVED, NOW - timedelta(minutes=10)),
    "in the room": visit(Status.IN_ROOM, NOW - timedelta(hours=1)),
    "forgotten": visit(Status.ARRIVED, NOW - 3 * DAY),
    "cancelled": visit(Status.CANCELLED, NOW + DAY),
    "missed": visit(Status.NO_SHOW, NOW - DAY),
    "no answer": said(Outcome.NO_ANSWER),
    "declined": said(Outcome.DECLINED),
    "wrong number": said(Outcome.WRONG_NUMBER),
    "changed their mind": said(Outcome.DECLINED, Outcome.CALL_BACK),
    "do not contact": said(Outcome.DO_NOT_CONTACT),
}


@pytest.mark.parametrize("event", EVENTS)
def test_every_state_is_found_where_the_rule_puts_it(db, event):
    for follow_up in follow_ups():
        EVENTS[event](follow_up)
    assert_both_agree()


@pytest.mark.parametrize("event", ["nothing", "attended", "booked", "declined", "do not contact"])
@pytest.mark.parametrize(
    "patient", [{"deceased_on": date(2026, 9, 1)}, {"archived_at": NOW}, {"contact_permission": True}], ids=str
)
def test_every_state_of_someone_gone_is_found_where_the_rule_puts_it(db, event, patient):
    for follow_up in follow_ups(**patient):
        EVENTS[event](follow_up)
    assert_both_agree()


def state_of(follow_up):
    return FollowUp.objects.with_facts(NOW).get(pk=follow_up.pk).state(TODAY)


def open_window(**course):
    return FollowUpFactory(course=CourseFactory(**course), opens_on=TODAY, closes_on=TODAY + 60 * DAY)


@pytest.mark.parametrize("event", ["waiting", "in the room"])
def test_a_patient_who_is_here_is_not_called(db, event):
    follow_up = open_window()
    EVENTS[event](follow_up)
    assert state_of(follow_up) is State.BOOKED


def test_a_patient_who_wants_no_calls_gets_none_about_another_course(db):
    patient = PatientFactory(contact_permission=False)
    refused, other = open_window(patient=patient), open_window(patient=patient, protocol__name="Acne")
    said(Outcome.DO_NOT_CONTACT)(refused)
    assert [state_of(refused), state_of(other)] == [State.NOT_WANTED, State.NOT_WANTED]


def test_a_patient_who_agrees_to_messages_again_is_called_again(db):
    follow_up = open_window(patient__contact_permission=True)
    said(Outcome.DO_NOT_CONTACT)(follow_up)
    assert state_of(follow_up) is State.DUE


def test_both_days_of_the_window_belong_to_it():
    ends = [FollowUp(opens_on=TODAY, closes_on=TODAY + DAY), FollowUp(opens_on=TODAY - DAY, closes_on=TODAY)]
    for follow_up, fact in product(ends, ["attended", "booked", "is_gone", "refuses_calls"]):
        setattr(follow_up, fact, False)
        follow_up.last_outcome = None
    assert [follow_up.state(TODAY) for follow_up in ends] == [State.DUE, State.DUE]
