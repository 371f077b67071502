"""Before a treatment: the questions are asked, and the consent is read and signed, as it is done on a tablet."""

import math

import pytest

from clinic.roles import Role
from patients.models import Consent, Screening
from tests.factories import ConsentFactory, LocationFactory, PatientFactory, ScreeningFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street")


@pytest.fixture
def nurse(here):
    return UserFactory(first_name="Sam", last_name="Adeyemi", locations=[here])


@pytest.fixture
def patient(here):
    return PatientFactory(location=here, given_name="Amara", family_name="Okonkwo")


def answer(page, code, value):
    page.locator(f"label:has(input[name='answer-{code}'][value='{value}'])").click()


def draw(page, *, start=0.1):
    """Draw one stroke: a wave from `start` on, half the field long."""
    pad = page.locator(".signature-pad")
    pad.scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    box = pad.bounding_box()

    def at(part):
        across, down = start + 0.3 * part, 0.5 - 0.25 * math.sin(part * 9)
        return box["x"] + across * box["width"], box["y"] + down * box["height"]

    page.mouse.move(*at(0))
    page.mouse.down()
    for step in range(1, 31):
        page.mouse.move(*at(step / 30))
    page.mouse.up()


def strokes_drawn(page):
    return page.locator(".signature-pad path").count()


def test_questions_are_asked_and_the_consent_is_signed(visit, here, nurse, patient):
    desk = visit(nurse)
    page = desk.page
    desk.go(patient.get_absolute_url())
    page.locator("#before-treatment + dl").get_by_role("link", name="Missing").first.click()

    assert page.locator("#id_detail-stroke").is_hidden()
    answer(page, "keloid", "yes")
    answer(page, "stroke", "yes")
    page.locator("#id_detail-stroke").fill("2011")
    answer(page, "stroke", "no")
    assert page.locator("#id_detail-stroke").is_hidden()
    assert desk.shows("2 of 30 answered")
    page.get_by_role("button", name="No to all the rest").click()
    assert desk.shows("30 of 30 answered")
    assert not Screening.objects.exists()
    page.get_by_role("button", name="Save the screening").click()
    page.wait_for_url("**/screenings/*/")

    assert desk.shows("The screening of Amara Okonkwo is recorded.")
    assert [found.question.code for found in Screening.objects.get().answers.filter(answer="yes")] == ["keloid"]

    page.get_by_role("link", name="Consent to treatment").click()
    page.get_by_role("button", name="Sign", exact=True).click()
    page.locator(".error-summary").wait_for()
    assert desk.shows("The signature is missing.")

    draw(page)
    draw(page, start=0.55)
    draw(page, start=0.2)
    assert strokes_drawn(page) == 3
    page.get_by_role("button", name="Undo stroke").click()
    assert strokes_drawn(page) == 2
    page.get_by_role("button", name="Sign", exact=True).click()
    page.wait_for_url("**/consents/")

    consent = Consent.objects.get()
    assert (consent.method, len(consent.strokes), consent.signer_name) == ("drawn", 2, "Amara Okonkwo")
    assert len(consent.strokes[0]) > 20
    assert consent.strokes[0][0] == pytest.approx([0.1, 0.5], abs=0.02)
    assert consent.is_intact()

    page.get_by_role("link", name="Version 1, signed").click()
    page.get_by_role("img", name="Signature of Amara Okonkwo").wait_for()
    assert desk.complaints == []


def test_name_is_typed_instead_and_what_was_drawn_is_not_sent(visit, nurse, patient):
    desk = visit(nurse)
    page = desk.page
    desk.go(f"{patient.get_absolute_url()}consents/new/?purpose=photo-record")
    draw(page)
    page.get_by_role("button", name="Type the name instead").click()
    page.locator("#id_typed").fill("Amara")
    page.get_by_role("button", name="Sign", exact=True).click()
    page.locator(".error-summary").wait_for()
    assert desk.shows("Type the name of the signer: Amara Okonkwo.")

    page.locator("#id_typed").fill("Amara Okonkwo")
    page.get_by_role("button", name="Sign", exact=True).click()
    page.wait_for_url("**/consents/")

    assert (Consent.objects.get().method, Consent.objects.get().strokes) == ("typed", [])
    assert desk.complaints == []


