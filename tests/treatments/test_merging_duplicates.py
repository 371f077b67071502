"""Records that are likely of one person are listed, until somebody says that they are two people."""

from datetime import date

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from patients.models import DistinctPair
from tests.factories import LocationFactory, PatientFactory, UserFactory
from tests.treatments.merging_records import NOW, merge, merge_url, one_record, other_record

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street", time_zone="UTC")


@pytest.fixture
def admin(client, here):
    user = UserFactory(role=Role.ADMIN, locations=[here])
    client.force_login(user)
    return user


@pytest.fixture
def ida(here):
    return one_record(here)


@pytest.fixture
def twin(here):
    return other_record(here)


# Likely duplicates


def listed(client):
    found = client.get(reverse("patient-duplicates")).context["likenesses"]
    return [(each.patient, [(twin.patient, twin.why) for twin in each.twins]) for each in found]


def test_records_with_the_same_phone_are_likely_duplicates(client, admin, ida, twin):
    assert listed(client) == [(ida, [(twin, "same phone")])]


@pytest.mark.parametrize("names", [("Zoë", "O'Brien"), ("ZOE", "o'brien")])
def test_same_name_and_birth_date_in_whatever_letters_is_likely(client, admin, here, names):
    one = PatientFactory(given_name="Zoë", family_name="O'Brien", location=here)
    other = PatientFactory(given_name=names[0], family_name=names[1], location=here)

    assert listed(client) == [(one, [(other, "same name and birth date")])]


def test_same_number_of_the_former_system_but_for_capitals_is_likely(client, admin, here):
    one = PatientFactory(external_id="ab-7", location=here)
    other = PatientFactory(external_id="AB-7", birth_date=date(1970, 1, 1), location=here)

    assert listed(client) == [(one, [(other, "same number in the former system")])]


def test_people_who_share_nothing_but_a_name_or_a_birth_date_are_not_listed(client, admin, here):
    PatientFactory(given_name="Amara", family_name="Same", birth_date=date(1980, 1, 1), location=here)
    PatientFactory(given_name="Amara", family_name="Same", birth_date=date(1981, 1, 1), location=here)
    PatientFactory(given_name="Bela", family_name="Other", birth_date=date(1981, 1, 1), location=here)

    assert listed(client) == []


def test_merged_record_is_no_duplicate_any_more(client, admin, ida, twin):
    merge(client, ida, twin)

    assert listed(client) == []


def tell_apart(client, one, other, **changes):
    data = {"with": str(other.public_id), "reason": "Mother and daughter.", **changes}
    return client.post(reverse("patient-distinct", args=[one.public_id]), data)


@pytest.mark.parametrize("turned", [False, True])
def test_two_people_are_remembered_with_who_and_why_and_listed_no_more(client, admin, ida, twin, turned):
    tell_apart(client, *((twin, ida) if turned else (ida, twin)))

    said = DistinctPair.objects.get()
    assert (said.first, said.second, said.reason, said.said_by, said.said_at) == (
        ida,
        twin,
        "Mother and daughter.",
        admin,
        NOW,
    )
    assert listed(client) == []
    page = client.get(merge_url(ida, twin)).content.decode()
    assert "said that these are two people: Mother and daughter." in page


def test_third_record_with_the_phone_is_listed_still(client, admin, here, ida, twin):
    third = PatientFactory(phone=ida.phone, location=here)
    tell_apart(client, ida, twin)

    assert listed(client) == [(ida, [(third, "same phone")]), (twin, [(third, "same phone")])]


def test_double_tap_tells_two_people_apart_once(client, admin, ida, twin):
    tell_apart(client, ida, twin)
    tell_apart(client, twin, ida)

    assert DistinctPair.objects.count() == 1


def test_that_they_are_two_people_can_be_taken_back(client, admin, ida, twin):
    tell_apart(client, ida, twin)
    tell_apart(client, ida, twin, take_back="1")

    assert DistinctPair.objects.get().taken_back_by == admin
    assert listed(client) == [(ida, [(twin, "same phone")])]


def test_two_people_are_told_apart_for_a_reason(client, admin, ida, twin):
    response = tell_apart(client, ida, twin, reason="")

    assert response.context["apart_form"].errors
    assert not DistinctPair.objects.exists()


def test_phone_that_many_share_shows_the_first_five(client, admin, here):
    for _number in range(8):
        PatientFactory(phone="+14155550199", location=here)

    assert len(listed(client)[0][1]) == 5


# As often for one as for three


@pytest.mark.parametrize("count", [1, 3])
def test_list_of_duplicates_asks_as_often_for_three_as_for_one(client, admin, here, count, django_assert_num_queries):
    for number in range(count):
        for _twice in range(2):
            PatientFactory(phone=f"+1415555010{number}", location=here)
    client.get(reverse("patient-duplicates"))

    with django_assert_num_queries(12):
        assert len(listed(client)) == count
