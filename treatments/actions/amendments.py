"""Changing a signed session, and taking one out of the record: always with a reason, never without a trace."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from treatments.actions import working_copies
from treatments.actions.injections import keep_injections
from treatments.actions.photos import free_photos
from treatments.actions.sessions import Written, keep_screening, keep_seen, of_its_patient, pass_over
from treatments.actions.since import keep_answers, keep_noticed
from treatments.actions.windows import answered_follow_up, lock, move_window, withdraw_window
from treatments.drawn import drawn_of
from treatments.gate import problems_of_products
from treatments.models import Amendment, Session
from treatments.session_words import in_words

if TYPE_CHECKING:
    from clinic.models import User


@transaction.atomic
def amend(
    session: Session,
    save: Callable[[], Session],
    *,
    written: Written,
    reason: str,
    by: "User",
    now: datetime,
    overrides: Mapping[str, str] | None = None,
) -> Amendment:
    """Change a signed session as `save` does, and keep it as it was before and as it is now.

    The signature stays: who amends answers for the change. Lots and doses are judged anew; consent and screening were
    what they were when it was signed. `overrides` are the reasons, by code, for what is passed over anew. Raises
    `ValidationError` when nothing changes, a lot has too little left, or a lot may not be used that the session did
    not use before; `VersionConflictError` as `save` does.
    """
    course = lock(session.course_id)
    stored = Session.objects.get(pk=session.pk)
    if not stored.is_signed or stored.is_in_error:
        raise ValidationError(_("Only a signed session is amended."), code="not_signed")
    of_its_patient(session, course)
    before = in_words(stored)
    # By their words: a dose that was passed over at 4.5 ml is another thing at 60 ml.
    already = {(problem.code, problem.words) for problem in problems_of_products(drawn_of(stored))}
    moving = list(session.side_effects.begun_with_session())
    keep_screening(session, written.screening, by=by)
    session.follow_up = answered_follow_up(session)
    save()
    for effect in moving:
        if effect.onset_at != session.performed_at:
            effect.move(session.performed_at - effect.onset_at)
            effect.save_over(effect.version)
    keep_injections(session, written.drawn)
    keep_answers(session, written.answers)
    if written.noticed:
        keep_noticed(session, written.noticed, by=by)
    for seen in written.reactions:
        keep_seen(session, seen, by=by)
    found = problems_of_products(drawn_of(session))  # as stored, its lots locked
    anew = [problem for problem in found if (problem.code, problem.words) not in already]
    pass_over(session, anew, by=by, now=now, overrides=overrides or {})
    after = in_words(Session.objects.get(pk=session.pk))
    if before == after and not written.reactions and not written.noticed:
        raise ValidationError(_("Nothing was changed."), code="same")
    number = (session.amendments.aggregate(last=Max("number"))["last"] or 0) + 1
    move_window(course)
    return Amendment.objects.create(
        session=session, number=number, reason=reason, made_by=by, made_at=now, before=before, after=after
    )


@transaction.atomic
def enter_in_error(session: Session, *, reason: str, by: "User", now: datetime, version: int) -> Session:
    """Say that a session never was, or not of this patient: it counts no more, and what it drew is back in the lots.

    It stays in the record with the reason, and so do the reactions logged with it; its photos are free for the session
    that was meant. Raises `ValidationError` when it is in error already, `VersionConflictError` when somebody changed
    it since `version` was read.
    """
    course = lock(session.course_id)
    if session.is_in_error:
        raise ValidationError(_("This session is marked as entered in error already."), code="error")
    session.entered_in_error_at, session.entered_in_error_by = now, by
    session.entered_in_error_reason = reason
    session.because(reason).save_over(version)
    free_photos(session, now=now)
    working_copies.close(course, session, now=now)  # nobody can save what is typed of it
    if session.screening and session.screening.is_in_force:
        # It was asked in the same breath, of whoever was meant.
        session.screening.mark_entered_in_error(reason=reason, by=by, now=now, version=session.screening.version)
    if move_window(course) is None:
        withdraw_window(course)
    return session
