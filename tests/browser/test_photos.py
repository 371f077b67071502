"""Photos in a browser: sent from a phone, sorted, and compared by hand and by keys."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.roles import Role
from tests.browser.test_csp_and_axe import WIDE, grave_faults
from tests.factories import CourseFactory, LocationFactory, PhotoFactory, SessionFactory, UserFactory
from tests.factories.treatments import FIRST_SESSION
from tests.pictures import picture
from tests.treatments.photographs import agree
from treatments.models import Photo

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "reduced_motion": "reduce"}


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def course(here):
    return agree(CourseFactory(patient__location=here))


@pytest.fixture
def nurse(visit, here):
    return visit(UserFactory(locations=[here]), **PHONE)


def upload(name, data):
    return {"name": name, "mimeType": "image/jpeg", "buffer": data}


def page_of(course):
    return reverse("course-photos", args=[course.public_id])


def compare_page(course):
    return reverse("photo-compare", args=[course.public_id])


def test_photos_of_a_phone_are_sent_sorted_and_compared(nurse, course):
    page = nurse.page
    nurse.go(page_of(course))
    page.locator(".slot-take input").first.set_input_files([upload("IMG_1.jpg", picture())])
    page.get_by_text("Taken", exact=True).first.wait_for()
    page.locator("#id_photos").set_input_files(
        [upload("IMG_2.jpg", picture(colour="red")), upload("IMG_3.heic", picture("HEIF", colour="blue"))]
    )
    page.get_by_role("button", name="Add the photos").click()
    page.get_by_role("heading", name="Which view is it").wait_for()
    page.locator("select[name^='shot-']").first.select_option("posterior/relaxed")
    page.get_by_role("button", name="Save the views").click()
    page.get_by_text("1 photo has its view.").wait_for()
    page.get_by_role("link", name="Compare").click()
    handle = page.get_by_label("Where the later photo begins")
    handle.wait_for()  # the script has uncovered it
    handle.focus()
    page.keyboard.press("ArrowLeft")

    assert page.locator(".compare-after img").evaluate("image => image.style.clipPath") == "inset(0px 0px 0px 49%)"
    assert page.evaluate(WIDE) is False
    assert grave_faults(page) == []
    assert nurse.complaints == []
    assert Photo.objects.ready().count() == 3


def test_slider_follows_the_finger(nurse, course):
    PhotoFactory.create_batch(2, course=course)
    nurse.go(compare_page(course))
    nurse.page.locator(".compare-range").wait_for()
    box = nurse.page.locator(".compare-range").bounding_box()

    nurse.page.touchscreen.tap(box["x"] + box["width"] * 0.25, box["y"] + box["height"] / 2)

    clipped = nurse.page.locator(".compare-after img").evaluate(
        "image => parseFloat(image.style.clipPath.split(' ')[3])"
    )
    assert 20 < clipped < 30
    handle = nurse.page.locator(".compare-handle svg").bounding_box()
    assert (handle["width"], handle["height"]) == (44, 44)


def test_file_that_is_no_photo_is_named_and_the_others_are_kept(nurse, course):
    nurse.go(page_of(course))
    nurse.page.locator("#id_photos").set_input_files(
        [upload("notes.jpg", b"Dear diary"), upload("IMG_1.jpg", picture())]
    )
    nurse.page.get_by_role("button", name="Add the photos").click()
    nurse.page.get_by_text("1 of 2 photos are received.").wait_for()

    assert nurse.shows("Not taken: notes.jpg: This is not a photo.")
    assert Photo.objects.count() == 1


def test_page_shows_a_photo_once_the_worker_has_drawn_it(nurse, course):
    photo = PhotoFactory(course=course, state="received")
    nurse.go(page_of(course))
    nurse.page.get_by_text("1 photo is being prepared.").wait_for()
    Photo.objects.filter(pk=photo.pk).update(state="ready")

    nurse.page.locator(".gallery img").wait_for()

    assert not nurse.shows("1 photo is being prepared.")
    assert nurse.complaints == []


def test_photo_is_sent_again_after_the_connection_was_lost(nurse, course):
    page = nurse.page
    nurse.go(page_of(course))
    page.context.set_offline(True)
    page.locator("#id_photos").set_input_files([upload("IMG_1.jpg", picture())])
    page.get_by_role("button", name="Add the photos").click()
    page.get_by_text("not sent. Check the connection").wait_for()
    page.context.set_offline(False)
    page.get_by_role("button", name="Add the photos").click()
    page.get_by_role("heading", name="Which view is it").wait_for()

    assert Photo.objects.count() == 1


def test_photo_is_taken_with_the_last_one_shining_through(nurse, course):
    page = nurse.page
    first, second = (SessionFactory(course=course, performed_at=FIRST_SESSION + timedelta(days=7 * n)) for n in (0, 1))
    PhotoFactory(course=course, session=first)
    nurse.go(page_of(course))
    page.get_by_role("button", name="Over the last one").click()
    page.get_by_label("How much the last photo shines through").fill("60")
    assert page.locator(".camera-view img").evaluate("image => image.style.opacity") == "0.6"
    assert grave_faults(page) == []
    page.get_by_role("button", name="Take and send").click()
    page.get_by_text("Taken", exact=True).wait_for()

    assert Photo.objects.ready().get(session=second).shot_key == "posterior/relaxed"
    assert nurse.complaints == []


def test_photos_without_a_script(visit, here, course):
    desk = visit(UserFactory(role=Role.CLINICIAN, locations=[here]), java_script_enabled=False)
    desk.go(page_of(course))
    desk.page.locator("#id_photos").set_input_files(
        [upload("a.jpg", picture()), upload("b.jpg", picture(colour="red"))]
    )
    desk.page.locator("#id_shot").select_option("posterior/relaxed")
    desk.page.get_by_role("button", name="Add the photos").click()
    assert desk.shows("2 photos are received.")
    desk.page.locator(".slot-take input").first.set_input_files([upload("c.jpg", picture(colour="blue"))])
    desk.page.get_by_role("button", name="Send", exact=True).first.click()

    assert Photo.objects.ready().count() == 3
    desk.go(compare_page(course))
    assert desk.page.locator(".compare-frame img:visible").count() == 2


@pytest.mark.parametrize("dark", [False, True])
def test_pages_of_photos_keep_the_policy_and_keep_nobody_out(visit, here, course, dark):
    doctor = visit(UserFactory(role=Role.CLINICIAN, locations=[here]), reduced_motion="reduce")
    session = SessionFactory(course=course)
    PhotoFactory.create_batch(3, course=course, session=session)
    PhotoFactory(course=course, view="")
    PhotoFactory(course=course, state="failed", failure="The photo is damaged or cut off. Send it again.")
    error = PhotoFactory(course=course, entered_in_error_at=timezone.now(), error_reason="Of her sister.")
    doctor.page.emulate_media(color_scheme="dark" if dark else "light")
    addresses = [
        page_of(course),
        compare_page(course),
        f"{compare_page(course)}?mode=side",
        f"{compare_page(course)}?mode=opacity",
        error.get_absolute_url(),
        course.photos.first().get_absolute_url(),
    ]
    for address in addresses:
        for width in (1440, 820, 390, 320):
            doctor.page.set_viewport_size({"width": width, "height": 844})
            doctor.go(address)
            assert doctor.page.evaluate(WIDE) is False, (address, width)
        assert grave_faults(doctor.page) == []
    assert doctor.complaints == []
