"""Since last time: is each open reaction gone, worse or still there, and what if that was said in error."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    CourseFactory,
    LocationFactory,
    SessionFactory,
    SideEffectFactory,
    SideEffectKindFactory,
    make_ready,
)
from tests.treatments.asking_back import BEGAN, answer, say, sign
from tests.treatments.session_forms import FIRST, NOW, edit_url, errors, form_of, new_url, signed_in, told
from treatments.models import AskBack, Session, SideEffect

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def course():
    return make_ready(CourseFactory(patient__location=LocationFactory()))


@pytest.fixture(autouse=True)
def clinician(client, course):
    return signed_in(client, course, Role.CLINICIAN)


@pytest.fixture
def last(course):
    """Let the course have had its first session on 2 March."""
    return SessionFactory(course=course, performed_at=FIRST, signed=True)


@pytest.fixture
def swelling(last):
    return SideEffectFactory(session=last, onset_at=BEGAN)


def now_of(effect):
    return SideEffect.objects.get(pk=effect.pk)


# Each open reaction.


def test_page_asks_for_each_open_reaction_of_the_patient_and_for_no_other(client, course, last, swelling):
    gone = SideEffectFactory(session=last, kind=SideEffectKindFactory(code="burning"), resolved_at=BEGAN)
    other_course = CourseFactory(patient=course.patient, protocol__name="Acne")
    elsewhere = SideEffectFactory(
        session=SessionFactory(course=other_course, performed_at=FIRST, signed=True),
        kind=SideEffectKindFactory(code="bruising"),
    )
    stranger = SideEffectFactory()

    asked = [question.effect for question in client.get(new_url(course)).context["form"].questions()]

    assert swelling in asked
    assert elsewhere in asked
    assert gone not in asked
    assert stranger not in asked


def test_gone_by_a_key_for_the_day_is_gone_at_its_noon(client, course, swelling):
    sign(client, course, **answer(swelling, "gone", gone_on="2026-03-09"))

    assert now_of(swelling).resolved_at == datetime(2026, 3, 9, 19, 0, tzinfo=UTC)  # noon in Los Angeles
    assert AskBack.objects.get().answer == AskBack.Answer.GONE
    assert Session.objects.signed().count() == 2


def test_gone_today_is_not_gone_in_the_hours_to_come(client, course, swelling):
    sign(client, course, **answer(swelling, "gone", gone_on="2026-03-10"))

    assert now_of(swelling).resolved_at == NOW  # 11:30, before the day's noon


def test_gone_on_the_day_it_began_is_not_gone_before_it_began(client, course, last):
    evening = SideEffectFactory(session=last, onset_at=datetime(2026, 3, 8, 3, 0, tzinfo=UTC))  # 19:00 on 7 March

    sign(client, course, **answer(evening, "gone", gone_on="2026-03-07"))

    assert now_of(evening).resolved_at == evening.onset_at


def test_gone_at_a_time_that_is_typed(client, course, swelling):
    sign(client, course, **answer(swelling, "gone", gone_on="other", gone_at="2026-03-04T21:30"))

    assert now_of(swelling).resolved_at == datetime(2026, 3, 5, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("gone_at", "words"),
    [
        ("2026-03-10T11:31", "That is still ahead."),
        ("2026-03-02T07:59", "It cannot be gone before it began."),
        ("0001-01-01T00:00", None),
        ("9999-12-31T23:59", None),
        ("never", None),
    ],
)
def test_gone_at_an_impossible_time_is_refused(client, course, swelling, gone_at, words):
    response = sign(client, course, **answer(swelling, "gone", gone_on="other", gone_at=gone_at))

    found = errors(response)[f"gone-at-{swelling.public_id}"]
    assert words is None or found == [words]
    assert now_of(swelling).resolved_at is None
    assert Session.objects.count() == 1


@pytest.mark.parametrize("gone_on", ["", "other", "2026-03-01", "2026-03-11", "soon"])
def test_gone_without_saying_since_when_is_asked_again(client, course, swelling, gone_on):
    response = sign(client, course, **answer(swelling, "gone", gone_on=gone_on))

    assert f"gone-on-{swelling.public_id}" in errors(response)
    assert now_of(swelling).resolved_at is None


def test_days_before_the_reaction_began_are_no_keys(client, course, last):
    late = SideEffectFactory(session=last, onset_at=datetime(2026, 3, 9, 18, 0, tzinfo=UTC))

    (question,) = client.get(new_url(course)).context["form"].questions()

    assert question.effect == late
    assert [key for key, _words in question.gone_on.field.choices] == ["2026-03-10", "2026-03-09", "other"]


def test_still_there_changes_nothing_but_is_kept_as_asked(client, course, swelling):
    sign(client, course, **answer(swelling, "still-there"))

    effect = now_of(swelling)
    assert (effect.resolved_at, effect.severity, effect.version) == (None, "mild", swelling.version)
    assert AskBack.objects.get().answer == AskBack.Answer.STILL_THERE


def test_worse_is_one_step_more_severe_and_to_be_reviewed_again(client, course, last):
    reviewed = SideEffectFactory(session=last, onset_at=BEGAN, severity="moderate", reviewed=True)

    sign(client, course, **answer(reviewed, "worse"))

    effect = now_of(reviewed)
    assert effect.severity == "severe"
    assert (effect.reviewed_at, effect.reviewed_by, effect.review_note) == (None, None, "")
    assert effect.history.first().history_change_reason


def test_worse_than_severe_is_severe_and_to_be_reviewed_again(client, course, last):
    """There is no step above severe, but the review was of something that has got worse since."""
    worst = SideEffectFactory(session=last, onset_at=BEGAN, severity="severe", reviewed=True)

    sign(client, course, **answer(worst, "worse"))

    effect = now_of(worst)
    assert (effect.severity, effect.reviewed_at) == ("severe", None)


def test_draft_saved_twice_with_worse_is_worse_once(client, course, swelling):
    sign(client, course, action="draft", **answer(swelling, "worse"))
    session = Session.objects.drafts().get()

    client.post(edit_url(session), form_of(course, version=session.version, **answer(swelling, "worse")))

    assert now_of(swelling).severity == "moderate"
    assert AskBack.objects.count() == 1


def test_what_somebody_resolved_meanwhile_stays_as_they_said(client, course, swelling):
    opened = form_of(course, action="sign", **answer(swelling, "gone", gone_on="2026-03-09"))
    swelling.resolved_at = datetime(2026, 3, 6, 18, 0, tzinfo=UTC)
    swelling.save_over(swelling.version)

    client.post(new_url(course), opened)

    assert now_of(swelling).resolved_at == datetime(2026, 3, 6, 18, 0, tzinfo=UTC)
    assert Session.objects.signed().count() == 2


# What was said in error.


def said_gone(client, course, effect):
    """Save a draft that says that the reaction is gone since 9 March."""
    sign(client, course, action="draft", **answer(effect, "gone", gone_on="2026-03-09"))
    return Session.objects.drafts().get()


def test_gone_said_in_error_is_open_again_once_the_session_says_still_there(client, course, last):
    reviewed = SideEffectFactory(session=last, onset_at=BEGAN, reviewed=True)
    draft = said_gone(client, course, reviewed)

    say(client, course, draft, **answer(reviewed, "still-there", gone_on="other", gone_at="2026-03-09T12:00"))

    effect = now_of(reviewed)
    assert (effect.resolved_at, effect.reviewed_at) == (None, None)
    assert effect.history.first().history_change_reason
    assert (AskBack.objects.get().answer, AskBack.objects.get().gone_at) == ("still-there", None)
    assert Session.objects.signed().count() == 2


def test_gone_said_in_error_is_open_and_one_step_more_severe_once_the_session_says_worse(client, course, swelling):
    draft = said_gone(client, course, swelling)

    say(client, course, draft, **answer(swelling, "worse"))

    assert (now_of(swelling).resolved_at, now_of(swelling).severity) == (None, "moderate")


def test_time_at_which_it_was_gone_is_corrected_at_the_session_that_said_it(client, course, swelling):
    draft = said_gone(client, course, swelling)

    say(client, course, draft, **answer(swelling, "gone", gone_on="other", gone_at="2026-03-05T10:00"))

    moment = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)
    assert (now_of(swelling).resolved_at, AskBack.objects.get().gone_at) == (moment, moment)


def test_time_at_which_it_was_gone_stays_to_the_second_when_the_draft_is_saved_as_shown(client, course, swelling):
    moment = NOW - timedelta(seconds=20)
    with time_machine.travel(moment, tick=False):
        sign(
            client,
            course,
            performed_at="2026-03-10T11:00",
            action="draft",
            **answer(swelling, "gone", gone_on="2026-03-10"),
        )
    draft = Session.objects.drafts().get()
    assert now_of(swelling).resolved_at == moment

    say(client, course, draft, **answer(swelling, "gone", gone_on="other", gone_at="2026-03-10T11:29"))

    assert now_of(swelling).resolved_at == moment


@pytest.mark.parametrize("said", ["still-there", "gone"])
def test_end_that_somebody_else_corrected_meanwhile_is_not_the_sessions_to_take_back(client, course, swelling, said):
    draft = said_gone(client, course, swelling)
    corrected = datetime(2026, 3, 6, 18, 0, tzinfo=UTC)
    effect = now_of(swelling)
    effect.resolved_at = corrected
    effect.save_over(effect.version)

    say(client, course, draft, **answer(swelling, said, gone_on="other", gone_at="2026-03-05T10:00"))

    assert now_of(swelling).resolved_at == corrected


def test_reaction_not_asked_about_stops_signing_and_not_the_draft(client, course, swelling):
    name = f"back-{swelling.public_id}"

    assert errors(sign(client, course)) == {name: ["Ask whether this is gone."]}

    sign(client, course, action="draft")
    session = Session.objects.drafts().get()
    client.post(reverse("session-sign", args=[session.public_id]), {"version": session.version})
    assert not AskBack.objects.exists()
    assert Session.objects.signed().count() == 1
    assert f"Ask whether this is gone: {swelling.title}." in told(client.get(edit_url(session)))


def test_answer_stands_on_the_sessions_page_and_in_its_form(client, course, swelling):
    sign(client, course, action="draft", **answer(swelling, "still-there"))
    session = Session.objects.drafts().get()

    record, form = client.get(session.get_absolute_url()), client.get(edit_url(session)).context["form"]

    assert f"{swelling.title}</a></dt><dd>Still there</dd>" in record.content.decode()
    assert form[f"back-{swelling.public_id}"].value() == "still-there"
