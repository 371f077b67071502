"""What nobody should send as a session's volumes, lots, areas and points: refused in words, with nothing lost."""

import json
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    CourseFactory,
    LocationFactory,
    LotFactory,
    ProductFactory,
    SessionFactory,
    TreatmentAreaFactory,
    make_ready,
)
from tests.treatments.session_forms import FIRST, NOW, edit_url, errors, form_of, new_url, signed_in
from treatments.models import Injection, Session

pytestmark = pytest.mark.django_db

LEFT, RIGHT = "thigh-back-left", "thigh-back-right"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def course():
    areas = [TreatmentAreaFactory(code=code) for code in (LEFT, RIGHT)]
    return make_ready(CourseFactory(patient__location=LocationFactory(), areas=areas))


@pytest.fixture(autouse=True)
def clinician(client, course):
    return signed_in(client, course, Role.CLINICIAN)


@pytest.fixture
def lot(course):
    return LotFactory(location=course.location)


def sign(client, course, **changes):
    changes.setdefault("action", "sign")
    return client.post(new_url(course), form_of(course, **changes))


NO_VOLUMES = ["0", "-1", "1e9", "NaN", "Infinity", "abc", "1,5,5", "1.0005", "0x10", "1 000", "²"]


@pytest.mark.parametrize("action", ["draft", "sign"])
@pytest.mark.parametrize("volume", NO_VOLUMES)
def test_volume_that_is_none_is_refused_and_stays_in_its_field(client, course, volume, action):
    response = sign(client, course, action=action, note="Calm.", **{"drawn-0": volume})

    assert "drawn-0" in errors(response)
    form = response.context["form"]
    assert (form["drawn-0"].value(), form["note"].value()) == (volume, "Calm.")
    assert not Session.objects.exists()


@pytest.mark.parametrize("volume", NO_VOLUMES)
def test_volume_of_an_area_that_is_none_is_refused(client, course, volume):
    response = sign(client, course, **{f"ml-{LEFT}": volume, f"ml-{RIGHT}": "1"})

    assert f"ml-{LEFT}" in errors(response)
    assert not Session.objects.exists()


@pytest.mark.parametrize("typed", ["1,5", "1.5", "1.50", " 1.5 ", "١.٥", "۱٫۵".replace("٫", "."), "１.５"])
def test_volume_is_read_with_a_comma_and_in_the_digits_of_any_script(client, course, typed):
    sign(client, course, **{"drawn-0": typed})

    assert sum(Injection.objects.values_list("volume_ml", flat=True)) == Decimal("1.500")


@pytest.mark.parametrize("points", ["0", "-3", "2001", "1.5", "many", "1e3"])
def test_number_of_points_that_is_none_is_refused(client, course, points):
    response = sign(client, course, **{f"points-{LEFT}": points})

    assert list(errors(response)) == [f"points-{LEFT}"]


def test_volume_without_a_lot_and_lot_without_a_volume_are_told_apart(client, course, lot):
    no_lot = sign(client, course, **{"source-0": "", "drawn-0": "2"})
    no_volume = sign(client, course, **{"drawn-0": ""})

    assert errors(no_lot) == {"source-0": ["Say from which lot."]}
    assert errors(no_volume) == {"drawn-0": ["Say how much was drawn up."]}


def test_nothing_injected_is_no_session_to_sign(client, course):
    assert errors(sign(client, course, **{"source-0": "", "drawn-0": ""})) == {"source-0": ["Say what was injected."]}


@pytest.mark.parametrize("source", ["lot:", "lot:1", "lot:not-a-uuid", "mix:", "zebra", ":::", "lot:" + "9" * 5000])
def test_lot_that_is_none_is_refused(client, course, source):
    response = sign(client, course, **{"source-0": source})

    assert list(errors(response)) == ["source-0"]


def test_same_lot_in_two_rows_is_refused_beside_the_second(client, course, lot):
    key = f"lot:{lot.public_id}"

    response = sign(client, course, **{"source-0": key, "source-1": key, "drawn-1": "1"})

    assert errors(response) == {"source-1": ["This is drawn up in another row already."]}


def test_same_area_sent_twice_counts_once(client, course):
    area = course.areas.first()

    sign(client, course, areas=[area.pk, area.pk])

    assert [row.area for row in Injection.objects.all()] == [area]


@pytest.mark.parametrize("action", ["draft", "sign"])
@pytest.mark.parametrize("given", ["0.9", "1.1"])
def test_products_and_areas_that_do_not_add_up_are_refused(client, course, action, given):
    response = sign(client, course, action=action, **{f"ml-{LEFT}": "1", f"ml-{RIGHT}": given})

    given_ml = {"0.9": "1.9 ml", "1.1": "2.1 ml"}[given]
    words = f"2 ml are drawn up and {given_ml} are given. Correct one of them, or split evenly."
    assert errors(response) == {"areas": [words]}
    assert not Session.objects.exists()


