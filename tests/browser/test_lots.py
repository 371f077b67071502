"""Stock in a browser: a package is scanned in, its batch held and its patients listed, by keyboard and on a phone."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.roles import Role
from tests.browser.test_csp_and_axe import grave_faults, look_at
from tests.factories import (
    InjectionFactory,
    LocationFactory,
    LotFactory,
    PatientFactory,
    PreparationFactory,
    ProductFactory,
    SessionFactory,
    SideEffectFactory,
    SideEffectKindFactory,
    UserFactory,
)
from treatments.models import Lot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def doctor(here):
    return UserFactory(title="Dr", role=Role.CLINICIAN, locations=[here])


@pytest.fixture
def lot(here):
    """A lot under alert: three patients with one reaction, one of them by way of a preparation."""
    product = ProductFactory(name="Lidocaine mix", strength="1 %")
    lot = LotFactory(location=here, product=product, number="A-117", gtin="04006381333931")
    mixed = PreparationFactory(location=here, ingredients=[(lot, 10)])
    for source in ({"lot": lot}, {"lot": lot}, {"lot": None, "preparation": mixed}):
        session = SessionFactory(course__patient=PatientFactory(location=here, phone="+14155550117"), signed=True)
        InjectionFactory(session=session, **source)
        SideEffectFactory(session=session, kind=SideEffectKindFactory(code="nodule"))
    return lot


def test_a_package_is_scanned_and_received_by_keyboard(visit, doctor, lot):
    desk = visit(doctor)
    page = desk.page
    desk.go("/lots/new/")
    page.locator("#id_code").focus()
    page.keyboard.type("(01)04006381333931(17)291231(10)B-2")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#id_number').value === 'B-2'")
    assert page.locator("#id_product").input_value() == str(lot.product_id)
    assert page.locator("#id_expires_on").input_value() == "2029-12-31"
    page.locator("#id_each_ml").focus()
    page.keyboard.type("2,5")
    page.keyboard.press("Enter")
    page.wait_for_url("**/lots/*-*/")

    assert Lot.objects.get(number="B-2").received_ml * 2 == 5
    assert desk.complaints == []


def test_an_alert_leads_to_a_hold_and_to_the_recall_list_by_keyboard(visit, doctor, lot):
    desk = visit(doctor)
    page = desk.page
    desk.go(lot.get_absolute_url())
    assert desk.shows("Nodule in 3 of 3 patients with lot A-117 of Lidocaine mix 1 %.")
    page.locator(".note").get_by_role("link", name="Put on hold").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/hold/")
    page.locator("#id_reason").focus()
    page.keyboard.type("Three nodules.")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Put on hold").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**" + lot.get_absolute_url())
    page.get_by_role("link", name="Recall list").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/recall/")

    lot.refresh_from_db()
    assert lot.hold_reason == "Three nodules."
    assert page.locator("tbody tr").count() == 3
    assert page.locator("a[href^='tel:']").count() == 3
    assert desk.complaints == []


def test_a_lot_is_held_and_released_on_a_phone_without_a_script(visit, doctor, lot):
    desk = visit(doctor, viewport=PHONE, java_script_enabled=False)
    page = desk.page
    for button, reason in (("Put on hold", "Three nodules."), ("Release the lot", "All gone.")):
        desk.go(lot.get_absolute_url())
        page.locator(".page-actions").get_by_role("link", name=button).click()
        page.locator("#id_reason").fill(reason)
        page.get_by_role("button", name=button).click()
        page.wait_for_url("**" + lot.get_absolute_url())

    lot.refresh_from_db()
    assert (lot.held_at, lot.version) == (None, 3)


def test_a_preparation_is_mixed_with_one_row_more(visit, doctor, lot):
    desk = visit(doctor, viewport=PHONE)
    page = desk.page
    desk.go("/preparations/new/")
    page.locator("#id_name").fill("Body mixture")
    page.locator("#id_ingredients-0-lot").select_option(str(lot.pk))
    page.locator("#id_ingredients-0-volume_ml").fill("5")
    page.get_by_role("button", name="Add another lot").click()
    page.locator("#id_ingredients-3-lot").wait_for()
    assert page.locator("#id_ingredients-0-volume_ml").input_value() == "5"
    page.get_by_role("button", name="Mix", exact=True).click()
    page.wait_for_url("**/preparations/*-*/")

    assert desk.shows("5 ml of 5 ml")
    assert desk.complaints == []


def test_every_page_of_stock_fits_and_keeps_the_policy(visit, doctor, lot):
    held = LotFactory(location=lot.location, held=True)
    now = timezone.now()
    mixed = PreparationFactory(location=lot.location, mixed_at=now, use_by_at=now + timedelta(hours=4))
    boss = visit(doctor, reduced_motion="reduce")
    pages = [
        "/lots/",
        "/lots/?tab=low",
        "/lots/?tab=held",
        "/lots/new/",
        lot.get_absolute_url(),
        held.get_absolute_url(),
        *(reverse(name, args=[lot.public_id]) for name in ("lot-change", "lot-hold", "lot-recall")),
        reverse("lot-release", args=[held.public_id]),
        "/preparations/",
        "/preparations/new/",
        mixed.get_absolute_url(),
    ]

    assert [fault for dark in (False, True) for address in pages for fault in look_at(boss, address, dark=dark)] == []
    boss.page.set_viewport_size(PHONE)
    boss.go("/lots/new/")
    boss.page.get_by_role("button", name="Receive the lot").click()
    boss.page.locator(".error-summary").wait_for()
    assert grave_faults(boss.page) == []
    assert boss.complaints == []
