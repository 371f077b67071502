"""Same as last time: what was given then, said again from lots that may be used today, and how both are compared."""

from datetime import date, timedelta
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
from tests.treatments.session_forms import FIRST, NOW, edit_url, form_of, new_url, signed_in, spaced
from treatments.drawn import Drawn, Line, Share, drawn_of
from treatments.models import Injection, Session
from treatments.session_words import compared

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
    return LotFactory(location=course.location, number="LOT-A", expires_on=date(2026, 12, 31))


@pytest.fixture
def last(course, lot):
    """Let the last session have given 3 ml left and 1 ml right, by papules."""
    facts = {"technique": "papule", "needle": "30G 4 mm", "depth_mm": Decimal("1.5"), "antiseptic": "Alcohol"}
    session = SessionFactory(course=course, performed_at=FIRST, signed=True, map_points={LEFT: [["back", 0.42, 0.6]]})
    for name, value in facts.items():
        setattr(session, name, value)
    session.save()
    left, right = (TreatmentAreaFactory(code=code) for code in (LEFT, RIGHT))
    InjectionFactory(session=session, lot=lot, area=left, volume_ml=Decimal("3.000"), points=60)
    InjectionFactory(session=session, lot=lot, area=right, volume_ml=Decimal("1.000"), points=20)
    return session


def same(client, course, **typed):
    """Tap “Same as last time” on a fresh page with nothing typed but this."""
    return client.post(new_url(course), {"action": "same", "page": "one", **typed})


def values(response, *names):
    return [response.context["form"][name].value() for name in names]


def notes(response):
    return response.context["notes"]


def test_same_as_last_fills_in_what_was_given_and_how(client, course, lot, last):
    response = same(client, course)

    assert values(
        response, "source-0", "drawn-0", f"ml-{LEFT}", f"points-{LEFT}", f"ml-{RIGHT}", f"points-{RIGHT}"
    ) == [
        f"lot:{lot.public_id}",
        "4",
        "3",
        "60",
        "1",
        "20",
    ]
    assert values(response, "technique", "needle", "depth_mm", "antiseptic") == [
        "papule",
        "30G 4 mm",
        "1.5",
        "Alcohol",
    ]
    assert notes(response) == []
    assert not Session.objects.drafts().exists()


def test_session_signed_from_it_gives_the_same_again(client, course, lot, last):
    filled = same(client, course).context["form"].data.dict()
    areas = [area.pk for area in course.areas.all()]

    client.post(new_url(course), form_of(course, action="sign") | filled | {"action": "sign", "areas": areas})

    (made,) = Session.objects.exclude(pk=last.pk)
    assert (made.is_signed, made.technique, made.map_points) == (True, "papule", last.map_points)
    facts = Injection.objects.filter(session=made).values_list("area__code", "lot", "volume_ml", "points")
    assert set(facts) == {(LEFT, lot.pk, Decimal("3.000"), 60), (RIGHT, lot.pk, Decimal("1.000"), 20)}


def test_what_is_of_today_stays_as_typed(client, course, last):
    typed = {"note": "Calm.", "weight_kg": "69.4", "pain": "2", "reactions": ["burning"], "screening-pregnancy": "no"}

    response = same(client, course, **typed)

    assert values(response, "note", "weight_kg", "pain", "reactions", "screening-pregnancy") == [*typed.values()]


def test_what_was_typed_of_the_products_gives_way(client, course, lot, last):
    other = LotFactory(location=course.location)
    rows = {"source-0": f"lot:{other.public_id}", "drawn-0": "9", "source-1": f"lot:{lot.public_id}", "drawn-1": "8"}

    response = same(client, course, **rows, areas=["9999"])

    assert values(response, "drawn-0", "source-1", "drawn-1") == ["4", None, None]
    assert sorted(values(response, "areas")[0]) == sorted(str(area.pk) for area in course.areas.all())


