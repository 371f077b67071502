"""What happens to a lot's stock: drawing on it and correcting it without ever taking more than there is."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from clinic.units import show_ml
from treatments.models import Ingredient, Injection, Lot, Preparation, Session, StockChange

if TYPE_CHECKING:
    from clinic.models import User

NOTHING = Decimal(0)


def lock_sources(*, lots: Iterable[int], preparations: Iterable[int]) -> None:
    """Lock these lots and preparations, by primary key, until the transaction ends.

    Everybody who draws on stock locks first, all in one order: lots, then preparations, each by key. So nobody waits
    for somebody who waits for them. Then write what is taken, and then call `refuse_overdraw`.
    """
    list(Lot.objects.select_for_update().filter(pk__in=set(lots)).order_by("pk").values_list("pk"))
    list(Preparation.objects.select_for_update().filter(pk__in=set(preparations)).order_by("pk").values_list("pk"))


def refuse_overdraw(
    *, lots: Iterable[int], preparations: Iterable[int], taker: Session | Preparation | None = None
) -> None:
    """Refuse what was written in this transaction when it takes more than there is of a lot or a preparation.

    `taker` is the session or the mixture whose rows were written; with it the message says what it could have had.
    Raises `ValidationError` with one error a source, each with code "overdrawn" and the params "lot" (the lot or the
    preparation), "left" and "over" (ml, `left` None without a taker).
    """
    found: list[Lot | Preparation] = [
        *Lot.objects.filter(pk__in=set(lots)).overdrawn().select_related("product").order_by("pk"),
        *Preparation.objects.filter(pk__in=set(preparations)).overdrawn().order_by("pk"),
    ]
    if found:
        own = _taken_by(taker)
        raise ValidationError([_overdrawn(source, own.get(source, NOTHING) if taker else None) for source in found])


def _overdrawn(source: Lot | Preparation, taken: Decimal | None) -> ValidationError:
    over = -source.remaining_ml
    left = None if taken is None else source.remaining_ml + taken
    if left is None:
        said = _("%(name)s: %(over_ml)s more than is left.")
    elif left > 0:
        said = _("%(name)s: only %(left_ml)s is left, %(over_ml)s too little.")
    else:
        said = _("%(name)s: nothing is left.")
    return ValidationError(
        said,
        code="overdrawn",
        params={
            "name": named(source),
            "lot": source,
            "left": left,
            "over": over,
            "left_ml": show_ml(left or NOTHING),
            "over_ml": show_ml(over),
        },
    )


def named(source: Lot | Preparation) -> str:
    """Return what a message calls it: "Lidocaine 1 %, lot A-117", or the mixture's name."""
    if isinstance(source, Preparation):
        return source.name
    return _("%(product)s, lot %(number)s") % {"product": source.product, "number": source.number}


def _taken_by(taker: Session | Preparation | None) -> Mapping[Lot | Preparation, Decimal]:
    """Return the ml that a session or a mixture takes of each source."""
    if isinstance(taker, Preparation):
        rows = Ingredient.objects.filter(preparation=taker).values_list("lot", "volume_ml")
        return {Lot(pk=lot): volume for lot, volume in rows}
    if taker is None:
        return {}
    injections = Injection.objects.filter(session=taker).order_by()
    taken: dict[Lot | Preparation, Decimal] = {}
    for lot, preparation, volume in injections.values_list("lot", "preparation").annotate(total=Sum("volume_ml")):
        taken[Lot(pk=lot) if lot else Preparation(pk=preparation)] = volume
    return taken


@transaction.atomic
def take_out(change: StockChange, *, amount_ml: Decimal, by: "User", now: datetime) -> StockChange:
    """Save that so much of a lot was thrown away or sent back.

    Raises `ValidationError` with code "overdrawn" when less is left.
    """
    lot = _locked(change)
    if amount_ml > lot.remaining_ml:
        raise ValidationError(
            _("Only %(left)s is left."), code="overdrawn", params={"left": show_ml(lot.remaining_ml), "lot": lot}
        )
    change.volume_ml = -amount_ml
    return _saved(change, by, now)


@transaction.atomic
def count(
    change: StockChange, *, counted_ml: Decimal, seen_ml: Decimal, by: "User", now: datetime
) -> StockChange | None:
    """Save what a count found, as the difference to what should be left; None when the count agrees.

    `seen_ml` is what the page said was left when the person counted. Raises `ValidationError` with code "moved" when
    something was taken or added since: the count may have been before or after that.
    """
    lot = _locked(change)
    if lot.remaining_ml != seen_ml:
        raise ValidationError(
            _("The stock moved since you opened this page: %(left)s is left by the book now. Count once more."),
            code="moved",
            params={"left": show_ml(lot.remaining_ml)},
        )
    change.volume_ml = counted_ml - lot.remaining_ml
    return _saved(change, by, now) if change.volume_ml else None


def _locked(change: StockChange) -> Lot:
    """Return the change's lot with what is left of it, locked: nobody draws on it until this is done."""
    lock_sources(lots=[change.lot_id], preparations=[])
    return Lot.objects.with_stock().get(pk=change.lot_id)


def _saved(change: StockChange, by: "User", now: datetime) -> StockChange:
    change.made_by, change.made_at = by, now
    change.save()
    return change