def test_finger_signs_for_a_patient_on_a_small_phone(visit, nurse, patient):
    small = {"width": 320, "height": 640}
    phone = visit(nurse, has_touch=True, is_mobile=True, viewport=small, reduced_motion="reduce")
    page = phone.page
    phone.go(f"{patient.get_absolute_url()}consents/new/")
    page.locator("label:has(input[name='signer'][value='other'])").click()
    page.locator("#id_signer_name").fill("Ada Okonkwo")
    page.locator("#id_signer_relation").fill("mother")
    pad = page.locator(".signature-pad")
    pad.evaluate("(pad) => pad.scrollIntoView({block: 'center'})")
    box = pad.bounding_box()
    touch = page.context.new_cdp_session(page)

    def finger(kind, *points):
        places = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    finger("touchStart", (0.1, 0.5))
    for step in range(1, 15):
        finger("touchMove", (0.1 + 0.05 * step, 0.5 + 0.02 * step))
    finger("touchEnd")
    assert strokes_drawn(page) == 1
    page.get_by_role("button", name="Sign", exact=True).click()
    page.wait_for_url("**/consents/")

    consent = Consent.objects.get()
    assert (consent.signer_name, consent.signer_relation, consent.method) == ("Ada Okonkwo", "mother", "drawn")
    assert phone.complaints == []


def test_signature_stays_when_something_else_is_wrong(visit, nurse, patient):
    desk = visit(nurse)
    page = desk.page
    desk.go(f"{patient.get_absolute_url()}consents/new/")
    page.locator("label:has(input[name='signer'][value='other'])").click()
    draw(page)
    page.get_by_role("button", name="Sign", exact=True).click()
    page.locator(".error-summary").wait_for()

    assert strokes_drawn(page) == 1
    assert desk.complaints == []


def test_consent_is_withdrawn(visit, nurse, patient):
    desk = visit(nurse)
    page = desk.page
    desk.go(ConsentFactory(patient=patient, expires_on=None).get_absolute_url())
    page.get_by_text("Withdraw", exact=True).click()
    page.locator("#id_withdrawal_reason").fill("Changed her mind")
    page.get_by_role("button", name="Withdraw the consent").click()
    page.get_by_text("The consent is withdrawn.").first.wait_for()

    assert Consent.objects.get().withdrawal_reason == "Changed her mind"
    assert desk.complaints == []


def test_all_of_it_without_a_script(visit, here, patient):
    doctor = UserFactory(role=Role.CLINICIAN, locations=[here])
    desk = visit(doctor, java_script_enabled=False)
    page = desk.page
    desk.go(f"{patient.get_absolute_url()}screening/new/")
    answer(page, "keloid", "yes")
    page.get_by_role("button", name="No to all the rest").click()
    page.get_by_role("button", name="Save the screening").click()
    assert Screening.objects.get().answers.filter(answer="no").count() == 29

    page.get_by_role("link", name="Consent to treatment").click()
    assert page.locator(".signature-pad").is_hidden()
    page.locator("#id_typed").fill("amara okonkwo")
    page.get_by_role("button", name="Sign", exact=True).click()
    assert desk.path == f"{patient.get_absolute_url()}consents/"
    assert Consent.objects.get().method == "typed"


def test_screening_of_another_patient_is_marked(visit, nurse, patient):
    desk = visit(nurse)
    page = desk.page
    desk.go(ScreeningFactory(patient=patient, answers={"keloid": "yes"}).get_absolute_url())
    page.get_by_text("Entered in error?").click()
    page.locator("#id_entered_in_error_reason").fill("Answers of another patient")
    page.get_by_role("button", name="Mark as entered in error").click()
    page.get_by_text("Entered in error: nothing rests on it.").wait_for()

    assert not Screening.objects.in_force().exists()
    assert desk.complaints == []
