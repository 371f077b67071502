"""A session that never was: it counts no more, its stock is back, and the record keeps it with the reason."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    ContactAttemptFactory,
    CourseFactory,
    LocationFactory,
    LotFactory,
    SessionFactory,
    SideEffectFactory,
    make_ready,
)
from tests.treatments.session_forms import FIRST, NOW, errors, form_of, new_url, signed_in, told
from treatments.models import Course, Injection, Lot, Session, SideEffect
from treatments.outcome import outcome

pytestmark = pytest.mark.django_db

REASON = "Written into the wrong record."


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def course():
    return make_ready(CourseFactory(patient__location=LocationFactory()))


@pytest.fixture
def clinician(client, course):
    return signed_in(client, course, Role.CLINICIAN)


@pytest.fixture
def lot(course):
    return LotFactory(location=course.location, received_ml=Decimal("10.000"))


@pytest.fixture
def session(client, clinician, course, lot):
    client.post(new_url(course), form_of(course, action="sign"))
    return Session.objects.latest("performed_at")


def error_url(session):
    return reverse("session-error", args=[session.public_id])


def take_back(client, session, **changes):
    return client.post(error_url(session), {"reason": REASON, "version": session.version, **changes})


def left_of(lot):
    return Lot.objects.with_stock().get(pk=lot.pk).remaining_ml


def test_session_in_error_counts_no_more_and_keeps_who_said_so_and_why(client, clinician, course, session):
    response = take_back(client, session)

    session.refresh_from_db()
    assert response.url == session.get_absolute_url()
    assert (session.entered_in_error_at, session.entered_in_error_by) == (NOW, clinician)
    assert session.entered_in_error_reason == REASON
    assert not Session.objects.counting().exists()
    page = client.get(session.get_absolute_url()).content.decode()
    assert REASON in page
    assert "It counts no more, and what it drew is back in its lots." in page


def test_what_it_drew_is_back_and_its_rows_stay_to_be_read(client, session, lot):
    assert left_of(lot) == Decimal("8.000")

    take_back(client, session)

    assert left_of(lot) == Decimal("10.000")
    assert Injection.objects.filter(session=session).count() == 1


def test_numbers_of_the_later_sessions_follow(client, clinician, course):
    days = [FIRST + timedelta(days=ago) for ago in (0, 2, 4)]
    first, second, third = (SessionFactory(course=course, performed_at=day, signed=True) for day in days)

    take_back(client, second)

    numbered = dict(Session.objects.with_number().values_list("pk", "number"))
    assert [numbered[each.pk] for each in (first, second, third)] == [1, None, 2]


def test_window_of_a_course_without_any_other_session_is_withdrawn(client, course, session):
    assert course.follow_ups.exists()

    take_back(client, session)

    assert not course.follow_ups.exists()


def test_window_goes_back_to_the_session_before(client, clinician, course, lot):
    SessionFactory(course=course, performed_at=FIRST, signed=True)
    client.post(new_url(course), form_of(course, action="sign"))
    assert course.follow_ups.get().opens_on == date(2026, 9, 10)

    take_back(client, Session.objects.latest("performed_at"))

    assert course.follow_ups.get().opens_on == date(2026, 9, 2)


def test_window_in_which_somebody_called_stays(client, course, session):
    ContactAttemptFactory(follow_up=course.follow_ups.get(), made_at=NOW)

    take_back(client, session)

    assert course.follow_ups.count() == 1


def test_screening_asked_in_the_same_breath_is_in_error_too(client, session):
    take_back(client, session)

    assert not Session.objects.get().screening.is_in_force


@pytest.mark.parametrize("reason", ["", "   ", "a\x00b", "x" * 301])
def test_taking_back_needs_a_reason_that_can_be_read(client, session, reason):
    response = take_back(client, session, reason=reason)

    assert "reason" in errors(response)
    assert not Session.objects.get().is_in_error


def test_second_time_is_refused_and_the_first_reason_stays(client, session):
    take_back(client, session)

    response = take_back(client, session, reason="Twice.")

    assert "This session is marked as entered in error already." in told(client.get(response.url))
    assert Session.objects.get().entered_in_error_reason == REASON


def test_session_that_somebody_amended_meanwhile_is_not_taken_back_unseen(client, session):
    session.pain = 9
    session.save_over(session.version)

    response = take_back(client, session, version=session.version - 1)

    assert response.status_code == 200
    assert not Session.objects.get().is_in_error


def test_nurse_takes_back_drafts_and_no_signed_session(client, course, session):
    draft = SessionFactory(course=course, performed_at=FIRST, given=True)
    signed_in(client, course, Role.STAFF)

    assert take_back(client, session).status_code == 403
    assert client.get(error_url(session)).status_code == 403
    take_back(client, draft)

    assert {each.pk: each.is_in_error for each in Session.objects.all()} == {session.pk: False, draft.pk: True}


def test_session_in_error_is_neither_signed_nor_edited_nor_amended(client, clinician, course):
    draft = SessionFactory(course=course, performed_at=FIRST, given=True)
    take_back(client, draft)
    draft.refresh_from_db()

    client.post(reverse("session-sign", args=[draft.public_id]), {"version": draft.version})
    client.post(reverse("session-edit", args=[draft.public_id]), form_of(course, version=draft.version, note="New."))
    client.post(reverse("session-amend", args=[draft.public_id]), form_of(course, version=draft.version, reason="So."))

    now = Session.objects.get(pk=draft.pk)
    assert (now.is_signed, now.note, now.version) == (False, "", draft.version)


def test_next_session_does_not_look_back_at_one_in_error(client, course, session):
    take_back(client, session)

    page = client.get(new_url(course))

    assert page.context["page"].last is None
    assert "asked_back" not in page.context["form"].fields


# Its reactions: in the record, and no work.


@pytest.fixture
def reaction(client, clinician, course):
    """Let an open, severe reaction have been logged with a session that was then taken back."""
    mistaken = SessionFactory(course=course, performed_at=FIRST, signed=True)
    effect = SideEffectFactory(session=mistaken, onset_at=FIRST + timedelta(hours=1), severity="severe", grade=3)
    take_back(client, mistaken)
    return effect


def test_its_reactions_are_no_work(client, reaction):
    assert SideEffect.objects.open().count() == 1
    assert not SideEffect.objects.standing().exists()
    for tab in ("to-review", "prolonged", "running", "contact", "watch", "urgent"):
        response = client.get(reverse("side-effect-list"), {"tab": tab})
        assert list(response.context["page"]) == []
        assert {count for _tab, count in response.context["tabs"]} == {0}
    today = client.get(reverse("today"))
    assert list(today.context["urgent"]) == []
    assert (today.context["reactions"].due, today.context["reactions"].urgent) == (0, 0)


def test_its_reactions_are_not_counted_in_the_course_nor_in_its_outcome(client, course, reaction):
    page = client.get(course.get_absolute_url())

    assert list(page.context["reactions"]) == []
    assert ("Open reactions", "none") in [tuple(map(str, fact)) for fact in page.context["banner"].facts]
    assert outcome(Course.objects.for_page().get(pk=course.pk), NOW).reactions == []
    assert "In error" in page.content.decode()


def test_nobody_is_asked_about_its_reactions_at_the_next_session(client, course, reaction):
    assert client.get(new_url(course)).context["form"].questions() == []

    client.post(new_url(course), form_of(course, action="sign"))

    assert Session.objects.signed().filter(course=course).count() == 1


def test_its_reaction_is_still_shown_with_the_word_that_it_is_in_error(client, course, reaction):
    page = client.get(reaction.get_absolute_url())
    record = client.get(course.patient.get_absolute_url())

    assert "In error</span>" in page.content.decode()
    assert page.context["reasons"] == []
    assert REASON in page.content.decode()
    words = [(entry.title, entry.badge) for entry in record.context["timeline"].entries]
    assert (reaction.title, "In error") in words
    assert record.context["reactions"] == []


# A follow-up that it had overtaken.


@pytest.fixture
def overtaken(client, clinician, course):
    """Let the patient have been called about the follow-up of 2 March before the session of 10 March overtook it."""
    client.post(new_url(course), form_of(course, action="sign", performed_at="2026-03-02T07:00"))
    follow_up = course.follow_ups.get()
    ContactAttemptFactory(follow_up=follow_up, made_at=NOW)
    client.post(new_url(course), form_of(course, action="sign"))
    assert course.follow_ups.count() == 2
    return follow_up


def attended(course):
    """Return (number, opens on, attended) of each follow-up, as the lists and as the row itself say it."""
    rows = course.follow_ups.with_facts(NOW).order_by("number")
    unattended = set(course.follow_ups.unattended())
    assert all(row.attended == row.was_attended() == (row not in unattended) for row in rows)
    return [(row.number, row.opens_on, row.attended) for row in rows]


def test_follow_up_it_had_overtaken_is_open_again_and_the_only_one(client, course, overtaken):
    assert attended(course) == [(1, date(2026, 9, 2), True), (2, date(2026, 9, 10), False)]

    take_back(client, Session.objects.latest("performed_at"))

    assert attended(course) == [(1, date(2026, 9, 2), False)]


def test_follow_up_that_a_later_session_overtook_too_stays_overtaken(client, clinician, course, overtaken):
    mistaken = Session.objects.latest("performed_at")
    with time_machine.travel(NOW + timedelta(days=8), tick=False):
        client.force_login(clinician)
        client.post(
            new_url(course), form_of(course, action="sign", performed_at="2026-03-18T11:00", asked_back="none")
        )
        take_back(client, mistaken)

    overtaken.refresh_from_db()
    assert overtaken.overtaken_by == Session.objects.signed().latest("performed_at") != mistaken
    assert attended(course) == [(1, date(2026, 9, 2), True), (2, date(2026, 9, 18), False)]
