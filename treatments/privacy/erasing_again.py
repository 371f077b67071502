"""Erasing again whoever a restored backup still knows: what was decided stands, whatever the backup says."""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import models

from clinic import tombstones
from clinic.logs import place_of
from patients.models import Erasure, Patient
from treatments.privacy.erasing import erase

log = logging.getLogger(__name__)


def erase_again(stones: Iterable[tombstones.Tombstone]) -> int:
    """Erase whoever a restored backup still knows; return how many. What the law kept then is kept again.

    One who cannot be erased keeps nobody else. Raises `StillKnownError` at the end, once all others are erased.
    """
    count = 0
    still_known: list[str] = []
    for stone in stones:
        try:
            count += sum(erase_restored(patient, stone) for patient in still_there(stone))
            stands = still_there(stone).exists()
        except Exception as error:
            log.error("%s could not be erased again: %s", stone.patient, place_of(error))  # noqa: TRY400
            stands = True
        if stands:
            still_known.append(stone.patient)
    if still_known:
        raise tombstones.StillKnownError(still_known)
    return count


def still_there(stone: tombstones.Tombstone) -> models.QuerySet[Patient]:
    """Return the patient of a tombstone, if a restored backup knows them again."""
    return Patient.objects.filter(needs_erasing(stone), public_id=stone.patient, merged_into=None)


def erase_restored(patient: Patient, stone: tombstones.Tombstone) -> bool:
    """Erase one whom a restored backup knows again, and say whether that was done.

    What was decided before the backup and waits in it becomes this erasure: nothing stands against it any more. One
    that was withdrawn stays so.
    """
    erased_at = datetime.fromisoformat(stone.erased_at)
    restored = {"ground": Erasure.Ground.RESTORED, "keeps": stone.keeps}
    erasure, _made = Erasure.objects.waiting().update_or_create(
        patient=patient, defaults=restored, create_defaults=restored | {"asked_at": erased_at}
    )
    erase(erasure, max(erased_at, erasure.asked_at))
    return not still_there(stone).filter(pk=patient.pk).exists()


def needs_erasing(stone: tombstones.Tombstone) -> models.Q:
    """Return the condition that a patient still has what a tombstone says is gone."""
    named = models.Q(erased_at=None)
    return named if stone.keeps else named | models.Q(legal_hold__isnull=False)
