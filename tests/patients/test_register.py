"""Registering a patient: what is kept, what is refused, and that nobody is made twice."""

import uuid
from datetime import date

import pytest
from django.urls import reverse

from clinic.roles import Role
from patients.models import Allergy, Patient
from tests.factories import LocationFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db

URL = "/patients/new/"
AMARA = {
    "given_name": "Amara",
    "family_name": "Okonkwo",
    "birth_date": "1988-02-02",
    "sex": "female",
    "phone": "415 555 0182",
    "language": "en",
    "allergies-TOTAL_FORMS": "1",
    "allergies-INITIAL_FORMS": "0",
}
LATEX = {"allergies-0-substance": "Latex", "allergies-0-reaction": "hives", "allergies-0-severity": "mild"}


@pytest.fixture
def here():
    return LocationFactory(country_code="US")


@pytest.fixture
def desk(client, here):
    client.force_login(UserFactory(locations=[here]))
    return client


def typed(here, **fields):
    return {**AMARA, "location": here.pk, "form_token": str(uuid.uuid4()), **fields}


def errors(response):
    return response.context["form"].errors


@pytest.mark.parametrize(
    ("url", "offered"), [("", False), ("whatsapp://token@1234567/{to}", True), ("twilio://AC0:t@+14155550100", False)]
)
def test_whatsapp_is_a_choice_only_where_the_clinic_can_send_by_it(desk, here, settings, url, offered):
    settings.WHATSAPP_URL = url
    assert ('value="whatsapp"' in desk.get(URL).content.decode()) is offered
    desk.post(URL, typed(here, preferred_channel="whatsapp"))

    assert Patient.objects.filter(preferred_channel="whatsapp").exists() is offered


def test_choice_of_whatsapp_made_before_is_kept_where_it_is_not_offered_any_more(desk, here):
    patient = PatientFactory(location=here, preferred_channel="whatsapp", phone="+14155550182")

    assert 'value="whatsapp"' in desk.get(f"/patients/{patient.public_id}/edit/").content.decode()


def test_patient_is_registered(desk, here):
    response = desk.post(URL, typed(here), follow=False)

    patient = Patient.objects.get()
    assert response.url == patient.get_absolute_url()
    assert (patient.full_name, patient.birth_date, patient.phone) == (
        "Amara Okonkwo",
        date(1988, 2, 2),
        "+14155550182",
    )
    assert (patient.location, patient.preferred_channel) == (here, Patient.Channel.PHONE)


def test_history_says_who_registered(desk, here):
    desk.post(URL, typed(here))

    assert Patient.objects.get().history.get().history_user.email.startswith("person")


def test_double_tap_makes_one_patient(desk, here):
    form = typed(here)

    first, second = desk.post(URL, form), desk.post(URL, form)

    assert Patient.objects.count() == 1
    assert first.url == second.url


BINTA = {"given_name": "Binta", "birth_date": "1990-05-05", "phone": "415 555 0183"}
SENT_ALREADY = "This form was sent already and made Amara Okonkwo, {}. To make another, send it again."


def test_next_person_typed_into_the_form_of_the_last_is_asked_again_and_not_lost(desk, here):
    form = typed(here)
    desk.post(URL, form)

    response = desk.post(URL, {**form, **BINTA})

    again = response.context["form"]
    assert again.non_field_errors() == [SENT_ALREADY.format(Patient.objects.get().record_number)]
    assert 'value="Binta"' in response.content.decode()
    desk.post(URL, {**form, **BINTA, "form_token": again["form_token"].value()})
    assert list(Patient.objects.by_name().values_list("given_name", flat=True)) == ["Amara", "Binta"]


@pytest.mark.parametrize(
    "change",
    [{"email": "half@typed"}, {"language": "de"}, {"allergies_asked": "none"}, LATEX, {"phone": "415 555 0199"}],
    ids=str,
)
def test_form_sent_again_with_one_thing_changed_is_asked_again(desk, here, change):
    form = typed(here)
    desk.post(URL, form)

    response = desk.post(URL, {**form, **change})

    number = Patient.objects.get().record_number
    assert response.context["form"].non_field_errors() == [SENT_ALREADY.format(number)]


