"""Two records of one person, side by side: which values differ, what moves, and what stands against merging them."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Any, cast

from django.db import models
from django.db.models import Count
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.fields import fold
from clinic.phones import show_phone
from patients.models import (
    Allergy,
    Consent,
    DistinctPair,
    Dossier,
    EmergencyAccess,
    Erasure,
    HoldOpening,
    LegalHold,
    MergeOfRecords,
    MessageChoice,
    Patient,
    ReturnedAddress,
    Screening,
)
from treatments.models import (
    AftercareAnswer,
    AftercareLink,
    Appointment,
    Assessment,
    Course,
    FollowUp,
    Photo,
    Reminder,
    Session,
    SideEffect,
    Waiting,
)

# What names its patient itself: each row moves. What hangs on one of these goes along by it.
MOVES: tuple[type[models.Model], ...] = (
    Course,
    Appointment,
    Screening,
    Consent,
    Allergy,
    Reminder,
    MessageChoice,
    ReturnedAddress,
    Waiting,
)
# What names a patient and stays: it tells of the record, not of the person.
STAYS: tuple[type[models.Model], ...] = (
    Patient,
    MergeOfRecords,
    DistinctPair,
    Dossier,
    EmergencyAccess,
    Erasure,
    HoldOpening,
    LegalHold,
)
# What goes along by its course, with the path to the patient.
GOES_ALONG: tuple[tuple[type[models.Model], str], ...] = (
    (Session, "course__patient"),
    (SideEffect, "session__course__patient"),
    (Photo, "course__patient"),
    (Assessment, "course__patient"),
    (FollowUp, "course__patient"),
    (AftercareLink, "session__course__patient"),
    (AftercareAnswer, "link__session__course__patient"),
)
# The values of which one is chosen: what belongs together is chosen together.
CHOICES: tuple[tuple[str, ...], ...] = (
    ("given_name",),
    ("family_name",),
    ("birth_date",),
    ("sex",),
    ("deceased_on",),
    ("phone",),
    ("email",),
    ("preferred_channel",),
    ("contact_permission",),
    ("address_line", "postal_code", "city", "region", "country_code"),
    ("language",),
    ("emergency_name", "emergency_phone"),
)
HERE, THERE = "here", "there"  # the value of the record that goes on, or of the one that is merged into it
SEVERITIES = [Allergy.Severity.MILD, Allergy.Severity.MODERATE, Allergy.Severity.SEVERE]


@dataclass(frozen=True)
class Value:
    """One value, or a group of them, as both records have it. `proposed` is empty where a person has to choose."""

    name: str
    label: str
    here: str
    there: str
    proposed: str
    fields: tuple[str, ...] = ()
    allergies: tuple[Allergy, Allergy] | None = None

    @property
    def differs(self) -> bool:
        return self.here != self.there


@dataclass(frozen=True)
class Against:
    """What stands against merging, or only has to be known; `links` are (words, address) of where it is resolved."""

    words: str
    links: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Moving:
    """How many rows of a kind the two records have."""

    label: str
    here: int
    there: int


@dataclass
class Pair:
    """The record that goes on, and the other, which becomes part of it. Reads every kind of row once."""

    survivor: Patient
    other: Patient

    @cached_property
    def rows(self) -> dict[type[models.Model], list[Any]]:
        """Return the rows of both records that name their patient."""
        return {model: list(self._of(model)) for model in MOVES}

    def _of(self, model: type[models.Model]) -> models.QuerySet:
        found = model._default_manager.filter(patient__in=[self.survivor.pk, self.other.pk]).order_by("pk")
        if model is Course:
            return found.select_related("protocol", "location", "patient").prefetch_related("areas")
        return found.select_related("practitioner") if model is Appointment else found

    def of(self, model: type[models.Model], patient: Patient) -> list[Any]:
        return [row for row in self.rows[model] if row.patient_id == patient.pk]

    @cached_property
    def mark(self) -> str:
        """Return what the preview was of, folded to a short word: another word, and it has to be looked at anew."""
        facts = [(patient.pk, patient.version, patient.merged_into_id) for patient in (self.survivor, self.other)]
        rows = [
            (model._meta.label, row.pk, row.patient_id, getattr(row, "version", 0))
            for model, found in self.rows.items()
            for row in found
        ]
        return hashlib.sha256(repr((facts, rows)).encode()).hexdigest()[:16]

    @cached_property
    def values(self) -> list[Value]:
        """Return the values of the person, then those of each allergy that both records name."""
        return [self._value(names) for names in CHOICES] + list(self._allergies())

    @property
    def differing(self) -> list[Value]:
        return [value for value in self.values if value.differs]

    def _value(self, names: tuple[str, ...]) -> Value:
        here, there = (in_words(patient, names) for patient in (self.survivor, self.other))
        label = _("Address") if len(names) > 2 else label_of(names[0])
        return Value(names[0], label, here, there, self._proposed(names[0], here, there), names)

    def _proposed(self, name: str, here: str, there: str) -> str:
        if name == "contact_permission":
            return THERE if self.survivor.contact_permission else HERE  # where they differ: the no
        if name == "deceased_on" and here != there:
            return ""
        return HERE if here or not there else THERE

    def _allergies(self) -> Iterator[Value]:
        for here, there in self.same_allergies:
            graver = SEVERITIES.index(Allergy.Severity(there.severity)) > SEVERITIES.index(
                Allergy.Severity(here.severity)
            )
            yield Value(
                f"allergy-{there.public_id}",
                _("Allergy: %(substance)s") % {"substance": here.substance},
                allergy_in_words(here),
                allergy_in_words(there),
                THERE if graver else HERE,
                allergies=(here, there),
            )

    @cached_property
    def same_allergies(self) -> list[tuple[Allergy, Allergy]]:
        """Return (here, there) of each substance in force in both records: one of the two rows goes on."""
        own = {fold(row.substance): row for row in self.of(Allergy, self.survivor) if row.is_in_force}
        theirs = [(fold(row.substance), row) for row in self.of(Allergy, self.other) if row.is_in_force]
        return [(own[name], there) for name, there in theirs if name in own]

    @cached_property
    def moving(self) -> list[Moving]:
        """Return what the two records have, kind by kind."""
        counted = []
        for model in MOVES:
            counts = Counter(row.patient_id for row in self.rows[model])
            counted.append(self._moving(model, counts))
            if model is Course:
                counted += [self._moving(other, self._counts(other, path)) for other, path in GOES_ALONG]
        return [row for row in counted if row.here or row.there]

    def _moving(self, model: type[models.Model], counts: dict[int, int]) -> Moving:
        label = capfirst(str(model._meta.verbose_name_plural))
        return Moving(label, counts.get(self.survivor.pk, 0), counts.get(self.other.pk, 0))

    def _counts(self, model: type[models.Model], path: str) -> dict[int, int]:
        both = [self.survivor.pk, self.other.pk]
        found = model._default_manager.filter(**{f"{path}__in": both}).order_by()
        return dict(found.values_list(path).annotate(n=Count("pk")))

    @cached_property
    def stops(self) -> list[Against]:
        """Return what has to be settled first, in one of the two records."""
        return [*self._rights(), *self._places(), *self._running_twice(), *self._booked_twice()]

    def _rights(self) -> Iterator[Against]:
        """Yield what the patient asked for that a merge would undo: an erasure, or a restriction of one record."""
        both = (self.survivor, self.other)
        for patient in both:
            if patient.erased_at:
                yield Against(_("Record %(number)s was erased.") % {"number": patient.record_number})
        for erasure in Erasure.objects.waiting().filter(patient__in=[patient.pk for patient in both]):
            number = next(patient.record_number for patient in both if patient.pk == erasure.patient_id)
            words = _("Record %(number)s is being erased.")
            yield Against(words % {"number": number}, [(_("See the erasure"), erasure.get_absolute_url())])
        if bool(self.survivor.restricted_at) != bool(self.other.restricted_at):
            number = next(patient.record_number for patient in both if patient.restricted_at)
            words = _("Record %(number)s is restricted, the other is not. End the restriction, or restrict both.")
            yield Against(words % {"number": number})

    def _places(self) -> Iterator[Against]:
        if self.survivor.location_id == self.other.location_id:
            return
        words = _(
            "One record is of %(here)s, the other of %(there)s. Move one of them, so that both are of one place."
        )
        places = {"here": self.survivor.location.name, "there": self.other.location.name}
        links = [
            (
                _("Move %(number)s") % {"number": patient.record_number},
                reverse("patient-location", args=[patient.public_id]),
            )
            for patient in (self.survivor, self.other)
        ]
        yield Against(words % places, links)

    def _running_twice(self) -> Iterator[Against]:
        running = sorted((row for row in self.rows[Course] if row.is_running), key=attrgetter("protocol_id", "pk"))
        for _key, group in groupby(running, key=attrgetter("protocol_id")):
            courses = list(group)
            if len(courses) > 1:
                words = _("Both records have a course of %(protocol)s that goes on. End one of them first.")
                yield Against(words % {"protocol": courses[0].protocol}, [_course_link(each) for each in courses])

    def _booked_twice(self) -> Iterator[Against]:
        standing = sorted(
            (row for row in self.rows[Appointment] if row.is_standing), key=attrgetter("starts_at", "pk")
        )
        for first, second in _meeting(standing):
            words = _("Both records have an appointment at %(moment)s. Cancel or move one of them.")
            moment = date_format(self.survivor.location.local(second.starts_at), "j F Y, H:i")
            yield Against(
                words % {"moment": moment},
                [
                    (f"{each.get_kind_display()}, {each.practitioner.get_short_name()}", each.get_absolute_url())
                    for each in (first, second)
                ],
            )

    @cached_property
    def warnings(self) -> list[Against]:
        """Return what does not stop it and has to be known."""
        return [
            *self._of_identity(),
            *self._told_apart(),
            *self._of_allergies(),
            *self._of_areas(),
            *self._of_waiting(),
            *self._of_seals(),
        ]

    def _of_identity(self) -> Iterator[Against]:
        if self.survivor.birth_date != self.other.birth_date:
            yield Against(_("The birth dates differ. Make sure that this is one person."))
        if bool(self.survivor.deceased_on) != bool(self.other.deceased_on):
            yield Against(_("One record says that the patient died, the other does not. Choose which is true."))
        if self.other.external_id and self.survivor.external_id:
            words = _("Each record keeps its number of the former system, so that importing again makes nobody new.")
            yield Against(words)

    def _told_apart(self) -> Iterator[Against]:
        said = DistinctPair.objects.of(self.survivor, self.other).standing().select_related("said_by").first()
        if said:
            words = _("%(name)s said that these are two people: %(reason)s")
            yield Against(words % {"name": said.said_by.get_full_name(), "reason": said.reason})

    def _of_allergies(self) -> Iterator[Against]:
        for one, another in ((self.survivor, self.other), (self.other, self.survivor)):
            named = [row.substance for row in self.of(Allergy, another) if row.is_in_force]
            if named and one.allergies_asked_on and not any(row.is_in_force for row in self.of(Allergy, one)):
                words = _(
                    "%(number)s says that no allergy is known, the other names %(substances)s. What is named stays."
                )
                yield Against(words % {"number": one.record_number, "substances": ", ".join(named)})

    def _of_areas(self) -> Iterator[Against]:
        running = [row for row in self.rows[Course] if row.is_running]
        for one, another in _pairs(running):
            shared = [str(area) for area in one.areas.all() if area in another.areas.all()]
            if shared and one.patient_id != another.patient_id and one.protocol_id != another.protocol_id:
                words = _("A course in each record treats the same area: %(areas)s.")
                yield Against(words % {"areas": ", ".join(shared)}, [_course_link(one), _course_link(another)])

    def _of_waiting(self) -> Iterator[Against]:
        records = (self.survivor, self.other)
        both = [{row.kind: row for row in self.of(Waiting, each) if not row.removed_at} for each in records]
        for kind in sorted(both[0].keys() & both[1].keys() & set(Waiting.WITHOUT_COURSE)):
            words = _("Both records are on the waiting list for the same (%(kind)s). The one that waits longer stays.")
            yield Against(words % {"kind": both[0][kind].get_kind_display().lower()})

    def _of_seals(self) -> Iterator[Against]:
        count = len(self.of(Consent, self.other))
        if count:
            words = ngettext(
                "%(count)s consent stays sealed under %(number)s, and says so.",
                "%(count)s consents stay sealed under %(number)s, and say so.",
                count,
            )
            yield Against(words % {"count": count, "number": self.other.record_number})


def _course_link(course: Course) -> tuple[str, str]:
    return f"{course}, {course.patient.record_number}", course.get_absolute_url()


def _pairs(rows: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    for place, one in enumerate(rows):
        for another in rows[place + 1 :]:
            yield one, another


def _meeting(standing: Sequence[Appointment]) -> Iterator[tuple[Appointment, Appointment]]:
    """Yield the appointments of the two records that meet; those of one record never do."""
    for first, second in pairwise(standing):
        if first.patient_id != second.patient_id and first.meets(second):
            yield first, second


def label_of(name: str) -> str:
    return capfirst(str(cast(models.Field, Patient._meta.get_field(name)).verbose_name))


def in_words(patient: Patient, names: Iterable[str]) -> str:
    """Return one value, or those that belong together, as people read them; empty for none."""
    return ", ".join(filter(None, (_word(patient, name) for name in names)))


def _word(patient: Patient, name: str) -> str:
    value = getattr(patient, name)
    if name == "contact_permission":
        return _("yes") if value else _("no")
    if name.endswith("phone"):
        return show_phone(value) if value else ""
    if name in {"birth_date", "deceased_on"}:
        return date_format(value, "j F Y") if value else ""
    shown = getattr(patient, f"get_{name}_display", None)
    return str(shown() if shown else value)


def allergy_in_words(allergy: Allergy) -> str:
    """Return severity and reaction: "severe, swelling of the lips"."""
    return ", ".join(filter(None, [str(allergy.get_severity_display()), allergy.reaction]))
