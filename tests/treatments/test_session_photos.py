"""Photos on the page of a session: what is wanted today, what was taken, and to which session it belongs."""

import uuid
from datetime import timedelta

import pytest
import time_machine

from tests.clinic.access import client_of
from tests.factories import CourseFactory, LocationFactory, PhotoFactory, ProtocolFactory, SessionFactory
from tests.treatments.photographs import agree, file, page, send
from tests.treatments.session_forms import FIRST, NOW, edit_url, form_of, new_url
from treatments.drawn import drawn_of
from treatments.gate import problems
from treatments.models import Course, Photo, Session
from treatments.photos import milestone_of

pytestmark = pytest.mark.django_db

EARLIER = NOW - timedelta(minutes=30)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def nurse(here):
    return client_of("staff", here)


@pytest.fixture
def doctor(here):
    return client_of("clinician", here)


@pytest.fixture
def course(here):
    return agree(CourseFactory(patient__location=here))


def done(course, count, **facts):
    """Give the course so many signed sessions, the last one week before today."""
    return [
        SessionFactory(course=course, performed_at=NOW - timedelta(days=8, hours=count - n), signed=True, **facts)
        for n in range(count)
    ]


def take(client, course, **fields):
    """Send a photo as a key of the session's page does."""
    facts = {"card": "1", "session": "", "shot": "posterior/relaxed", **fields}
    return send(client, course, file(taken="2026:03:10 11:10:00"), **facts)


def shown(response):
    return response.context["photos"]


def photos_of(response):
    return {slot.shot.key: slot.photo for slot in response.context["page"].photos.slots}


def checks(response):
    return {check.label: check.tone for check in response.context["page"].checks if check.target == "photos"}


def test_planned_end_is_a_milestone_too(course):
    Course.objects.filter(pk=course.pk).update(planned_sessions=3)
    course.refresh_from_db()
    done(course, 2)

    assert milestone_of(course, None, NOW) == 3


def test_number_of_a_session_that_is_not_saved_counts_those_before_it(course):
    done(course, 4)

    assert milestone_of(course, None, NOW) == 5
    assert milestone_of(course, None, FIRST - timedelta(days=1)) is None


def test_number_of_a_stored_session_is_its_own(course):
    sessions = done(course, 6)

    assert [milestone_of(course, each, each.performed_at) for each in sessions] == [None] * 4 + [5, None]


def test_session_in_error_and_treatment_at_the_follow_up_are_no_milestone(course):
    done(course, 3)
    SessionFactory(course=course, performed_at=FIRST + timedelta(hours=9))
    Session.objects.filter(performed_at=FIRST + timedelta(hours=9)).update(
        entered_in_error_at=NOW, entered_in_error_by=course.clinician, entered_in_error_reason="Of her sister."
    )
    assert milestone_of(course, None, NOW) is None
    SessionFactory(course=course, performed_at=FIRST + timedelta(hours=10))
    assert milestone_of(course, None, NOW) == 5

    Course.objects.filter(pk=course.pk).update(status="completed", status_on=FIRST.date())
    course.refresh_from_db()
    assert milestone_of(course, None, NOW) is None


def test_page_says_what_is_wanted_what_was_taken_when_and_what_is_missing(nurse, course):
    PhotoFactory(course=course, taken_at=EARLIER)
    PhotoFactory(course=course, taken_at=EARLIER, view="")
    PhotoFactory(course=course, taken_at=NOW - timedelta(days=1), view="lateral-left")
    PhotoFactory(course=course, taken_at=EARLIER, view="lateral-right", state="failed", failure="Damaged.")

    response = nurse.get(new_url(course))

    photos = response.context["page"].photos
    assert [key for key, photo in photos_of(response).items() if photo] == ["posterior/relaxed"]
    assert (photos.taken, photos.missing, photos.others) == (1, 4, 1)
    words = response.content.decode()
    assert "1 of 5 views" in words
    assert "Optional at this session." in words
    assert "1 more photo of this session." in words
    assert "<small>11:00</small>" in words
    assert words.count('capture="environment"') == 4


