from datetime import UTC, date, datetime, timedelta
from typing import Any

from factory import LazyFunction, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from clinic.roles import Role
from clinic.vault import new_name
from patients.models import (
    Allergy,
    Consent,
    ConsentForm,
    Dossier,
    EmergencyAccess,
    Erasure,
    MergeOfRecords,
    Patient,
    Screening,
    ScreeningAnswer,
    ScreeningQuestion,
)
from tests.factories.clinic import LocationFactory, UserFactory

ANSWERED = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


class PatientFactory(DjangoModelFactory):
    class Meta:
        model = Patient

    given_name = "Amara"
    family_name = Sequence(lambda n: f"Okonkwo{n + 1}")
    birth_date = date(1988, 2, 2)
    sex = Patient.Sex.FEMALE
    location = SubFactory(LocationFactory)


class MergeFactory(DjangoModelFactory):
    """An empty record of the same place that became part of another."""

    class Meta:
        model = MergeOfRecords

    survivor = SubFactory(PatientFactory)
    merged = SubFactory(
        PatientFactory,
        location=SelfAttribute("..survivor.location"),
        merged_into=SelfAttribute("..survivor"),
        archived_at=ANSWERED,
    )
    reason = "Asked at the desk."
    made_at = ANSWERED
    made_by = SubFactory(UserFactory, role=Role.ADMIN)


class AllergyFactory(DjangoModelFactory):
    class Meta:
        model = Allergy

    patient = SubFactory(PatientFactory)
    substance = Sequence(lambda n: f"Lidocaine {n + 1}")
    reaction = "swelling of lips"
    severity = Allergy.Severity.SEVERE


def recorder() -> SubFactory:
    """Return a declaration: one of the staff."""
    return SubFactory(UserFactory, role=Role.STAFF)


class ScreeningFactory(DjangoModelFactory):
    """A full screening without any answer; `answers={"pregnancy": "no"}` gives it some."""

    class Meta:
        model = Screening

    patient = SubFactory(PatientFactory)
    kind = Screening.Kind.FULL
    answered_at = ANSWERED
    recorded_by = recorder()

    @classmethod
    def _create(cls, model_class: Any, *args: Any, answers: dict[str, str] | None = None, **fields: Any) -> Screening:
        screening = super()._create(model_class, *args, **fields)
        for code, answer in (answers or {}).items():
            ScreeningAnswerFactory(screening=screening, question=question(code), answer=answer)
        return screening


class ScreeningAnswerFactory(DjangoModelFactory):
    class Meta:
        model = ScreeningAnswer

    screening = SubFactory(ScreeningFactory)
    question = LazyFunction(lambda: question("pregnancy"))
    answer = ScreeningAnswer.Answer.NO


def question(code: str) -> ScreeningQuestion:
    """Return a question of the catalogue that the migration brought."""
    return ScreeningQuestion.objects.get(code=code)


class ConsentFormFactory(DjangoModelFactory):
    """Another version of the treatment form, still being written; the migration brought the first of each purpose."""

    class Meta:
        model = ConsentForm

    purpose = ConsentForm.Purpose.TREATMENT
    language = "en"
    number = Sequence(lambda n: n + 2)
    title = "Consent to treatment"
    text = "What is done.\n\nWhat to expect."


class ConsentFactory(DjangoModelFactory):
    """A consent to treatment, typed by the patient, until 2 March 2027."""

    class Meta:
        model = Consent

    patient = SubFactory(PatientFactory)
    form = LazyFunction(lambda: first_form("treatment"))
    signed_at = ANSWERED
    signer_name = SelfAttribute("patient.full_name")
    method = Consent.Method.TYPED
    recorded_by = recorder()
    expires_on = date(2027, 3, 2)


def first_form(purpose: str) -> ConsentForm:
    """Return the version of a purpose that the migration brought."""
    return ConsentForm.objects.get(purpose=purpose, language="en", number=1)


class EmergencyAccessFactory(DjangoModelFactory):
    """An hour of emergency access, on an afternoon in March."""

    class Meta:
        model = EmergencyAccess

    patient = SubFactory(PatientFactory)
    user = SubFactory(UserFactory, role=Role.CLINICIAN)
    reason = "Collapsed in the waiting room, allergies needed."
    opened_at = ANSWERED
    ends_at = ANSWERED + timedelta(hours=1)


class DossierFactory(DjangoModelFactory):
    """A dossier that is ready, without its file."""

    class Meta:
        model = Dossier

    patient = SubFactory(PatientFactory)
    asked_by = SubFactory(UserFactory, role=Role.ADMIN)
    asked_at = ANSWERED
    ready_at = SelfAttribute("asked_at")
    state = Dossier.State.READY
    stored_name = LazyFunction(new_name)


class ErasureFactory(DjangoModelFactory):
    """A certificate of an erasure that was done."""

    class Meta:
        model = Erasure

    patient = SubFactory(PatientFactory)
    ground = Erasure.Ground.WITHDRAWN
    asked_by = SubFactory(UserFactory, role=Role.ADMIN)
    asked_at = ANSWERED
    done_at = SelfAttribute("asked_at")
