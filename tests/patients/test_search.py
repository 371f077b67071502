from datetime import date

import pytest

from patients.models import Patient
from tests.factories import PatientFactory

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def vera():
    return PatientFactory(given_name="Vera", family_name="Koepp", birth_date=date(1956, 8, 3), phone="+14155550103")


@pytest.fixture
def jonas():
    return PatientFactory(
        given_name="Jonas", family_name="Ō'Brien", birth_date=date(1977, 9, 9), phone="+493023125001"
    )


@pytest.mark.parametrize(
    "typed",
    [
        "+1 415-555-0103",
        "+1 415 555 0103",
        "1 415 555 0103",
        "+14155550103",
        "0014155550103",
        "(415) 555-0103",
        "415.555.0103",
        "555-0103",
        "0103",
    ],
)
def test_american_phone_is_found_however_it_is_printed_or_dialled(vera, jonas, typed):
    assert list(Patient.objects.search(typed)) == [vera]


@pytest.mark.parametrize(
    "typed", ["+49 30 23125001", "030 23125001", "03023125001", "004930 23125001", "23125001", "030/23125001"]
)
def test_german_phone_is_found_however_it_is_printed_or_dialled(vera, jonas, typed):
    assert list(Patient.objects.search(typed)) == [jonas]


@pytest.mark.parametrize(
    "typed",
    ["Koepp, Vera", "vera koepp", "Koepp 1956-08-03", "1956-08-03", "3.8.1956", "03/08/1956", "08/03/1956 koepp"],
)
def test_name_and_birth_date_are_found_in_any_order(vera, jonas, typed):
    assert list(Patient.objects.search(typed)) == [vera]


def test_name_with_the_birth_date_of_another_finds_nobody(vera, jonas):
    assert not Patient.objects.search("Koepp 1977-09-09").exists()


@pytest.mark.parametrize("typed", ["{}", "{}".lower(), "  {}  "])
def test_record_number_is_found_as_it_is_written(vera, jonas, typed):
    assert list(Patient.objects.search(typed.format(vera.record_number))) == [vera]


def test_record_number_is_found_without_its_letters_and_dashes(vera, jonas):
    _letters, serial, check = vera.record_number.split("-")

    for typed in [f"{serial}-{check}", f"{serial}{check}", f"MT {serial} {check}", serial]:
        assert list(Patient.objects.search(typed)) == [vera], typed


@pytest.mark.parametrize("typed", ["o'brien", "Ō'Brien", "jonas o"])
def test_name_is_found_without_its_accents(vera, jonas, typed):
    assert list(Patient.objects.search(typed)) == [jonas]


@pytest.mark.parametrize("typed", ["", "   ", ",", "\0", "-"])
def test_nothing_typed_finds_nobody(vera, typed):
    assert list(Patient.objects.search(typed)) == []
