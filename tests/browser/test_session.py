"""A session in a browser: how many taps it takes, and that nothing typed is lost whatever happens to the page."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.sessions.models import Session as SignIn
from django.urls import reverse
from django.utils import timezone

from clinic.roles import Role
from tests.browser.daytime import zone_at_noon
from tests.browser.test_csp_and_axe import grave_faults
from tests.factories import (
    PASSWORD,
    AppointmentFactory,
    ConsentFactory,
    CourseFactory,
    InjectionFactory,
    LocationFactory,
    LotFactory,
    ScreeningFactory,
    SessionFactory,
    TreatmentAreaFactory,
    UserFactory,
)
from treatments.models import Appointment, Injection, Lot, Session, WorkingCopy

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

LEFT, RIGHT = "thigh-back-left", "thigh-back-right"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street", time_zone=zone_at_noon())


@pytest.fixture
def doctor(here):
    return UserFactory(title="Dr", first_name="Ines", last_name="Moreau", role=Role.CLINICIAN, locations=[here])


@pytest.fixture
def lot(here):
    return LotFactory(location=here, number="LOT-1", expires_on=date(2099, 12, 31))


@pytest.fixture
def course(here, doctor):
    """A course whose patient may be treated today."""
    areas = [TreatmentAreaFactory(code=code) for code in (LEFT, RIGHT)]
    course = CourseFactory(patient__location=here, clinician=doctor, started_on=date(2020, 1, 1), areas=areas)
    yesterday = timezone.now() - timedelta(days=1)
    ScreeningFactory(patient=course.patient, answered_at=yesterday, recorded_by=doctor)
    ConsentFactory(patient=course.patient, signed_at=yesterday, recorded_by=doctor, expires_on=None)
    return course


@pytest.fixture
def last(course, lot):
    """Let the course have had a session nine days ago: 3 ml left, with a point placed, and 1 ml right."""
    performed_at = timezone.now() - timedelta(days=9)
    session = SessionFactory(
        course=course, performed_at=performed_at, given=True, signed=True, map_points={LEFT: [["back", 0.42, 0.6]]}
    )
    session.injections.all().delete()
    Lot.objects.exclude(pk=lot.pk).delete()
    for code, volume, points in ((LEFT, 3, 60), (RIGHT, 1, 20)):
        InjectionFactory(
            session=session, lot=lot, area=TreatmentAreaFactory(code=code), volume_ml=Decimal(volume), points=points
        )
    return session


def url_of(course):
    return reverse("session-new", args=[course.public_id])


class Taps:
    """Counts what a finger does."""

    def __init__(self, visitor, *, touch=False):
        self.page, self.touch, self.count = visitor.page, touch, 0

    def tap(self, locator):
        (locator.tap if self.touch else locator.click)()
        self.count += 1

    def choose(self, name, value):
        self.tap(self.page.locator(f"label:has(input[name='{name}'][value='{value}'])"))


def is_kept(visitor):
    visitor.page.locator("#session-status", has_text="Draft kept").wait_for()


def keeping(visitor):
    """Return a context that waits until the server answered the next sending of what is typed."""
    return visitor.page.expect_response(lambda response: "/keep/" in response.url and response.status == 200)


def note(visitor):
    return visitor.page.locator("#id_note")


def signed_of(course):
    return Session.objects.signed().filter(course=course).count()


# In a minute.


@pytest.mark.parametrize("touch", [False, True])
def test_uneventful_repeat_session_takes_seven_taps_from_today_to_signed(visit, doctor, course, lot, last, touch):
    AppointmentFactory(
        course=course,
        practitioner=doctor,
        starts_at=timezone.now() - timedelta(minutes=5),
        status=Appointment.Status.IN_ROOM,
        arrived_at=timezone.now() - timedelta(minutes=15),
    )
    desk = visit(doctor, **(PHONE if touch else {}))
    desk.go("/")
    finger = Taps(desk, touch=touch)

    finger.tap(desk.page.get_by_role("link", name="Log session 2"))
    finger.tap(desk.page.get_by_role("button", name="Same as session 1"))
    desk.page.locator("#id_drawn-0[value='4']").wait_for()
    finger.choose("asked_back", "none")
    finger.tap(desk.page.get_by_role("button", name="No to all"))
    desk.page.locator("#id_weight_kg").fill("69.5")
    finger.choose("reactions", "none")
    finger.choose("pain", "2")
    finger.tap(desk.page.get_by_role("button", name="Sign", exact=True))
    desk.page.get_by_text("The session is signed.").wait_for()

    assert finger.count == 7
    (made,) = Session.objects.exclude(pk=last.pk)
    facts = Injection.objects.filter(session=made).values_list("area__code", "lot", "volume_ml", "points")
    assert set(facts) == {(LEFT, lot.pk, Decimal("3.000"), 60), (RIGHT, lot.pk, Decimal("1.000"), 20)}
    assert (made.map_points, made.pain, made.weight_kg) == (last.map_points, 2, Decimal("69.50"))
    assert (made.asked_back, made.reactions_asked) == ("none", "none")
    assert set(made.screening.answers.values_list("answer", flat=True)) == {"no"}
    assert made.appointment.status == Appointment.Status.DONE
    assert desk.complaints == []


def test_page_after_signing_leads_to_the_lot(visit, doctor, course, lot, last):
    desk = visit(doctor)
    desk.go(last.get_absolute_url())

    desk.page.get_by_role("link", name="LOT-1").click()

    desk.page.wait_for_url(f"**{lot.get_absolute_url()}")
    desk.page.get_by_text(course.patient.full_name).first.wait_for()
    assert desk.complaints == []


def test_first_session_is_signed_on_one_page(visit, doctor, course, lot):
    desk = visit(doctor)
    desk.go(url_of(course))
    page, finger = desk.page, Taps(desk)

    finger.tap(page.get_by_role("button", name="No to all"))
    page.locator("#id_weight_kg").fill("69.5")
    page.locator("#id_source-0").select_option(f"lot:{lot.public_id}")
    page.locator("#id_drawn-0").fill("4")
    for code in (LEFT, RIGHT):
        page.locator(f".bodymap-editor [data-figure=back] [data-zone={code}]").click()
    finger.choose("reactions", "none")
    finger.choose("pain", "2")
    finger.tap(page.get_by_role("button", name="Sign", exact=True))
    page.get_by_text("The session is signed.").wait_for()

    made = Session.objects.get()
    assert {row.area.code for row in made.injections.all()} == {LEFT, RIGHT}
    assert sum(row.volume_ml for row in made.injections.all()) == Decimal("4.000")
    assert desk.complaints == []


def test_list_of_what_is_left_shortens_while_the_page_is_filled_in(visit, doctor, course, lot, last):
    desk = visit(doctor)
    desk.go(url_of(course))
    left = desk.page.locator("#session-rail .checks .is-prolonged")
    before = left.count()

    with keeping(desk):
        desk.page.get_by_role("button", name="No to all").click()
    is_kept(desk)
    desk.page.wait_for_function(
        "(before) => document.querySelectorAll('#session-rail .checks .is-prolonged').length < before", arg=before
    )

    assert left.count() == before - 1
    assert desk.complaints == []


def test_signing_and_booking_the_next_takes_one_tap_more_of_thought_and_none_of_the_finger(
    visit, doctor, course, lot, last
):
    desk = visit(doctor)
    desk.go(url_of(course))
    finger = Taps(desk)
    finger.tap(desk.page.get_by_role("button", name="Same as session 1"))
    desk.page.locator("#id_drawn-0[value='4']").wait_for()
    finger.choose("asked_back", "none")
    finger.tap(desk.page.get_by_role("button", name="No to all"))
    desk.page.locator("#id_weight_kg").fill("69.5")
    finger.choose("reactions", "none")
    finger.choose("pain", "2")
    finger.tap(desk.page.get_by_role("button", name="Sign and book next"))
    desk.page.get_by_text("The session is signed and the next one booked.").wait_for()

    assert (signed_of(course), Appointment.objects.filter(status="booked").count()) == (2, 1)
    assert desk.complaints == []


# Nothing typed is lost.


def test_note_is_back_after_the_browser_died_in_the_middle_of_it(visit, doctor, course, lot):
    desk = visit(doctor)
    desk.go(url_of(course))
    desk.page.locator("#id_weight_kg").fill("69.5")
    note(desk).press_sequentially("Half a note about the left thi")
    desk.page.wait_for_timeout(2000)
    desk.page.context.close()

    again = visit(doctor)
    again.go(url_of(course))

    assert note(again).input_value() == "Half a note about the left thi"
    assert again.page.locator("#id_weight_kg").input_value() == "69.5"
    again.page.get_by_text("Goes on from what").wait_for()
    assert desk.complaints + again.complaints == []


def test_note_typed_in_the_last_second_goes_along_when_the_tab_is_left(visit, doctor, course, lot):
    desk = visit(doctor)
    desk.go(url_of(course))
    desk.page.on("dialog", lambda dialog: dialog.accept())
    note(desk).press_sequentially("Last words")

    # What is sent on leaving is no request that the browser tells of: the copy says that it came.
    desk.go(course.get_absolute_url())
    desk.page.wait_for_timeout(1500)

    assert WorkingCopy.objects.get().typed["note"] == ["Last words"]
    # The browser lets nobody wait for the answer to what is sent on leaving, and calls that a failure.
    assert [words for words in desk.complaints if not words.endswith("/sessions/keep/ failed")] == []


def test_second_tab_sees_both_versions_and_may_keep_its_own(visit, doctor, course, lot):
    one, two = visit(doctor), visit(doctor)
    for tab in (one, two):
        tab.go(url_of(course))
    note(one).fill("From one.")
    is_kept(one)

    note(two).fill("From two.")
    other = two.page.locator("#session-other")
    other.get_by_text("types this session on another page").wait_for()
    assert "From one." in other.inner_text()
    assert "From two." in other.inner_text()
    assert note(two).input_value() == "From two."
    assert WorkingCopy.objects.get().typed["note"] == ["From one."]

    with keeping(two):
        other.get_by_role("button", name="Keep what stands here").click()
    is_kept(two)
    two.page.wait_for_function("!document.querySelector('#session-other').innerText.trim()")
    assert WorkingCopy.objects.get().typed["note"] == ["From two."]
    assert one.complaints + two.complaints == []


def test_what_is_typed_while_signed_out_is_kept_again_after_signing_in_on_another_tab(visit, doctor, course, lot):
    desk = visit(doctor)
    desk.go(url_of(course))
    desk.page.locator(f".bodymap-editor [data-figure=back] [data-zone={LEFT}]").click()
    note(desk).press_sequentially("Before. ")
    is_kept(desk)

    SignIn.objects.all().delete()
    note(desk).press_sequentially("Signed out. ")
    trouble = desk.page.locator("#session-trouble")
    desk.page.locator("#sign-in").get_by_text("You were signed out").wait_for()
    assert "You are signed out." in trouble.text_content()
    assert note(desk).input_value() == "Before. Signed out. "
    assert desk.page.url.endswith(url_of(course))

    door = desk.page.context.new_page()
    door.goto(f"{desk.base}/accounts/login/")
    door.locator("[name=login]").fill(doctor.email)
    door.locator("[name=password]").fill(PASSWORD)
    with keeping(desk):  # the page finds out by itself
        door.get_by_role("button", name="Sign in", exact=True).click()
        door.wait_for_url(f"{desk.base}/")
    desk.page.locator("#sign-in").wait_for(state="hidden")
    desk.page.bring_to_front()

    with keeping(desk):
        note(desk).press_sequentially("And after.")
    trouble.wait_for(state="hidden")
    assert WorkingCopy.objects.get().typed["note"] == ["Before. Signed out. And after."]

    desk.page.get_by_role("button", name="Save draft").click()
    desk.page.get_by_text("The session is saved as a draft.").wait_for()
    assert Session.objects.get().note == "Before. Signed out. And after."
    assert [words for words in desk.complaints if "401" not in words] == []


def test_refused_page_comes_back_with_all_of_it(visit, doctor, course, lot, last):
    desk = visit(doctor)
    desk.go(url_of(course))
    page = desk.page
    note(desk).fill("A long and careful note.")
    page.locator("#id_source-0").select_option(f"lot:{lot.public_id}")
    page.locator("#id_drawn-0").fill("5000")
    page.get_by_role("button", name="Sign", exact=True).click()
    page.locator(".error-summary").wait_for()

    assert note(desk).input_value() == "A long and careful note."
    assert page.locator("#id_drawn-0").input_value() == "5000"
    assert page.locator("#id_source-0").input_value() == f"lot:{lot.public_id}"
    assert desk.complaints == []


def test_discarded_page_is_back_with_one_tap(visit, doctor, course, lot):
    desk = visit(doctor)
    desk.go(url_of(course))
    note(desk).fill("Half a note")
    is_kept(desk)
    desk.go(url_of(course))
    desk.page.get_by_role("button", name="Discard").click()
    desk.page.get_by_text("What was typed is discarded.").wait_for()

    desk.page.get_by_role("button", name="Undo").click()
    desk.page.wait_for_url(f"**{url_of(course)}")

    assert note(desk).input_value() == "Half a note"
    assert desk.complaints == []


# To see and to hear.


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_filled_page_with_what_stands_against_it_keeps_nobody_out(visit, doctor, course, lot, last, width, scheme):
    course.patient.consents.get().withdraw(reason="Changed plans.", by=doctor, now=timezone.now(), version=1)
    desk = visit(
        doctor, viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce", has_touch=True
    )
    desk.go(url_of(course))
    desk.page.get_by_role("button", name="Same as session 1").click()
    desk.page.locator("#id_drawn-0[value='4']").wait_for()
    finger = Taps(desk)
    finger.choose("asked_back", "some")
    finger.choose("reactions", "burning")
    finger.choose("screening-fever_infection", "yes")
    finger.choose("pain", "2")
    is_kept(desk)
    desk.page.get_by_text("The consent to the treatment was withdrawn.").first.wait_for()

    assert grave_faults(desk.page) == []
    assert not desk.page.evaluate(WIDE)
    assert desk.complaints == []


def test_what_an_answer_asks_for_shows_once_it_is_given(visit, doctor, course, lot, last):
    desk = visit(doctor)
    desk.go(url_of(course))
    finger, kind = Taps(desk), desk.page.locator("#id_new_kind")
    assert not kind.is_visible()

    finger.choose("asked_back", "some")
    kind.wait_for()
    finger.choose("asked_back", "none")
    assert not kind.is_visible()


def test_page_works_without_a_script(visit, doctor, course, lot, last):
    desk = visit(doctor, java_script_enabled=False)
    desk.go(url_of(course))
    page, finger = desk.page, Taps(desk)
    finger.tap(page.get_by_role("button", name="Same as session 1"))
    finger.choose("asked_back", "none")
    for code in ("pregnancy", "new_medicines", "fever_infection", "unwell_after_last"):
        finger.choose(f"screening-{code}", "no")
    page.locator("#id_weight_kg").fill("69.5")
    finger.choose("reactions", "none")
    finger.choose("pain", "2")
    finger.tap(page.get_by_role("button", name="Sign", exact=True))

    page.get_by_text("The session is signed.").wait_for()
    assert signed_of(course) == 2


def test_point_placed_by_a_thumb_is_in_the_record(visit, doctor, course, lot):
    desk = visit(doctor, **PHONE)
    desk.go(url_of(course))
    page = desk.page
    page.locator(f".bodymap-editor [data-figure=back] [data-zone={LEFT}]").tap()
    page.locator(f"[data-area={LEFT}]").get_by_role("button", name="Place points").tap()
    box = page.locator(f".bodymap-editor [data-figure=back] [data-zone={LEFT}]").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function(f"document.querySelector('[name=map-{LEFT}]').value.length > 4")
    is_kept(desk)

    page.get_by_role("button", name="Save draft").tap()
    page.get_by_text("The session is saved as a draft.").wait_for()

    ((figure, x, y),) = Session.objects.get().map_points[LEFT]
    assert (figure, 0 < x < 1, 0 < y < 1) == ("back", True, True)
    assert desk.complaints == []
