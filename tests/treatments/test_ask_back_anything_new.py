"""Since last time: is there anything new, who says that nobody asked, and what of a session logged afterwards."""

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


# Anything new.


def new(**changes):
    return {
        "asked_back": "some",
        "new_kind": SideEffectKindFactory(code="bruising").pk,
        "new_severity": "moderate",
        "new_onset_at": "2026-03-03T20:00",
        **changes,
    }


def test_something_new_is_logged_at_the_session_after_which_it_began(client, clinician, course, last):
    area = last.areas.first()

    sign(client, course, **new(new_area=area.pk))

    effect = SideEffect.objects.get()
    assert AskBack.objects.get().answer == AskBack.Answer.STILL_THERE
    assert (effect.session, effect.kind.code, effect.severity, effect.area) == (last, "bruising", "moderate", area)
    assert effect.onset_at == datetime(2026, 3, 4, 4, 0, tzinfo=UTC)
    assert (effect.reported_by, effect.recorded_by, effect.resolved_at) == ("patient", clinician, None)
    assert Session.objects.latest("performed_at").asked_back == Session.Asked.SOME


def test_something_new_that_is_over_is_logged_with_its_end(client, course, last):
    sign(client, course, **new(new_gone_at="2026-03-05T20:00"))

    assert SideEffect.objects.get().resolved_at == datetime(2026, 3, 6, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("new_kind", "", "Say what is new."),
        ("new_severity", "", "Choose how severe it is."),
        ("new_onset_at", "", "Say when it began."),
        ("new_onset_at", "2026-03-10T11:31", "That is still ahead."),
        ("new_onset_at", "2026-03-02T06:59", "The last session was on 2 March, 07:00."),
        ("new_gone_at", "2026-03-10T11:31", "That is still ahead."),
        ("new_gone_at", "2026-03-03T19:59", "It cannot be gone before it began."),
    ],
)
def test_something_new_needs_what_a_reaction_needs(client, course, last, field, value, words):
    response = sign(client, course, **new(**{field: value}))

    assert errors(response) == {field: [words]}
    assert not SideEffect.objects.exists()


def test_new_reaction_is_not_logged_twice_by_a_draft_that_is_saved_again(client, course, last):
    sign(client, course, action="draft", **new())
    session = Session.objects.drafts().get()
    again = client.get(edit_url(session)).context["form"]

    client.post(
        edit_url(session),
        form_of(course, version=session.version, **{"asked_back": again["asked_back"].value(), **left_open()}),
    )

    assert again["asked_back"].value() == "some"
    assert SideEffect.objects.count() == 1


def left_open():
    return {f"back-{effect.public_id}": "still-there" for effect in SideEffect.objects.all()}


def test_none_and_not_asked_are_different_facts(client, course, last):
    sign(client, course, action="draft", asked_back="")
    not_asked = Session.objects.drafts().get()
    assert not_asked.asked_back == Session.Asked.NOT_ASKED

    client.post(edit_url(not_asked), form_of(course, version=not_asked.version, asked_back="none"))
    not_asked.refresh_from_db()
    assert not_asked.asked_back == Session.Asked.NONE


def test_not_asked_stops_signing(client, course, last):
    response = sign(client, course, asked_back="")

    assert errors(response) == {"asked_back": ["Ask whether anything is new since the last session."]}
    assert Session.objects.signed().count() == 1

    sign(client, course, action="draft", asked_back="")
    session = Session.objects.drafts().get()
    client.post(reverse("session-sign", args=[session.public_id]), {"version": session.version})
    assert Session.objects.signed().count() == 1
    assert "Ask whether anything is new since the last session." in told(client.get(edit_url(session)))


def test_first_session_has_nothing_to_ask_back_for(client, course):
    page = client.get(new_url(course))

    assert "asked_back" not in page.context["form"].fields
    assert 'id="since"' not in page.content.decode()
    sign(client, course)
    assert Session.objects.signed().count() == 1


def test_reaction_of_another_course_is_asked_about_at_a_first_session_too(client, course):
    other = CourseFactory(patient=course.patient, protocol__name="Acne")
    effect = SideEffectFactory(session=SessionFactory(course=other, performed_at=FIRST, signed=True))

    page = client.get(new_url(course))
    assert f'name="back-{effect.public_id}"' in page.content.decode()
    assert "Asked about last time" in [check.label for check in page.context["page"].checks]

    sign(client, course, **answer(effect, "still-there"))
    assert Session.objects.signed().filter(course=course).exists()


def test_list_of_what_is_left_says_that_nobody_asked_yet(client, course, last):
    page = client.get(new_url(course)).context["page"]

    assert [check.is_done for check in page.checks if check.label == "Asked about last time"] == [False]


# A session that is logged afterwards.


def test_reaction_that_began_after_the_time_typed_is_not_asked_about(client, course, last):
    """It was logged with a session on 6 March; what is written up now was given on 4 March."""
    later = SessionFactory(course=course, performed_at=FIRST + timedelta(days=4), signed=True)
    SideEffectFactory(session=later, onset_at=later.performed_at + timedelta(hours=1))

    response = sign(client, course, performed_at="2026-03-04T11:00", early_reason="The patient travels.")

    assert response.status_code == 302
    assert Session.objects.signed().count() == 3


def test_session_moved_behind_a_reaction_asks_about_it(client, course, swelling):
    sign(client, course, action="draft", performed_at="2026-03-02T07:30", early_reason="A second side.")
    draft = Session.objects.drafts().get()

    response = say(client, course, draft, performed_at="2026-03-10T11:00")

    assert errors(response) == {f"back-{swelling.public_id}": ["Ask whether this is gone."]}


def test_first_session_of_all_asks_nothing_though_it_is_logged_last(client, course, last):
    page = sign(client, course, action="same", performed_at="2026-03-01T11:00")

    assert "asked_back" not in page.context["form"].fields


def test_something_new_without_its_kind_stays_on_the_list_of_what_is_left(client, course, last):
    """The page judges what is typed a second time, as if it was signed: an answer that is typed is not yet kept."""
    response = sign(client, course, asked_back="some")

    assert errors(response) == {"new_kind": ["Say what is new."]}
    page = response.context["page"]
    assert [check.is_done for check in page.checks if check.label == "Asked about last time"] == [False]
    assert page.count_left == 1
