"""The states of a reaction are said twice, in Python and in SQL; here both say the same."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from tests.factories import SessionFactory, SideEffectFactory, SideEffectKindFactory
from treatments.models import SideEffect
from treatments.rules.reaction import State

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
MAXIMUM = timedelta(days=5)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
# How long before now it began, seen from a maximum of five days.
AGES = [timedelta(0), MAXIMUM - MINUTE, MAXIMUM, MAXIMUM + MINUTE, 3 * MAXIMUM]
# How long it lasted (None: it is still there), and how long after its onset it was reviewed.
LENGTHS = [None, timedelta(0), MAXIMUM, MAXIMUM + MINUTE]
REVIEWS = [None, timedelta(hours=1), MAXIMUM, MAXIMUM + 2 * MINUTE]


def queried(now):
    """Return the names of the QuerySet states of each reaction."""
    states = {
        State.RUNNING: SideEffect.objects.running(now),
        State.PROLONGED: SideEffect.objects.prolonged(now),
        State.IN_TIME: SideEffect.objects.in_time(),
        State.RESOLVED_LATE: SideEffect.objects.resolved_late(),
        "open": SideEffect.objects.open(),
        "resolved": SideEffect.objects.resolved(),
        "to review": SideEffect.objects.to_review(now),
        "urgent": SideEffect.objects.urgent(),
        "suspected": SideEffect.objects.suspected(),
        "contact due": SideEffect.objects.contact_due(now),
    }
    found = {}
    for name, rows in states.items():
        for key in rows.values_list("pk", flat=True):
            found.setdefault(key, set()).add(name)
    return found


def ruled(effect, now):
    names = {effect.state(now), "open" if effect.clock.is_open() else "resolved"}
    if effect.review_reasons(now):
        names.add("to review")
    if effect.is_urgent:
        names.add("urgent")
    if effect.is_suspected_infection and (effect.clock.is_open() or not effect.reviewed_at):
        names.add("suspected")
    if effect.is_contact_due(now):
        names.add("contact due")
    return names


@pytest.fixture
def session(db):
    return SessionFactory(signed=True)


def log(session, *, age, length=None, review=None, **facts):
    onset = NOW - age
    if (length is not None and length > age) or (review is not None and review > age):
        return  # the future
    SideEffectFactory(
        session=session,
        onset_at=onset,
        resolved_at=None if length is None else onset + length,
        reviewed_at=None if review is None else onset + review,
        reviewed_by=None if review is None else session.performed_by,
        **facts,
    )


def assert_both_agree():
    found = queried(NOW)
    for effect in SideEffect.objects.select_related("kind"):
        assert found[effect.pk] == ruled(effect, NOW), (effect.kind, effect.onset_at, effect.resolved_at)


@pytest.mark.parametrize("code", ["swelling", "nodule", "granuloma", "infection"])
def test_every_state_of_the_clock_is_found_where_the_rule_puts_it(session, code):
    kind = SideEffectKindFactory(code=code)
    if kind.expected_max:
        kind = SideEffectKindFactory(code=code, expected_max=MAXIMUM)
    for age, length, review in product(AGES, LENGTHS, REVIEWS):
        log(session, kind=kind, age=age, length=length, review=review)
    assert_both_agree()


@pytest.mark.parametrize("severity", SideEffect.Severity)
def test_every_judgement_is_found_where_the_rule_puts_it(session, severity):
    kinds = [SideEffectKindFactory(code="swelling"), SideEffectKindFactory(code="infection", always_review=False)]
    for kind, grade, review in product(kinds, [None, 1, 2, 3, 4, 5], [None, timedelta(hours=1)]):
        log(session, kind=kind, severity=severity, grade=grade, age=timedelta(days=1), review=review)
    assert_both_agree()


@pytest.mark.parametrize("code", ["nodule", "swelling"])
def test_what_was_planned_what_came_back_and_what_is_suspected_is_found_where_the_rule_puts_it(session, code):
    nurse = session.performed_by
    today = session.course.location.today(NOW)
    session.performed_at = NOW - 40 * DAY
    session.save()
    SessionFactory(course=session.course, performed_at=NOW - 220 * DAY)
    kind = SideEffectKindFactory(code=code, always_review=False, expected_max=None)
    days = [None, today - DAY, today, today + DAY]
    ages = [timedelta(days=each) for each in (0, 15, 33, 34)]
    for age, day, back, seen in product(ages, days, [None, NOW], [None, timedelta(0)]):
        facts = {"next_contact_on": day, "next_review_on": day, "came_back_at": back, "owner": nurse}
        log(session, kind=kind, age=age, review=seen, **facts)
    assert_both_agree()


def test_an_urgent_kind_is_reviewed_even_if_the_catalogue_forgot_to_say_so(session):
    kind = SideEffectKindFactory(code="infection", always_review=False)
    effect = SideEffectFactory(session=session, kind=kind)
    assert list(SideEffect.objects.to_review(NOW)) == [effect]


def test_a_review_before_the_maximum_does_not_answer_for_running_past_it(session):
    log(session, age=2 * MAXIMUM, review=timedelta(days=1))
    log(session, age=2 * MAXIMUM, review=MAXIMUM + MINUTE)
    assert [
        effect.onset_at + timedelta(days=1) == effect.reviewed_at for effect in SideEffect.objects.to_review(NOW)
    ] == [True]


@pytest.mark.parametrize("maximum", [timedelta(days=1), MAXIMUM * 3, None])
def test_a_changed_maximum_of_the_kind_moves_the_end_of_what_is_recorded(session, maximum):
    kind = SideEffectKindFactory(code="swelling", expected_max=MAXIMUM)
    for age, length in product(AGES, LENGTHS):
        log(session, kind=kind, age=age, length=length)

    kind.expected_max = maximum
    kind.save()

    assert_both_agree()


def test_a_corrected_onset_or_kind_moves_the_end(session):
    effect = SideEffectFactory(session=session, kind__code="swelling")

    effect.kind = SideEffectKindFactory(code="bruising")
    effect.onset_at += timedelta(hours=5)
    effect.save_over(effect.version)

    effect.refresh_from_db()
    assert effect.expected_end_at == effect.onset_at + effect.kind.expected_max


def test_a_kind_made_urgent_makes_what_is_recorded_urgent(session):
    kind = SideEffectKindFactory(code="swelling")
    effect = SideEffectFactory(session=session, kind=kind)

    kind.is_urgent = True
    kind.save()

    assert list(SideEffect.objects.urgent()) == [effect]
    assert_both_agree()
