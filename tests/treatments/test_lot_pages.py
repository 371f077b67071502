"""The stock, one lot with everybody who had it, and whom to call about it."""

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    ContactAttemptFactory,
    CourseFactory,
    FollowUpFactory,
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
from tests.searching import find
from treatments.models import StockChange

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)
TODAY = NOW.date()
LIST = "/lots/"


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
def doctor(client, here):
    user = UserFactory(role=Role.CLINICIAN, locations=[here])
    client.force_login(user)
    return user


def session_with(lot, *, patient=None, ml=2, days=0, mixed=None, **fields):
    patient = patient or PatientFactory(location=lot.location)
    course = patient.courses.first() or CourseFactory(patient=patient)
    session = SessionFactory(course=course, performed_at=NOW - timedelta(days=days), signed=True, **fields)
    InjectionFactory(session=session, lot=None if mixed else lot, preparation=mixed, volume_ml=ml)
    return session


def listed(client, **query):
    return [row.lot for row in client.get(LIST, query).context["rows"]]


def read(response):
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def test_stock_stands_first_expiring_first_and_only_what_can_be_used(client, nurse, here):
    later = LotFactory(location=here)
    sooner = LotFactory(location=here, expires_on=TODAY)
    LotFactory(location=here, expires_on=TODAY - timedelta(days=1))
    LotFactory(location=here, held=True)
    LotFactory(location=here, product=ProductFactory(code="b", name="B", blocked_reason="Suspended."))
    LotFactory()
    used_up = LotFactory(location=here, received_ml=2)
    session_with(used_up)

    assert listed(client) == [sooner, later]


def test_each_tab_has_its_lots(client, nurse, here):
    fine = LotFactory(location=here)
    last_of_60 = LotFactory(location=here, expires_on=TODAY + timedelta(days=60))
    LotFactory(location=here, expires_on=TODAY + timedelta(days=61))
    gone = LotFactory(location=here, expires_on=TODAY - timedelta(days=1))
    held = LotFactory(location=here, held=True)

    assert listed(client, tab="expiring") == [last_of_60]
    assert listed(client, tab="expired") == [gone]
    assert listed(client, tab="held") == [held]
    assert len(listed(client, tab="all")) == 5
    assert fine in listed(client, tab="nonsense")


def test_a_product_is_low_when_its_usable_lots_are(client, nurse, here):
    low = ProductFactory(code="low", name="Low one", low_stock_ml=Decimal(50))
    LotFactory(location=here, product=low, received_ml=49)
    LotFactory(location=here, product=low, received_ml=500, expires_on=TODAY - timedelta(days=1))
    enough = ProductFactory(code="enough", name="Enough", low_stock_ml=Decimal(50))
    LotFactory(location=here, product=enough, received_ml=50)
    empty = ProductFactory(code="empty", name="Empty", low_stock_ml=Decimal(10))
    session_with(LotFactory(location=here, product=empty, received_ml=2))
    LotFactory(product=low, received_ml=1)

    levels = client.get(LIST, {"tab": "low"}).context["levels"]

    assert [(level.product, level.usable_ml, level.low_ml) for level in levels] == [
        ("Empty 10 mg/ml", 0, 10),
        ("Low one 10 mg/ml", 49, 50),
    ]


@pytest.mark.parametrize("text", ["a-117", "117", "lidoc", "4006381333931", "04006381333931"])
def test_a_lot_is_found_by_its_number_its_product_and_its_code(client, nurse, here, text):
    lot = LotFactory(
        location=here, number="A-117", gtin="04006381333931", product=ProductFactory(code="x", name="Lidocaine mix")
    )
    LotFactory(location=here, number="B-2")

    assert [row.lot for row in find(client, LIST, text).context["rows"]] == [lot]


@pytest.mark.parametrize("query", [{"words": "x"}, {"location": "x"}, {"after": "x"}])
def test_what_no_page_sends_is_no_fault(client, nurse, here, query):
    LotFactory(location=here)

    assert client.get(LIST, query).status_code == 200


@pytest.mark.parametrize("text", ["%", "x" * 5000])
def test_odd_text_finds_no_lot(client, nurse, here, text):
    LotFactory(location=here)

    assert find(client, LIST, text).context["rows"] == []


def test_around_midnight_each_place_has_its_own_day(client, here):
    east = LocationFactory(time_zone="Pacific/Kiritimati")  # 11 March there
    lots = [LotFactory(location=place, expires_on=TODAY, number=place.name) for place in (here, east)]
    client.force_login(UserFactory(locations=[here, east]))

    assert (listed(client), listed(client, tab="expired")) == ([lots[0]], [lots[1]])


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_as_often_for_one_lot_as_for_three(client, doctor, here, count, django_assert_num_queries):
    for _number in range(count):
        session_with(LotFactory(location=here))
    client.get(LIST)

    with django_assert_num_queries(13):
        client.get(LIST)