def test_lot_that_expires_first_and_has_enough_is_taken(client, course, lot, last):
    sooner = LotFactory(location=course.location, number="LOT-B", expires_on=date(2026, 6, 30))
    LotFactory(location=course.location, number="LOT-C", expires_on=date(2026, 4, 30), received_ml=Decimal("3.9"))

    response = same(client, course)

    assert values(response, "source-0") == [f"lot:{sooner.public_id}"]
    words = "Lot LOT-A is not the first to use, or too little is left. Vitamin mixture 10 mg/ml now uses LOT-B."
    assert notes(response) == [words]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"held_at": NOW, "hold_reason": "Three nodules."}, "Lot LOT-A is on hold."),
        ({"expires_on": date(2026, 3, 9)}, "Lot LOT-A has expired."),
    ],
)
def test_lot_that_may_not_be_used_is_replaced_and_the_page_says_so(client, course, lot, last, change, why):
    other = LotFactory(location=course.location, number="LOT-B", expires_on=date(2027, 6, 30))
    if "held_at" in change:
        change = change | {"held_by": lot.received_by}
    for name, value in change.items():
        setattr(lot, name, value)
    lot.save()

    response = same(client, course)

    assert values(response, "source-0", "drawn-0") == [f"lot:{other.public_id}", "4"]
    assert notes(response) == [f"{why} Vitamin mixture 10 mg/ml now uses LOT-B."]
    assert f"{why} Vitamin mixture 10 mg/ml now uses LOT-B." in response.content.decode()


def test_lot_with_too_little_left_is_replaced(client, course, lot, last):
    lot.received_ml = Decimal("7.9")
    lot.save()
    other = LotFactory(location=course.location, number="LOT-B", expires_on=date(2027, 6, 30))

    assert values(same(client, course), "source-0") == [f"lot:{other.public_id}"]


def test_product_of_which_nothing_usable_is_left_is_left_out_and_the_page_says_so(client, course, lot, last):
    lot.held_at, lot.held_by, lot.hold_reason = NOW, lot.received_by, "Three nodules."
    lot.save()
    LotFactory()  # elsewhere

    response = same(client, course)

    assert values(response, "source-0", "drawn-0") == [None, None]
    assert notes(response) == ["Lot LOT-A is on hold. Vitamin mixture 10 mg/ml is left out."]
    assert values(response, f"ml-{LEFT}") == ["3"]


def test_lot_of_a_blocked_product_is_left_out(client, course, lot, last):
    ProductFactory(blocked_reason="Recalled by its maker.")

    assert notes(same(client, course)) == [
        "The product of lot LOT-A is blocked. Vitamin mixture 10 mg/ml is left out.",
    ]


def mixed(course, lot, mixed_at):
    return PreparationFactory(
        location=course.location,
        ingredients=[(lot, Decimal(10))],
        mixed_at=mixed_at,
        use_by_at=mixed_at + timedelta(hours=12),
    )


def with_mixture(course, lot):
    session = SessionFactory(course=course, performed_at=FIRST + timedelta(hours=1), signed=True)
    InjectionFactory(session=session, lot=None, preparation=mixed(course, lot, FIRST), volume_ml=Decimal(2))


def test_mixture_of_the_day_stands_for_that_of_last_time(client, course, lot):
    with_mixture(course, lot)
    fresh = mixed(course, lot, NOW - timedelta(hours=1))

    response = same(client, course)

    assert values(response, "source-0", "drawn-0") == [f"mix:{fresh.public_id}", "2"]
    assert notes(response) == []


def test_without_a_mixture_of_the_day_it_is_left_out(client, course, lot):
    with_mixture(course, lot)

    response = same(client, course)

    assert values(response, "source-0") == [None]
    words = "Morning mixture of last time is used up or past its use-by. Morning mixture is left out."
    assert notes(response) == [words]


def test_session_without_injections_gives_its_areas_alone(client, course, lot):
    SessionFactory(course=course, performed_at=FIRST, signed=True)

    response = same(client, course)

    assert sorted(values(response, "areas")[0]) == sorted(str(area.pk) for area in course.areas.all())
    assert (values(response, "source-0"), notes(response)) == ([None], [])


def test_first_session_has_nothing_to_be_the_same_as(client, course):
    response = same(client, course, note="Calm.")

    assert response.status_code == 200
    assert values(response, "note") == ["Calm."]


def test_session_that_was_entered_in_error_is_no_last_time(client, course, lot, last):
    wrong = SessionFactory(
        course=course,
        performed_at=FIRST + timedelta(days=7),
        entered_in_error_at=NOW,
        entered_in_error_by=course.clinician,
        entered_in_error_reason="Another patient.",
    )
    InjectionFactory(session=wrong, lot=lot, volume_ml=Decimal(50))

    assert values(same(client, course), "drawn-0") == ["4"]


# "As session 1, except …".


@pytest.fixture
def then(last):
    return drawn_of(last)


def now_given(then, **changes):
    facts = {"lines": then.lines, "shares": then.shares, "session": then.session, **changes}
    return Drawn(course=then.course, performed_at=NOW, **facts)


