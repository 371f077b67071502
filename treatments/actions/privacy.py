"""What a patient may ask of the clinic: a copy of everything, and to be forgotten."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import ngettext

from clinic.background import ring
from clinic.models import User
from clinic.vault import new_name
from clinic.wall_clock import on_the_wall
from patients.models import Dossier, Erasure, HoldOpening, LegalHold, Patient
from treatments.actions.merging import hold
from treatments.models import Course, SideEffect
from treatments.privacy.erasing import expected
from treatments.privacy.retention import keeps, standings
from treatments.tasks import erase_patients, make_dossiers

SHORTEST_AFTER_RESTORE = timedelta(hours=24)  # even where what is decided begins at once


def ask_dossier(patient: Patient, *, by: User, now: datetime) -> Dossier:
    """Have a dossier made for somebody; while one is being made for them, return that one."""
    try:
        with transaction.atomic():
            made = Dossier.objects.create(patient=patient, asked_by=by, asked_at=now, stored_name=new_name())
    except IntegrityError:  # a double tap
        return Dossier.objects.get(patient=patient, asked_by=by, state=Dossier.State.WAITING)
    ring(make_dossiers)
    return made


def ahead(patient: Patient, now: datetime) -> int:
    """Return how many appointments of a person are still to come: nobody is forgotten who is expected."""
    return expected(patient.whole_family(), now)


def still_open(patient: Patient) -> list[str]:
    """Return in words what somebody may still have to act on: courses that run, reactions that are open."""
    keys = [record.pk for record in patient.whole_family()]
    courses = Course.objects.filter(patient__in=keys).running().count()
    reactions = SideEffect.objects.filter(session__course__patient__in=keys).standing().open().count()
    words = [
        (courses, ngettext("%(n)s course is running", "%(n)s courses are running", courses)),
        (reactions, ngettext("%(n)s reaction is open", "%(n)s reactions are open", reactions)),
    ]
    return [text % {"n": count} for count, text in words if count]


def grace() -> timedelta:
    """Return how long an erasure that is decided now may be withdrawn before it begins."""
    return timedelta(hours=settings.ERASURE_GRACE_HOURS)


def begin_grace_anew(now: datetime) -> str:
    """Give each erasure that waits in a restored clinic its time of grace anew, a day at least; say so in words.

    It may have been withdrawn since the backup was made, which nobody knows here. What had begun is finished.
    """
    waiting = Erasure.objects.waiting().filter(begun_at=None).exclude(ground=Erasure.Ground.RESTORED)
    anew = max(grace(), SHORTEST_AFTER_RESTORE)
    count = waiting.update(grace_began_at=now, grace=anew)
    if not count:
        return ""
    words = ngettext(
        "%(n)s erasure waits here that may have been withdrawn since. Until %(moment)s (%(zone)s) it can be withdrawn "
        "on the page “Privacy”; then it is carried out.",
        "%(n)s erasures wait here that may have been withdrawn since. Until %(moment)s (%(zone)s) they can be "
        "withdrawn on the page “Privacy”; then they are carried out.",
        count,
    )
    return words % {"n": count, "moment": on_the_wall(now + anew), "zone": timezone.get_current_timezone_name()}


def decide_erasure(patient: Patient, *, ground: str, by: User, now: datetime, today: date) -> Erasure:
    """Have a patient erased, but for what the law keeps as of today, once the time of grace is over; twice is once.

    Raises `RecordMergedError` when the record became part of another meanwhile.
    """
    try:
        with transaction.atomic():
            held, *merged = hold(*patient.whole_family())
            kept = keeps(standings([held.refuse_merged(), *merged], today))
            decided = Erasure.objects.create(
                patient=held, ground=ground, asked_by=by, asked_at=now, grace=grace(), keeps=kept
            )
            held.erasure_decided_at = now
            held.because("Erasure decided").save_over(held.version)
    except IntegrityError:  # a double tap
        return Erasure.objects.waiting().get(patient=patient)
    if decided.is_due(now):  # any other is found by the worker's sweep, once it is
        ring(erase_patients)
    return decided


@transaction.atomic
def withdraw_erasure(erasure: Erasure, *, reason: str, by: User, now: datetime) -> Erasure:
    """Let a patient stay whose erasure was decided and has not begun; withdrawn twice is once.

    The worker holds the same rows in the same order before it begins, so that one of the two comes first. Raises
    `ValidationError` once it has begun.
    """
    family = hold(*erasure.patient.whole_family())
    stored = Erasure.objects.select_for_update().get(pk=erasure.pk)
    if stored.withdrawn_at:
        return stored
    if refusal := stored.refusal_to_withdraw:
        raise ValidationError(refusal, code="begun")
    stored.withdrawn_at, stored.withdrawn_by, stored.withdrawn_reason = now, by, reason
    stored.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    record = next(record for record in family if record.pk == stored.patient_id)
    record.erasure_decided_at = None
    record.because("Erasure withdrawn").save_over(record.version)
    return stored


@transaction.atomic
def open_hold(patient: Patient, *, reason: str, by: User, now: datetime) -> LegalHold:
    """Return who a pseudonymous record was of, and write down who looked and why."""
    found = LegalHold.objects.get(patient=patient)
    HoldOpening.objects.create(patient=patient, opened_at=now, opened_by=by, reason=reason)
    return found
