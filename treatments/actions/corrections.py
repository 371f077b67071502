"""Putting a session that was logged for the wrong patient into the right record: out of the one, anew in the other."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history

from patients.models import Patient
from treatments.actions import aftercare
from treatments.actions.amendments import enter_in_error
from treatments.actions.photos import move
from treatments.actions.sessions import Written, keep
from treatments.actions.side_effects import reopen
from treatments.actions.stock import lock_sources, refuse_overdraw
from treatments.actions.windows import lock
from treatments.drawn import Drawn
from treatments.models import (
    AskBack,
    Assessment,
    Course,
    Injection,
    Photo,
    Session,
    SessionCorrection,
    SideEffect,
)

if TYPE_CHECKING:
    from clinic.models import User

# What was done is the same in whosever record it stands.
FACTS = (
    "performed_at",
    "performed_by",
    "technique",
    "depth_mm",
    "needle",
    "weight_kg",
    "pain",
    "unmeasured_reason",
    "reactions_asked",
    "map_points",
    "antiseptic",
    "device",
    "aftercare_given",
    "note",
)
INJECTED = ("area", "lot", "preparation", "volume_ml", "points", "technique", "needle", "depth_mm")
OBSERVED = (
    "area",
    "kind",
    "severity",
    "grade",
    "onset_at",
    "resolved_at",
    "reported_by",
    "action_taken",
    "note",
    "recorded_by",
    "came_back_at",
    "owner",
    "next_contact_on",
)


def facts_of(row: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def begin(wrong: Session, course: Course, *, early_reason: str = "") -> Session:
    """Return the session as the right record gets it, unsaved: a draft, with nobody asked about earlier reactions.

    Those were another patient's.
    """
    return Session(course=course, early_reason=early_reason, **facts_of(wrong, FACTS))


def course_like(wrong: Session, patient: Patient) -> Course:
    """Return a course for the right patient, unsaved, planned as the one in the wrong record, from that day on."""
    plan, place = wrong.course, patient.location
    day = place.local(wrong.performed_at).date()
    return Course(
        patient=patient,
        protocol=plan.protocol,
        planned_sessions=plan.planned_sessions,
        price=plan.price,
        currency=plan.currency,
        location=place,
        clinician=plan.clinician,
        started_on=day,
        status_on=day,
    )


@transaction.atomic
def correct_patient(
    wrong: Session,
    course: Course,
    *,
    reason: str,
    early_reason: str,
    effects: Iterable[SideEffect],
    assessments: Iterable[Assessment],
    by: "User",
    now: datetime,
    version: int,
) -> SessionCorrection:
    """Enter a session in error and let it stand as a draft in the course it belongs to; return how the two belong.

    `course` may be a new one. Its photos, and of its reactions and of the scores of its day those named, go along. A
    clinician signs the draft. Raises `VersionConflictError` when somebody changed the session since `version` was
    read, `ValidationError` when it does not fit the other course.
    """
    for key in sorted(key for key in (wrong.course_id, course.pk) if key):
        lock(key)
    if course.patient.refusal_to_treat and (course.patient.erased_at or not course.patient.deceased_on):
        raise ValidationError(course.patient.refusal_to_treat)
    Patient.objects.hold(course.patient).refuse_additions()  # held: nobody starts the same course meanwhile
    photos = list(Photo.objects.of_session(wrong))
    named = [(effect, list(effect.photos.values_list("pk", flat=True))) for effect in effects]
    said = _("Logged for the wrong patient. %(reason)s") % {"reason": reason}
    enter_in_error(wrong, reason=said, by=by, now=now, version=version)
    for link in wrong.aftercare_links.given():
        aftercare.revoke(link, by=by, now=now)
    _take_back_answers(wrong)
    right = _write(wrong, course, early_reason=early_reason, by=by, now=now)
    _move_photos(photos, right, reason=reason)
    for effect, pictures in named:
        _write_effect(effect, right).photos.set(Photo.objects.of_session(right).filter(pk__in=pictures))
    for assessment in assessments:
        assessment.course = right.course
        assessment.because(said).save_over(assessment.version)
    return SessionCorrection.objects.create(wrong=wrong, right=right, reason=reason, made_by=by, made_at=now)


def _write(wrong: Session, course: Course, *, early_reason: str, by: "User", now: datetime) -> Session:
    """Save the session in the right course, with what it gave and what was answered before it."""
    if not course.pk:
        course.validate_constraints()
        course.save()
        course.areas.set(wrong.course.areas.all())
    right = begin(wrong, course, early_reason=early_reason)
    right.full_clean(exclude=["screening", "follow_up", "appointment"])
    screening = Session.objects.select_related("screening__recorded_by").get(pk=wrong.pk).screening
    answers = screening.answers.select_related("question") if screening else []

    def save() -> Session:
        right.save()
        right.areas.set(wrong.areas.all())
        return right

    written = Written(
        drawn=Drawn(course, right.performed_at),
        screening=[(answer.question, answer.answer, answer.detail) for answer in answers],
    )
    keep(right, save, written=written, by=screening.recorded_by if screening else by, now=now, signing=False)
    _write_injections(wrong, right)
    return right


def _write_injections(wrong: Session, right: Session) -> None:
    """Draw the same on the same lots: what the session in error gave back is there."""
    stored = list(wrong.injections.select_related("area", "lot", "preparation"))
    lots = {row.lot_id for row in stored if row.lot_id}
    mixtures = {row.preparation_id for row in stored if row.preparation_id}
    lock_sources(lots=lots, preparations=mixtures)
    bulk_create_with_history([Injection(session=right, **facts_of(row, INJECTED)) for row in stored], Injection)
    refuse_overdraw(lots=lots, preparations=mixtures, taker=right)


def _take_back_answers(wrong: Session) -> None:
    """Open the reactions of the wrong patient again that were said to be gone: the other patient said so."""
    for row in wrong.ask_backs.filter(answer=AskBack.Answer.GONE).select_related("side_effect__kind"):
        effect = SideEffect.objects.select_related("kind", "session__course__location").get(pk=row.side_effect_id)
        if row.gone_at and row.gone_at == effect.resolved_at:
            reopen(effect, note=_("Another patient said that it is gone"), version=effect.version)


def _move_photos(photos: Iterable[Photo], right: Session, *, reason: str) -> None:
    try:
        with transaction.atomic():
            for each in photos:
                photo = Photo.objects.select_related("course").get(pk=each.pk)
                move(photo, right.course, reason=reason, version=photo.version)
                photo.session = right
                photo.because(f"Moved: {reason}").save_over(photo.version)
    except IntegrityError:
        raise ValidationError(_("One of its photos is in that course already."), code="photo") from None


def _write_effect(effect: SideEffect, right: Session) -> SideEffect:
    """Log a reaction anew with the session it followed; a clinician reviews it there, where it has to be."""
    return SideEffect.objects.create(session=right, **facts_of(effect, OBSERVED))
