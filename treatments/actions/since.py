"""What a patient tells at the next session about the reactions to those before."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from treatments.actions.side_effects import SEVERITIES, change, reopen, resolve, withdraw_review
from treatments.models import AskBack, Session, SideEffect, SideEffectKind, TreatmentArea

if TYPE_CHECKING:
    from clinic.models import User

Answer = AskBack.Answer


@dataclass(frozen=True)
class Answered:
    """What was said of a reaction that was open; `gone_at` goes with "gone" alone."""

    effect: SideEffect
    answer: str
    gone_at: datetime | None = None


@dataclass(frozen=True)
class Noticed:
    """A reaction that nobody had told of, after `session`."""

    session: Session
    kind: SideEffectKind
    area: TreatmentArea | None
    severity: str
    onset_at: datetime
    gone_at: datetime | None = None


def keep_answers(session: Session, answers: Iterable[Answered]) -> None:
    """Write what was said of each reaction, and what follows: gone is an end, worse a step up in severity.

    The reaction is taken as it stands now: what somebody else wrote of it meanwhile is not undone. An end that this
    session gave it is its own to correct.
    """
    for said in answers:
        stored = AskBack.objects.filter(session=session, side_effect=said.effect).first()
        row = stored or AskBack(session=session, side_effect=said.effect)
        before = (row.answer, row.gone_at)
        # The row alone: its kind and its session are the concern of others, too.
        locked = SideEffect.objects.select_for_update(of=("self",)).select_related("kind", "session")
        effect = locked.get(pk=said.effect.pk)
        _keep_end(row, effect, said)
        if said.answer == Answer.WORSE and row.answer != Answer.WORSE:
            worsen(effect)
        row.answer = said.answer
        if (row.answer, row.gone_at) != before:
            row.save()


def _keep_end(row: AskBack, effect: SideEffect, said: Answered) -> None:
    """End a reaction that is said to be gone, and move or take back the end that this answer gave it before."""
    is_own = row.gone_at is not None and row.gone_at == effect.resolved_at
    row.gone_at = row.gone_at if is_own else None
    if said.answer == Answer.GONE and said.gone_at and (is_own or effect.resolved_at is None):
        resolve(effect, at=said.gone_at, version=effect.version)
        row.gone_at = said.gone_at
    elif said.answer != Answer.GONE and is_own:
        reopen(effect, note=_("Said to be gone in error: still there"), version=effect.version)
        row.gone_at = None


def worsen(effect: SideEffect) -> None:
    """Raise the severity by one step, which asks for a review; what is severe already is open to review again."""
    before = SideEffect.objects.select_related("kind").get(pk=effect.pk)
    step = min(SEVERITIES.index(effect.severity) + 1, len(SEVERITIES) - 1)
    effect.severity = SEVERITIES[step]
    effect.because(_("Worse at the next session"))
    if effect.reviewed_at and effect.severity == before.severity:
        # No step is left, but the review was of something that got worse since.
        withdraw_review(effect, _("Worse at the next session: to be reviewed again"))
    change(effect, before=before, version=effect.version)


def keep_noticed(session: Session, noticed: Noticed, *, by: "User") -> SideEffect:
    """Log the new reaction where it belongs: at the session after which it began.

    Whoever told of it at `session` said in the same breath whether it is gone.
    """
    effect = SideEffect.objects.create(
        session=noticed.session,
        kind=noticed.kind,
        area=noticed.area,
        severity=noticed.severity,
        onset_at=noticed.onset_at,
        resolved_at=noticed.gone_at,
        reported_by=SideEffect.Reporter.PATIENT,
        recorded_by=by,
    )
    answer = Answer.GONE if noticed.gone_at else Answer.STILL_THERE
    AskBack.objects.create(session=session, side_effect=effect, answer=answer, gone_at=noticed.gone_at)
    return effect
