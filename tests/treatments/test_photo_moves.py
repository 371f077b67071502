"""Photos that are in the wrong course, or in none rightly: moved or withdrawn, with the reason."""

import re
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from tests.clinic.access import client_of
from tests.factories import (
    CourseFactory,
    LocationFactory,
    PatientFactory,
    PhotoFactory,
    SessionFactory,
)
from tests.treatments.photographs import agree, page, sign_for
from treatments.photo_files import path_of

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


def move(client, photo, patient, **changes):
    form = {"record_number": patient.record_number, "reason": "Of the twin sister.", "version": photo.version}
    return client.post(reverse("photo-move", args=[photo.public_id]), form | changes)


@pytest.fixture
def twin(here):
    patient = PatientFactory(location=here, given_name="Chidi")
    sign_for(patient, "photo-record")
    return patient


def test_photo_of_the_twin_is_moved_to_her_with_the_reason(nurse, course, twin):
    right = CourseFactory(patient=twin)
    photo = PhotoFactory(course=course, session=SessionFactory(course=course))

    response = move(nurse, photo, twin)

    photo.refresh_from_db()
    assert (response.status_code, response.url) == (302, page(course))
    assert (photo.course, photo.session, photo.view) == (right, None, "posterior")
    assert [record.history_change_reason for record in photo.history.all()] == ["Moved: Of the twin sister.", None]
    assert photo not in nurse.get(page(course)).context["page"].rows
    assert photo in nurse.get(page(right)).context["page"].rows


def test_of_several_courses_one_is_chosen(nurse, course, twin):
    first = CourseFactory(patient=twin, status="completed")
    CourseFactory(patient=twin)
    photo = PhotoFactory(course=course)

    response = move(nurse, photo, twin)
    assert "has several courses. Choose one." in response.content.decode()
    move(nurse, photo, twin, course=first.pk)

    photo.refresh_from_db()
    assert photo.course == first


def test_photo_is_moved_between_courses_of_one_patient(nurse, course):
    before = CourseFactory(patient=course.patient, status="completed")
    photo = PhotoFactory(course=course)

    move(nurse, photo, course.patient)

    photo.refresh_from_db()
    assert photo.course == before


@pytest.mark.parametrize("number", ["", "MT-000000-0", "Amara", "MT-9", "\u202e"])
def test_number_that_is_nobodys_moves_nothing(nurse, course, twin, number):
    photo = PhotoFactory(course=course)

    response = move(nurse, photo, twin, record_number=number)

    photo.refresh_from_db()
    assert (response.status_code, photo.course) == (200, course)
    assert "record_number" in response.context["move_form"].errors


def test_patient_of_another_place_gets_no_photo(nurse, course):
    photo = PhotoFactory(course=course)

    response = move(nurse, photo, CourseFactory().patient)

    assert "There is no patient of this record number here." in response.content.decode()


def test_patient_without_a_course_gets_no_photo(nurse, course, twin):
    assert "has no other course. Start one first." in move(nurse, PhotoFactory(course=course), twin).content.decode()


def test_move_needs_a_reason(nurse, course, twin):
    CourseFactory(patient=twin)

    response = move(nurse, PhotoFactory(course=course), twin, reason=" ")

    assert "Say why. It stays with the photo." in response.content.decode()


def test_photo_that_is_in_the_other_course_already_is_not_moved(nurse, course, twin):
    photo = PhotoFactory(course=course)
    PhotoFactory(course=CourseFactory(patient=twin), sha256=photo.sha256)

    response = move(nurse, photo, twin)

    photo.refresh_from_db()
    assert "This photo is in that course already." in response.content.decode()
    assert photo.course == course


def test_photo_that_somebody_changed_meanwhile_is_not_moved(nurse, course, twin):
    CourseFactory(patient=twin)

    response = move(nurse, PhotoFactory(course=course), twin, version=7)

    assert "Somebody changed this photo meanwhile." in response.content.decode()


def withdraw(client, photo, **changes):
    form = {"reason": "Blurred.", "version": photo.version} | changes
    return client.post(reverse("photo-error", args=[photo.public_id]), form)


def test_photo_entered_in_error_is_left_out_and_kept(nurse, course):
    photo = PhotoFactory(course=course)

    withdraw(nurse, photo)

    photo.refresh_from_db()
    assert (photo.is_in_error, photo.error_reason) == (True, "Blurred.")
    assert nurse.get(page(course)).context["page"].rows == []
    assert "Blurred." in nurse.get(photo.get_absolute_url()).content.decode()
    assert path_of(photo, "full").exists()


def test_each_question_of_the_page_has_a_name_of_its_own(nurse, course):
    words = nurse.get(PhotoFactory(course=course).get_absolute_url()).content.decode()

    ids = re.findall(r' id="([^"]+)"', words)
    assert len(ids) == len(set(ids))


def test_error_needs_a_reason(nurse, course):
    photo = PhotoFactory(course=course)

    assert "Say why." in withdraw(nurse, photo, reason="").content.decode()


def test_photo_that_was_no_error_counts_again(nurse, course):
    photo = PhotoFactory(course=course, entered_in_error_at=FIRST, error_reason="Blurred.")

    withdraw(nurse, photo, step="back", reason="")

    assert nurse.get(page(course)).context["page"].rows == [photo]


def test_photo_that_came_again_meanwhile_does_not_count_twice(nurse, course):
    photo = PhotoFactory(course=course, entered_in_error_at=FIRST, error_reason="Blurred.")
    PhotoFactory(course=course, sha256=photo.sha256)

    response = withdraw(nurse, photo, step="back", reason="")

    photo.refresh_from_db()
    assert "This photo is in that course already." in response.content.decode()
    assert photo.is_in_error
