"""Mixing several lots into one preparation, and throwing away what is left of it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.models import VersionConflictError
from treatments.actions.stock import lock_sources, named, refuse_overdraw
from treatments.models import Ingredient, Lot, Preparation
from treatments.rules.stock import Fault

if TYPE_CHECKING:
    from clinic.models import User

FAULTS = {
    Fault.BLOCKED: gettext_lazy("%(name)s: the product is blocked."),
    Fault.HELD: gettext_lazy("%(name)s is on hold."),
    Fault.EXPIRED: gettext_lazy("%(name)s has expired."),
}


@transaction.atomic
def mix(preparation: Preparation, *, ingredients: Mapping[Lot, Decimal], by: "User") -> Preparation:
    """Save a preparation and what went into it, ml by lot.

    Raises `ValidationError` when a lot may not be used on the day it was mixed, expires before it is to be used by,
    or holds too little.
    """
    keys = [lot.pk for lot in ingredients]
    lock_sources(lots=keys, preparations=[])
    # As they are now that they are locked: somebody may have put one on hold while this was typed.
    lots = {lot.pk: lot for lot in Lot.objects.filter(pk__in=keys).select_related("product")}
    place = preparation.location
    faults = [(lot, lot.fault(place.local(preparation.mixed_at).date())) for lot in lots.values()]
    refused = [ValidationError(FAULTS[fault] % {"name": named(lot)}, code=fault) for lot, fault in faults if fault]
    last_day = place.local(preparation.use_by_at).date()
    refused += [
        ValidationError(_("%(name)s expires before the preparation is to be used by.") % {"name": named(lot)})
        for lot, fault in faults
        if not fault and lot.expires_on < last_day
    ]
    if refused:
        raise ValidationError(refused)
    preparation.mixed_by = by
    preparation.save()
    Ingredient.objects.bulk_create(
        Ingredient(preparation=preparation, lot=lots[lot.pk], volume_ml=ml) for lot, ml in ingredients.items()
    )
    refuse_overdraw(lots=keys, preparations=[], taker=preparation)
    return preparation


@transaction.atomic
def discard(preparation: Preparation, *, reason: str, by: "User", now: datetime, version: int) -> Preparation:
    """Throw away what is left of a preparation.

    Raises `VersionConflictError` when somebody changed it since `version` was read, and `ValidationError` when it was
    thrown away already.
    """
    lock_sources(lots=[], preparations=[preparation.pk])
    stored = Preparation.objects.get(pk=preparation.pk)
    if stored.version != version:
        raise VersionConflictError
    if stored.discarded_at:
        raise ValidationError(_("It was thrown away already."), code="discarded")
    preparation.discarded_at, preparation.discarded_by, preparation.discard_reason = now, by, reason
    return preparation.because(reason).save_over(version)
