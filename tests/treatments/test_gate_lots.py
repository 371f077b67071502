"""What stands against signing: the lots a session draws from, and the doses of what it gives."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    CourseFactory,
    InjectionFactory,
    LocationFactory,
    LotFactory,
    PreparationFactory,
    ProductFactory,
    SessionFactory,
    make_ready,
)
from tests.treatments.session_forms import NOW, errors, form_of, new_url, signed_in
from treatments.models import Override, Session

pytestmark = pytest.mark.django_db

PERFORMED = datetime(2026, 3, 10, 18, 0, tzinfo=UTC)  # as the form says it: 11:00 in Los Angeles


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def course():
    return make_ready(CourseFactory(patient__location=LocationFactory(name="Harbour Street")))


@pytest.fixture(autouse=True)
def clinician(client, course):
    return signed_in(client, course, Role.CLINICIAN)


@pytest.fixture
def lot(course):
    return LotFactory(location=course.location, number="LOT-1")


def sign(client, course, **changes):
    changes.setdefault("action", "sign")
    return client.post(new_url(course), form_of(course, **changes))


def stops(response):
    return [each.problem.words for each in response.context["page"].stops]


def warnings(response):
    return [each.problem.words for each in response.context["page"].warnings]


def is_signed():
    return Session.objects.signed().exists()


def hold(lot, at):
    lot.held_at, lot.held_by, lot.hold_reason = at, lot.received_by, "Three nodules."
    lot.save()


# Lots.


@pytest.mark.parametrize(("expires_on", "signs"), [(date(2026, 3, 10), True), (date(2026, 3, 9), False)])
def test_lot_is_used_on_the_day_it_expires_and_not_after(client, course, lot, expires_on, signs):
    lot.expires_on = expires_on
    lot.save()

    response = sign(client, course)

    assert is_signed() is signs
    if not signs:
        words = "Lot LOT-1 of Vitamin mixture 10 mg/ml expired on 9 March 2026."
        assert errors(response) == {"source-0": [words]}


def test_expired_lot_that_was_in_date_when_the_session_was_performed_is_a_fact(client, course, lot):
    lot.expires_on = date(2026, 3, 9)
    lot.save()

    sign(client, course, performed_at="2026-03-09T11:00")

    assert is_signed()


def test_nobody_may_pass_over_an_expired_lot(client, course, lot):
    lot.expires_on = date(2026, 3, 9)
    lot.save()

    response = sign(client, course, **{f"override-lot-expired:{lot.public_id}": "Only a day."})

    assert stops(response)
    assert not is_signed()


def test_lot_held_while_the_page_was_open_stops_a_stale_tab(client, course, lot):
    offered = client.get(new_url(course)).content.decode()
    hold(lot, NOW - timedelta(hours=1))

    response = sign(client, course, note="Calm.")

    assert f"lot:{lot.public_id}" in offered
    assert errors(response) == {
        "source-0": ["Lot LOT-1 of Vitamin mixture 10 mg/ml is on hold: Three nodules."],
    }
    assert response.context["form"]["note"].value() == "Calm."
    assert not is_signed()


def test_held_lot_is_not_offered(client, course, lot):
    hold(lot, NOW - timedelta(hours=1))

    page = client.get(new_url(course)).content.decode()

    assert f"lot:{lot.public_id}" not in page
    assert "No lot that may be used is in stock at Harbour Street." in page


def test_lot_held_after_the_session_was_performed_may_be_passed_over_with_a_reason(client, course, lot):
    hold(lot, PERFORMED + timedelta(minutes=10))

    refused = sign(client, course)
    assert stops(refused) == ["Lot LOT-1 of Vitamin mixture 10 mg/ml is on hold: Three nodules."]
    assert not is_signed()

    sign(client, course, **{f"override-lot-held:{lot.public_id}": "Given before the hold."})
    assert is_signed()
    assert Override.objects.get().reason == "Given before the hold."


def test_lot_held_before_the_session_may_not_be_passed_over(client, course, lot):
    hold(lot, PERFORMED - timedelta(minutes=10))

    sign(client, course, **{f"override-lot-held:{lot.public_id}": "It looks fine."})

    assert not is_signed()


def test_blocked_product_stops_with_its_reason(client, course, lot):
    ProductFactory(blocked_reason="Recalled by its maker.")

    response = sign(client, course)

    assert errors(response) == {"source-0": ["Vitamin mixture 10 mg/ml is blocked: Recalled by its maker."]}
    assert not is_signed()


def test_draft_may_name_a_lot_that_may_not_be_used_and_is_not_signed(client, course, lot):
    hold(lot, NOW - timedelta(hours=1))
    sign(client, course, action="draft")
    session = Session.objects.get()

    client.post(reverse("session-sign", args=[session.public_id]), {"version": session.version})

    assert not is_signed()
    assert "is on hold: Three nodules." in client.get(session.get_absolute_url()).content.decode()


def mixture(course, *lots, **facts):
    return PreparationFactory(
        location=course.location,
        ingredients=[(lot, Decimal(10)) for lot in lots],
        **{"mixed_at": NOW - timedelta(hours=2), "use_by_at": NOW + timedelta(hours=6)} | facts,
    )


def test_one_held_ingredient_stops_the_mixture(client, course, lot):
    other = LotFactory(location=course.location, number="LOT-2", product=ProductFactory(code="saline", name="Saline"))
    mixed = mixture(course, lot, other)
    hold(other, NOW - timedelta(hours=1))

    response = sign(client, course, **{"source-0": f"mix:{mixed.public_id}"})

    assert stops(response) == ["Lot LOT-2 of Saline 10 mg/ml is on hold: Three nodules."]


def test_mixture_past_its_use_by_stops(client, course, lot):
    mixed = mixture(course, lot, use_by_at=PERFORMED - timedelta(minutes=1))

    response = sign(client, course, **{"source-0": f"mix:{mixed.public_id}"})

    assert errors(response) == {"source-0": ["Morning mixture is past its use-by."]}


def test_mixture_that_was_thrown_away_stops(client, course, lot):
    mixed = mixture(course, lot, discarded_at=NOW, discarded_by=course.clinician)

    response = sign(client, course, **{"source-0": f"mix:{mixed.public_id}"})

    assert errors(response) == {"source-0": ["Morning mixture was thrown away."]}


def test_lot_of_another_place_is_none(client, course, lot):
    elsewhere = LotFactory()

    response = sign(client, course, **{"source-0": f"lot:{elsewhere.public_id}"})

    assert list(errors(response)) == ["source-0"]
    assert not is_signed()


# Doses.

LIMITS = [
    ({"max_ml_per_point": Decimal("0.05")}, "0.051 ml a point, the limit is 0.05 ml.", "2.04"),
    ({"max_points_per_session": 39}, "40 points, the limit is 39.", "2"),
    ({"max_ml_per_session": Decimal("2.000")}, "2.001 ml, the limit is 2 ml a session.", "2.001"),
    (
        {"max_mg_per_session": Decimal(20), "mg_per_ml": Decimal(10)},
        "20.1 mg, the limit is 20 mg a session.",
        "2.01",
    ),
    (
        {"max_mg_per_kg": Decimal("0.5"), "mg_per_ml": Decimal(10)},
        "34.7 mg, by weight the limit is 34.6 mg.",
        "3.47",
    ),
]


@pytest.mark.parametrize(("limits", "words", "volume"), LIMITS)
def test_dose_beyond_a_limit_warns_and_does_not_stop(client, course, lot, limits, words, volume):
    ProductFactory(**limits)
    form = {"drawn-0": volume, "points-thigh-back-left": "40", "page": "one"}

    draft = client.post(reverse("session-keep-new", args=[course.public_id]), form_of(course, **form))
    sign(client, course, **form)

    assert warnings(draft) == [f"Vitamin mixture 10 mg/ml: {words}"]
    assert is_signed()


@pytest.mark.parametrize(("limits", "words", "volume"), LIMITS)
def test_dose_beyond_a_limit_stops_where_the_product_says_so(client, course, lot, limits, words, volume):
    ProductFactory(limit_acts="stop", **limits)
    form = {"drawn-0": volume, "points-thigh-back-left": "40"}
    code = f"override-dose:test-vitamins:{measure_of(limits)}"

    refused = sign(client, course, **form)
    assert errors(refused) == {"source-0": [f"Vitamin mixture 10 mg/ml: {words}"]}
    assert not is_signed()

    sign(client, course, **form, **{code: "Agreed with the patient."})
    assert is_signed()


def measure_of(limits):
    return {
        "max_ml_per_point": "ml_a_point",
        "max_points_per_session": "points",
        "max_ml_per_session": "ml",
        "max_mg_per_session": "mg",
        "max_mg_per_kg": "mg_by_weight",
    }[next(iter(limits))]


@pytest.mark.parametrize(
    ("limits", "volume"),
    [
        ({"max_ml_per_point": Decimal("0.05")}, "2.000"),
        ({"max_points_per_session": 40}, "2"),
        ({"max_ml_per_session": Decimal(2)}, "2"),
        ({"max_mg_per_session": Decimal(20), "mg_per_ml": Decimal(10)}, "2"),
        ({"max_mg_per_kg": Decimal("0.5"), "mg_per_ml": Decimal(10)}, "3.46"),
    ],
)
def test_exactly_at_a_limit_is_within_it(client, course, lot, limits, volume):
    ProductFactory(limit_acts="stop", **limits)

    sign(client, course, **{"drawn-0": volume, "points-thigh-back-left": "40"})

    assert is_signed()


@pytest.mark.parametrize(("days_ago", "signs"), [(28, True), (27, False)])
def test_product_is_not_given_again_before_its_days_are_over(client, course, lot, days_ago, signs):
    ProductFactory(limit_acts="stop", min_days_between=28)
    course.started_on = date(2026, 1, 1)
    course.save()
    before = SessionFactory(course=course, performed_at=PERFORMED - timedelta(days=days_ago), signed=True)
    InjectionFactory(session=before, lot=lot)

    response = sign(client, course)

    assert Session.objects.signed().count() == 1 + signs
    if not signs:
        words = "Vitamin mixture 10 mg/ml was given 27 days ago, the least are 28."
        assert errors(response) == {"source-0": [words]}


def test_days_are_counted_from_a_mixture_with_it_in_another_course_too(client, course, lot):
    ProductFactory(limit_acts="stop", min_days_between=28)
    other = CourseFactory(patient=course.patient, protocol__name="Acne", status="completed")
    before = SessionFactory(course=other, performed_at=PERFORMED - timedelta(days=5), signed=True)
    mixed = PreparationFactory(location=course.location, ingredients=[(lot, Decimal(10))])
    InjectionFactory(session=before, lot=None, preparation=mixed)

    assert stops(sign(client, course)) == ["Vitamin mixture 10 mg/ml was given 5 days ago, the least are 28."]


def test_days_are_not_counted_from_a_session_that_was_entered_in_error(client, course, lot):
    ProductFactory(limit_acts="stop", min_days_between=28)
    before = SessionFactory(
        course=course,
        performed_at=PERFORMED - timedelta(days=7),
        entered_in_error_at=NOW,
        entered_in_error_by=course.clinician,
        entered_in_error_reason="Another patient.",
    )
    InjectionFactory(session=before, lot=lot)

    sign(client, course)

    assert is_signed()


def test_dose_of_a_product_is_summed_over_its_lots_and_mixtures(client, course, lot):
    ProductFactory(limit_acts="stop", max_ml_per_session=Decimal(4))
    other = LotFactory(location=course.location)
    saline = LotFactory(location=course.location, product=ProductFactory(code="saline", name="Saline"))
    half = mixture(course, LotFactory(location=course.location), saline)
    rows = {"source-1": f"lot:{other.public_id}", "drawn-1": "1.5", "source-2": f"mix:{half.public_id}"}

    refused = sign(client, course, **rows, **{"drawn-2": "2"})  # half of it is the product
    assert stops(refused) == ["Vitamin mixture 10 mg/ml: 4.5 ml, the limit is 4 ml a session."]

    sign(client, course, **rows, **{"drawn-2": "1"})
    assert is_signed()


def test_dose_by_weight_stops_where_nobody_was_weighed(client, course, lot):
    ProductFactory(limit_acts="stop", max_mg_per_kg=Decimal("0.1"), mg_per_ml=Decimal(10))

    sign(client, course, weight_kg="", unmeasured_reason="Scales broken.")

    assert not is_signed()
