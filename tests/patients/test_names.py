"""Names as people have them: kept letter by letter in one form, found, put in order, and printed."""

import unicodedata

import pytest

from patients.models import Patient
from tests.factories import LocationFactory, PatientFactory, UserFactory
from tests.searching import find

pytestmark = pytest.mark.django_db

NAMES = [
    ("Zoë", "Ō'Brien"),
    ("李", "小龍"),
    ("👩‍⚕️", "Nurse"),
    ("J", "Q"),
    ("Null", "null"),
    ("Robert'); DROP TABLE patients;--", "O'Brien; DROP"),
    ("İnci", "Işık"),
    ("Ana María", "Muñoz-Peña"),
    ("محمد", "العربي"),
    ("Nguyễn", "Thị Hồng"),
    ("<b>Bold</b>", "&amp; Sons"),
    ("{{settings.SECRET_KEY}}", "{%load%}"),
    ("%s", "%(name)s {0}"),
    ("x" * 100, "y" * 100),
]


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def desk(client, here):
    client.force_login(UserFactory(locations=[here]))
    return client


def registered(desk, here, given, family):
    form = {
        "given_name": given,
        "family_name": family,
        "birth_date": "1988-02-02",
        "sex": "female",
        "location": here.pk,
        "preferred_channel": "phone",
        "allergies_asked": "none",
        "register_anyway": "1",
    }
    return desk.post("/patients/new/", form)


@pytest.mark.parametrize(("given", "family"), NAMES)
def test_name_is_kept_as_it_is_typed_and_shown_and_found(desk, here, given, family):
    patient = PatientFactory(location=here, given_name=given, family_name=family)
    patient.full_clean(exclude=["phone"])

    stored = Patient.objects.get(pk=patient.pk)
    shown = desk.get(stored.get_absolute_url())
    found = find(desk, "/search/", f"{given} {family}")
    listed = find(desk, "/patients/", family)

    assert (stored.given_name, stored.family_name) == (given, family)
    assert [page.status_code for page in (shown, found, listed)] == [200, 200, 200]
    assert stored.get_absolute_url() in found.content.decode()
    assert "SECRET_KEY" not in given or "only-for-tests" not in shown.content.decode()


def test_letters_put_together_and_letters_in_one_piece_are_one_name(here):
    pieces = PatientFactory(location=here, given_name=unicodedata.normalize("NFD", "Zoë"), family_name="Ōno")

    assert Patient.objects.get(pk=pieces.pk).given_name == unicodedata.normalize("NFC", "Zoë")


def test_same_name_in_two_forms_is_asked_about_as_a_duplicate(desk, here):
    PatientFactory(location=here, given_name="Zoë", family_name="Ōno", birth_date="1988-02-02")

    response = registered(desk, here, unicodedata.normalize("NFD", "Zoë"), "O\u0304no")

    assert response.status_code == 200
    assert Patient.objects.count() == 1


def test_names_stand_in_the_order_of_their_letters_without_case_and_accents(desk, here):
    for family in ("Zander", "Öberg", "o'Brien", "Abt", "Ābele"):
        PatientFactory(location=here, given_name="Ana", family_name=family)

    page = desk.get("/patients/").content.decode()

    places = [page.index(family) for family in ("Ābele", "Abt", "Öberg", "Zander")]
    assert places == sorted(places)
