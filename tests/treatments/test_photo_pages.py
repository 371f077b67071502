"""The pages of photos: what a session wants, and what a photo shows."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from tests.clinic.access import client_of
from tests.factories import (
    CourseFactory,
    LocationFactory,
    PhotoFactory,
    ProtocolFactory,
    SessionFactory,
    TreatmentAreaFactory,
)
from tests.treatments.photographs import agree, page
from treatments.models import Photo, Shot

pytestmark = pytest.mark.django_db

FIRST = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def nurse(here):
    return client_of("staff", here)


@pytest.fixture
def course(here):
    return agree(CourseFactory(patient__location=here))


def form_of(photo, **changes):
    return {
        "version": photo.version,
        "view": photo.view,
        "posture": photo.posture,
        "taken_at": "2026-03-02T07:00",
        "consent_scope": "record",
    } | changes


def slots(response):
    return {slot.shot.key: (slot.photo, slot.last) for slot in response.context["slots"]}


def test_session_wants_what_the_protocol_wants_of_its_areas(nurse, here):
    thigh = CourseFactory(patient__location=here, areas=[TreatmentAreaFactory(code="thigh-back-left")])
    belly = CourseFactory(patient__location=here, areas=[TreatmentAreaFactory(code="abdomen")])

    assert list(slots(nurse.get(page(thigh)))) == [
        "posterior/relaxed",
        "posterior-oblique-left/relaxed",
        "posterior-oblique-right/relaxed",
        "lateral-left/relaxed",
        "lateral-right/relaxed",
    ]
    assert "anterior-oblique-left/relaxed" in slots(nurse.get(page(belly)))
    assert "posterior/relaxed" not in slots(nurse.get(page(belly)))


def test_photo_taken_fills_its_place_and_the_last_of_its_view_stands_beside_it(nurse, course):
    first, second = (SessionFactory(course=course, performed_at=FIRST + timedelta(days=7 * n)) for n in range(2))
    old = PhotoFactory(course=course, session=first)
    new = PhotoFactory(course=course, session=second, taken_at=second.performed_at)
    PhotoFactory(course=course, session=second, posture="contracted", taken_at=second.performed_at)

    response = nurse.get(page(course))

    assert slots(response)["posterior/relaxed"] == (new, old)
    assert response.context["missing"] == 4
    earlier = nurse.get(page(course), {"session": first.public_id})
    assert slots(earlier)["posterior/relaxed"] == (old, new)


def test_before_the_first_session_all_is_wanted(nurse, course):
    response = nurse.get(page(course))

    assert (response.context["session"], response.context["missing"]) == (None, 5)
    assert "5 of 5 views are missing." in response.content.decode()


def test_photo_that_failed_or_was_an_error_leaves_its_view_wanted(nurse, course):
    PhotoFactory(course=course, state="failed", failure="The photo is damaged or cut off. Send it again.")
    PhotoFactory(course=course, entered_in_error_at=FIRST, error_reason="Of her sister.")

    response = nurse.get(page(course))

    assert response.context["missing"] == 5
    words = response.content.decode()
    assert "The photo is damaged or cut off. Send it again." in words
    assert "Of her sister." in words


def test_protocol_that_wants_no_photo_takes_them_all_the_same(nurse, here):
    headache = CourseFactory(patient__location=here, protocol=ProtocolFactory(name="Headache"))

    response = nurse.get(page(headache))

    assert "This protocol wants no photos of its own." in response.content.decode()


def test_admin_says_what_a_protocol_wants(here):
    boss = client_of("admin", here)
    headache = ProtocolFactory(name="Headache")

    response = boss.post(
        reverse("admin:treatments_shot_add"),
        {"protocol": headache.pk, "view": "frontal", "posture": "relaxed", "order": 1},
    )

    assert response.status_code == 302
    assert Shot.objects.get(protocol=headache).title == "Face, frontal"


@pytest.mark.parametrize("count", [1, 3])
def test_page_asks_as_often_for_three_photos_as_for_one(nurse, course, django_assert_num_queries, count):
    for number in range(count):
        session = SessionFactory(course=course, performed_at=FIRST + timedelta(days=7 * number))
        area = course.areas.get()
        PhotoFactory(course=course, session=session, area=area, view="")
        PhotoFactory(course=course, session=session, area=area)
        PhotoFactory(course=course, state="failed", failure="Damaged.")
        PhotoFactory(course=course, area=area, session=session, entered_in_error_at=FIRST, error_reason="Twin.")
        PhotoFactory(course=course, state="received", view="lateral-left", width_px=None)
    nurse.get(page(course))

    with django_assert_num_queries(31):
        nurse.get(page(course))


def test_photo_that_waits_for_long_says_that_the_worker_may_not_run(nurse, course):
    photo = PhotoFactory(course=course, state="received", width_px=None)

    assert "1 photo is being prepared." in nurse.get(page(course)).content.decode()
    Photo.objects.filter(pk=photo.pk).update(received_at=FIRST)
    assert "its worker does not run" in nurse.get(page(course)).content.decode()


def test_photos_without_a_view_are_said_in_one_go(nurse, course):
    first, second = PhotoFactory.create_batch(2, course=course, view="")

    nurse.post(
        reverse("photo-sort", args=[course.public_id]),
        {f"shot-{first.public_id}": "posterior/contracted", f"shot-{second.public_id}": ""},
    )

    assert list(Photo.objects.order_by("pk").values_list("view", "posture", "version")) == [
        ("posterior", "contracted", 2),
        ("", "relaxed", 1),
    ]


def test_view_that_somebody_said_meanwhile_stays(nurse, course):
    photo = PhotoFactory(course=course, view="lateral-left")

    nurse.post(reverse("photo-sort", args=[course.public_id]), {f"shot-{photo.public_id}": "posterior/relaxed"})

    photo.refresh_from_db()
    assert photo.view == "lateral-left"


def test_what_a_photo_shows_is_corrected_with_its_history(nurse, course):
    photo = PhotoFactory(course=course)
    session = SessionFactory(course=course)

    response = nurse.post(photo.get_absolute_url(), form_of(photo, view="lateral-left", session=session.pk))

    photo.refresh_from_db()
    assert response.status_code == 302
    assert (photo.view, photo.session, photo.state) == ("lateral-left", session, "ready")
    assert photo.history.count() == 2


def test_of_two_who_correct_a_photo_the_second_sees_both(nurse, course):
    photo = PhotoFactory(course=course)
    nurse.post(photo.get_absolute_url(), form_of(photo, view="lateral-left"))

    response = nurse.post(photo.get_absolute_url(), form_of(photo, view="lateral-right"))

    rows = {row.label: (row.theirs, row.mine) for row in response.context["form"].conflict.differing}
    assert rows == {"View": ("Left side", "Right side")}
