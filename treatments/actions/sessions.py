"""Logging and signing sessions, and what follows for the course and its follow-up."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinic.roles import Role
from treatments.actions import appointments
from treatments.actions.windows import answered_follow_up, lock, move_window
from treatments.models import Appointment, Course, Session, SideEffect, SideEffectKind

if TYPE_CHECKING:
    from clinic.models import User


@dataclass(frozen=True)
class Seen:
    """A reaction right after the injections: its kind, how severe, and how long it lasted if it is over."""

    kind: SideEffectKind
    severity: str
    lasted: timedelta | None = None


@transaction.atomic
def keep(
    session: Session,
    save: Callable[[], Session],
    *,
    reactions: Iterable[Seen],
    by: "User",
    now: datetime,
    signing: bool,
) -> Session:
    """Save a session as `save` does, with the reactions seen at it, and sign it when asked.

    Each reaction begins with the session, and moves with it. The appointment it was given at is done; where none is
    named, it is the one for which the patient is here that day.
    After the end of its course it is a treatment at the follow-up, from the draft on.
    """
    lock(session.course_id)
    if session.appointment is None:
        session.appointment = Appointment.objects.here_for(session.course, session.course.day_of(session.performed_at))
    session.follow_up = answered_follow_up(session)
    moving = list(session.side_effects.begun_with_session()) if session.pk else []
    save()
    for effect in moving:
        effect.move(session.performed_at - effect.onset_at)
        effect.save_over(effect.version)
    for seen in reactions:
        SideEffect.objects.create(
            session=session,
            kind=seen.kind,
            severity=seen.severity,
            onset_at=session.performed_at,
            resolved_at=session.performed_at + seen.lasted if seen.lasted else None,
            reported_by=reporter(by),
            recorded_by=by,
        )
    # As it stands now: somebody may have moved it on the board while the session was typed.
    appointment = Appointment.objects.select_for_update().filter(sessions=session).first()
    if appointment and appointment.status in Appointment.HERE:
        appointments.turn(appointment, Appointment.Status.DONE, now=now, version=appointment.version)
    if signing:
        sign(session, by=by, now=now, version=session.version)
    return session


def reporter(user: "User") -> SideEffect.Reporter:
    return SideEffect.Reporter.CLINICIAN if user.role is Role.CLINICIAN else SideEffect.Reporter.STAFF


def proposal(course: Course, by: "User", now: datetime) -> dict[str, Any]:
    """Return what a new session of the course starts from: now, by this person, areas and technique as last time."""
    last = course.sessions.standing().order_by("-performed_at", "-pk").prefetch_related("areas").first()
    start = {"performed_at": now.replace(second=0, microsecond=0), "performed_by": by}
    if last is None:
        return start | {"areas": course.areas.all(), "technique": Session.Technique.NAPPAGE}
    return start | {
        "areas": last.areas.all(),
        "technique": last.technique,
        "needle": last.needle,
        "depth_mm": last.depth_mm,
    }


@transaction.atomic
def sign(session: Session, *, by: "User", now: datetime, version: int) -> Session:
    """Sign a session: it counts from now on and changes no more. A planned course becomes active by its first one.

    Raises `ValidationError` when the session is signed already or lacks what a signed one has, and
    `VersionConflictError` when somebody changed it since `version` was read.
    """
    course = lock(session.course_id)
    if session.signed_by:
        raise ValidationError(
            _("%(name)s signed this session already.") % {"name": session.signed_by.get_full_name()}, code="signed"
        )
    missing = session.missing_for_signing(has_areas=session.areas.exists())
    if missing:
        raise ValidationError([ValidationError(text, code=field) for field, text in missing.items()])
    session.signed_at, session.signed_by = now, by
    session.follow_up = answered_follow_up(session)
    session.save_over(version)
    if course.status == Course.Status.PLANNED:
        course.status, course.status_on = Course.Status.ACTIVE, course.day_of(session.performed_at)
        course.status_on = max(course.status_on, course.started_on)
        course.save_over(course.version)
    move_window(course)
    return session
