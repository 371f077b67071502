"""Pages by key: whichever way a list is walked, every row comes once."""

from datetime import date

import pytest
from django.core import signing
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from clinic.paging import MOST_COUNTED, bounded_count, page
from patients.models import Patient
from tests.factories import LocationFactory, PatientFactory, UserFactory

ORDERS = [("birth_date", "pk"), ("-birth_date", "-pk"), ("sort_name", "birth_date", "pk"), ("-sort_name", "-pk")]
DAYS = [date(1970, 1, 1), date(1980, 3, 12), date(2000, 2, 29)]
NAMES = ["Ana", "Öz", "李", "O'Neill", "zoë", "Ana María"]


def turn(query, order, size):
    return page(RequestFactory().get(f"/{query}"), Patient.objects.all(), *order, size=size)


def walk(order, size, *, back=False):
    """Return the keys of the rows from the first page to the last, or from the last page back to the first."""
    seen, shown = [], turn("", order, size)
    while back and shown.next:
        shown = turn(shown.next, order, size)
    while True:
        keys = [row.pk for row in shown]
        seen = keys + seen if back else seen + keys
        query = shown.previous if back else shown.next
        if not query:
            return seen
        shown = turn(query, order, size)


def in_order(order):
    return list(Patient.objects.order_by(*order).values_list("pk", flat=True))


class EveryRowOnceTest(TestCase):
    """A class, for hypothesis: it rolls the database back after each list that it thinks up."""

    @given(
        people=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(DAYS)), max_size=9),
        size=st.integers(1, 5),
        order=st.sampled_from(ORDERS),
    )
    def test_walk_forward_and_back_meets_every_row_once_and_in_order(self, people, size, order):
        here = LocationFactory()
        for name, born in people:
            PatientFactory(location=here, given_name=name, family_name="Twin", birth_date=born)

        assert walk(order, size) == in_order(order)
        assert walk(order, size, back=True) == in_order(order)


@pytest.fixture
def people(db):
    here = LocationFactory()
    return [PatientFactory(location=here, birth_date=date(1980, 1, day)) for day in range(1, 8)]


def keys(shown):
    return [row.pk for row in shown]


def test_first_page_leads_on_and_not_back(people):
    shown = turn("", ("birth_date", "pk"), 3)

    assert keys(shown) == [person.pk for person in people[:3]]
    assert (bool(shown.previous), bool(shown.next)) == (False, True)


def test_last_page_leads_back_and_not_on(people):
    order = ("birth_date", "pk")
    shown = turn(turn(turn("", order, 3).next, order, 3).next, order, 3)

    assert keys(shown) == [people[6].pk]
    assert (bool(shown.previous), bool(shown.next)) == (True, False)


def test_last_page_that_is_just_full_leads_no_further(people):
    shown = turn("", ("birth_date", "pk"), 7)

    assert (len(shown), shown.previous, shown.next) == (7, "", "")


def test_row_added_before_the_page_moves_nothing(people):
    order = ("birth_date", "pk")
    query = turn("", order, 3).next
    PatientFactory(location=people[0].location, birth_date=date(1970, 1, 1))

    assert keys(turn(query, order, 3)) == [person.pk for person in people[3:6]]


def test_other_words_of_the_address_stay(people):
    shown = turn("?q=ana&after=nonsense", ("birth_date", "pk"), 3)

    assert shown.next.startswith("?q=ana&after=")
    assert keys(shown) == [person.pk for person in people[:3]]


@pytest.mark.parametrize("direction", ["after", "before"])
@pytest.mark.parametrize(
    "key",
    ["x", "", "a:b:c", "%C3%A9", signing.dumps([1, 2], salt="another list"), signing.dumps(["1980-01-02", 1])],
    ids=["a letter", "nothing", "no signature", "an accent", "of another list", "of no list"],
)
def test_tampered_key_brings_the_first_page(people, direction, key):
    shown = turn(f"?{direction}={key}", ("birth_date", "pk"), 3)

    assert keys(shown) == [person.pk for person in people[:3]]


def test_changed_letter_of_a_key_brings_the_first_page(people):
    order = ("birth_date", "pk")
    query = turn("", order, 3).next
    tampered = query[:-3] + ("A" if query[-3] != "A" else "B") + query[-2:]

    assert keys(turn(tampered, order, 3)) == [person.pk for person in people[:3]]


def test_key_of_somebody_else_brings_the_first_page(people):
    order = ("birth_date", "pk")
    one, other = RequestFactory().get("/"), RequestFactory()
    one.user = UserFactory()
    query = page(one, Patient.objects.all(), *order, size=3).next
    own, foreign = other.get(f"/{query}"), other.get(f"/{query}")
    own.user, foreign.user = one.user, UserFactory()

    assert keys(page(own, Patient.objects.all(), *order, size=3)) == [person.pk for person in people[3:6]]
    assert keys(page(foreign, Patient.objects.all(), *order, size=3)) == [person.pk for person in people[:3]]


def test_page_behind_the_first_row_is_empty_and_leads_nowhere(people):
    order = ("birth_date", "pk")
    query = turn(turn("", order, 3).next, order, 3).previous
    Patient.objects.filter(pk__in=[person.pk for person in people[:3]]).delete()

    shown = turn(query, order, 3)

    assert (keys(shown), shown.previous, shown.next) == ([], "", "")


def test_count_stops_where_it_says_more(people):
    assert bounded_count(Patient.objects.all()) == 7
    assert MOST_COUNTED == 1000