def test_the_list_goes_on_by_key(client, nurse, here):
    lots = [LotFactory(location=here, expires_on=TODAY + timedelta(days=n)) for n in range(30)]
    first = client.get(LIST)

    second = client.get(LIST + first.context["page"].next)

    assert [row.lot for row in (*first.context["rows"], *second.context["rows"])] == lots


def test_the_list_leaves_as_a_file_that_no_spreadsheet_computes(client, nurse, here):
    LotFactory(location=here, number="=1+1", received_ml=20)

    [row] = read(client.get(LIST, {"format": "csv"}))

    assert (row["Lot"], row["Left in ml"], row["Expires on"], row["State"]) == (
        "'=1+1",
        "20.000",
        "2027-12-31",
        "Usable",
    )


def test_a_lot_says_what_is_left_and_what_it_follows_from(client, nurse, here):
    lot = LotFactory(location=here, received_ml=100)
    session_with(lot, ml=10)
    PreparationFactory(location=here, ingredients=[(lot, 20)])
    for kind, ml in (("received", 50), ("wasted", -5), ("counted", 1)):
        StockChange.objects.create(lot=lot, kind=kind, volume_ml=ml, reason="x", made_at=NOW, made_by=nurse)

    context = client.get(lot.get_absolute_url()).context

    account = [(entry.label, entry.volume_ml) for entry in context["account"]]
    assert account == [
        ("Received", 100),
        ("More arrived", 50),
        ("Thrown away", -5),
        ("Corrected after counting", 1),
        ("Injected", -10),
        ("Mixed into preparations", -20),
    ]
    assert context["lot"].remaining_ml == sum(ml for _label, ml in account) == 116


def test_from_a_lot_to_everybody_who_had_it_straight_or_mixed_newest_first(client, nurse, here):
    lot, other = LotFactory.create_batch(2, location=here)
    mixed = PreparationFactory(location=here, ingredients=[(lot, 4), (other, 12)])
    old = session_with(lot, days=9, ml=Decimal("1.5"))
    new = session_with(lot, days=1, ml=8, mixed=mixed)
    session_with(other)
    SideEffectFactory(session=old)

    uses = client.get(lot.get_absolute_url()).context["uses"]

    assert [(use.session, use.volume_ml, use.preparations) for use in uses] == [
        (new, Decimal(2), [mixed]),
        (old, Decimal("1.5"), []),
    ]
    assert [effect.kind.name for effect in uses[1].reactions] == ["Swelling"]
    page = client.get(lot.get_absolute_url()).content.decode()
    assert all(
        each in page for each in (old.get_absolute_url(), mixed.get_absolute_url(), old.course.patient.full_name)
    )


def test_from_an_ingredient_to_its_patients_and_back(client, nurse, here):
    lot = LotFactory(location=here)
    mixed = PreparationFactory(location=here, ingredients=[(lot, 4)])
    session = session_with(lot, ml=1, mixed=mixed)

    there = client.get(mixed.get_absolute_url())

    assert [(use.session, use.volume_ml) for use in there.context["uses"]] == [(session, 1)]
    assert lot.get_absolute_url() in there.content.decode()


def test_patients_of_another_location_are_counted_and_not_named(client, nurse, here):
    lot = LotFactory(location=here)
    patient = PatientFactory(location=LocationFactory(), family_name="Elsewhere")
    session_with(lot, patient=patient)

    response = client.get(lot.get_absolute_url())

    assert (response.context["elsewhere"], response.context["uses"]) == (1, [])
    assert "1 more session is of a patient of another location." in response.content.decode()
    assert "Elsewhere" not in response.content.decode()
    assert read(client.get(lot.get_absolute_url(), {"format": "csv"})) == []


def test_sessions_of_a_lot_go_on_by_key_and_leave_whole_as_a_file(client, nurse, here):
    lot, patient = LotFactory(location=here), PatientFactory(location=here)
    sessions = [session_with(lot, patient=patient, ml=1, days=n) for n in range(30)]
    first = client.get(lot.get_absolute_url())

    second = client.get(lot.get_absolute_url() + first.context["page"].next)
    rows = read(client.get(lot.get_absolute_url(), {"format": "csv"}))

    assert [use.session for use in (*first.context["uses"], *second.context["uses"])] == sessions
    assert (len(rows), rows[0]["Volume in ml"], rows[0]["Session at"]) == (30, "1.000", "2026-03-10T16:00+00:00")