def test_area_left_without_a_volume_beside_one_with_it_is_asked_about(client, course):
    response = sign(client, course, **{f"ml-{LEFT}": "2"})

    assert errors(response) == {f"ml-{RIGHT}": ["Say how much this area got, or leave it out."]}


def test_volumes_of_an_area_that_was_not_chosen_mean_nothing(client, course):
    left = course.areas.get(code=LEFT)

    sign(client, course, areas=[left.pk], **{f"ml-{RIGHT}": "99"})

    assert [(row.area, row.volume_ml) for row in Injection.objects.all()] == [(left, Decimal("2.000"))]


@pytest.mark.parametrize("area", ["abdomen", "no such"])
def test_area_that_is_not_of_the_course_is_refused(client, course, area):
    key = TreatmentAreaFactory(code="abdomen").pk if area == "abdomen" else 99_999

    response = sign(client, course, areas=[key])

    assert "areas" in errors(response)
    assert not Session.objects.exists()


# Points on the map.

OUTSIDE = [
    [["back", 0.01, 0.01]],
    [["back", 1.5, 0.5]],
    [["back", -1, 0.5]],
    [["front", 0.42, 0.6]],
    [["sideways", 0.42, 0.6]],
    [["back", "NaN", 0.5]],
    [["back", None, 0.5]],
    [["back", 0.42]],
    {"back": 1},
    ["back"],
    "back",
    7,
    [[[[]]]],
]


@pytest.mark.parametrize("placed", [*map(json.dumps, OUTSIDE), "{", "[NaN]", "[" * 900, "zebra"])
def test_points_outside_the_picture_are_refused(client, course, placed):
    response = sign(client, course, **{f"map-{LEFT}": placed})

    words = "A point of this area is outside of it. Place the points again, or clear them."
    assert errors(response) == {f"points-{LEFT}": [words]}
    assert not Session.objects.exists()


def test_points_that_cannot_be_kept_are_refused_beside_their_area(client, course):
    response = sign(client, course, **{f"map-{LEFT}": "\x00"})

    assert f"map-{LEFT}" in errors(response)
    rows = {row.area.code: row.errors for row in response.context["page"].area_rows()}
    assert rows[LEFT]


def test_more_points_than_anybody_places_are_refused(client, course):
    placed = json.dumps([["back", 0.42, 0.6]] * 5000)

    response = sign(client, course, **{f"map-{LEFT}": placed})

    assert f"points-{LEFT}" in errors(response)


# The rest of the page.


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("weight_kg", "0"),
        ("weight_kg", "NaN"),
        ("weight_kg", "1e9"),
        ("pain", "11"),
        ("pain", "-1"),
        ("depth_mm", "26"),
        ("depth_mm", "-0.1"),
        ("technique", "hammer"),
        ("performed_at", "2026-03-11T11:00"),
        ("performed_at", "0001-01-01T00:00"),
        ("performed_at", "9999-12-31T23:59"),
        ("performed_at", "yesterday"),
        ("performed_by", "99999"),
        ("screening-pregnancy", "perhaps"),
        ("reactions", ["fireworks"]),
        ("reactions", ["none", "burning"]),
        ("note", "a\x00b"),
        ("note", "x" * 4001),
        ("needle", "x" * 31),
    ],
)
def test_field_with_what_it_cannot_hold_is_refused(client, course, field, value):
    response = sign(client, course, **{field: value})

    assert response.status_code == 200
    assert field in errors(response)
    assert not Session.objects.exists()


@pytest.mark.parametrize("reason", ["a\x00b", "x" * 501])
def test_reason_for_passing_over_that_cannot_be_kept_is_refused_and_stays(client, course, reason):
    ProductFactory(limit_acts="stop", max_ml_per_session=Decimal(1))
    name = "override-dose:test-vitamins:ml"

    opened = client.post(reverse("session-keep-new", args=[course.public_id]), form_of(course, **{name: "x" * 501}))
    response = sign(client, course, copy_version=opened.context["copy_version"], **{name: reason})

    assert response.status_code == 200
    assert errors(response)["__all__"]
    assert [each.reason for each in response.context["page"].stops] == [reason]
    assert not Session.objects.exists()


@pytest.mark.parametrize("version", ["", "0", "abc", "1e9", "-1", "٣", "9" * 40])
def test_draft_is_not_signed_on_a_version_nobody_read(client, course, version):
    session = SessionFactory(course=course, performed_at=FIRST, given=True)

    response = client.post(reverse("session-sign", args=[session.public_id]), {"version": version})

    assert response.status_code == 302
    assert not Session.objects.signed().exists()


def test_form_of_nothing_at_all_is_a_page_of_what_is_missing(client, course):
    session = SessionFactory(course=course, performed_at=FIRST, given=True)

    for url in (new_url(course), edit_url(session)):
        response = client.post(url, {"action": "sign"})
        assert response.status_code == 200
        assert errors(response)


def test_number_that_no_database_holds_is_no_area(client, clinician, course):
    response = client.post(new_url(course), form_of(course, areas="9" * 40))

    assert response.status_code == 200
    assert "areas" in errors(response)
