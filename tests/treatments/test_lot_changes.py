"""Correcting what is left, and putting a batch on hold and back."""

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import InjectionFactory, LocationFactory, LotFactory, SessionFactory, UserFactory
from treatments.lots import events
from treatments.models import Lot, StockChange

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street", time_zone="UTC")


@pytest.fixture
def doctor(client, here):
    user = UserFactory(role=Role.CLINICIAN, locations=[here])
    client.force_login(user)
    return user


@pytest.fixture
def lot(here):
    """Twenty millilitres, of which eight were injected."""
    lot = LotFactory(location=here, received_ml=20, number="A-117")
    InjectionFactory(lot=lot, session=SessionFactory(course__patient__location=here), volume_ml=8)
    return lot


def url(lot, name="lot-change"):
    return reverse(name, args=[lot.public_id])


def correction(kind, amount, **changes):
    return {
        "form_token": str(uuid.uuid4()),
        "kind": kind,
        "amount_ml": amount,
        "seen_ml": "12.000",
        "reason": "Dropped.",
    } | changes


def left(lot):
    return Lot.objects.with_stock().get(pk=lot.pk).remaining_ml


def errors(response):
    return {name: list(texts) for name, texts in response.context["form"].errors.items()}


def said(response):
    return [str(message) for message in response.context["messages"]]


@pytest.mark.parametrize(
    ("kind", "amount", "volume", "rest"),
    [
        ("wasted", "2", "-2", "10"),
        ("returned", "12", "-12", "0"),
        ("wasted", "0,5", "-0.5", "11.5"),
        ("counted", "11", "-1", "11"),
        ("counted", "13.5", "1.5", "13.5"),
        ("counted", "0", "-12", "0"),
    ],
)
def test_stock_is_corrected_with_a_reason(client, doctor, lot, kind, amount, volume, rest):
    response = client.post(url(lot), correction(kind, amount))

    change = StockChange.objects.get()
    assert response.url == lot.get_absolute_url()
    assert (change.kind, change.volume_ml, change.reason) == (kind, Decimal(volume), "Dropped.")
    assert (change.made_by, change.made_at, left(lot)) == (doctor, NOW, Decimal(rest))


def test_more_than_is_left_is_refused_and_says_what_is_left(client, doctor, lot):
    response = client.post(url(lot), correction("wasted", "12.001"))

    assert errors(response) == {"amount_ml": ["Only 12\xa0ml is left."]}
    assert left(lot) == 12


def test_a_count_that_agrees_changes_nothing_and_says_so(client, doctor, lot):
    response = client.post(url(lot), correction("counted", "12"), follow=True)

    assert StockChange.objects.count() == 0
    assert said(response) == ["The count agrees: 12\xa0ml is left of Vitamin mixture 10 mg/ml, A-117."]


def test_a_count_across_an_injection_is_asked_once_more(client, doctor, lot):
    InjectionFactory(lot=lot, session=SessionFactory(), volume_ml=2)
    form = correction("counted", "12")

    response = client.post(url(lot), form)
    [text] = errors(response)["amount_ml"]
    assert "10\xa0ml is left by the book now" in text
    assert response.context["form"]["seen_ml"].value() == "10.000"

    client.post(url(lot), form | {"seen_ml": "10.000", "amount_ml": "9"})
    assert left(lot) == 9