@pytest.mark.parametrize(
    "fields",
    [
        {"given_name": " Amara  Zoe\u0308"},
        {"country_code": "us", "contact_permission": "on"},
        {"phone": "", "email": "a@clinic.example"},
        LATEX | {"allergies_asked": "some"},
    ],
    ids=str,
)
def test_double_tap_is_known_however_it_is_spelled(desk, here, fields):
    form = typed(here, **fields)

    first, second = desk.post(URL, form), desk.post(URL, form)

    assert second.url == first.url


def test_browser_keeps_no_token(desk):
    assert desk.get(URL).context["form"]["form_token"].field.widget.attrs == {"autocomplete": "off"}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("birth_date", "2080-03-12", "12 March 2080 is in the future. Did you mean 1980?"),
        ("birth_date", "1850-03-12", "years old. Check the year."),
        ("birth_date", "2023-02-29", "This is no day of the calendar. Example: 1980-03-12."),
        ("birth_date", "", "This field is required."),
        ("phone", "415 555 01", "2 digits short for a US number."),
        ("phone", "41\x0055", "“41\x0055” is not a phone number."),
        ("phone", "call me", "“call me” is not a phone number."),
        ("email", "amara@", "Enter a valid email address."),
        ("family_name", "Oko\x07nkwo", "Character 4 cannot be shown."),
        ("family_name", "Oko\0nkwo", "Null characters are not allowed."),
        ("family_name", "", "This field is required."),
        ("family_name", "x" * 201, "at most 200 characters (it has 201)"),
        ("sex", "", "This field is required."),
        ("country_code", "U$", "Two capital letters"),
        ("preferred_channel", "email", "There is no e-mail address to write to."),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(desk, here, field, value, message):
    response = desk.post(URL, typed(here, **{field: value}))

    assert Patient.objects.count() == 0
    assert message in errors(response)[field][0]


def test_nothing_typed_is_lost(desk, here):
    response = desk.post(URL, typed(here, phone="415 555 01", given_name="Zoë <b>", emergency_name="Ōtto 👩‍⚕️"))

    page = response.content.decode()
    assert 'value="415 555 01"' in page
    assert 'value="Zoë &lt;b&gt;"' in page
    assert 'value="Ōtto 👩‍⚕️"' in page


@pytest.mark.parametrize("name", ["李 👩‍⚕️", "O'Brien; DROP TABLE", "ليلى حداد", "null", "x" * 200, "Ì"])
def test_name_is_kept_as_it_is(desk, here, name):
    desk.post(URL, typed(here, family_name=name))

    assert Patient.objects.get().family_name == name


def test_decomposed_letters_become_the_composed_name(desk, here):
    desk.post(URL, typed(here, family_name="Zoe\u0308"))

    assert Patient.objects.get().family_name == "Zo\u00eb"


def test_phone_or_email_is_enough(desk, here):
    desk.post(URL, typed(here, phone="", email="amara@clinic.example"))

    assert Patient.objects.get().preferred_channel == Patient.Channel.EMAIL


def test_someone_who_cannot_be_reached_is_not_registered(desk, here):
    response = desk.post(URL, typed(here, phone=""))

    assert errors(response)["phone"] == ["A phone number or an e-mail address is needed, one of the two."]


def test_phone_is_read_as_dialled_at_the_chosen_location(client):
    berlin, here = LocationFactory(country_code="DE"), LocationFactory(country_code="US")
    client.force_login(UserFactory(locations=[here, berlin]))

    client.post(URL, typed(berlin, phone="030 901820"))

    assert Patient.objects.get().phone == "+4930901820"


def test_location_of_others_is_refused(desk, here):
    elsewhere = LocationFactory()

    response = desk.post(URL, typed(here, location=elsewhere.pk))

    assert list(errors(response)) == ["location"]


def test_one_location_is_not_asked_for(desk):
    page = desk.get(URL)

    assert page.context["form"]["location"].is_hidden


