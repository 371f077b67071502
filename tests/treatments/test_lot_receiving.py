"""What arrives: by scan or by hand, once however often it is sent, added to what is there."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test import Client

from clinic.roles import Role
from tests.factories import LocationFactory, LotFactory, ProductFactory, UserFactory
from tests.treatments.lot_forms import delivery
from treatments.models import Lot, Product, StockChange

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)
NEW = "/lots/new/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory(time_zone="UTC")


@pytest.fixture(params=[Role.STAFF, Role.CLINICIAN, Role.ADMIN])
def anybody(request, client, here):
    user = UserFactory(role=request.param, locations=[here])
    client.force_login(user)
    return user


@pytest.fixture
def nurse(client, here):
    user = UserFactory(locations=[here])
    client.force_login(user)
    return user


@pytest.fixture
def product():
    return ProductFactory(name="Lidocaine mix", strength="1 %")


def errors(response):
    return {name: list(texts) for name, texts in response.context["form"].errors.items()}


def send(client, made_of, here, **changes):
    return client.post(NEW, delivery(made_of) | {"location": here.pk} | changes)


def left(lot):
    return Lot.objects.with_stock().get(pk=lot.pk).remaining_ml


def test_everybody_receives_vials_and_the_lot_holds_their_sum(client, anybody, here, product):
    response = send(client, product, here)

    lot = Lot.objects.get()
    assert (response.status_code, response.url) == (302, lot.get_absolute_url())
    assert (lot.received_ml, lot.received_by, lot.received_on) == (Decimal(50), anybody, date(2026, 3, 10))
    assert (lot.location, lot.number, lot.expires_on) == (here, "A-117", date(2027, 12, 31))


def test_a_double_tap_makes_one_lot(client, nurse, here, product):
    form = delivery(product, location=here.pk)

    responses = [client.post(NEW, form) for _tap in range(2)]

    assert [response.status_code for response in responses] == [302, 302]
    assert (Lot.objects.get().received_ml, StockChange.objects.count()) == (Decimal(50), 0)


@pytest.mark.parametrize("is_here", [False, True])
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_ten_taps_at_once_receive_once(here, product, is_here):
    if is_here:
        LotFactory(product=product, location=here, number="A-117", expires_on=date(2027, 12, 31), received_ml=20)
    user, form, gate = UserFactory(locations=[here]), delivery(product, location=here.pk), threading.Barrier(10)

    def send(_tap):
        client = Client()
        client.force_login(user)
        try:
            gate.wait(timeout=30)
            return client.post(NEW, form).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        answers = set(pool.map(send, range(10)))

    assert (answers, left(Lot.objects.get())) == ({302}, 70 if is_here else 50)


def test_the_same_lot_again_is_added_to(client, nurse, here, product):
    lot = LotFactory(product=product, location=here, number="A-117", expires_on=date(2027, 12, 31), received_ml=20)

    response = send(client, product, here)

    change = StockChange.objects.get()
    assert response.url == lot.get_absolute_url()
    assert (change.kind, change.volume_ml, change.made_by, left(lot)) == ("received", 50, nurse, 70)


def test_a_double_tap_adds_once(client, nurse, here, product):
    lot = LotFactory(product=product, location=here, number="A-117", expires_on=date(2027, 12, 31), received_ml=20)
    form = delivery(product, location=here.pk)

    for _tap in range(2):
        client.post(NEW, form)

    assert left(lot) == 70


def test_going_back_and_sending_other_facts_is_asked_again(client, nurse, here, product):
    form = delivery(product, location=here.pk)
    client.post(NEW, form)

    response = client.post(NEW, form | {"number": "B-2"})

    assert (response.status_code, Lot.objects.count()) == (200, 1)
    assert "was sent already" in response.context["form"].non_field_errors()[0]


def test_the_same_number_with_another_expiry_is_a_slip(client, nurse, here, product):
    LotFactory(product=product, location=here, number="A-117", expires_on=date(2028, 1, 31))

    response = send(client, product, here)

    assert errors(response) == {
        "expires_on": ["Lot A-117 is here and expires on 31 January 2028. Check the number and the date."]
    }
    assert StockChange.objects.count() == 0


def test_the_same_number_of_another_product_is_another_lot(client, nurse, here, product):
    LotFactory(location=here, product=ProductFactory(code="other", name="Other"), number="A-117")

    send(client, product, here)

    assert Lot.objects.count() == 2


def test_what_has_expired_is_asked_about_and_taken_in_when_meant(client, nurse, here, product):
    asked = send(client, product, here, expires_on="2026-03-09")
    assert list(errors(asked)) == ["expired_confirmed"]
    assert "expired_confirmed" in asked.content.decode()

    send(client, product, here, expires_on="2026-03-09", expired_confirmed="on")
    assert Lot.objects.get().expires_on == date(2026, 3, 9)


def test_the_last_day_itself_is_in_date(client, nurse, here, product):
    assert send(client, product, here, expires_on="2026-03-10").status_code == 302


def test_the_day_is_that_of_the_location_it_comes_to(client, here, product):
    far = LocationFactory(time_zone="Pacific/Kiritimati")  # 11 March there
    client.force_login(UserFactory(locations=[here, far]))

    assert list(errors(send(client, product, far, expires_on="2026-03-10"))) == ["expired_confirmed"]
    send(client, product, far)
    assert Lot.objects.get().received_on == date(2026, 3, 11)


@pytest.mark.parametrize(
    ("changes", "field", "word"),
    [
        ({"each_ml": "0"}, "each_ml", "between"),
        ({"each_ml": "-1"}, "each_ml", "between"),
        ({"each_ml": "1000000000"}, "each_ml", "between"),
        ({"each_ml": "99999", "vials": "999"}, "each_ml", "more than"),
        ({"each_ml": "NaN"}, "each_ml", "number"),
        ({"each_ml": "Infinity"}, "each_ml", "number"),
        ({"each_ml": "1,500"}, "each_ml", "after a point"),
        ({"each_ml": "1.2345"}, "each_ml", "3 decimal"),
        ({"each_ml": "five"}, "each_ml", "number"),
        ({"each_ml": ""}, "each_ml", "required"),
        ({"vials": "0"}, "vials", "greater"),
        ({"vials": "1001"}, "vials", "less"),
        ({"number": "x" * 300}, "number", "60"),
        ({"number": "A\x00"}, "number", "Null"),
        ({"number": "A\x1b"}, "number", "Character 2"),
        ({"number": "  "}, "number", "Type the lot number"),
        ({"expires_on": "31/31/2027"}, "expires_on", "valid date"),
        ({"expires_on": "0206-01-01"}, "expires_on", "cannot be meant"),
        ({"expires_on": "20266-01-01"}, "expires_on", "valid date"),
        ({"product": "999999"}, "product", "valid choice"),
        ({"product": "x"}, "product", "valid choice"),
        ({"product": ""}, "product", "Choose the product"),
        ({"gtin": "12"}, "gtin", "8, 12, 13 or 14"),
        ({"supplier": "x" * 101}, "supplier", "100"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(client, nurse, here, product, changes, field, word):
    response = send(client, product, here, **changes)

    assert response.status_code == 200
    assert any(word in text for text in errors(response)[field]), errors(response)
    assert Lot.objects.count() == 0


def test_a_decimal_comma_is_read(client, nurse, here, product):
    send(client, product, here, each_ml="1,5", vials="2")

    assert Lot.objects.get().received_ml == Decimal(3)


def test_a_blocked_product_is_not_received(client, nurse, here):
    response = send(client, Product.objects.get(code="buflomedil"), here)

    assert list(errors(response)) == ["product"]


def test_nobody_receives_at_a_location_that_is_not_theirs(client, nurse, here, product):
    elsewhere = LocationFactory()

    send(client, product, elsewhere)

    assert {lot.location for lot in Lot.objects.all()} <= {here}


def test_somebody_of_no_location_is_told(client, product):
    client.force_login(UserFactory())

    assert client.get(NEW).url == "/lots/"


def test_a_batch_on_hold_elsewhere_arrives_on_hold(client, nurse, here, product):
    LotFactory(product=product, number="A-117", expires_on=date(2027, 12, 31), held=True)

    response = client.post(NEW, delivery(product, location=here.pk), follow=True)

    assert Lot.objects.get(location=here).hold_reason == "Three nodules."
    assert "This batch is on hold: Three nodules." in [str(message) for message in response.context["messages"]]


@pytest.mark.parametrize(
    "code",
    [
        "010400638133393117271231" + "10A-117",
        "(01)04006381333931(17)271231(10)A-117",
        "]d20104006381333931" + "10A-117\x1d17271231",
    ],
)
def test_a_scanned_code_fills_the_form_in_and_saves_nothing(client, nurse, here, product, code):
    LotFactory(product=product, gtin="04006381333931", number="OLD")

    blank = {"product": "", "number": "", "expires_on": ""}
    response = send(client, product, here, action="read", code=code, vials="3", **blank)

    form = response.context["form"]
    assert Lot.objects.count() == 1
    assert [str(form[name].value()) for name in ("gtin", "number", "expires_on", "product", "code", "vials")] == [
        "04006381333931",
        "A-117",
        "2027-12-31",
        str(product.pk),
        "",
        "3",
    ]
    assert 'value="2027-12-31"' in response.content.decode()


@pytest.mark.parametrize("code", ["hello", "(99)1", "0104006381333932", "\x00", "1" * 150])
def test_what_is_no_code_is_said_and_nothing_typed_is_lost(client, nurse, here, product, code):
    response = client.post(NEW, delivery(product, location=here.pk, action="read", code=code, number="KEEP-1"))

    assert list(errors(response)) == ["code"]
    assert response.context["form"]["number"].value() == "KEEP-1"


def test_enter_in_any_other_field_receives(client, nurse, here, product):
    assert send(client, product, here, action="read", code="").status_code == 302
    assert Lot.objects.count() == 1
