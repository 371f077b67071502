"""What of a patient has to be kept, to which day and by which law, and whose time is over."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from django.db.models import Exists, Max, OuterRef, Q
from django.db.models.query import QuerySet

from clinic.models import Location
from patients.models import Allergy, Consent, Erasure, Patient, RetentionRule, Screening, Subject
from patients.models.retention import KEPT_BY_LAW
from treatments.models import Appointment, Assessment, Course, Photo, Session, SideEffect, Waiting
from treatments.privacy.holdings import HOLDINGS


@dataclass(frozen=True)
class Standing:
    """One kind of a patient's data: how much there is, and to which day the law keeps it, if it does."""

    subject: Subject
    count: int
    rule: RetentionRule | None
    event_on: date | None
    kept_to: date | None

    @property
    def is_kept(self) -> bool:
        return self.kept_to is not None


def standings(patients: list[Patient], today: date) -> list[Standing]:
    """Return how each kind of data of a person stands; `patients` are all records of one, the first goes on."""
    rules = RetentionRule.objects.at(patients[0].location)
    counts = count_rows(patients)
    treated_on = last_treatment_on(patients)
    signed_on = last_signature_on(patients)
    events = {
        RetentionRule.Event.LAST_TREATMENT: treated_on,
        RetentionRule.Event.LAST_SIGNATURE: max(filter(None, [treated_on, signed_on]), default=None),
    }
    found = []
    for subject in (*KEPT_BY_LAW, Subject.MESSAGES, Subject.COPIES):
        rule = rules.get(subject)
        event_on = events.get(RetentionRule.Event(rule.counted_from)) if rule else None
        found.append(Standing(subject, counts[subject], rule, event_on, _kept_to(subject, rule, event_on, today)))
    return [row if row.count or not row.is_kept else Standing(row.subject, 0, row.rule, None, None) for row in found]


def keeps(found: list[Standing]) -> dict[str, str]:
    """Return what is kept, each with its last day, as a certificate says it."""
    return {str(row.subject): row.kept_to.isoformat() for row in found if row.kept_to}


def _kept_to(subject: Subject, rule: RetentionRule | None, event_on: date | None, today: date) -> date | None:
    if rule is None or not rule.binds or event_on is None or subject not in KEPT_BY_LAW:
        return None
    last_day = rule.last_day(event_on)
    return last_day if last_day >= today else None


def count_rows(patients: list[Patient]) -> dict[str, int]:
    counts: dict[str, int] = dict.fromkeys(Subject, 0)
    for holding in HOLDINGS:
        counts[holding.subject] += holding.rows(patients).count()
    return counts


def last_treatment_on(patients: Iterable[Patient]) -> date | None:
    """Return the day of what was last done with or seen in a patient; None for one who was never treated."""
    keys = [patient.pk for patient in patients]
    moments = [
        Session.objects.filter(course__patient__in=keys).aggregate(at=Max("performed_at"))["at"],
        Screening.objects.filter(patient__in=keys).aggregate(at=Max("answered_at"))["at"],
        SideEffect.objects.filter(session__course__patient__in=keys).aggregate(at=Max("recorded_at"))["at"],
        Photo.objects.filter(course__patient__in=keys).aggregate(at=Max("taken_at"))["at"],
    ]
    days = [moment.date() for moment in moments if moment]
    assessed_on = Assessment.objects.filter(course__patient__in=keys).aggregate(on=Max("assessed_on"))["on"]
    return max([*days, *([assessed_on] if assessed_on else [])], default=None)


def last_signature_on(patients: Iterable[Patient]) -> date | None:
    keys = [patient.pk for patient in patients]
    found = Consent.objects.filter(patient__in=keys).aggregate(signed=Max("signed_at"), withdrawn=Max("withdrawn_at"))
    return max((moment.date() for moment in found.values() if moment), default=None)


def time_over(today: date) -> QuerySet[Patient]:
    """Return the patients of whom nothing has to be kept any more: what a person may decide to erase.

    Of somebody who was never treated only the name and the contact are kept, as long as the rule for these says. A
    place where a kind of data has no rule proposes nobody: nobody said how long. Whoever is on the waiting list stays.
    """
    condition = Q(pk=None)
    for place in Location.objects.all():
        rules = RetentionRule.objects.at(place)
        if all(subject in rules for subject in KEPT_BY_LAW):
            since = min(rules[subject].cutoff(today) for subject in KEPT_BY_LAW)
            condition |= Q(location=place) & _untouched_since(since)
        if Subject.CONTACT in rules:
            asked_only = _untouched_since(rules[Subject.CONTACT].cutoff(today)) & _never_treated()
            condition |= Q(location=place) & asked_only
    held = Q(erased_at=None) | Q(legal_hold__isnull=False)
    on_the_list = Waiting.objects.with_facts().waiting(datetime.combine(today, time(0), tzinfo=UTC), today)
    return (
        Patient.objects.filter(condition, held, merged_into=None)
        .exclude(Exists(Erasure.objects.waiting().filter(patient=OuterRef("pk"))))
        .exclude(Exists(on_the_list.filter(patient=OuterRef("pk"))))
    )


def _never_treated() -> Q:
    """Return the condition that nothing was ever planned, given, asked, signed or noted of a patient."""
    done = [
        Course.objects.filter(patient=OuterRef("pk")),
        Screening.objects.filter(patient=OuterRef("pk")),
        Consent.objects.filter(patient=OuterRef("pk")),
        Allergy.objects.filter(patient=OuterRef("pk")),
        Appointment.objects.filter(patient=OuterRef("pk"), status=Appointment.Status.DONE),
        Patient.objects.filter(merged_into=OuterRef("pk")),
    ]
    condition = Q(allergies_asked_on=None, erased_at=None)
    for rows in done:
        condition &= ~Q(Exists(rows))
    return condition


def _untouched_since(day: date) -> Q:
    """Return the condition that a patient was registered before a day, and nothing was done from then on."""
    moment = datetime.combine(day, time(0), tzinfo=UTC)
    after = [
        Session.objects.filter(course__patient=OuterRef("pk"), performed_at__gte=moment),
        Screening.objects.filter(patient=OuterRef("pk"), answered_at__gte=moment),
        SideEffect.objects.filter(session__course__patient=OuterRef("pk"), recorded_at__gte=moment),
        Photo.objects.filter(course__patient=OuterRef("pk"), taken_at__gte=moment),
        Assessment.objects.filter(course__patient=OuterRef("pk"), assessed_on__gte=day),
        Consent.objects.filter(Q(signed_at__gte=moment) | Q(withdrawn_at__gte=moment), patient=OuterRef("pk")),
        Appointment.objects.filter(patient=OuterRef("pk"), starts_at__gte=moment),
        Waiting.objects.filter(Q(joined_at__gte=moment) | Q(removed_at__gte=moment), patient=OuterRef("pk")),
    ]
    condition = Q(registered_at__lt=moment)
    for rows in after:
        condition &= ~Q(Exists(rows))
    return condition