class TestDuplicates:
    @pytest.fixture
    def known(self, here):
        return PatientFactory(
            given_name="Amara", family_name="Okonkwo", birth_date=date(1988, 2, 2), phone="+14155550182", location=here
        )

    def test_likely_duplicate_is_shown_and_nobody_is_made(self, desk, here, known):
        response = desk.post(URL, typed(here))

        page = response.content.decode()
        assert Patient.objects.count() == 1
        assert known.record_number in page
        assert "+1 415-555-0182" in page
        assert known.get_absolute_url() in page

    def test_name_in_other_letters_is_a_likely_duplicate(self, desk, here, known):
        response = desk.post(URL, typed(here, family_name="ŌKONKWO", phone="", email="a@clinic.example"))

        assert response.context["form"].duplicates == [known]

    def test_registered_anyway_after_seeing_them(self, desk, here, known):
        form = typed(here)
        key = desk.post(URL, form).context["form"].duplicates_key

        desk.post(URL, {**form, "register_anyway": key})

        assert Patient.objects.count() == 2

    def test_confirming_holds_only_for_the_people_shown(self, desk, here, known):
        response = desk.post(URL, typed(here, register_anyway="MT-000009-9"))

        assert Patient.objects.count() == 1
        assert response.context["form"].awaits_confirmation

    def test_duplicate_of_another_location_is_not_told(self, desk, here):
        PatientFactory(given_name="Amara", family_name="Okonkwo", birth_date=date(1988, 2, 2), phone="+14155550182")

        desk.post(URL, typed(here))

        assert Patient.objects.filter(location=here).count() == 1

    def test_sister_is_no_duplicate(self, desk, here, known):
        desk.post(URL, typed(here, given_name="Ada", birth_date="1990-05-05"))

        assert Patient.objects.count() == 2


class TestAllergies:
    def test_allergy_is_named_with_the_registration(self, desk, here):
        desk.post(URL, typed(here, allergies_asked="some", **LATEX))

        allergy = Allergy.objects.get()
        assert (str(allergy), allergy.patient) == ("Latex: hives", Patient.objects.get())
        assert allergy.patient.allergies_asked_on is not None

    def test_nothing_chosen_is_not_asked(self, desk, here):
        desk.post(URL, typed(here))

        assert Patient.objects.get().allergies_asked_on is None

    def test_none_known_is_asked(self, desk, here):
        desk.post(URL, typed(here, allergies_asked="none"))

        assert Patient.objects.get().allergies_asked_on is not None
        assert Allergy.objects.count() == 0

    @pytest.mark.parametrize(
        ("answer", "rows", "message"),
        [
            ("none", LATEX, "“None known” is chosen, and an allergy is named below."),
            ("some", {}, "Name the substance below."),
        ],
    )
    def test_answer_and_allergies_have_to_agree(self, desk, here, answer, rows, message):
        response = desk.post(URL, typed(here, allergies_asked=answer, **rows))

        assert errors(response)["allergies_asked"] == [message]

    def test_allergy_without_severity_is_asked_again(self, desk, here):
        response = desk.post(URL, typed(here, **{**LATEX, "allergies-0-severity": ""}))

        assert Patient.objects.count() == 0
        assert response.context["rows"].forms[0].errors == {"severity": ["This field is required."]}

    def test_substance_is_named_once(self, desk, here):
        second = {f"allergies-1-{name.rpartition('-')[2]}": value for name, value in LATEX.items()}
        rows = {**LATEX, **second, "allergies-1-substance": "LATEX", "allergies-TOTAL_FORMS": "2"}

        response = desk.post(URL, typed(here, **rows))

        assert response.context["rows"].forms[1].errors == {"substance": ["This substance is in another row as well."]}

    def test_another_row_comes_without_a_script_and_loses_nothing(self, desk, here):
        response = desk.post(URL, typed(here, add_allergy="1", email="half@typed", **LATEX))

        page = response.content.decode()
        assert Patient.objects.count() == 0
        assert (len(response.context["rows"].forms), errors(response)) == (2, {})
        assert 'value="Latex"' in page
        assert 'value="half@typed"' in page

    def test_admin_registers_without_naming_allergies(self, client, here):
        client.force_login(UserFactory(locations=[here], role=Role.ADMIN))

        client.post(URL, typed(here, **LATEX))

        assert Patient.objects.count() == 1
        assert Allergy.objects.count() == 0


def test_someone_of_no_location_is_told_to_choose_one(client):
    client.force_login(UserFactory())

    response = client.post(URL, {**AMARA, "form_token": str(uuid.uuid4())})

    assert errors(response)["location"] == ["Choose where the patient is treated."]


@pytest.mark.parametrize("known", [1, 3])
def test_registration_asks_the_database_as_often_for_one_duplicate_as_for_three(
    desk, here, known, django_assert_num_queries
):
    PatientFactory.create_batch(
        known, given_name="Amara", family_name="Okonkwo", birth_date=date(1988, 2, 2), location=here
    )
    desk.get(URL)

    with django_assert_num_queries(31):
        desk.post(URL, typed(here))


def test_registration_page_is_found_by_its_name():
    assert reverse("patient-register") == URL
