"""Lots that arrive, and those that nobody may use until somebody has looked."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.models import VersionConflictError
from treatments.models import Lot, Product, StockChange

if TYPE_CHECKING:
    from clinic.models import User

Kind = StockChange.Kind


@dataclass(frozen=True)
class Received:
    """What arrived: its lot, and whether that is new here or was added to."""

    lot: Lot
    is_new: bool


def lock_batches(product_id: int) -> Product:
    """Lock a product: what arrives of it and what is held of it wait for each other, at every location."""
    return Product.objects.select_for_update().get(pk=product_id)


@transaction.atomic
def receive(lot: Lot, *, by: "User", now: datetime) -> Received:
    """Take in what arrived. Of a lot that is here already, more has arrived.

    `lot` is unsaved, with all that was typed and its form's token. A batch that is on hold anywhere is on hold here
    as well. Raises `ValidationError` when the lot that is here has another expiry.
    """
    lock_batches(lot.product_id)
    before = received_before(lot) if lot.form_token else None
    if before:  # by the other tap, while this one waited for the lock
        return Received(before[0], is_new=True)
    lot.received_by = by
    here = Lot.objects.of_batch(lot).at(lot.location).select_for_update().first()
    if here is None:
        held = Lot.objects.of_batch(lot).held().first()
        if held:
            lot.held_at, lot.held_by, lot.hold_reason = held.held_at, held.held_by, held.hold_reason
        lot.save()
        return Received(lot, is_new=True)
    if here.expires_on != lot.expires_on:
        raise ValidationError(
            {
                "expires_on": _("Lot %(number)s is here and expires on %(day)s. Check the number and the date.")
                % {"number": here.number, "day": date_format(here.expires_on, "j F Y")}
            }
        )
    StockChange.objects.create(
        lot=here,
        kind=Kind.RECEIVED,
        volume_ml=lot.received_ml,
        reason=_("From %(supplier)s") % {"supplier": lot.supplier} if lot.supplier else _("Delivery"),
        made_at=now,
        made_by=by,
        form_token=lot.form_token,
    )
    return Received(here, is_new=False)


def received_before(lot: Lot) -> tuple[Lot, Decimal] | None:
    """Return the lot that an earlier sending of this form filled, and by how many ml; None for the first sending."""
    made = Lot.objects.filter(form_token=lot.form_token).first()
    if made:
        return made, made.received_ml
    added = StockChange.objects.filter(form_token=lot.form_token).select_related("lot").first()
    return (added.lot, added.volume_ml) if added else None


@transaction.atomic
def hold(lot: Lot, *, reason: str, by: "User", now: datetime, version: int) -> list[Lot]:
    """Put a batch on hold at every location of the clinic; return the lots that were not on hold yet.

    Raises `VersionConflictError` when somebody changed the lot since `version` was read, and `ValidationError` when
    it is on hold already.
    """
    batch = _batch_as_read(lot, version)
    if batch[lot.pk].held_at:
        raise ValidationError(_("This lot is on hold already."), code="held")
    free = [each for each in batch.values() if each.held_at is None]
    for each in free:
        each.held_at, each.held_by, each.hold_reason = now, by, reason
        each.because(reason).save_over(each.version)
    return free


@transaction.atomic
def release(lot: Lot, *, reason: str, version: int) -> list[Lot]:
    """Let a batch be used again at every location; return the lots that were on hold.

    Raises `VersionConflictError` when somebody changed the lot since `version` was read, and `ValidationError` when
    it is not on hold.
    """
    batch = _batch_as_read(lot, version)
    if batch[lot.pk].held_at is None:
        raise ValidationError(_("This lot is not on hold."), code="free")
    held = [each for each in batch.values() if each.held_at]
    for each in held:
        each.held_at, each.held_by, each.hold_reason = None, None, ""
        each.because(reason).save_over(each.version)
    return held


def _batch_as_read(lot: Lot, version: int) -> dict[int, Lot]:
    """Return the batch's lots by key, locked, if this one has still that version."""
    lock_batches(lot.product_id)
    lots = Lot.objects.of_batch(lot).select_for_update(of=("self",)).select_related("location", "product")
    batch = {each.pk: each for each in lots.order_by("pk")}
    if batch[lot.pk].version != version:
        raise VersionConflictError
    return batch
