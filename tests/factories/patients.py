from datetime import date

from factory import Sequence, SubFactory
from factory.django import DjangoModelFactory

from patients.models import Allergy, Patient
from tests.factories.clinic import LocationFactory


class PatientFactory(DjangoModelFactory):
    class Meta:
        model = Patient

    given_name = "Amara"
    family_name = Sequence(lambda n: f"Okonkwo{n + 1}")
    birth_date = date(1988, 2, 2)
    sex = Patient.Sex.FEMALE
    location = SubFactory(LocationFactory)


class AllergyFactory(DjangoModelFactory):
    class Meta:
        model = Allergy

    patient = SubFactory(PatientFactory)
    substance = Sequence(lambda n: f"Lidocaine {n + 1}")
    reaction = "swelling of lips"
    severity = Allergy.Severity.SEVERE