def test_photos_are_optional_between_milestones_and_block_nothing(doctor, course):
    response = doctor.get(new_url(course))

    assert checks(response) == {"Photos, optional": "is-resolved"}
    assert response.context["page"].warnings == []
    doctor.post(new_url(course), form_of(course, action="sign"))
    assert Session.objects.get().is_signed


def test_milestone_says_how_many_views_are_left_and_is_signed_all_the_same(doctor, course):
    done(course, 4, given=True)
    PhotoFactory(course=course, taken_at=EARLIER)

    response = doctor.get(new_url(course))
    left = response.context["page"].count_left

    assert checks(response) == {"Milestone photos, 4 views left": "is-prolonged"}
    assert "Required: milestone 5." in response.content.decode()
    for view in ["posterior-oblique-left", "posterior-oblique-right", "lateral-left", "lateral-right"]:
        PhotoFactory(course=course, view=view, taken_at=EARLIER)
    complete = doctor.get(new_url(course))
    assert checks(complete) == {"Photos": "is-in-time"}
    assert complete.context["page"].count_left == left
    Photo.objects.filter(view__startswith="lateral").update(entered_in_error_at=NOW, error_reason="Blurred.")
    doctor.post(new_url(course), form_of(course, action="sign"))
    assert Session.objects.signed().count() == 5


def test_gate_warns_of_the_views_that_a_milestone_lacks(course):
    session = done(course, 5, given=True)[-1]

    found = [problem for problem in problems(drawn_of(session), NOW) if problem.code == "photos"]

    assert [(problem.words, problem.stops) for problem in found] == [
        ("Milestone 5: 5 views are not photographed.", False)
    ]
    assert found[0].url == f"{page(course)}?session={session.public_id}"


def test_gate_names_the_consent_that_the_photos_lack(here):
    course = CourseFactory(patient__location=here)
    session = done(course, 5, given=True)[-1]

    [problem] = [problem for problem in problems(drawn_of(session), NOW) if problem.code == "photos"]

    assert problem.words.endswith("There is no consent to photographs for the record.")
    assert "purpose=photo-record" in problem.url


def test_without_consent_no_key_takes_a_photo(nurse, here):
    course = CourseFactory(patient__location=here)

    words = nurse.get(new_url(course)).content.decode()

    assert "There is no consent to photographs for the record." in words
    assert "capture=" not in words


def test_key_sends_a_photo_and_gets_the_card_with_it(nurse, course):
    response = take(nurse, course)

    assert response.status_code == 200
    [photo] = [slot.photo for slot in shown(response).slots if slot.photo]
    assert (photo.view, photo.session) == ("posterior", None)
    assert "1 of 5 views" in response.content.decode()


def test_file_that_is_no_photo_is_refused_in_the_card(nurse, course):
    response = send(nurse, course, file("a.jpg", b"text"), card="1", shot="posterior/relaxed")

    assert response.status_code == 422
    assert "This is not a photo. JPEG, PNG, WebP and HEIC are taken." in response.content.decode()
    assert shown(response).taken == 0


@pytest.mark.parametrize(
    "fields", [{"session": str(uuid.UUID(int=9))}, {"session": "x"}, {"shot": "from-above/relaxed"}]
)
def test_card_with_what_cannot_be_is_refused(nurse, course, fields):
    assert take(nurse, course, **fields).status_code == 422
    assert not Photo.objects.exists()


def test_keys_of_a_saved_session_name_it_by_its_public_id(nurse, course):
    session = SessionFactory(course=course, performed_at=EARLIER)

    page = nurse.get(edit_url(session)).content.decode()
    assert f'"session": "{session.public_id}"' in page

    assert take(nurse, course, session=session.public_id).status_code == 200
    assert Photo.objects.get().session == session


def test_card_says_that_a_photo_is_of_another_day(nurse, course):
    response = send(nurse, course, file(taken="2026:03:09 11:10:00"), card="1", shot="posterior/relaxed")

    assert "this photo was taken on 9 March 2026" in response.content.decode()
    assert shown(response).taken == 0


