"""A session that was logged for the wrong patient: in error in the one record, a draft to sign in the other."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    AssessmentFactory,
    CourseFactory,
    LocationFactory,
    LotFactory,
    PhotoFactory,
    SessionFactory,
    SideEffectFactory,
    make_ready,
)
from tests.treatments.corrections import REASON, correct, left_of, url_of
from tests.treatments.session_forms import NOW, form_of, new_url, signed_in
from treatments.aftercare import find_open
from treatments.aftercare import token_of as aftercare_token
from treatments.models import AskBack, Injection, Photo, Session, SideEffect

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


# In the wrong record


def test_session_in_the_wrong_record_is_in_error_with_the_reason_and_where_it_stands_now(
    client, clinician, course, right, session
):
    now_at = correct(client, session, right)

    wrong = Session.objects.get(pk=session.pk)
    assert (wrong.entered_in_error_at, wrong.entered_in_error_by) == (NOW, clinician)
    assert wrong.entered_in_error_reason == f"Logged for the wrong patient. {REASON}"
    page = client.get(wrong.get_absolute_url()).content.decode()
    assert f"It stands in record {right.patient.record_number} now" in page
    assert now_at.get_absolute_url() in page
    assert not Session.objects.counting().filter(course=course).exists()


def test_signature_stays_on_the_session_in_error_as_it_was(client, clinician, right, session):
    correct(client, session, right)

    wrong = Session.objects.get(pk=session.pk)
    assert (wrong.signed_at, wrong.signed_by) == (session.signed_at, clinician)


def test_aftercare_link_of_the_wrong_patient_leads_nowhere(client, clinician, right, session):
    link = session.aftercare_links.get()
    assert find_open(aftercare_token(link), NOW)

    correct(client, session, right)

    link.refresh_from_db()
    assert (link.revoked_at, link.revoked_by) == (NOW, clinician)
    assert find_open(aftercare_token(link), NOW) is None


def test_follow_up_of_the_wrong_patient_is_withdrawn(client, course, right, session):
    assert course.follow_ups.exists()

    correct(client, session, right)

    assert not course.follow_ups.exists()
    assert not right.follow_ups.exists()  # a draft opens none


def test_reaction_that_the_other_patient_said_is_gone_is_open_again(client, clinician, course, right):
    earlier = SessionFactory(course=course, signed=True)
    effect = SideEffectFactory(session=earlier)
    wrong = SessionFactory(course=course, performed_at=NOW - timedelta(hours=1))
    gone_at = NOW - timedelta(hours=2)
    AskBack.objects.create(session=wrong, side_effect=effect, answer="gone", gone_at=gone_at)
    SideEffect.objects.filter(pk=effect.pk).update(resolved_at=gone_at)

    page = client.get(url_of(wrong, right)).content.decode()
    correct(client, wrong, right)

    effect.refresh_from_db()
    assert effect.resolved_at is None
    assert "was said: gone." in page


def test_end_that_somebody_else_gave_a_reaction_stays(client, clinician, course, right):
    effect = SideEffectFactory(session=SessionFactory(course=course, signed=True), resolved_at=NOW - timedelta(days=1))
    wrong = SessionFactory(course=course, performed_at=NOW - timedelta(hours=1))
    AskBack.objects.create(session=wrong, side_effect=effect, answer="gone", gone_at=NOW - timedelta(hours=2))

    correct(client, wrong, right)

    effect.refresh_from_db()
    assert effect.resolved_at == NOW - timedelta(days=1)


# In the right record


def test_right_record_gets_it_as_a_draft_with_all_that_was_done(client, right, session):
    now_at = correct(client, session, right)

    names = ("performed_at", "performed_by", "technique", "needle", "weight_kg", "pain", "reactions_asked", "note")
    assert [getattr(now_at, name) for name in names] == [getattr(session, name) for name in names]
    assert set(now_at.areas.all()) == set(session.areas.all())
    assert (now_at.course, now_at.signed_at, now_at.is_signed) == (right, None, False)
    said = {answer.question.code: answer.answer for answer in now_at.screening.answers.select_related("question")}
    assert now_at.screening.patient == right.patient
    assert set(said.values()) == {"no"}
    assert not Session.objects.get(pk=session.pk).screening.is_in_force


def test_nobody_was_asked_about_earlier_reactions_of_the_right_patient(client, right, session):
    SessionFactory(course=right, signed=True)

    now_at = correct(client, session, right)

    assert now_at.asked_back == Session.Asked.NOT_ASKED
    page = client.get(now_at.get_absolute_url())
    assert "asked_back" in page.context["record"].missing


def test_new_session_says_who_put_it_there_and_that_the_old_signature_does_not_count(
    client, clinician, course, right, session
):
    now_at = correct(client, session, right)

    page = client.get(now_at.get_absolute_url()).content.decode()
    assert f"First logged for another patient; put here by {clinician.get_full_name()}" in page
    assert "that signature does not count here" in page
    assert REASON in page
    assert course.patient.full_name not in page


def test_clinician_signs_it_in_the_right_record_and_it_counts_there(client, clinician, right, session):
    now_at = correct(client, session, right)

    client.post(reverse("session-sign", args=[now_at.public_id]), {"version": now_at.version})

    assert list(Session.objects.counting()) == [now_at]
    assert right.follow_ups.count() == 1


def test_stock_is_not_drawn_twice(client, right, session, lot):
    assert left_of(lot) == 0

    now_at = correct(client, session, right)

    assert left_of(lot) == 0
    facts = ("area", "lot", "volume_ml", "points")
    before, after = (list(Injection.objects.filter(session=each).values(*facts)) for each in (session, now_at))
    assert before == after != []


def test_photos_go_along_and_are_of_the_new_session(client, course, right, session):
    photo = PhotoFactory(course=course, session=session, taken_at=session.performed_at)

    now_at = correct(client, session, right)

    photo = Photo.objects.get(pk=photo.pk)
    assert (photo.course, photo.session) == (right, now_at)
    assert REASON in photo.history.first().history_change_reason


def test_photos_that_go_along_without_a_consent_are_named(client, course, right, session):
    PhotoFactory(course=course, session=session, taken_at=session.performed_at)

    assert "The photos go along without a consent." in client.get(url_of(session, right)).content.decode()


def test_reaction_of_the_right_patient_is_logged_anew_and_reviewed_anew(client, right, session):
    effect = session.side_effects.get()

    now_at = correct(client, session, right, effects=[str(effect.public_id)])

    anew = now_at.side_effects.get()
    assert (anew.kind, anew.severity, anew.onset_at) == (effect.kind, effect.severity, effect.onset_at)
    assert anew.reviewed_at is None
    assert list(SideEffect.objects.standing()) == [anew]


def test_reaction_not_ticked_stays_with_the_session_in_error(client, right, session):
    now_at = correct(client, session, right)

    assert not now_at.side_effects.exists()
    assert session.side_effects.exists()


def test_reactions_noted_on_the_day_are_proposed_and_later_ones_are_not(client, course, right, session):
    later = SideEffectFactory(session=session, onset_at=session.performed_at + timedelta(minutes=1))
    SideEffect.objects.filter(pk=later.pk).update(recorded_at=NOW + timedelta(days=2))

    form = client.get(url_of(session, right)).context["form"]

    assert len(form.offered) == 2
    assert form["effects"].value() == [str(session.side_effects.exclude(pk=later.pk).get().public_id)]


def test_scores_of_the_day_that_are_ticked_go_along(client, course, right, session):
    scores = AssessmentFactory(course=course, assessed_on=date(2026, 3, 10))
    other_day = AssessmentFactory(course=course, assessed_on=date(2026, 3, 2))

    correct(client, session, right, scores=[str(scores.public_id)])

    scores.refresh_from_db()
    other_day.refresh_from_db()
    assert (scores.course, other_day.course) == (right, course)
