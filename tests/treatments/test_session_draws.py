"""What a session draws from lots and mixtures: as much as is said, never more than there is, and traceable back."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from clinic.roles import Role
from tests.factories import (
    CourseFactory,
    InjectionFactory,
    LocationFactory,
    LotFactory,
    PreparationFactory,
    ProductFactory,
    SessionFactory,
    TreatmentAreaFactory,
    make_ready,
)
from tests.treatments.session_forms import FIRST, NOW, edit_url, errors, form_of, new_url, signed_in
from treatments.models import Injection, Lot, Preparation, Session

pytestmark = pytest.mark.django_db

LEFT, RIGHT = "thigh-back-left", "thigh-back-right"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def course():
    areas = [TreatmentAreaFactory(code=code) for code in (LEFT, RIGHT)]
    return make_ready(CourseFactory(patient__location=LocationFactory(name="Harbour Street"), areas=areas))


@pytest.fixture(autouse=True)
def nurse(client, course):
    return signed_in(client, course, Role.STAFF)


@pytest.fixture
def lot(course):
    return LotFactory(location=course.location, received_ml=Decimal("10.000"), number="LOT-1")


def left_of(source):
    return type(source).objects.with_stock().get(pk=source.pk).remaining_ml


def rows():
    found = Injection.objects.order_by("area__order", "pk")
    return [(row.area.code, row.lot or row.preparation, row.volume_ml, row.points) for row in found]


def log(client, course, **changes):
    return client.post(new_url(course), form_of(course, **changes))


def test_saved_session_draws_on_its_lot_and_says_what_went_where(client, course, lot):
    volumes = {f"ml-{LEFT}": "2.5", f"points-{LEFT}": "50", f"ml-{RIGHT}": "1.5", f"points-{RIGHT}": "30"}

    log(client, course, **{"drawn-0": "4"} | volumes)

    assert rows() == [(LEFT, lot, Decimal("2.500"), 50), (RIGHT, lot, Decimal("1.500"), 30)]
    assert left_of(lot) == Decimal("6.000")


def test_what_is_said_of_no_area_is_spread_by_points(client, course, lot):
    log(client, course, **{"drawn-0": "4", f"points-{LEFT}": "60", f"points-{RIGHT}": "20"})

    assert rows() == [(LEFT, lot, Decimal("3.000"), 60), (RIGHT, lot, Decimal("1.000"), 20)]


def test_two_products_go_into_every_area_as_one_mixture(client, course, lot):
    other = LotFactory(location=course.location, product=ProductFactory(code="saline", name="Saline"))
    source = {"source-0": f"lot:{lot.public_id}", "drawn-0": "3", "source-1": f"lot:{other.public_id}", "drawn-1": "1"}

    log(client, course, **source, **{f"ml-{LEFT}": "2", f"ml-{RIGHT}": "2"})

    volumes = [(code, source, ml) for code, source, ml, _points in rows()]
    assert volumes == [
        (LEFT, lot, Decimal("1.500")),
        (LEFT, other, Decimal("0.500")),
        (RIGHT, lot, Decimal("1.500")),
        (RIGHT, other, Decimal("0.500")),
    ]


def test_seven_microlitres_over_three_areas_leave_no_drift_in_the_bottle(client, course, lot):
    third = TreatmentAreaFactory(code="abdomen")
    course.areas.add(third)

    log(client, course, **{"drawn-0": "1.007"})

    assert sum(volume for _area, _lot, volume, _points in rows()) == Decimal("1.007")
    assert left_of(lot) == Decimal("8.993")


def test_edited_draft_draws_the_difference(client, course, lot):
    log(client, course, **{"drawn-0": "4"})
    session = Session.objects.get()

    client.post(edit_url(session), form_of(course, version=session.version, **{"drawn-0": "9"}))
    assert left_of(lot) == Decimal("1.000")

    session.refresh_from_db()
    client.post(edit_url(session), form_of(course, version=session.version, **{"drawn-0": "1"}))
    assert left_of(lot) == Decimal("9.000")


def test_draft_moved_to_another_lot_gives_the_first_back(client, course, lot):
    log(client, course, **{"drawn-0": "4"})
    session, other = Session.objects.get(), LotFactory(location=course.location)
    form = form_of(course, version=session.version, **{"source-0": f"lot:{other.public_id}", "drawn-0": "4"})

    client.post(edit_url(session), form)

    assert (left_of(lot), left_of(other)) == (Decimal("10.000"), Decimal("96.000"))
    assert Injection.history.filter(history_type="-").count() == 2


def test_row_of_an_injection_that_says_the_same_stays(client, course, lot):
    log(client, course, **{"drawn-0": "4"})
    session, before = Session.objects.get(), set(Injection.objects.values_list("pk", flat=True))

    client.post(edit_url(session), form_of(course, version=session.version, note="Calm.", **{"drawn-0": "4"}))

    assert set(Injection.objects.values_list("pk", flat=True)) == before
    assert Injection.history.count() == 2


def test_more_than_the_lot_has_is_refused_with_what_is_left_and_nothing_typed_is_lost(client, course, lot):
    taken = SessionFactory(course=course, performed_at=FIRST, areas=[])
    InjectionFactory(session=taken, lot=lot, area=TreatmentAreaFactory(), volume_ml=Decimal(7))

    response = log(client, course, note="Calm.", **{"drawn-0": "4.5", f"points-{LEFT}": "33"})

    assert errors(response) == {
        "source-0": ["Vitamin mixture 10 mg/ml, lot LOT-1: only 3 ml is left, 1.5 ml too little."]
    }
    form = response.context["form"]
    assert [form[name].value() for name in ("note", "drawn-0", f"points-{LEFT}", "weight_kg", "pain")] == [
        "Calm.",
        "4.5",
        "33",
        "69.2",
        "3",
    ]
    assert Session.objects.count() == 1
    assert left_of(lot) == Decimal("3.000")


def test_of_a_lot_that_is_used_up_nothing_is_left(client, course, lot):
    taken = SessionFactory(course=course, performed_at=FIRST, areas=[])
    InjectionFactory(session=taken, lot=lot, area=TreatmentAreaFactory(), volume_ml=Decimal(10))

    response = log(client, course)

    assert errors(response) == {"source-0": ["Vitamin mixture 10 mg/ml, lot LOT-1: nothing is left."]}


def test_overdrawn_lot_is_named_beside_its_own_row(client, course, lot):
    plenty = LotFactory(location=course.location, product=ProductFactory(code="saline", name="Saline"))
    source = {"source-0": f"lot:{plenty.public_id}", "drawn-0": "3", "source-1": f"lot:{lot.public_id}"}

    response = log(client, course, **source, **{"drawn-1": "10.001"})

    assert list(errors(response)) == ["source-1"]


def test_draft_may_grow_into_what_it_holds_itself(client, course, lot):
    log(client, course, **{"drawn-0": "8"})
    session = Session.objects.get()

    client.post(edit_url(session), form_of(course, version=session.version, **{"drawn-0": "10"}))
    assert left_of(lot) == 0

    session.refresh_from_db()
    response = client.post(edit_url(session), form_of(course, version=session.version, **{"drawn-0": "10.5"}))
    assert errors(response) == {
        "source-0": ["Vitamin mixture 10 mg/ml, lot LOT-1: only 10 ml is left, 0.5 ml too little."]
    }
    assert left_of(lot) == 0


def mixed_from(course, *lots, **facts):
    return PreparationFactory(
        location=course.location,
        ingredients=[(lot, Decimal(5)) for lot in lots],
        **{"mixed_at": NOW - timedelta(hours=2), "use_by_at": NOW + timedelta(hours=6)} | facts,
    )


def test_mixture_is_drawn_on_and_its_lots_are_not_drawn_on_twice(client, course, lot):
    other = LotFactory(location=course.location, product=ProductFactory(code="saline", name="Saline"))
    mixture = mixed_from(course, lot, other)

    log(client, course, **{"source-0": f"mix:{mixture.public_id}", "drawn-0": "4"})

    assert left_of(mixture) == Decimal("6.000")
    assert (left_of(lot), left_of(other)) == (Decimal("5.000"), Decimal("95.000"))


def test_more_than_was_mixed_is_refused(client, course, lot):
    mixture = mixed_from(course, lot)

    response = log(client, course, **{"source-0": f"mix:{mixture.public_id}", "drawn-0": "6"})

    assert errors(response) == {"source-0": ["Morning mixture: only 5 ml is left, 1 ml too little."]}
    assert Preparation.objects.with_stock().get().remaining_ml == Decimal("5.000")


def test_every_ingredient_leads_to_the_session_and_the_session_to_every_ingredient(client, course, lot):
    other = LotFactory(location=course.location, number="LOT-2", product=ProductFactory(code="saline", name="Saline"))
    mixture = mixed_from(course, lot, other)
    log(client, course, **{"source-0": f"mix:{mixture.public_id}", "drawn-0": "4"})
    session = Session.objects.get()

    page = client.get(session.get_absolute_url()).content.decode()

    for each in (lot, other):
        assert f'href="{each.get_absolute_url()}">{each.number}</a>' in page
        assert session.get_absolute_url() in client.get(each.get_absolute_url()).content.decode()
        assert course.patient.full_name in client.get(each.get_absolute_url()).content.decode()
        assert {row.session for row in Injection.objects.of_lot(each)} == {session}


def test_needle_and_depth_of_the_session_are_those_of_each_injection(client, course, lot):
    log(client, course, needle="30G 4 mm", depth_mm="2.5", technique="papule")

    facts = set(Injection.objects.values_list("technique", "needle", "depth_mm"))
    assert facts == {("papule", "30G 4 mm", Decimal("2.5"))}


# Sent twice.


def test_double_tap_makes_one_session_and_draws_once(client, course, lot):
    form = form_of(course, **{"drawn-0": "4"})

    first, second = client.post(new_url(course), form), client.post(new_url(course), form)

    assert first.url == second.url
    assert Session.objects.count() == 1
    assert left_of(lot) == Decimal("6.000")


@pytest.mark.parametrize(
    "other",
    [
        {"drawn-0": "5"},
        {f"ml-{LEFT}": "3", f"ml-{RIGHT}": "1"},
        {f"points-{LEFT}": "12"},
        {"areas": "left alone"},
    ],
)
def test_same_page_sent_again_with_other_volumes_is_asked_again(client, course, lot, other):
    form = form_of(course, **{"drawn-0": "4"})
    client.post(new_url(course), form)
    if "areas" in other:
        other = {"areas": [course.areas.first().pk]}

    response = client.post(new_url(course), form | other)

    assert response.status_code == 200
    (words,) = errors(response)["__all__"]
    assert words.startswith("This form was sent already and made the session of 10 March 2026, 11:00.")
    assert Session.objects.count() == 1
    assert left_of(lot) == Decimal("6.000")


def test_lot_number_of_another_place_is_drawn_on_by_nobody_here(client, course, lot):
    elsewhere = LotFactory(number="LOT-1")

    response = log(client, course, **{"source-0": f"lot:{elsewhere.public_id}"})

    assert list(errors(response)) == ["source-0"]
    assert Lot.objects.with_stock().get(pk=elsewhere.pk).remaining_ml == 100


@pytest.mark.parametrize("count", [1, 3])
def test_page_of_a_session_asks_the_database_alike_for_one_lot_and_for_three(
    client, course, django_assert_num_queries, count
):
    products = [ProductFactory(code=f"test-{n}", name=f"Product {n}") for n in range(count)]
    lots = [LotFactory(location=course.location, product=product) for product in products]
    drawn = {f"source-{n}": f"lot:{each.public_id}" for n, each in enumerate(lots)}
    log(client, course, **drawn, **{f"drawn-{n}": "1" for n in range(count)})
    url = Session.objects.get().get_absolute_url()

    with django_assert_num_queries(37):
        assert client.get(url).status_code == 200