def test_what_was_taken_that_day_belongs_to_the_session_once_it_is_saved(nurse, course):
    take(nurse, course)
    yesterday = PhotoFactory(course=course, taken_at=NOW - timedelta(days=1))
    failed = PhotoFactory(course=course, taken_at=EARLIER, state="failed", failure="Damaged.")
    wrong = PhotoFactory(course=course, taken_at=EARLIER, entered_in_error_at=NOW, error_reason="Of her sister.")
    other = PhotoFactory(course=course, taken_at=EARLIER, session=done(course, 1)[0])

    nurse.post(new_url(course), form_of(course))

    session = Session.objects.latest("pk")
    photo = Photo.objects.get(session=session)
    assert (photo.view, photo.version, photo.history.count()) == ("posterior", 2, 2)
    latest = photo.history.first()
    assert (latest.session_id, latest.version, latest.history_change_reason) == (
        session.pk,
        2,
        "Taken on the day of the session",
    )
    assert latest.history_user is not None
    for photo in (yesterday, failed, wrong, other):
        before = photo.session
        photo.refresh_from_db()
        assert photo.session == before


def test_saving_again_writes_no_new_version_of_its_photos(nurse, course):
    take(nurse, course)
    nurse.post(new_url(course), form_of(course))
    session = Session.objects.get()

    nurse.post(edit_url(session), form_of(course, version=session.version, note="Again."))

    assert Photo.objects.get().version == 2


def test_photo_that_arrives_after_the_session_was_saved_belongs_to_it(nurse, course):
    nurse.post(new_url(course), form_of(course))

    take(nurse, course)

    assert Photo.objects.get().session == Session.objects.get()


def test_photos_of_a_session_in_error_are_free_for_the_one_that_was_meant(nurse, course):
    take(nurse, course)
    nurse.post(new_url(course), form_of(course))
    wrong = Session.objects.get()
    nurse.post(f"{wrong.get_absolute_url()}error/", {"reason": "Twice.", "version": wrong.version})
    assert Photo.objects.get().session is None

    nurse.post(new_url(course), form_of(course))

    assert Photo.objects.get().session == Session.objects.standing().get()


def test_session_shows_its_photos_to_those_who_treat(nurse, course, here):
    session = SessionFactory(course=course)
    photo = PhotoFactory(course=course, session=session)
    withdrawn = PhotoFactory(course=course, session=session, entered_in_error_at=NOW, error_reason="Of her sister.")

    words = nurse.get(session.get_absolute_url()).content.decode()

    assert photo.get_absolute_url() in words
    assert withdrawn.get_absolute_url() not in words
    assert photo.get_absolute_url() not in client_of("admin", here).get(session.get_absolute_url()).content.decode()


def test_photos_of_another_day_are_added_on_their_own_page(nurse, course):
    session = SessionFactory(course=course, performed_at=FIRST)

    words = nurse.get(edit_url(session)).content.decode()

    assert "capture=" not in words
    assert f"{page(course)}?session={session.public_id}" in words


def test_protocol_that_wants_none_has_nothing_to_do(nurse, here):
    headache = agree(CourseFactory(patient__location=here, protocol=ProtocolFactory(name="Headache")))

    response = nurse.get(new_url(headache))

    assert checks(response) == {}
    assert "This protocol wants no photos of its own." in response.content.decode()


QUERIES = {"session": 34, "session-edit": 56, "new": 52}


@pytest.mark.parametrize("count", [1, 3])
def test_pages_of_a_session_ask_as_often_for_three_photos_as_for_one(nurse, course, count, django_assert_num_queries):
    session = SessionFactory(course=course, performed_at=EARLIER)
    area = course.areas.get()
    for view in ["posterior", "lateral-left", "lateral-right"][:count]:
        PhotoFactory(course=course, session=session, view=view, area=area, taken_at=EARLIER)
        PhotoFactory(course=course, view=view, area=area, taken_at=EARLIER)
    nurse.get("/search/")

    with django_assert_num_queries(QUERIES["session"]):
        nurse.get(session.get_absolute_url())
    with django_assert_num_queries(QUERIES["session-edit"]):
        nurse.get(edit_url(session))
    with django_assert_num_queries(QUERIES["new"]):
        nurse.get(new_url(course))