@pytest.mark.parametrize("count", [1, 3])
def test_a_lot_asks_as_often_for_one_session_as_for_three(client, doctor, here, count, django_assert_num_queries):
    lot = LotFactory(location=here)
    mixed = PreparationFactory(location=here, ingredients=[(lot, 9)])
    for kind in ["swelling", "bruising", "nodule"][:count]:
        SideEffectFactory(session=session_with(lot, ml=1, mixed=mixed), kind=SideEffectKindFactory(code=kind))
        session_with(lot, ml=1)
    client.get(lot.get_absolute_url())

    with django_assert_num_queries(23):
        client.get(lot.get_absolute_url())


def test_the_same_lot_elsewhere_is_named(client, nurse, here):
    lot = LotFactory(location=here)
    LotFactory(product=lot.product, number=lot.number, location=LocationFactory(name="Lindenhof"))

    assert "Lindenhof" in client.get(lot.get_absolute_url()).content.decode()


def test_three_patients_with_one_reaction_alarm_on_the_page_and_in_the_list(client, doctor, here):
    lot = LotFactory(location=here)
    for _number in range(3):
        SideEffectFactory(session=session_with(lot, ml=1), kind=SideEffectKindFactory(code="nodule"))

    page, stock = (client.get(address).content.decode() for address in (lot.get_absolute_url(), LIST))

    assert "Nodule in 3 patients." in page
    assert reverse("lot-hold", args=[lot.public_id]) in page
    assert "Nodule in 3 patients" in stock


def recalled(client, lot):
    return client.get(reverse("lot-recall", args=[lot.public_id])).context


def test_the_recall_list_names_each_patient_once_those_who_react_first(client, nurse, here):
    lot = LotFactory(location=here)
    fine = session_with(lot, ml=3, days=1).course.patient
    twice = session_with(lot, ml=1, days=20).course.patient
    SideEffectFactory(session=session_with(lot, patient=twice, ml=2, days=6))

    people = [row for row, _contact in recalled(client, lot)["people"]]

    assert [(row.patient, row.sessions, row.volume_ml, len(row.open_reactions)) for row in people] == [
        (twice, 2, 3, 1),
        (fine, 1, 3, 0),
    ]
    assert people[0].last.performed_at == NOW - timedelta(days=6)


def test_the_recall_list_has_what_a_caller_needs_and_marks_nothing(client, nurse, here):
    lot = LotFactory(location=here)
    patient = PatientFactory(location=here, phone="+14155550117")
    session = session_with(lot, patient=patient)
    ContactAttemptFactory(follow_up=FollowUpFactory(course=session.course), made_at=datetime(2026, 2, 3, tzinfo=UTC))

    response = client.get(reverse("lot-recall", args=[lot.public_id]))
    [row] = read(client.get(reverse("lot-recall", args=[lot.public_id]), {"format": "csv"}))

    page = response.content.decode()
    assert 'href="tel:+14155550117"' in page
    assert "3 Feb 2026" in page
    assert (row["Record number"], row["Last contact"], row["Volume in ml"]) == (
        patient.record_number,
        "2026-02-03",
        "2.000",
    )
    lot.refresh_from_db()
    assert lot.held_at is None


def test_the_recall_list_covers_the_batch_and_says_who_is_not_shown(client, nurse, here):
    lot = LotFactory(location=here)
    elsewhere = LotFactory(product=lot.product, number=lot.number, location=LocationFactory())
    session_with(lot)
    session_with(elsewhere)

    shown = recalled(client, lot)
    assert (len(shown["people"]), shown["elsewhere"]) == (1, 1)

    client.force_login(UserFactory(role=Role.ADMIN, locations=[here]))
    everybody = recalled(client, lot)
    assert (len(everybody["people"]), everybody["elsewhere"]) == (2, 0)


@pytest.mark.parametrize("count", [1, 3])
def test_the_recall_list_asks_as_often_for_one_patient_as_for_three(
    client, doctor, here, count, django_assert_num_queries
):
    lot = LotFactory(location=here)
    for _number in range(count):
        SideEffectFactory(session=session_with(lot))
    client.get(reverse("lot-recall", args=[lot.public_id]))

    with django_assert_num_queries(15):
        recalled(client, lot)


def test_the_admins_day_shows_what_expires_and_what_is_low(client, here):
    client.force_login(UserFactory(role=Role.ADMIN, locations=[here]))
    LotFactory(location=here, expires_on=date(2026, 4, 1))
    LotFactory(location=here, product=ProductFactory(code="low", name="Low", low_stock_ml=Decimal(500)))

    response = client.get("/")

    assert (response.context["stock"].expiring, response.context["stock"].low, response.context["stock"].all) == (
        1,
        1,
        2,
    )
    assert "Lots near expiry or low" in response.content.decode()


def test_those_who_treat_have_no_such_tile(client, nurse, here):
    LotFactory(location=here, expires_on=date(2026, 4, 1))

    assert client.get("/").context["stock"] is None
