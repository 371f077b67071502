"""The daily look at what has been kept long enough. What is clinical is proposed to a person, never removed here."""

from collections.abc import Callable
from datetime import UTC, datetime, time

from django.contrib.sessions.models import Session as SignIn
from django.db import IntegrityError, transaction
from django.db.models import Q

from clinic.models import Heartbeat, Location
from clinic.paging import bounded_count
from patients.imports import desk
from patients.models import Dossier, RetentionRule, RetentionSweep, ReturnedAddress, Subject
from treatments.models import DeliveryReport, Reminder, WorkingCopy
from treatments.privacy.erasing import NOTHING
from treatments.privacy.retention import time_over
from treatments.privacy.vault import ZIP, vault

Clock = Callable[[], datetime]
HEARTBEAT = "retention"


def sweep_daily(clock: Clock) -> bool:
    """Do the day's sweep where it was not done yet; say whether it was done now. What was cut off is done again.

    Two workers may come at once: each step finds done what the other did.
    """
    now = clock()
    remove_dossiers(now)
    desk.sweep()
    day = now.astimezone(UTC).date()
    try:
        with transaction.atomic():
            sweep, _made = RetentionSweep.objects.get_or_create(swept_on=day, defaults={"begun_at": now})
    except IntegrityError:
        return False
    if sweep.finished_at is not None:
        return False
    removed = {
        "messages": empty_messages(now),
        "copies": remove_copies(now),
        "sign-ins": SignIn.objects.filter(expire_date__lt=now).delete()[0],
    }
    sweep.removed = {what: count for what, count in removed.items() if count}
    sweep.proposed_count = bounded_count(time_over(day))
    sweep.finished_at = now
    sweep.save()
    Heartbeat.beat(HEARTBEAT, now)
    return True


def remove_dossiers(now: datetime) -> int:
    """Remove the files of dossiers whose hours are over, and then say so: cut off between, it is done again."""
    count = 0
    for dossier in Dossier.objects.past(now):
        vault().destroy(dossier.stored_name, ZIP)
        count += Dossier.objects.filter(pk=dossier.pk, state=Dossier.State.READY).update(
            state=Dossier.State.GONE, gone_at=now
        )
    return count


def _old(subject: Subject, path: str, field: str, now: datetime) -> Q:
    """Return the condition that a row is older than the rule of its patient's place; where none is, none is old."""
    condition = Q(pk=None)
    for place in Location.objects.all():
        rule = RetentionRule.objects.at(place).get(subject)
        if rule is not None:
            before = datetime.combine(rule.cutoff(now.date()), time(0), tzinfo=UTC)
            condition |= Q(**{f"{path}location": place, f"{field}__lt": before})
    return condition


def empty_messages(now: datetime) -> int:
    """Forget where old messages went and what the server said; that they went stays known."""
    old = _old(Subject.MESSAGES, "patient__", "started_at", now)
    keys = list(Reminder.objects.filter(old).exclude(address=NOTHING).values_list("pk", flat=True))
    DeliveryReport.objects.filter(reminder__in=keys).update(said="")
    forget_returned_addresses(now)
    return Reminder.objects.filter(pk__in=keys).update(address=NOTHING, error="")


def forget_returned_addresses(now: datetime) -> None:
    """Forget old addresses from which messages came back, but for those that still keep messages from somebody."""
    old = _old(Subject.MESSAGES, "patient__", "returned_at", now)
    keys = ReturnedAddress.objects.idle().filter(old).exclude(address=NOTHING).values_list("pk", flat=True)
    ReturnedAddress.objects.filter(pk__in=list(keys)).update(address=NOTHING, reason="")


def remove_copies(now: datetime) -> int:
    """Remove old typing that was saved or discarded; what nobody has finished waits for whoever does."""
    old = _old(Subject.COPIES, "course__patient__", "closed_at", now)
    return WorkingCopy.objects.filter(old).delete()[0]
