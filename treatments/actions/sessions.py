"""Logging and signing sessions, and what follows for the course and its follow-up."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history

from clinic.roles import Role
from patients.models import Patient, Screening, ScreeningAnswer, ScreeningQuestion
from treatments.actions import appointments
from treatments.actions.aftercare import give as give_aftercare
from treatments.actions.injections import keep_injections
from treatments.actions.photos import keep_photos_of_day
from treatments.actions.since import Answered, Noticed, keep_answers, keep_noticed
from treatments.actions.stock import lock_sources
from treatments.actions.windows import answered_follow_up, lock, move_window
from treatments.drawn import Drawn, drawn_to_sign
from treatments.gate import Problem, open_stops, problems, unanswered
from treatments.models import Appointment, Course, Override, Session, SideEffect, SideEffectKind

if TYPE_CHECKING:
    from clinic.models import User


@dataclass(frozen=True)
class Seen:
    """A reaction right after the injections: its kind, how severe, and how long it lasted if it is over."""

    kind: SideEffectKind
    severity: str
    lasted: timedelta | None = None


@dataclass(frozen=True)
class Written:
    """What a session's page says beside the session's own row.

    `drawn` is what was given; `reactions` were seen right after it; `answers` and `noticed` are about the reactions
    to earlier sessions; `screening` is (question, "yes" or "no", detail) for each question answered.
    """

    drawn: Drawn
    reactions: list[Seen] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)
    noticed: Noticed | None = None
    screening: list[tuple[ScreeningQuestion, str, str]] = field(default_factory=list)


@transaction.atomic
def keep(
    session: Session,
    save: Callable[[], Session],
    *,
    written: Written,
    by: "User",
    now: datetime,
    signing: bool,
    overrides: Mapping[str, str] | None = None,
) -> Session:
    """Save a session as `save` does, with all that was written beside it, and sign it when asked.

    Each reaction seen at it begins with it, and moves with it. Photos taken that day before it was saved are its own.
    The appointment it was given at is done; where none is named, it is the one for which the patient is here that day.
    After the end of its course it is a treatment at the follow-up, from the draft on.
    Raises `ValidationError` when a lot has too little left, something stops the signature, or it was given after it
    was decided to erase the patient.
    """
    of_its_patient(session, lock(session.course_id))
    refuse_after_decision(session)
    if session.appointment is None:
        session.appointment = Appointment.objects.here_for(session.course, session.course.day_of(session.performed_at))
    session.follow_up = answered_follow_up(session)
    keep_screening(session, written.screening, by=by)
    moving = list(session.side_effects.begun_with_session()) if session.pk else []
    save()
    for effect in moving:
        if effect.onset_at != session.performed_at:
            effect.move(session.performed_at - effect.onset_at)
            effect.save_over(effect.version)
    keep_photos_of_day(session, now=now)
    keep_injections(session, written.drawn)
    keep_answers(session, written.answers)
    if written.noticed:
        keep_noticed(session, written.noticed, by=by)
    for seen in written.reactions:
        keep_seen(session, seen, by=by)
    # As it stands now: somebody may have moved it on the board while the session was typed.
    appointment = Appointment.objects.select_for_update().filter(sessions=session).first()
    if appointment and appointment.status in Appointment.HERE:
        appointments.turn(appointment, Appointment.Status.DONE, now=now, version=appointment.version)
    if signing:
        sign(session, by=by, now=now, version=session.version, overrides=overrides)
    return session


def of_its_patient(session: Session, course: Course) -> None:
    """Let the session be of the patient of whom its course is: records may have been merged since it was read."""
    if session.course.patient_id != course.patient_id:
        session.course.patient = course.patient


def refuse_after_decision(session: Session) -> None:
    """Refuse a session after the moment at which an erasure was decided; what was given before it is written.

    Whoever decides holds the courses first, so that the patient read under the lock of the course is as it stands.
    """
    patient = Patient.objects.get(pk=session.course.patient_id)
    since = patient.erased_at or patient.erasure_decided_at
    if since and session.performed_at >= since:
        raise ValidationError({"performed_at": patient.refusal_to_add})


def keep_seen(session: Session, seen: Seen, *, by: "User") -> SideEffect:
    """Log a reaction that began with the session."""
    return SideEffect.objects.create(
        session=session,
        kind=seen.kind,
        severity=seen.severity,
        onset_at=session.performed_at,
        resolved_at=session.performed_at + seen.lasted if seen.lasted else None,
        reported_by=reporter(by),
        recorded_by=by,
    )


def keep_screening(session: Session, answers: list[tuple[ScreeningQuestion, str, str]], *, by: "User") -> None:
    """Write the short screening of the day, dated with the session; a question left blank has no answer."""
    screening = session.screening_in_force
    if screening is None:
        if not answers:
            return
        screening = Screening.objects.create(
            patient=session.course.patient,
            kind=Screening.Kind.SHORT,
            answered_at=session.performed_at,
            recorded_by=by,
        )
        session.screening = screening
    elif screening.answered_at != session.performed_at:
        screening.answered_at = session.performed_at
        screening.save_over(screening.version)
    stored = {row.question_id: row for row in screening.answers.all()}
    for question, answer, detail in answers:
        row = stored.get(question.pk) or ScreeningAnswer(screening=screening, question=question)
        if (row.answer, row.detail) != (answer, detail):
            row.answer, row.detail = answer, detail
            row.save()
    # Whoever loaded the answers before them judges the signature by these.
    session.screening = Screening.objects.get(pk=screening.pk)


def reporter(user: "User") -> SideEffect.Reporter:
    return SideEffect.Reporter.CLINICIAN if user.role is Role.CLINICIAN else SideEffect.Reporter.STAFF


def proposal(course: Course, by: "User", now: datetime) -> dict[str, Any]:
    """Return what a new session of the course starts from: now, by this person, technique and needle as last time."""
    last = course.sessions.standing().order_by("-performed_at", "-pk").first()
    start = {"performed_at": now.replace(second=0, microsecond=0), "performed_by": by}
    if last is None:
        return start | {"technique": Session.Technique.NAPPAGE}
    return start | {name: getattr(last, name) for name in ("technique", "needle", "depth_mm", "antiseptic", "device")}


@transaction.atomic
def sign(
    session: Session, *, by: "User", now: datetime, version: int, overrides: Mapping[str, str] | None = None
) -> Session:
    """Sign a session: it counts from now on and changes only by an amendment.

    A planned course becomes active by its first one, and the patient gets a link for what comes after. `overrides`
    are the reasons, by code, for what is passed over.
    Raises `ValidationError` when the session is signed already, lacks what a signed one has, or something stops it,
    and `VersionConflictError` when somebody changed it since `version` was read.
    """
    course = lock(session.course_id)
    if session.signed_by:
        raise ValidationError(
            _("%(name)s signed this session already.") % {"name": session.signed_by.get_full_name()}, code="signed"
        )
    if session.is_in_error:
        raise ValidationError(_("This session was entered in error."), code="error")
    missing = unanswered(session)
    if missing:
        raise ValidationError([ValidationError(text, code=field) for field, text in missing.items()])
    pass_gate(session, by=by, now=now, overrides=overrides or {})
    session.signed_at, session.signed_by = now, by
    session.follow_up = answered_follow_up(session)
    session.save_over(version)
    if course.status == Course.Status.PLANNED:
        course.status, course.status_on = Course.Status.ACTIVE, course.day_of(session.performed_at)
        course.status_on = max(course.status_on, course.started_on)
        course.save_over(course.version)
    move_window(course)
    give_aftercare(session, by=by, now=now)
    return session


def pass_gate(session: Session, *, by: "User", now: datetime, overrides: Mapping[str, str]) -> None:
    """Refuse what stands against the signature, as it stands now, and keep what was passed over with its reason.

    What the session drew on is locked first: a hold that comes meanwhile waits, or is seen.
    """
    drawn_on = session.injections.values_list("lot", "preparation")
    lock_sources(
        lots=[lot for lot, _mixture in drawn_on if lot],
        preparations=[mixture for _lot, mixture in drawn_on if mixture],
    )
    pass_over(session, problems(drawn_to_sign(session), now), by=by, now=now, overrides=overrides)


def pass_over(
    session: Session, found: Iterable[Problem], *, by: "User", now: datetime, overrides: Mapping[str, str]
) -> None:
    """Refuse these problems of a session, and keep those that a clinician passes over with the reason."""
    stopping = {problem.code: problem for problem in found if problem.stops}  # a lot drawn on twice is one thing
    stops = open_stops(stopping.values(), overrides)
    if stops:
        raise ValidationError([ValidationError(problem.words, code=problem.code) for problem in stops])
    known = set(session.overrides.values_list("code", "words"))
    rows = [
        Override(
            session=session,
            code=code,
            words=problem.words[:500],
            reason=overrides[code],
            made_by=by,
            made_at=now,
        )
        for code, problem in stopping.items()
        if (code, problem.words[:500]) not in known
    ]
    bulk_create_with_history(rows, Override)
