"""Asking the questions on the page, and reading what was answered."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from patients.models import Screening, ScreeningAnswer, ScreeningQuestion
from tests.factories import (
    ConsentFactory,
    LocationFactory,
    PatientFactory,
    ScreeningFactory,
    UserFactory,
    question,
)

NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def nurse(client, here):
    user = UserFactory(locations=[here], first_name="Sam", last_name="Adeyemi")
    client.force_login(user)
    return user


@pytest.fixture
def patient(here):
    return PatientFactory(location=here)


def new_url(patient):
    return reverse("screening-new", args=[patient.public_id])


def answered(**changes):
    """Return the form with a no to everything but what is named."""
    codes = ScreeningQuestion.objects.asked_in("full").values_list("code", flat=True)
    sent = {"form_token": str(uuid.uuid4()), "note": "", **{f"answer-{code}": "no" for code in codes}}
    return {**sent, **{name.replace("__", "-"): value for name, value in changes.items()}}


def told(response):
    return [str(message) for message in response.context["messages"]]


class TestAsking:
    def test_nothing_is_chosen_at_first(self, client, nurse, patient):
        page = client.get(new_url(patient)).content.decode()

        assert "checked" not in page
        assert page.count('type="radio"') == 60

    def test_answers_are_recorded_with_who_and_when(self, client, nurse, patient):
        response = client.post(
            new_url(patient), answered(answer__anticoagulant="yes", detail__anticoagulant="apixaban")
        )

        screening = Screening.objects.get()
        assert response.url == screening.get_absolute_url()
        assert (screening.patient, screening.kind, screening.answered_at, screening.recorded_by) == (
            patient,
            "full",
            NOW,
            nurse,
        )
        assert screening.answers.count() == 30
        assert [(a.question.code, a.detail) for a in screening.answers.filter(answer="yes")] == [
            ("anticoagulant", "apixaban")
        ]

    def test_question_without_an_answer_is_refused_and_nothing_is_lost(self, client, nurse, patient):
        sent = answered(answer__keloid="yes", note="Came with her sister.")
        del sent["answer-pregnancy"]

        response = client.post(new_url(patient), sent)

        assert dict(response.context["form"].errors) == {"answer-pregnancy": ["Not answered yet."]}
        page = response.content.decode()
        assert "One question has no answer yet." in page
        assert "Came with her sister." in page
        assert not Screening.objects.exists()

    def test_empty_form_says_how_many_questions_are_left(self, client, nurse, patient):
        page = client.post(new_url(patient), {}).content.decode()

        assert "30 questions have no answer yet." in page

    @pytest.mark.parametrize("detail", ["", "   "])
    def test_yes_that_asks_for_more_wants_it_said(self, client, nurse, patient, detail):
        response = client.post(new_url(patient), answered(answer__stroke="yes", detail__stroke=detail))

        assert dict(response.context["form"].errors) == {
            "detail-stroke": ["The answer is yes, so this has to be said."]
        }

    def test_detail_of_a_no_is_not_kept(self, client, nurse, patient):
        client.post(new_url(patient), answered(detail__stroke="typed, then turned to no"))

        assert not ScreeningAnswer.objects.exclude(detail="").exists()

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("answer-stroke", "maybe"),
            ("detail-stroke", "NUL \x00 here"),
            ("detail-stroke", "x" * 301),
            ("note", "\x00"),
            ("note", "x" * 2001),
            ("form_token", "no token"),
        ],
    )
    def test_bad_input_is_refused(self, client, nurse, patient, field, value):
        sent = answered(answer__stroke="yes", detail__stroke="2011") | {field: value}

        response = client.post(new_url(patient), sent)

        assert list(response.context["form"].errors) == [field]
        assert not Screening.objects.exists()

    def test_double_tap_makes_one_screening(self, client, nurse, patient):
        sent = answered()
        urls = {client.post(new_url(patient), sent).url for _ in range(2)}

        assert urls == {Screening.objects.get().get_absolute_url()}

    def test_other_answers_under_the_same_token_are_asked_again(self, client, nurse, patient):
        sent = answered()
        client.post(new_url(patient), sent)

        response = client.post(new_url(patient), sent | {"answer-pregnancy": "yes"})

        assert "was sent already" in response.content.decode()
        assert not ScreeningAnswer.objects.filter(answer="yes").exists()

    def test_no_to_all_the_rest_answers_on_the_page_and_saves_nothing(self, client, nurse, patient):
        sent = {"form_token": str(uuid.uuid4()), "answer-stroke": "yes", "note": "Typed.", "rest": "no"}

        response = client.post(new_url(patient), sent)

        form = response.context["form"]
        assert (form["answer-stroke"].value(), form["answer-keloid"].value()) == ("yes", "no")
        assert form["note"].value() == "Typed."
        assert form["form_token"].value() == sent["form_token"]
        assert not form.is_bound
        assert not Screening.objects.exists()

    def test_last_answers_stand_beside(self, client, nurse, patient):
        ScreeningFactory(patient=patient, answered_at=NOW - timedelta(days=100), answers={"keloid": "no"})

        page = client.get(new_url(patient)).content.decode()

        assert "Last time: no, 30 Nov 2025" in page

    def test_question_an_admin_adds_is_asked(self, client, nurse, patient):
        ScreeningQuestion.objects.create(
            code="tattoo", name="Tattoo there", question="Is there a tattoo?", rank="relative", action="Spare it."
        )

        response = client.post(new_url(patient), answered(**{"answer-tattoo": ""}))

        assert list(response.context["form"].errors) == ["answer-tattoo"]

    @pytest.mark.parametrize("gone", [{"archived_at": NOW}, {"deceased_on": NOW.date()}])
    def test_nobody_is_screened_who_is_no_patient_any_more(self, client, nurse, here, gone):
        patient = PatientFactory(location=here, **gone)

        assert client.get(new_url(patient)).url == patient.get_absolute_url()
        response = client.post(new_url(patient), answered())

        assert patient.refusal_to_treat in response.content.decode()
        assert not Screening.objects.exists()

    @pytest.mark.parametrize("times", [1, 3])
    def test_form_asks_the_database_as_often_after_three_screenings_as_after_one(
        self, client, nurse, patient, times, django_assert_num_queries
    ):
        for day in range(times):
            ScreeningFactory(
                patient=patient,
                answered_at=NOW - timedelta(days=day),
                answers={"keloid": "no", "stroke": "yes", "pregnancy": "no"},
            )

        with django_assert_num_queries(11):
            client.get(new_url(patient))


class TestReading:
    def test_absolute_answer_stops_the_treatment_in_words(self, client, nurse, patient):
        screening = ScreeningFactory(patient=patient, answers={"cancer_active": "yes", "keloid": "yes", "idd": "no"})

        page = client.get(screening.get_absolute_url()).content.decode()

        assert question("cancer_active").action in page
        assert question("keloid").action in page
        assert "Nothing is injected until this is cleared." in page

    def test_without_findings_the_consent_is_next(self, client, nurse, patient):
        screening = ScreeningFactory(patient=patient, answers={"keloid": "no"})

        page = client.get(screening.get_absolute_url()).content.decode()

        assert "Nothing in these answers." in page
        assert "the patient reads and signs the consent to treatment" in page
        assert reverse("consent-new", args=[patient.public_id]) in page

    def test_with_consent_the_treatment_may_begin(self, client, nurse, patient):
        ConsentFactory(patient=patient)
        screening = ScreeningFactory(patient=patient, answers={"keloid": "no"})

        assert "the treatment may begin" in client.get(screening.get_absolute_url()).content.decode()

    def test_admin_reads_and_is_offered_nothing(self, client, patient):
        client.force_login(UserFactory(role=Role.ADMIN))
        screening = ScreeningFactory(patient=patient, answers={"keloid": "no"})

        page = client.get(screening.get_absolute_url()).content.decode()

        assert "Ask again" not in page
        assert "Entered in error?" not in page

    @pytest.mark.parametrize("answers", [{"keloid": "no"}, {"keloid": "yes", "stroke": "yes", "pregnancy": "no"}])
    def test_page_asks_the_database_as_often_for_three_answers_as_for_one(
        self, client, nurse, patient, answers, django_assert_num_queries
    ):
        screening = ScreeningFactory(patient=patient, answers=answers)

        with django_assert_num_queries(12):
            client.get(screening.get_absolute_url())


class TestEnteredInError:
    def post(self, client, screening, **sent):
        return client.post(
            screening.get_absolute_url(), {"version": 1, "entered_in_error_reason": "Another patient", **sent}
        )

    def test_with_a_reason_it_is_out_of_force(self, client, nurse, patient):
        screening = ScreeningFactory(patient=patient)

        response = self.post(client, screening)

        screening.refresh_from_db()
        assert response.url == screening.get_absolute_url()
        assert (screening.entered_in_error_at, screening.entered_in_error_by) == (NOW, nurse)
        assert "Another patient" in client.get(response.url).content.decode()

    @pytest.mark.parametrize("reason", ["", "  ", "NUL \x00", "x" * 301])
    def test_without_a_sound_reason_it_stays(self, client, nurse, patient, reason):
        screening = ScreeningFactory(patient=patient)

        response = self.post(client, screening, entered_in_error_reason=reason)

        assert list(response.context["form"].errors) == ["entered_in_error_reason"]
        assert Screening.objects.in_force().exists()

    def test_second_tab_learns_that_it_is_marked_already(self, client, nurse, patient):
        screening = ScreeningFactory(patient=patient)
        self.post(client, screening)

        response = self.post(client, screening, entered_in_error_reason="Something else")

        screening.refresh_from_db()
        assert screening.entered_in_error_reason == "Another patient"
        assert told(client.get(response.url))[-1] == "The screening is marked as entered in error already."

    def test_in_the_same_moment_the_first_wins(self, client, nurse, patient, monkeypatch):
        screening = ScreeningFactory(patient=patient)
        mark = Screening.mark_entered_in_error

        def late(self, **facts):
            mark(Screening.objects.get(), **facts | {"reason": "The other tab"})
            mark(self, **facts)

        monkeypatch.setattr(Screening, "mark_entered_in_error", late)
        response = self.post(client, screening)

        screening.refresh_from_db()
        assert response.url == screening.get_absolute_url()
        assert screening.entered_in_error_reason == "The other tab"
