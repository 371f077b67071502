"""Records that may be of one person: of each older record the later ones that are like it, and why."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.translation import gettext as _

from patients.models import DistinctPair, Patient

MOST_TWINS = 5  # shown of one record; a phone that hundreds share is the front desk's own
MOST_READ = 500


@dataclass(frozen=True)
class Twin:
    """A later record that may be of the same person, and what they have in common, in words."""

    patient: Patient
    why: str


@dataclass(frozen=True)
class Likeness:
    patient: Patient
    twins: list[Twin]


def likenesses(patients: Iterable[Patient]) -> list[Likeness]:
    """Return these records, each with the later ones that are like it; asks the database twice for all of them."""
    rows = list(patients)
    numbers = [patient.external_id.upper() for patient in rows if patient.external_id]
    alike = Q(birth_date__in={patient.birth_date for patient in rows})
    alike |= Q(phone__in={patient.phone for patient in rows if patient.phone}) & ~Q(phone="")
    alike |= Q(former__in=numbers) & ~Q(external_id="")
    later = Patient.objects.annotate(former=Upper("external_id")).unmerged().filter(alike)
    found = list(later.select_related("location").order_by("pk")[:MOST_READ])
    keys = [patient.pk for patient in rows]
    apart = set(DistinctPair.objects.standing().filter(first__in=keys).values_list("first", "second"))
    return [Likeness(patient, _twins_of(patient, found, apart)) for patient in rows]


def _twins_of(patient: Patient, found: Iterable[Patient], apart: set[tuple[int, int]]) -> list[Twin]:
    later = [other for other in found if other.pk > patient.pk and (patient.pk, other.pk) not in apart]
    twins = [Twin(other, why) for other in later if (why := in_common(patient, other))]
    return twins[:MOST_TWINS]


def in_common(one: Patient, other: Patient) -> str:
    """Return what makes the two likely to be one person, in words; empty for nothing."""
    said = []
    if one.sort_name == other.sort_name and one.birth_date == other.birth_date:
        said.append(_("same name and birth date"))
    if one.phone and one.phone == other.phone:
        said.append(_("same phone"))
    if one.external_id and one.external_id.upper() == other.external_id.upper():
        said.append(_("same number in the former system"))
    return ", ".join(said)
