"""Signing a consent on the page, in the patient's language where there is a text in it."""

import json
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from patients.models import Consent, ConsentForm
from tests.factories import LocationFactory, PatientFactory, UserFactory, first_form
from tests.patients.consenting import DRAWN, NOW, errors, list_url, publish, told

NAME = "Amara Okonkwo"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory(time_zone="America/Los_Angeles")


@pytest.fixture
def nurse(client, here):
    user = UserFactory(locations=[here], first_name="Sam", last_name="Adeyemi")
    client.force_login(user)
    return user


@pytest.fixture
def patient(here):
    return PatientFactory(location=here, given_name="Amara", family_name="Okonkwo")


def new_url(patient, purpose="treatment"):
    return f"{reverse('consent-new', args=[patient.public_id])}?purpose={purpose}"


def signed(**changes):
    """Return the form drawn and signed by the patient, under version 1 of the text on treatment."""
    return {
        "form_token": str(uuid.uuid4()),
        "form_key": "treatment/en/1",
        "signer": "patient",
        "signer_name": "",
        "signer_relation": "",
        "strokes": json.dumps(DRAWN),
        **changes,
    }


def typed(name=NAME, **changes):
    return signed(strokes="", typed=name, **changes)


class TestSigning:
    def test_page_shows_the_exact_text(self, client, nurse, patient):
        page = client.get(new_url(patient)).content.decode()

        for paragraph in first_form("treatment").paragraphs:
            assert paragraph in page

    def test_drawn_signature_is_kept_with_all_that_belongs_to_it(self, client, nurse, patient):
        response = client.post(new_url(patient), signed())

        consent = Consent.objects.get()
        assert response.url == list_url(patient)
        assert (consent.form, consent.signer_name, consent.signer_relation, consent.method) == (
            first_form("treatment"),
            NAME,
            "",
            "drawn",
        )
        assert (consent.signed_at, consent.recorded_by, consent.strokes) == (NOW, nurse, DRAWN)
        assert consent.expires_on == date(2027, 3, 10)
        assert consent.is_intact()

    @pytest.mark.parametrize("name", [NAME, "amara  OKONKWO", " Amara Okonkwo "])
    def test_typed_name_is_a_signature(self, client, nurse, patient, name):
        client.post(new_url(patient), typed(name))

        consent = Consent.objects.get()
        assert (consent.method, consent.strokes, consent.signer_name) == ("typed", [], NAME)

    def test_somebody_else_signs_with_the_own_name_and_the_relation(self, client, nurse, patient):
        client.post(
            new_url(patient),
            typed("Ada Okonkwo", signer="other", signer_name="Ada Okonkwo", signer_relation="mother"),
        )

        consent = Consent.objects.get()
        assert (consent.signer_name, consent.signer_relation) == ("Ada Okonkwo", "mother")

    def test_longest_name_a_patient_may_have_is_signed_with(self, client, nurse, here):
        patient = PatientFactory(location=here, given_name="x" * 200, family_name="y" * 200)

        client.post(new_url(patient), typed(patient.full_name))

        assert len(Consent.objects.get().signer_name) == 401

    def test_consent_without_a_time_lasts_until_it_is_withdrawn(self, client, nurse, patient):
        client.post(new_url(patient, "photo-record"), signed(form_key="photo-record/en/1"))

        assert Consent.objects.get().expires_on is None

    def test_last_day_of_a_signature_on_31_march_is_in_a_shorter_month(self, client, nurse, patient):
        ConsentForm.objects.filter(purpose="treatment").update(valid_months=6)
        with time_machine.travel(datetime(2026, 3, 31, 18, tzinfo=UTC), tick=False):
            client.force_login(nurse)  # who was signed in three weeks ago is not any more
            client.post(new_url(patient), signed())

        assert Consent.objects.get().expires_on == date(2026, 9, 30)

    def test_day_is_that_of_the_place(self, client, nurse, patient):
        with time_machine.travel(datetime(2026, 3, 11, 3, tzinfo=UTC), tick=False):  # still the 10th in Los Angeles
            client.force_login(nurse)
            client.post(new_url(patient), signed())

        assert Consent.objects.get().expires_on == date(2027, 3, 10)

    @pytest.mark.parametrize(
        ("sent", "said"),
        [
            ({"strokes": ""}, {"strokes": ["The signature is missing."]}),
            ({"strokes": "", "typed": "  "}, {"strokes": ["The signature is missing."]}),
            ({"strokes": "[[[0.5, 0.5]]]"}, {"strokes": ["That is a dot. Sign across the field."]}),
            ({"strokes": "", "typed": "A. Okonkwo"}, {"typed": ["Type the name of the signer: Amara Okonkwo."]}),
            ({"signer": ""}, {"signer": ["This field is required."]}),
            (
                {"signer": "other"},
                {"signer_name": ["Who signs?"], "signer_relation": ["How are they related?"]},
            ),
        ],
    )
    def test_what_is_missing_is_said(self, client, nurse, patient, sent, said):
        response = client.post(new_url(patient), signed(**sent))

        found = errors(response)
        assert {name: found[name] for name in said} == said
        assert not Consent.objects.exists()

    @pytest.mark.parametrize(
        ("field", "sent"),
        [
            ("strokes", {"strokes": "garbage"}),
            ("strokes", {"strokes": json.dumps([[[0.1, 0.2]]] * 201)}),
            ("strokes", {"strokes": json.dumps([[[0.1, 0.2]] * 20_001])}),
            ("strokes", {"strokes": "[[[2, 0]]]"}),
            ("strokes", {"strokes": "\x00"}),
            ("signer", {"signer": "nobody"}),
            ("signer_name", {"signer": "other", "signer_name": "x" * 402, "signer_relation": "mother"}),
            ("signer_name", {"signer": "other", "signer_name": "NUL \x00", "signer_relation": "mother"}),
            ("signer_relation", {"signer": "other", "signer_name": "Ada", "signer_relation": "x" * 101}),
            ("typed", {"strokes": "", "typed": "x" * 402}),
            ("typed", {"strokes": "", "typed": "NUL \x00"}),
            ("form_token", {"form_token": "none"}),
        ],
    )
    def test_bad_input_is_refused(self, client, nurse, patient, field, sent):
        response = client.post(new_url(patient), signed(**sent))

        assert field in errors(response)
        assert not Consent.objects.exists()

    def test_signature_under_a_text_that_was_replaced_is_asked_again(self, client, nurse, patient):
        newer = publish(text="Something new is known.")

        response = client.post(new_url(patient), signed(signer="other", signer_name="Ada", signer_relation="mother"))

        form, page = response.context["form"], response.content.decode()
        assert "The text was replaced by version 2 meanwhile." in page
        assert newer.text in page
        assert (form["strokes"].value(), form["signer_name"].value()) == ("", "Ada")
        assert not Consent.objects.exists()

        sent = {name: form[name].value() or "" for name in form.fields}
        client.post(new_url(patient), sent | {"strokes": json.dumps(DRAWN)})

        assert Consent.objects.get().form == newer

    def test_version_published_for_later_is_not_signed_yet(self, client, nurse, patient):
        publish(published_at=NOW + timedelta(minutes=1))

        assert client.get(new_url(patient)).context["text"].number == 1

    def test_double_tap_makes_one_consent(self, client, nurse, patient):
        sent = signed()
        urls = {client.post(new_url(patient), sent).url for _ in range(2)}

        assert urls == {list_url(patient)}
        assert Consent.objects.count() == 1

    def test_other_signature_under_the_same_token_is_asked_again(self, client, nurse, patient):
        sent = signed()
        client.post(new_url(patient), sent)

        response = client.post(new_url(patient), sent | {"strokes": "[[[0, 0], [1, 1]]]"})

        assert "was sent already" in response.content.decode()
        assert Consent.objects.count() == 1

    @pytest.mark.parametrize("gone", [{"archived_at": NOW}, {"deceased_on": NOW.date()}])
    def test_nobody_signs_who_is_no_patient_any_more(self, client, nurse, here, gone):
        patient = PatientFactory(location=here, **gone)

        assert client.get(new_url(patient)).url == list_url(patient)
        response = client.post(new_url(patient), signed())

        assert patient.refusal_to_treat in response.content.decode()
        assert not Consent.objects.exists()

    @pytest.mark.parametrize("purpose", ["surgery", "treatment ", "TREATMENT"])
    def test_unknown_purpose_is_not_there(self, client, nurse, patient, purpose):
        assert client.get(new_url(patient, purpose)).status_code == 404

    def test_no_purpose_is_treatment(self, client, nurse, patient):
        assert client.get(new_url(patient, "")).context["text"] == first_form("treatment")

    def test_purpose_without_a_text_says_who_writes_it(self, client, nurse, patient):
        ConsentForm.objects.filter(purpose="contact").delete()

        response = client.get(new_url(patient, "contact"))

        assert told(client.get(response.url)) == ["No text is published for this purpose. An admin writes it."]


class TestLanguage:
    @pytest.mark.parametrize(
        ("language", "published", "shown"),
        [
            ("de", ["de"], "de"),
            ("pt-br", ["pt-br", "pt"], "pt-br"),
            ("pt-br", ["pt"], "pt"),
            ("fr", ["de"], "en"),
        ],
    )
    def test_text_is_in_the_patients_language_if_there_is_one(self, client, nurse, here, language, published, shown):
        patient = PatientFactory(location=here, language=language)
        for each in published:
            publish(language=each, number=1)

        assert client.get(new_url(patient)).context["text"].language == shown

    def test_page_says_when_it_is_not(self, client, nurse, here):
        page = client.get(new_url(PatientFactory(location=here, language="de"))).content.decode()

        assert "There is no text in Deutsch" in page
        assert "have it explained before it is signed" in page
