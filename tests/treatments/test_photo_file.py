"""The file of a photo: for those who treat, and kept in no cache."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from clinic.roles import Role
from tests.clinic.access import client_of
from tests.factories import (
    CourseFactory,
    LocationFactory,
    PhotoFactory,
)
from tests.treatments.photographs import address
from treatments.photo_files import SIZES, path_of

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
    return CourseFactory(patient__location=here)


@pytest.mark.parametrize(("size", "kind"), [("320", "image/webp"), ("1280", "image/webp"), ("full", "image/jpeg")])
def test_file_is_private_and_kept_nowhere(nurse, course, size, kind):
    photo = PhotoFactory(course=course)

    response = nurse.get(address(photo, size))

    assert b"".join(response) == path_of(photo, size).read_bytes()
    assert response.headers["Content-Type"] == kind
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"].startswith('inline; filename="photo-2026-03-02')
    assert not response.has_header("ETag")


def test_file_is_handed_out_by_the_proxy_where_the_setting_says_so(nurse, course, settings):
    settings.PHOTO_ACCEL_PREFIX = "/protected/photos/"
    photo = PhotoFactory(course=course)

    response = nurse.get(address(photo))

    name = photo.stored_name
    assert response.headers["X-Accel-Redirect"] == f"/protected/photos/{name[:2]}/{name}-320.webp"
    assert (response.content, response.headers["Cache-Control"]) == (b"", "private, no-store")


@pytest.mark.parametrize("size", ["640", "incoming", "..", "full.jpg"])
def test_other_sizes_are_not_there(nurse, course, size):
    photo = PhotoFactory(course=course)

    assert nurse.get(f"/photos/{photo.public_id}/{size}/").status_code == 404


def test_file_that_is_gone_is_not_there(nurse, course):
    photo = PhotoFactory(course=course)
    path_of(photo, "320").unlink()

    assert nurse.get(address(photo)).status_code == 404


@pytest.mark.parametrize(
    ("who", "answers"), [("stranger", 302), ("admin", 403), ("deactivated", 302), ("clinician", 200), ("staff", 200)]
)
def test_file_is_for_those_who_treat(here, course, who, answers):
    assert client_of(who, here).get(address(PhotoFactory(course=course))).status_code == answers


def test_file_of_another_place_is_not_there(nurse):
    assert [nurse.get(address(PhotoFactory(), size)).status_code for size in SIZES] == [404] * 3


def test_nothing_is_served_from_a_folder(nurse, course):
    name = PhotoFactory(course=course).stored_name

    for where in ("media", "photos", "protected", "static"):
        assert nurse.get(f"/{where}/{name[:2]}/{name}.jpg").status_code == 404


def test_admin_sees_who_took_which_and_no_picture(here, course):
    photo = PhotoFactory(course=course)
    boss = client_of("admin", here)

    words = boss.get(reverse("admin:treatments_photo_change", args=[photo.pk])).content.decode()

    assert photo.sha256 in words
    assert str(photo.public_id) + "/320" not in words
    assert client_of(Role.ADMIN.lower(), here).get(photo.get_absolute_url()).status_code == 403
