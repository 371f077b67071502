"""Logging a reaction, saying that it is gone or came back, and reviewing it."""

import uuid
from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from treatments.models import (
    ClearedLot,
    InfectionStep,
    Lot,
    Photo,
    Recurrence,
    SideEffect,
    SideEffectContact,
    SideEffectReview,
    StepTaken,
    TreatmentArea,
)
from treatments.suspects import given_in, to_clear

if TYPE_CHECKING:
    from clinic.models import User

SEVERITIES = [severity.value for severity in SideEffect.Severity]  # the mildest first
ALWAYS_REVIEWED, URGENT = 1, 2


class OtherFactsError(Exception):
    """A form that made a row came again with other facts: somebody went back and typed the next reaction."""

    def __init__(self, made: SideEffect) -> None:
        super().__init__(made.title)
        self.made = made


def log(
    effect: SideEffect,
    *,
    areas: Iterable[TreatmentArea],
    by: "User",
    token: uuid.UUID,
    cleared: Collection[Lot] = (),
    photos: Collection[Photo] = (),
) -> tuple[list[SideEffect], bool]:
    """Log a reaction in each of the areas, or in none; return the rows and whether they are new.

    `cleared` are lots of its session that are not suspected; each row keeps those that its own area would point to.
    `photos` show all of it, and every row gets them.

    One form sent twice makes one row an area: each is found again by a token made of the form's and the area. Raises
    `OtherFactsError` for other facts under the token of a row.
    """
    with transaction.atomic():
        places: list[TreatmentArea | None] = [*areas] or [None]
        logged = [_log_once(effect, area, by, token_of(token, area)) for area in places]
        given = given_in(effect.session) if cleared else []
        for row, is_new in logged:
            if is_new and cleared:
                _rule_out(row, to_clear(given, row.area_id, cleared), by)
            row.photos.add(*photos)
    return [row for row, _new in logged], any(new for _row, new in logged)


def token_of(token: uuid.UUID, area: TreatmentArea | None) -> uuid.UUID:
    """Return the token of the row that one sending of a form makes in an area."""
    return uuid.uuid5(token, area.code if area else "")


def _log_once(effect: SideEffect, area: TreatmentArea | None, by: "User", token: uuid.UUID) -> tuple[SideEffect, bool]:
    facts = ("session", "kind", "severity", "grade", "onset_at", "resolved_at", "reported_by", "action_taken", "note")
    row = SideEffect(area=area, recorded_by=by, form_token=token, **{name: getattr(effect, name) for name in facts})
    made = SideEffect.objects.filter(form_token=token, recorded_by=by).first()
    if made:
        return _repeated(made, row), False
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        # The other tap came first, between our look and our write.
        return _repeated(SideEffect.objects.get(form_token=token, recorded_by=by), row), False
    return row, True


def _repeated(made: SideEffect, row: SideEffect) -> SideEffect:
    """Return the row made, if this says the same. Moments are left out: "just now" is another with each tap."""
    facts = ("session_id", "kind_id", "severity", "grade", "reported_by", "action_taken", "note")
    if any(getattr(made, fact) != getattr(row, fact) for fact in facts):
        raise OtherFactsError(made)
    return made


def enter_in_error(effect: SideEffect, *, reason: str, by: "User", now: datetime, version: int) -> SideEffect:
    """Say that a reaction never was, or was another: it is no work and in no rate, and stays in the record.

    Raises `ValidationError` when it is in error already, `VersionConflictError` when somebody changed it since
    `version` was read.
    """
    if effect.is_in_error:
        raise ValidationError(_("This reaction is marked as entered in error already."), code="error")
    effect.entered_in_error_at, effect.entered_in_error_by = now, by
    effect.entered_in_error_reason = reason
    return effect.because(reason).save_over(version)


def take_error_back(effect: SideEffect, *, version: int) -> SideEffect:
    """Say that a reaction stands after all. Raises as `enter_in_error` does."""
    if not effect.is_in_error:
        raise ValidationError(_("This reaction stands. Nothing was changed."), code="stands")
    effect.entered_in_error_at = effect.entered_in_error_by = None
    effect.entered_in_error_reason = ""
    return effect.because(_("It stands after all")).save_over(version)


@transaction.atomic
def change(
    effect: SideEffect,
    *,
    before: SideEffect,
    version: int,
    by: "User | None" = None,
    cleared: Collection[Lot] | None = None,
) -> SideEffect:
    """Save a corrected reaction. One that became graver than `before`, or is open again, is to be reviewed again.

    `cleared` are the lots that `by` does not suspect now, None to leave that as it is. Raises `VersionConflictError`
    when somebody changed it since `version` was read.
    """
    # The review judged something milder: it does not answer for this. The history keeps it.
    if effect.reviewed_at and is_graver(effect, before):
        withdraw_review(effect, _("Became graver: to be reviewed again"))
    elif effect.reviewed_at and before.resolved_at and not effect.resolved_at:
        withdraw_review(effect, _("Open again: to be reviewed again"))
    effect.save_over(version)
    if by and cleared is not None:
        _clear(effect, to_clear(given_in(effect.session), effect.area_id, cleared), by)
    return effect


def _clear(effect: SideEffect, lots: Iterable[Lot], by: "User") -> None:
    """Let these lots, and no others, be ruled out of a reaction."""
    wanted = {lot.pk: lot for lot in lots}
    for row in effect.cleared_lots.all():
        if wanted.pop(row.lot_id, None) is None:
            row.delete()
    _rule_out(effect, wanted.values(), by)


