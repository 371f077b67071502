"""No photo without the patient's consent to what it is to be used for."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from tests.clinic.access import client_of
from tests.factories import CourseFactory, LocationFactory, PhotoFactory
from tests.treatments.photographs import agree, file, page, send, sign_for
from treatments.models import Photo
from treatments.photo_consent import refusal_of_photos

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 19, 0, tzinfo=UTC)
ALL = ["photo-record", "photo-teaching", "photo-marketing"]


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
def course(here):
    return CourseFactory(patient__location=here)


def refusal(course, scope):
    return str(refusal_of_photos(course.patient, Photo.Scope(scope), NOW) or "")


def signing_page(course, purpose):
    return f"{reverse('consent-new', args=[course.patient.public_id])}?purpose={purpose}"


@pytest.mark.parametrize(
    ("scope", "signed", "lacking"),
    [
        ("record", [], "photographs for the record"),
        ("record", ["treatment", "photo-marketing"], "photographs for the record"),
        ("record", ["photo-record"], ""),
        ("teaching", ["photo-record"], "photographs for teaching"),
        ("teaching", ["photo-teaching"], "photographs for the record"),
        ("teaching", ["photo-record", "photo-teaching"], ""),
        ("marketing", ["photo-record", "photo-teaching"], "photographs for marketing"),
        ("marketing", ["photo-record", "photo-marketing"], "photographs for teaching"),
        ("marketing", ALL, ""),
    ],
)
def test_each_use_rests_on_its_own_consent_and_on_the_narrower_ones(course, scope, signed, lacking):
    for purpose in signed:
        sign_for(course.patient, purpose)

    assert refusal(course, scope) == (f"There is no consent to {lacking}." if lacking else "")


def test_consent_that_was_withdrawn_or_has_expired_is_none(course):
    consent = sign_for(course.patient, "photo-record")
    consent.withdraw(reason="Changed her mind.", by=course.clinician, now=NOW, version=consent.version)
    assert refusal(course, "record") == "The consent to photographs for the record was withdrawn."

    other = CourseFactory(patient__location=course.location)
    consent = sign_for(other.patient, "photo-record")
    consent.expires_on = date(2026, 3, 1)
    consent.save()
    assert refusal(other, "record") == "The consent to photographs for the record has expired."


def test_photo_without_consent_is_not_kept_and_the_page_to_sign_it_is_named(nurse, course):
    response = send(nurse, course, file())

    words = response.content.decode()
    assert "There is no consent to photographs for the record." in words
    assert f'<a href="{signing_page(course, "photo-record")}">Let the patient sign it</a>' in words
    assert not Photo.objects.exists()


def test_script_is_told_where_the_consent_is_signed(nurse, course):
    response = send(agree(course) and nurse, course, file(), consent_scope="teaching", script=True)

    assert (response.status_code, response.json()) == (
        422,
        {
            "received": 0,
            "refused": ["There is no consent to photographs for teaching."],
            "way_out": {"words": "Let the patient sign it", "url": signing_page(course, "photo-teaching")},
        },
    )


def test_page_of_photos_says_beforehand_that_none_is_taken(nurse, course):
    assert "There is no consent to photographs for the record." in nurse.get(page(course)).content.decode()
    assert "There is no consent" not in nurse.get(page(agree(course))).content.decode()


def correct(nurse, photo, scope):
    form = {"version": photo.version, "view": "posterior", "posture": "relaxed", "taken_at": "2026-03-02T07:00"}
    return nurse.post(photo.get_absolute_url(), form | {"consent_scope": scope})


def test_wider_use_needs_its_consent_and_a_narrower_one_none(nurse, course):
    photo = PhotoFactory(course=course, consent_scope="teaching")

    assert "consent_scope" in correct(nurse, photo, "marketing").context["form"].errors
    assert correct(nurse, photo, "record").status_code == 302


def test_page_of_a_photo_says_that_its_consent_was_withdrawn(nurse, course):
    consent = sign_for(course.patient, "photo-record")
    photo = PhotoFactory(course=course)
    assert "was withdrawn" not in nurse.get(photo.get_absolute_url()).content.decode()

    consent.withdraw(reason="Changed her mind.", by=course.clinician, now=NOW + timedelta(0), version=consent.version)

    assert (
        "The consent to photographs for the record was withdrawn."
        in nurse.get(photo.get_absolute_url()).content.decode()
    )


def test_photo_does_not_move_to_somebody_who_did_not_agree_to_its_use(nurse, course, here):
    photo = PhotoFactory(course=agree(course, *ALL), consent_scope="teaching")
    other = agree(CourseFactory(patient__location=here))

    response = nurse.post(
        reverse("photo-move", args=[photo.public_id]),
        {"record_number": other.patient.record_number, "reason": "Of her sister.", "version": photo.version},
    )

    assert "There is no consent to photographs for teaching." in str(response.context["move_form"].errors)
    photo.refresh_from_db()
    assert photo.course == course
