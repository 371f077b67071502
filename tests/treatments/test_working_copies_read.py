"""Whoever else reads, signs or takes back a session of which something is typed and not saved."""

import json

import pytest
import time_machine
from django.urls import reverse

from clinic.models import VersionConflictError
from clinic.roles import Role
from tests.factories import CourseFactory, LocationFactory, SessionFactory, TreatmentAreaFactory, make_ready
from tests.treatments.session_forms import FIRST, NOW, edit_url, errors, form_of, new_url, signed_in, told
from treatments.models import Course, Session, WorkingCopy
from treatments.rules.bodymap.points import grid_points

pytestmark = pytest.mark.django_db

LIST_QUERIES = 9


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def course():
    return make_ready(CourseFactory(patient__location=LocationFactory(name="Harbour Street")))


@pytest.fixture(autouse=True)
def nurse(client, course):
    return signed_in(client, course, Role.STAFF)


def keep_url(course):
    return reverse("session-keep-new", args=[course.public_id])


def keep_draft_url(session):
    return reverse("session-keep", args=[session.public_id])


def typed(page="one", **fields):
    """Return what a page sends while it is typed into: far from a whole session."""
    return {"page": page, "copy_version": "0", **fields}


def kept(course):
    return WorkingCopy.objects.open().get(course=course)


def note_in(response):
    return response.context["form"]["note"].value()


@pytest.fixture
def draft(client, course):
    """A draft with all that signing asks for, which a nurse typed more of and did not save."""
    client.post(new_url(course), form_of(course))
    session = Session.objects.get()
    client.post(
        keep_draft_url(session), form_of(course, page="one", note="The volume was 3.", version=session.version)
    )
    return session


def sign(client, session):
    return client.post(reverse("session-sign", args=[session.public_id]), {"version": session.version})


def test_session_says_that_somebody_typed_more_of_it_and_leads_there(client, course, draft):
    signed_in(client, course, Role.CLINICIAN)

    page = client.get(draft.get_absolute_url()).content.decode()

    assert "Ines Moreau typed more of this session, 10 Mar, 11:30, and did not save it." in page
    assert f'<a href="{edit_url(draft)}">Go on with it</a>' in page
    assert reverse("session-sign", args=[draft.public_id]) not in page


def test_session_is_not_signed_over_what_somebody_typed(client, course, draft):
    signed_in(client, course, Role.CLINICIAN)

    response = sign(client, draft)

    assert response.url == edit_url(draft)
    assert not Session.objects.get().is_signed
    opened = client.get(response.url)
    assert note_in(opened) == "The volume was 3."
    words = "Ines Moreau typed more of this session and did not save it. Read it, then sign or discard it."
    assert words in told(opened)


def test_session_is_signed_once_what_was_typed_is_discarded(client, course, draft):
    signed_in(client, course, Role.CLINICIAN)
    client.post(reverse("working-copy-discard", args=[kept(course).public_id]))

    sign(client, draft)

    assert Session.objects.get().is_signed


def test_amendment_that_is_typed_is_said_to_whoever_amends_alone(client, course):
    session = SessionFactory(course=course, performed_at=FIRST, given=True, signed=True)
    signed_in(client, course, Role.CLINICIAN)
    url = reverse("session-keep-amendment", args=[session.public_id])
    client.post(url, typed(reason="Misread", version=session.version))
    copy = kept(course)

    assert client.get(session.get_absolute_url()).context["copy"] == copy
    assert list(client.get(reverse("session-unsigned")).context["copies"]) == [copy]

    signed_in(client, course, Role.STAFF)
    assert client.get(session.get_absolute_url()).context["copy"] is None
    assert list(client.get(reverse("session-unsigned")).context["copies"]) == []
    assert client.post(reverse("working-copy-discard", args=[copy.public_id])).status_code == 404
    assert kept(course) == copy


def test_what_is_typed_of_a_session_entered_in_error_is_put_away(client, course, draft):
    url = reverse("session-error", args=[draft.public_id])

    client.post(url, {"reason": "Another patient.", "version": draft.version})

    assert Session.objects.get().is_in_error
    assert WorkingCopy.objects.get().closed_at == NOW


def test_what_was_typed_is_discarded_from_the_list_which_comes_back(client, course):
    client.post(keep_url(course), typed(note="Half a no"))
    url = reverse("working-copy-discard", args=[kept(course).public_id])
    page = client.get(reverse("session-unsigned")).content.decode()
    assert url in page

    response = client.post(url, {"from_list": "1"})

    assert response.url == reverse("session-unsigned")
    assert not WorkingCopy.objects.open().exists()


