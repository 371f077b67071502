"""Photos taken on the page of a session, while it is typed."""

import pytest

from tests.browser.test_csp_and_axe import WIDE, grave_faults
from tests.factories import CourseFactory, LocationFactory, UserFactory
from tests.pictures import picture
from tests.treatments.photographs import agree
from treatments.models import Photo, Session

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "reduced_motion": "reduce"}


@pytest.fixture
def course():
    return agree(CourseFactory(patient__location=LocationFactory()))


@pytest.fixture
def nurse_of(visit, course):
    return lambda **facts: visit(UserFactory(locations=[course.location]), **facts)


def log_page(course):
    return f"{course.get_absolute_url()}sessions/new/"


def snap(page, number, data):
    """Give a key the photo that its camera took."""
    file = {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": data}
    page.locator(".shot-key input").nth(number).set_input_files(file)


def test_photo_is_taken_from_the_page_and_what_is_typed_stays(nurse_of, course):
    nurse = nurse_of(**PHONE)
    page = nurse.page
    nurse.go(log_page(course))
    page.locator("#areas input[name='areas']").first.check(force=True)
    page.locator("#id_note").fill("Half a note")
    snap(page, 0, picture(with_exif=False))
    page.locator(".shot-key.is-taken").wait_for()
    snap(page, 0, picture(with_exif=False, colour="red"))
    page.get_by_text("2 of 5 views").wait_for()

    assert page.locator("#id_note").input_value() == "Half a note"
    assert not Session.objects.exists()
    assert page.evaluate(WIDE) is False
    assert grave_faults(page) == []
    page.locator("#session-status", has_text="Draft kept").wait_for()
    page.get_by_role("button", name="Save for signing").click()
    page.get_by_text("The session is saved as a draft.").wait_for()
    assert page.locator(".gallery img, .gallery .photo-thumb").count() == 2
    assert set(Photo.objects.values_list("session", flat=True)) == {Session.objects.get().pk}
    assert nurse.complaints == []


def test_file_that_is_no_photo_says_so_in_its_card(nurse_of, course):
    nurse = nurse_of(**PHONE)
    nurse.go(log_page(course))

    snap(nurse.page, 0, b"text")

    nurse.page.get_by_text("This is not a photo. JPEG, PNG, WebP and HEIC are taken.").wait_for()
    assert nurse.page.locator(".shot-key input").count() == 5
    assert not Photo.objects.exists()


def test_photo_that_did_not_arrive_says_so_and_is_taken_again(nurse_of, course):
    nurse = nurse_of(**PHONE)
    page = nurse.page
    nurse.go(log_page(course))
    page.route("**/photos/", lambda route: route.abort())
    snap(page, 0, picture(with_exif=False))
    page.get_by_text("The photo was not sent: no answer from the clinic.").wait_for()
    page.unroute("**/photos/")

    snap(page, 0, picture(with_exif=False))

    page.get_by_text("1 of 5 views").wait_for()
    assert Photo.objects.count() == 1


def test_without_a_script_the_keys_lead_to_the_photos_of_the_course(nurse_of, course):
    nurse = nurse_of(java_script_enabled=False)
    nurse.go(log_page(course))

    nurse.page.locator(".shot-key").locator("visible=true").first.click()

    assert nurse.path == f"{course.get_absolute_url()}photos/?session=none"