def test_same_again_is_said_to_be_so(then):
    assert compared(now_given(then), then, number=6) == "As session 6."


def test_after_a_follow_up_there_is_no_number_to_name(then):
    assert compared(now_given(then), then, number=None) == "As the last treatment."


def test_nothing_is_said_where_nothing_was_given(then):
    assert compared(now_given(then, lines=[]), then, number=6) == ""
    assert compared(then, now_given(then, lines=[]), number=6) == ""


def test_every_difference_is_named_and_nothing_else(course, lot, then):
    saline = LotFactory(location=course.location, product=ProductFactory(code="saline", name="Saline", strength=""))
    fresh = LotFactory(location=course.location, number="LOT-B")
    left, right, abdomen = (TreatmentAreaFactory(code=code) for code in (LEFT, RIGHT, "abdomen"))
    one = lambda **changes: spaced(compared(now_given(then, **changes), then, number=6))  # noqa: E731

    assert one(lines=[Line(fresh, Decimal(4))]) == "As session 6, except Vitamin mixture 10 mg/ml lot LOT-B."
    assert one(lines=[Line(lot, Decimal(5))]) == "As session 6, except Vitamin mixture 10 mg/ml 5 ml."
    assert one(lines=[*then.lines, Line(saline, Decimal("0.5"))]) == "As session 6, except 0.5 ml Saline added."
    assert one(lines=[Line(saline, Decimal(4))]) == (
        "As session 6, except 4 ml Saline added and no Vitamin mixture 10 mg/ml."
    )
    shares = [Share(left, Decimal(2)), Share(right, Decimal(1)), Share(abdomen, Decimal(1))]
    assert one(shares=shares) == "As session 6, except 2 ml in back thigh, left and abdomen added."
    assert one(shares=[Share(left, Decimal(3))]) == "As session 6, except nothing in back thigh, right."


def test_another_needle_technique_and_depth_are_differences(course, then):
    session = Session(course=course, technique="nappage", needle="32G 4 mm", depth_mm=Decimal("2.0"))

    words = compared(now_given(then, session=session), then, number=6)

    assert words == "As session 6, except nappage, 2–4 mm, needle 32G 4 mm and 2.0 mm deep."


def test_page_and_record_say_the_same_sentence(client, course, lot, last):
    filled = same(client, course)
    areas = [area.pk for area in course.areas.all()]
    sent = form_of(course, action="sign") | filled.context["form"].data.dict() | {"action": "sign", "areas": areas}

    response = client.post(new_url(course), sent)

    assert filled.context["page"].compared == "As session 1."
    assert "As session 1." in client.get(response.url).content.decode()


# Last time is the session before the one on the page, not the newest of all.


@pytest.fixture
def three(course, lot):
    """Let the course have had 1, 2 and 6 ml on 1, 4 and 7 March, weighed with 70, 75 and 90 kg."""
    sessions = []
    for day, ml, weight in ((1, 1, 70), (4, 2, 75), (7, 6, 90)):
        moment = FIRST.replace(day=day)
        session = SessionFactory(
            course=course, performed_at=moment, weight_kg=Decimal(weight), early_reason="Asked for"
        )
        InjectionFactory(session=session, lot=lot, area=course.areas.first(), volume_ml=Decimal(ml), points=20)
        sessions.append(session)
    return sessions


def test_same_as_last_on_a_draft_between_two_others_is_the_one_before_it(client, course, three):
    page = client.post(edit_url(three[1]), form_of(course, action="same", performed_at="2026-03-04T07:00"))

    assert values(page, "drawn-0") == ["1"]
    assert page.context["page"].last == page.context["form"].last == three[0]


def test_last_time_of_a_session_that_is_logged_afterwards_follows_the_time_typed(client, course, three):
    page = client.post(new_url(course), form_of(course, action="same", performed_at="2026-03-05T07:00"))

    assert values(page, "drawn-0") == ["2"]
    assert page.context["page"].last == page.context["form"].last == three[1]


@pytest.mark.parametrize("typed", ["", "soon", "0001-01-01T00:00", "9999-12-31T23:59"])
def test_last_time_is_the_newest_while_the_time_is_no_moment(client, course, three, typed):
    page = client.post(new_url(course), form_of(course, action="same", performed_at=typed))

    assert page.context["form"].last == three[2]


def test_weight_of_an_edited_session_is_held_against_those_before_it(client, course, three):
    weight = client.get(edit_url(three[2])).context["page"].weight

    assert (weight.baseline, weight.now) == (70, 75)