def typed_of_many(nurse, count):
    place = nurse.locations.get()
    for _number in range(count):
        WorkingCopy.objects.create(course=CourseFactory(patient__location=place), typed={}, typed_by=nurse)


@pytest.mark.parametrize("count", [1, 3])
def test_list_of_what_was_typed_asks_as_often_for_three_as_for_one(client, nurse, count, django_assert_num_queries):
    typed_of_many(nurse, count)
    client.get("/search/")

    with django_assert_num_queries(LIST_QUERIES):
        response = client.get(reverse("session-unsigned"))
    assert len(response.context["copies"]) == count


def test_list_of_what_was_typed_shows_the_oldest_and_says_that_there_are_more(client, nurse):
    typed_of_many(nurse, 25)
    whole = client.get(reverse("session-unsigned"))
    typed_of_many(nurse, 1)
    cut = client.get(reverse("session-unsigned"))

    words = "These are the 25 oldest. Save or discard some to see the others."
    assert [len(each.context["copies"]) for each in (whole, cut)] == [25, 25]
    assert [words in each.content.decode() for each in (whole, cut)] == [False, True]


# What is done or has moved on.


def test_same_as_last_is_not_filled_in_where_the_session_is_signed(client, course):
    SessionFactory(course=course, performed_at=FIRST, signed=True)
    session = SessionFactory(course=course, performed_at=NOW, given=True, signed=True)

    response = client.post(edit_url(session), typed(action="same", version=session.version, note="Half a no"))

    assert errors(response) == {"__all__": ["This session is signed. It is changed by an amendment."]}
    assert note_in(response) == "Half a no"
    assert not WorkingCopy.objects.exists()


def test_same_as_last_is_not_filled_in_while_the_course_is_paused(client, course):
    SessionFactory(course=course, performed_at=FIRST, signed=True)
    Course.objects.update(status="paused", status_reason="A holiday.")

    response = client.post(new_url(course), typed(action="same"))

    assert errors(response) == {"__all__": ["The course is paused. Resume it before the next session."]}
    assert not WorkingCopy.objects.exists()


def test_copy_of_a_draft_that_was_signed_is_not_taken_up_again(client, course, draft):
    copy = kept(course)
    signed_in(client, course, Role.CLINICIAN)
    client.post(reverse("working-copy-discard", args=[copy.public_id]))
    sign(client, draft)

    response = client.post(reverse("working-copy-reopen", args=[copy.public_id]))

    assert response.url == draft.get_absolute_url()
    assert "This session was saved, signed or taken back meanwhile." in told(client.get(response.url))
    assert not WorkingCopy.objects.open().exists()


def test_taking_up_twice_is_taking_up_once(client, course):
    client.post(keep_url(course), typed(note="Half a no"))
    copy = kept(course)
    client.post(reverse("working-copy-discard", args=[copy.public_id]))
    url = reverse("working-copy-reopen", args=[copy.public_id])

    assert [client.post(url).url for _tap in range(2)] == [new_url(course)] * 2
    assert kept(course).version == 3


def test_copy_that_somebody_takes_up_at_the_same_moment_is_taken_up_once(client, course, monkeypatch):
    client.post(keep_url(course), typed(note="Half a no"))
    copy = kept(course)
    client.post(reverse("working-copy-discard", args=[copy.public_id]))

    def conflict(*_args, **_kwargs):
        raise VersionConflictError

    monkeypatch.setattr(WorkingCopy, "save_over", conflict)
    response = client.post(reverse("working-copy-reopen", args=[copy.public_id]))

    assert response.url == course.get_absolute_url()


# Two pages that differ on the body map alone.


@pytest.mark.parametrize(
    ("theirs", "mine", "words"),
    [
        (3, 5, ("3 points placed", "5 points placed")),
        (0, 1, ("0 points placed", "1 point placed")),
        (3, -3, ("3 points placed", "3 points placed, in other places")),
    ],
)
def test_points_that_two_pages_placed_differently_are_told_apart(client, nurse, theirs, mine, words):
    area = TreatmentAreaFactory(code="thigh-back-left")
    course = CourseFactory(patient__location=nurse.locations.get(), areas=[area])
    grid = [["back", *point] for point in grid_points(area.code, "back")]
    client.post(keep_url(course), typed("one", **{f"map-{area.code}": json.dumps(grid[:theirs])}))

    placed = json.dumps(grid[mine:] if mine < 0 else grid[:mine])
    response = client.post(keep_url(course), typed("two", **{f"map-{area.code}": placed}))

    rows = [(row.label, row.theirs, row.mine) for row in response.context["other"]["rows"]]
    assert rows == [(f"Body map, {area}", *words)]