def _rule_out(effect: SideEffect, lots: Iterable[Lot], by: "User") -> None:
    for lot in lots:
        ClearedLot.objects.create(side_effect=effect, lot=lot, cleared_by=by)


def is_graver(effect: SideEffect, before: SideEffect) -> bool:
    """Say whether a reaction was corrected towards what needs more care: its severity, its grade or its kind.

    Between two kinds that are always reviewed, a review of one does not answer for the other.
    """
    if SEVERITIES.index(effect.severity) > SEVERITIES.index(before.severity):
        return True
    if (effect.grade or 0) > (before.grade or 0):
        return True
    return effect.kind_id != before.kind_id and _care(effect) >= max(_care(before), ALWAYS_REVIEWED)


def _care(effect: SideEffect) -> int:
    """Return how much care its kind asks for."""
    if effect.kind.is_urgent:
        return URGENT
    return ALWAYS_REVIEWED if effect.kind.always_review else 0


def withdraw_review(effect: SideEffect, reason: str) -> None:
    """Take the review off a reaction, unsaved, and let its history say why."""
    effect.reviewed_at, effect.reviewed_by, effect.review_note, effect.next_review_on = None, None, "", None
    effect.because(reason)


def resolve(effect: SideEffect, *, at: datetime, version: int) -> SideEffect:
    """Say since when a reaction is gone.

    Raises `ValidationError` before its onset and `VersionConflictError` when somebody changed it since.
    """
    if at < effect.onset_at:
        raise ValidationError(_("It cannot be gone before it began."), code="before_onset")
    if effect.resolved_at == at:
        return effect  # the second tap of two
    effect.resolved_at = at
    return effect.save_over(version)


def reopen(effect: SideEffect, *, note: str, version: int) -> SideEffect:
    """Say that a reaction is there still: it was said to be gone in error. Its review does not answer for that."""
    if effect.resolved_at is None:
        raise ValidationError(_("This reaction is still open."), code="open")
    effect.resolved_at = None
    withdraw_review(effect, note)
    return effect.save_over(version)


@transaction.atomic
def come_back(effect: SideEffect, *, note: str, at: datetime, by: "User", version: int) -> SideEffect:
    """Say since when a reaction that was gone is there again; the spell that ended is kept.

    It goes to a clinician: a review of what was over does not answer for it. Its clock goes on from its first onset.
    Raises `ValidationError` while it is open, and for a moment before it was gone.
    """
    gone_at = effect.resolved_at
    if gone_at is None:
        raise ValidationError(_("This reaction is still open."), code="open")
    if at < gone_at:
        raise ValidationError(_("It cannot be back before it was gone."), code="before_gone")
    effect.came_back_at = at
    reopen(effect, note=note, version=version)
    Recurrence.objects.create(side_effect=effect, gone_at=gone_at, back_at=at, note=note, recorded_by=by)
    return effect


@transaction.atomic
def review(effect: SideEffect, *, made: SideEffectReview, by: "User", now: datetime, version: int) -> SideEffect:
    """Keep a clinician's review, and let the reaction carry it as the one that answers for how it stands now.

    Raises `ValidationError` for an outcome that the record contradicts and `VersionConflictError` when somebody
    changed the reaction since `version` was read.
    """
    if made.form_token and SideEffectReview.objects.filter(form_token=made.form_token).exists():
        return effect  # the second tap of two
    if not made.note.strip():
        raise ValidationError(_("Write what you found and what follows from it."), code="required")
    if made.outcome not in effect.outcomes:
        raise ValidationError(_("The outcome does not agree with the record."), code="outcome")
    effect.reviewed_at, effect.reviewed_by, effect.review_note = now, by, made.note
    effect.next_review_on = made.next_review_on
    effect.save_over(version)
    made.side_effect, made.reviewed_at, made.reviewed_by = effect, now, by
    made.save()
    return effect


def follow(effect: SideEffect, *, owner: "User | None", next_contact_on: date | None, version: int) -> SideEffect:
    """Say who follows a reaction up and when the patient is contacted next. Nobody: then no contact is planned."""
    next_contact_on = next_contact_on if owner else None
    if (effect.owner, effect.next_contact_on) == (owner, next_contact_on):
        return effect  # the second tap of two
    effect.owner, effect.next_contact_on = owner, next_contact_on
    return effect.save_over(version)


@transaction.atomic
def log_contact(effect: SideEffect, *, made: SideEffectContact, by: "User", now: datetime, version: int) -> SideEffect:
    """Log a contact about a reaction, or a try, and plan the next; who makes it, where nobody follows it up."""
    if SideEffectContact.objects.filter(form_token=made.form_token).exists():
        return effect  # the second tap of two
    if made.next_contact_on and effect.owner is None:
        effect.owner = by
    effect.next_contact_on = made.next_contact_on
    effect.save_over(version)
    made.side_effect, made.made_at, made.made_by = effect, now, by
    made.save()
    return effect


@transaction.atomic
def take_step(effect: SideEffect, step: InfectionStep, *, done: bool, by: "User", now: datetime) -> StepTaken:
    """Tick a step at a suspected late infection, or take the tick back. Whoever ticked first stays named."""
    taken, _is_new = StepTaken.objects.select_for_update().get_or_create(side_effect=effect, step=step)
    if done == (taken.done_at is not None):
        return taken
    taken.done_at, taken.done_by = (now, by) if done else (None, None)
    taken.save()
    return taken
