"""When a session was: its reactions go with it, its neighbours keep their distance, nobody is treated after death."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from tests.factories import CourseFactory, SessionFactory, SideEffectFactory, UserFactory
from treatments.models import Session, SideEffect

EIGHT = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)  # 08:00 in Los Angeles
NOON = EIGHT + timedelta(hours=4)

pytestmark = pytest.mark.django_db


@pytest.fixture
def course():
    return CourseFactory()


@pytest.fixture
def draft(course):
    return SessionFactory(course=course, performed_at=EIGHT)


@pytest.fixture
def move(client, draft):
    """Correct the draft's time at the desk, in the evening of its day."""
    client.force_login(UserFactory(locations=[draft.course.location]))

    def post(performed_at="2026-03-02T12:00"):
        form = {
            "version": draft.version,
            "performed_at": performed_at,
            "performed_by": draft.performed_by.pk,
            "areas": [area.pk for area in draft.areas.all()],
            "technique": "nappage",
        }
        return client.post(reverse("session-edit", args=[draft.public_id]), form)

    with time_machine.travel(NOON + timedelta(hours=6), tick=False):
        yield post


def seen_at(moment, **facts):
    with time_machine.travel(moment, tick=False):
        return SideEffectFactory(**facts)


def errors(response):
    return {field: list(texts) for field, texts in response.context["form"].errors.items()}


@pytest.mark.parametrize(
    ("typed", "moment"), [("2026-03-02T12:00", NOON), ("2026-03-02T07:00", EIGHT - timedelta(hours=1))]
)
def test_reaction_that_began_with_the_session_moves_with_it(draft, move, typed, moment):
    SideEffectFactory(session=draft, onset_at=EIGHT)

    move(typed)

    assert (Session.objects.get().performed_at, SideEffect.objects.get().onset_at) == (moment, moment)
    assert SideEffect.objects.get().expected_end_at == moment + timedelta(days=5)


def test_length_that_was_told_with_a_reaction_stays(draft, move):
    seen_at(EIGHT + timedelta(hours=1), session=draft, onset_at=EIGHT, resolved_at=EIGHT + timedelta(minutes=18))

    move()

    assert SideEffect.objects.get().resolved_at == NOON + timedelta(minutes=18)


def test_end_that_was_noticed_later_stays_where_it_was(draft, move):
    gone = NOON + timedelta(hours=2)
    seen_at(EIGHT + timedelta(hours=1), session=draft, onset_at=EIGHT, resolved_at=gone)

    move()

    assert (SideEffect.objects.get().onset_at, SideEffect.objects.get().resolved_at) == (NOON, gone)


@pytest.mark.parametrize(
    "facts",
    [
        {"onset_at": EIGHT + timedelta(hours=2)},
        {"onset_at": EIGHT, "resolved_at": EIGHT + timedelta(hours=2)},
    ],
)
def test_session_does_not_move_past_what_was_noticed_of_its_reaction(draft, move, facts):
    seen_at(EIGHT, session=draft, **facts)

    response = move()

    words = "Swelling was noticed on 2 March, 10:00, before this. Correct the reaction first, or this time."
    assert errors(response) == {"performed_at": [words]}
    assert SideEffect.objects.get().onset_at == facts["onset_at"]


def test_reaction_that_began_later_stays_where_the_session_comes_no_closer_than_it(draft, move):
    SideEffectFactory(session=draft, onset_at=NOON + timedelta(hours=1))

    move()

    assert SideEffect.objects.get().onset_at == NOON + timedelta(hours=1)


def session_on(course, day, **facts):
    moment = datetime(2026, 3, day, 18, 0, tzinfo=UTC)
    return Session(course=course, performed_at=moment, performed_by=course.clinician, technique="nappage", **facts)


@pytest.mark.parametrize("early_reason", ["", "Travels next week."])
def test_session_logged_late_keeps_its_distance_to_the_next_one_too(course, draft, early_reason):
    SessionFactory(course=course, performed_at=EIGHT + timedelta(days=14))
    between = session_on(course, 12, early_reason=early_reason)

    if early_reason:
        between.clean()
    else:
        with pytest.raises(ValidationError) as refused:
            between.clean()
        assert refused.value.message_dict == {
            "early_reason": ["The next session was on 16 March, 4 days later; 7 are the least. Say why so close."]
        }


def test_session_in_the_middle_of_two_needs_no_reason(course, draft):
    SessionFactory(course=course, performed_at=EIGHT + timedelta(days=14))

    session_on(course, 9).clean()


def test_reason_that_the_next_session_gives_is_enough(course, draft):
    SessionFactory(course=course, performed_at=EIGHT + timedelta(days=4), early_reason="Travels next week.")

    draft.clean()


def test_session_after_the_day_of_death_is_refused(course):
    course.patient.deceased_on = date(2026, 3, 9)

    session_on(course, 9).clean()
    with pytest.raises(ValidationError) as refused:
        session_on(course, 10).clean()

    assert refused.value.message_dict == {"performed_at": ["The patient died on 9 March 2026."]}
