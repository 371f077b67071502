"""Mixing several lots into one, once however often it is sent, and never more than there is."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    InjectionFactory,
    LocationFactory,
    LotFactory,
    PreparationFactory,
    ProductFactory,
    SessionFactory,
    UserFactory,
)
from tests.treatments.lot_forms import mixture
from treatments.models import Ingredient, Lot, Preparation

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)
NEW = "/preparations/new/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street", time_zone="UTC")


@pytest.fixture
def nurse(client, here):
    user = UserFactory(role=Role.STAFF, locations=[here])
    client.force_login(user)
    return user


@pytest.fixture
def lots(here):
    names = ("Caffeine mix", "Lidocaine mix")
    return [
        LotFactory(
            location=here, product=ProductFactory(code=name[:4].lower(), name=name), number=name[:2], received_ml=20
        )
        for name in names
    ]


def left(lot):
    return Lot.objects.with_stock().get(pk=lot.pk).remaining_ml


def texts(response):
    form, rows = response.context["form"], response.context["rows"]
    found = [text for errors in form.errors.values() for text in errors] + list(rows.non_form_errors())
    return found + [text for row in rows for errors in row.errors.values() for text in errors]


def test_a_preparation_takes_from_its_lots_and_names_them(client, nurse, here, lots):
    response = client.post(NEW, mixture((lots[0], "5"), (lots[1], "2,5"), (None, "")))

    mixed = Preparation.objects.with_stock().get()
    assert response.url == mixed.get_absolute_url()
    assert (mixed.location, mixed.mixed_by, mixed.remaining_ml) == (here, nurse, Decimal("7.5"))
    assert [left(lot) for lot in lots] == [15, Decimal("17.5")]
    page = client.get(mixed.get_absolute_url()).content.decode()
    assert all(lot.get_absolute_url() in page for lot in lots)


def test_a_double_tap_mixes_once(client, nurse, lots):
    form = mixture((lots[0], "15"))

    responses = [client.post(NEW, form) for _tap in range(2)]

    assert [response.status_code for response in responses] == [302, 302]
    assert (Preparation.objects.count(), left(lots[0])) == (1, 5)


def test_going_back_and_sending_other_ingredients_is_asked_again(client, nurse, lots):
    form = mixture((lots[0], "5"))
    client.post(NEW, form)

    response = client.post(NEW, form | {"ingredients-0-volume_ml": "6"})

    assert "was sent already" in texts(response)[0]
    assert Preparation.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"use_by_at": "2026-03-10T09:00"}, "used after it was mixed"),
        ({"use_by_at": "2026-03-09T09:00"}, "used after it was mixed"),
        ({"mixed_at": "2026-03-11T09:00", "use_by_at": "2026-03-12T09:00"}, "in the future"),
        ({"use_by_at": "2028-01-01T09:00"}, "expires before"),
        ({"name": ""}, "Give it the name"),
        ({"name": "x" * 101}, "100"),
        ({"name": "a\x00"}, "Null"),
        ({"mixed_at": "soon"}, "valid date"),
        ({"ingredients-0-volume_ml": "0"}, "between"),
        ({"ingredients-0-volume_ml": "-1"}, "between"),
        ({"ingredients-0-volume_ml": "1e9"}, "between"),
        ({"ingredients-0-volume_ml": "NaN"}, "number"),
        ({"ingredients-0-volume_ml": ""}, "how much"),
        ({"ingredients-0-volume_ml": "20.001"}, "only 20\xa0ml is left"),
        ({"ingredients-0-lot": "x"}, "cannot be used"),
        ({"ingredients-0-lot": ""}, "Choose the lot"),
        ({"ingredients-0-lot": "", "ingredients-0-volume_ml": ""}, "at least one lot"),
        ({"ingredients-TOTAL_FORMS": "x"}, "at least one lot"),
        ({"ingredients-TOTAL_FORMS": "5000"}, "at most"),
    ],
)
def test_what_cannot_be_is_refused_and_takes_nothing(client, nurse, lots, changes, word):
    response = client.post(NEW, mixture((lots[0], "5")) | changes)

    assert response.status_code == 200
    assert any(word in text for text in texts(response)), texts(response)
    assert (Preparation.objects.count(), Ingredient.objects.count(), left(lots[0])) == (0, 0, 20)


def test_a_lot_in_two_rows_is_refused(client, nurse, lots):
    response = client.post(NEW, mixture((lots[0], "5"), (lots[0], "5")))

    assert texts(response) == ["This lot is in another row as well. Add its volume there."]


@pytest.mark.parametrize(
    "state",
    [
        {"expires_on": date(2026, 3, 9)},
        {"held": True},
        {"product__blocked_reason": "Suspended."},
        {"received_ml": 2},
        {"location": None},
    ],
    ids=["expired", "held", "blocked", "used up", "elsewhere"],
)
def test_what_may_not_be_used_is_not_offered_and_refused_from_a_stale_tab(client, nurse, here, state):
    lot = LotFactory(
        **{"location": here, "product__code": "other", "product__name": "Other"}
        | {k: v for k, v in state.items() if v}
    )
    if "location" in state:
        lot.location = LocationFactory()
        lot.save()
    if "received_ml" in state:
        InjectionFactory(lot=lot, session=SessionFactory(), volume_ml=2)

    offered = client.get(NEW).content.decode()
    response = client.post(NEW, mixture((lot, "1")))

    assert lot.number not in offered
    assert "cannot be used any more" in texts(response)[0]
    assert Preparation.objects.count() == 0


def test_a_lot_of_which_the_day_passed_before_the_preparation_is_used_up(client, nurse, here):
    lot = LotFactory(location=here, expires_on=NOW.date())

    response = client.post(NEW, mixture((lot, "1")))

    assert "expires before the preparation is to be used by" in texts(response)[0]


def test_another_row_is_added_without_a_script_and_nothing_typed_is_lost(client, nurse, lots):
    response = client.post(NEW, mixture((lots[0], "5"), (lots[1], "1.5")) | {"add_row": "1"})

    rows = response.context["rows"]
    assert [row["volume_ml"].value() for row in rows] == ["5", "1.5", None]
    assert response.context["form"]["name"].value() == "Body mixture"
    assert Preparation.objects.count() == 0


def test_what_is_left_is_thrown_away_with_a_reason_and_no_longer_offered(client, nurse, here):
    mixed = PreparationFactory(location=here)
    url = reverse("preparation-discard", args=[mixed.public_id])

    assert client.post(url, {"version": 1, "reason": ""}).status_code == 200
    client.post(url, {"version": 1, "reason": "End of the day."})

    mixed.refresh_from_db()
    assert (mixed.discarded_by, mixed.discarded_at, mixed.discard_reason) == (nurse, NOW, "End of the day.")
    assert not Preparation.objects.usable(NOW).exists()
    again = client.post(url, {"version": 2, "reason": "Once more."})
    assert again.context["form"].non_field_errors() == ["It was thrown away already."]


def test_a_preparation_changed_meanwhile_is_read_again(client, nurse, here):
    mixed = PreparationFactory(location=here, version=3)

    response = client.post(reverse("preparation-discard", args=[mixed.public_id]), {"version": 2, "reason": "x"})

    assert "Somebody changed it" in response.context["form"].non_field_errors()[0]


def test_a_preparation_of_a_held_lot_says_so(client, nurse, here):
    PreparationFactory(
        location=here, use_by_at=NOW + timedelta(hours=4), ingredients=[(LotFactory(location=here, held=True), 5)]
    )

    assert "Contains a held lot" in client.get("/preparations/").content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_as_often_for_one_preparation_as_for_three(
    client, nurse, here, count, django_assert_num_queries
):
    for number in range(count):
        PreparationFactory(location=here, name=f"Mixture {number}")
    client.get("/preparations/")

    with django_assert_num_queries(9):
        client.get("/preparations/")


def test_somebody_of_no_location_is_told(client):
    client.force_login(UserFactory())

    assert client.get(NEW).url == "/lots/"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_ten_who_mix_out_of_one_bottle_as_many_win_as_it_holds():
    here = LocationFactory(time_zone="UTC")
    lot, user = LotFactory(location=here, received_ml=20), UserFactory(locations=[here])
    gate = threading.Barrier(10)

    def send(number):
        client = Client()
        client.force_login(user)
        try:
            gate.wait(timeout=30)
            return client.post(NEW, mixture((lot, "6"), form_token=str(uuid.UUID(int=number)))).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        answers = sorted(pool.map(send, range(10)))

    assert answers == [200] * 7 + [302] * 3
    assert left(lot) == 2
