"""The head of every clinical page: who this is, and what must not be injected."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from patients.models import Allergy, Erasure, Patient


class AllergyState(StrEnum):
    KNOWN = "known"
    NONE_KNOWN = "none known"  # asked, and there was none
    NOT_ASKED = "not asked"


@dataclass(frozen=True)
class Banner:
    """A patient as the head of a page shows them. `facts` are (label, value) pairs of the page's own."""

    name: str
    age: int
    sex: str
    birth_date: date
    record_number: str
    url: str
    allergies: tuple[Allergy, ...]
    allergy_state: AllergyState
    allergies_asked: str
    place: str
    is_archived: bool
    deceased_on: date | None
    restriction: str
    is_erased: bool
    erasure: Erasure | None = None  # that waits, or is under way
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def allergy_line(self) -> str:
        """Return what stands where no allergy does: asked and none, or never asked."""
        if self.allergy_state is AllergyState.NONE_KNOWN:
            return _("No known allergies, asked %(day)s") % {"day": self.allergies_asked}
        return _("Allergies not asked") if self.allergy_state is AllergyState.NOT_ASKED else ""


def banner(patient: Patient, *, today: date, facts: Iterable[tuple[str, str]] = ()) -> Banner:
    """Return the patient's banner as of `today`, the allergies in force read once."""
    allergies = tuple(patient.allergies.in_force())
    return Banner(
        name=patient.full_name,
        age=patient.age(today),
        sex=patient.get_sex_display().lower(),
        birth_date=patient.birth_date,
        record_number=patient.record_number,
        url=patient.get_absolute_url(),
        allergies=allergies,
        allergy_state=_allergy_state(patient, allergies),
        allergies_asked=short_day(patient.allergies_asked_on, today),
        place=patient.location.name,
        is_archived=patient.archived_at is not None,
        deceased_on=patient.deceased_on,
        restriction=patient.restriction_reason,
        is_erased=patient.is_erased,
        erasure=waiting_erasure(patient),
        facts=tuple(facts),
    )


def waiting_erasure(patient: Patient) -> Erasure | None:
    """Return the erasure that was decided and is neither done nor withdrawn; most records cost no query."""
    return Erasure.objects.waiting().filter(patient=patient).first() if patient.erasure_decided_at else None


def _allergy_state(patient: Patient, allergies: tuple[Allergy, ...]) -> AllergyState:
    if allergies:
        return AllergyState.KNOWN
    return AllergyState.NONE_KNOWN if patient.allergies_asked_on else AllergyState.NOT_ASKED


def short_day(day: date | None, today: date) -> str:
    """Return "3 Nov", with its year when that is not this year's."""
    if day is None:
        return ""
    return date_format(day, "j M" if day.year == today.year else "j M Y")