@pytest.mark.parametrize("kind", ["wasted", "counted"])
def test_a_double_tap_corrects_once(client, doctor, lot, kind):
    form = correction(kind, "10")

    responses = [client.post(url(lot), form) for _tap in range(2)]

    assert [response.status_code for response in responses] == [302, 302]
    assert StockChange.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": ""}, "kind"),
        ({"kind": "received"}, "kind"),
        ({"kind": "x"}, "kind"),
        ({"amount_ml": "0"}, "amount_ml"),
        ({"amount_ml": "-1"}, "amount_ml"),
        ({"amount_ml": "1e9"}, "amount_ml"),
        ({"amount_ml": "NaN"}, "amount_ml"),
        ({"amount_ml": ""}, "amount_ml"),
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 301}, "reason"),
        ({"reason": "a\x00"}, "reason"),
        ({"reason": "a\x1b"}, "reason"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(client, doctor, lot, changes, field):
    response = client.post(url(lot), correction("wasted", "1") | changes)

    assert list(errors(response)) == [field]
    assert StockChange.objects.count() == 0


@pytest.mark.parametrize("seen", ["", "NaN", "abc"])
def test_a_count_without_what_the_page_said_is_refused(client, doctor, lot, seen):
    response = client.post(url(lot), correction("counted", "11", seen_ml=seen))

    assert response.status_code == 200
    assert StockChange.objects.count() == 0


def test_a_hold_holds_the_batch_at_every_location(client, doctor, lot):
    elsewhere = LotFactory(product=lot.product, number=lot.number, location=LocationFactory())
    other = LotFactory(product=lot.product, number="B-2", location=lot.location)

    response = client.post(url(lot, "lot-hold"), {"version": 1, "reason": "Three nodules."}, follow=True)

    for each in (lot, elsewhere, other):
        each.refresh_from_db()
    assert [(each.held_at, each.held_by, each.hold_reason) for each in (lot, elsewhere)] == [
        (NOW, doctor, "Three nodules.")
    ] * 2
    assert other.held_at is None
    assert said(response) == ["Vitamin mixture 10 mg/ml, A-117 is on hold at 2 locations."]
    assert not Lot.objects.usable(date(2026, 3, 10)).filter(number="A-117").exists()


def test_the_hold_page_says_how_many_sessions_had_it_and_offers_the_recall_list(client, doctor, lot):
    page = client.get(url(lot, "lot-hold")).content.decode()

    assert "1 session had this lot." in page
    assert url(lot, "lot-recall") in page


def test_releasing_releases_every_location_and_keeps_why(client, doctor, lot):
    elsewhere = LotFactory(product=lot.product, number=lot.number, location=LocationFactory())
    client.post(url(lot, "lot-hold"), {"version": 1, "reason": "Three nodules."})

    client.post(url(lot, "lot-release"), {"version": 2, "reason": "Cultures stayed sterile."})

    assert set(Lot.objects.values_list("held_at", "held_by", "hold_reason")) == {(None, None, "")}
    assert {lot.history.first().history_change_reason, elsewhere.history.first().history_change_reason} == {
        "Cultures stayed sterile."
    }
    page = client.get(lot.get_absolute_url()).content.decode()
    assert page.index("Cultures stayed sterile.") < page.index("Three nodules.") < page.index("Received, 20")


def test_long_reason_for_a_hold_is_read_whole_in_the_lots_history(client, doctor, lot):
    reason = "Three nodules in one week. ".ljust(299, "x") + "."

    assert client.post(url(lot, "lot-hold"), {"version": 1, "reason": reason}).status_code == 302

    assert lot.history.first().history_change_reason == reason[:100]
    lot.refresh_from_db()
    assert events(lot, [])[0].why == reason


def test_reason_for_a_release_is_no_longer_than_the_history_keeps(client, doctor, lot):
    client.post(url(lot, "lot-hold"), {"version": 1, "reason": "Three nodules."})

    refused = client.post(url(lot, "lot-release"), {"version": 2, "reason": "x" * 101})
    assert refused.context["form"].errors == {"reason": ["This is 1 character too long. There is room for 100."]}

    assert client.post(url(lot, "lot-release"), {"version": 2, "reason": "x" * 100}).status_code == 302
    assert lot.history.first().history_change_reason == "x" * 100


def test_released_while_somebody_holds_it_in_another_tab(client, doctor, lot):
    client.post(url(lot, "lot-hold"), {"version": 1, "reason": "Three nodules."})
    client.post(url(lot, "lot-release"), {"version": 2, "reason": "A slip."})
    client.post(url(lot, "lot-hold"), {"version": 3, "reason": "An abscess."})

    stale = client.post(url(lot, "lot-release"), {"version": 2, "reason": "As before."})

    assert stale.context["form"].non_field_errors() == [
        "Somebody changed this lot since you opened it. Read it again, then decide."
    ]
    lot.refresh_from_db()
    assert lot.hold_reason == "An abscess."


def test_holding_twice_and_releasing_twice_is_said(client, doctor, lot):
    assert client.post(url(lot, "lot-release"), {"version": 1, "reason": "x"}).context["form"].non_field_errors() == [
        "This lot is not on hold."
    ]
    client.post(url(lot, "lot-hold"), {"version": 1, "reason": "Nodules."})
    response = client.post(url(lot, "lot-hold"), {"version": 2, "reason": "Nodules."})
    assert response.context["form"].non_field_errors() == ["This lot is on hold already."]
    assert client.get(url(lot, "lot-hold")).url == lot.get_absolute_url()


@pytest.mark.parametrize("form", [{}, {"version": 1}, {"version": 1, "reason": " "}, {"version": "x", "reason": "a"}])
@pytest.mark.parametrize("name", ["lot-hold", "lot-release"])
def test_a_hold_says_why(client, doctor, lot, name, form):
    assert client.post(url(lot, name), form).status_code == 200
    lot.refresh_from_db()
    assert (lot.held_at, lot.version) == (None, 1)
