"""One person of the demo who was registered twice: at the desk, and a year later by phone under a new name."""

from datetime import date, datetime, timedelta

from clinic.models import Location, User
from patients.models import Allergy, Patient
from treatments.models import Appointment

BORN, PHONE = date(1990, 5, 4), "+14155550177"


def twins(place: Location, *, doctor: User, now: datetime) -> Appointment:
    """Register the pair: one record with an allergy, the other with a mail address; return its visit, unsaved."""
    older = Patient.objects.create(
        given_name="Ida",
        family_name="Twofold",
        birth_date=BORN,
        sex=Patient.Sex.FEMALE,
        location=place,
        phone=PHONE,
        contact_permission=True,
        allergies_asked_on=place.today(now) - timedelta(days=300),
    )
    Allergy.objects.create(patient=older, substance="Latex", reaction="itching", severity=Allergy.Severity.MILD)
    newer = Patient.objects.create(
        given_name="Ida",
        family_name="Twofold-Sample",
        birth_date=BORN,
        sex=Patient.Sex.FEMALE,
        location=place,
        phone=PHONE,
        email="ida.twofold@patient.example",
        preferred_channel=Patient.Channel.EMAIL,
    )
    evening = place.local(now).replace(hour=18, minute=30, second=0, microsecond=0) + timedelta(days=3)
    return Appointment(
        patient=newer,
        kind=Appointment.Kind.CONSULTATION,
        location=place,
        starts_at=evening,
        practitioner=doctor,
    )
