"""Closed ranges of the audit trail, each with a digest of its events and chained to the one before.

A seal is an HMAC, so that who may write to the database alone cannot seal what they changed. Its ranges follow each
other without a gap: an event that was changed, removed or put in between shows, and so does a seal that is gone.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Max
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from clinic.backup.progress import Progress, Silent
from clinic.models import AuditCheck, AuditEvent, AuditSeal

MOST = 5000  # events under one seal
CHUNK = 2000  # rows read at once
# What a seal covers, in this order. Another column makes another FORMAT, and old seals keep theirs.
COLUMNS = (
    "id",
    "happened_at",
    "act",
    "by_id",
    "role",
    "location_id",
    "address",
    "session_digest",
    "view_name",
    "request_id",
    "record_type",
    "record_key",
    "patient_public_id",
    "detail",
)
FORMAT = b"mesotrack audit 1\n"


@dataclass(frozen=True)
class Finding:
    """What is wrong with one closed range."""

    what: str
    seal: int
    first_id: int
    last_id: int
    expected: int = 0
    found: int = 0

    @property
    def words(self) -> str | Promise:
        return AuditCheck.WORDS[self.what]


def keys() -> dict[str, bytes]:
    """Return the keys by their names, the one to seal with first."""
    found = {}
    for secret in filter(None, [settings.AUDIT_KEY, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]):
        key = hmac.digest(secret.encode(), b"clinic.audit.seal", "sha256")
        found[hashlib.sha256(key).hexdigest()[:16]] = key
    return found


def plain(value: Any) -> Any:
    """Return a value as JSON takes it, the same from both databases and after a restore."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def digest(first_id: int, last_id: int) -> tuple[int, str]:
    """Return the number of events in a range and the digest of them."""
    rows = AuditEvent.objects.filter(id__range=(first_id, last_id)).order_by("id").values_list(*COLUMNS)
    hashed, count = hashlib.sha256(FORMAT), 0
    for row in rows.iterator(chunk_size=CHUNK):
        hashed.update(json.dumps(row, default=plain, sort_keys=True, separators=(",", ":")).encode() + b"\n")
        count += 1
    return count, hashed.hexdigest()


def mac(key: bytes, before: AuditSeal | None, seal: AuditSeal) -> str:
    facts = [
        before.mac if before else "",
        seal.first_id,
        seal.last_id,
        seal.event_count,
        seal.digest,
        seal.sealed_at.isoformat(),
    ]
    return hmac.new(key, json.dumps(facts).encode(), "sha256").hexdigest()


def settled_id() -> int:
    """Return the number up to which no event can come any more; 0 where somebody is writing for too long to wait.

    On PostgreSQL events are numbered before they are committed, so that a late one has an early number. A lock that
    writers hold as well says that there is none; it is kept for the time of one look. SQLite has one writer at a time.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL lock_timeout = '300ms'")
            cursor.execute("LOCK TABLE clinic_auditevent IN SHARE MODE")
        return AuditEvent.objects.aggregate(last=Max("id"))["last"] or 0


def seal_what_is_closed(now: datetime) -> list[AuditSeal]:
    """Seal all events that are settled, a range at a time, and return the new seals."""
    try:
        until = settled_id()
    except DatabaseError:  # a long transaction writes to the trail: next time
        return []
    return list(new_seals(until, now))


def new_seals(until: int, now: datetime) -> Iterator[AuditSeal]:
    while True:
        before = AuditSeal.objects.order_by("-pk").first()
        first = before.last_id + 1 if before else 1
        here = AuditEvent.objects.filter(id__range=(first, until)).order_by("id").values_list("id", flat=True)
        ids = list(here[:MOST])
        if not ids:
            return
        last = ids[-1] if len(ids) == MOST else until
        count, hashed = digest(first, last)
        seal = AuditSeal(first_id=first, last_id=last, event_count=count, digest=hashed, sealed_at=now)
        seal.key_id, key = next(iter(keys().items()))
        seal.mac = mac(key, before, seal)
        if not add(seal, before):
            return
        yield seal


def add(seal: AuditSeal, before: AuditSeal | None) -> bool:
    """Write a seal, unless another worker has written one meanwhile."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE clinic_auditseal IN SHARE ROW EXCLUSIVE MODE")
        if AuditSeal.objects.order_by("-pk").first() != before:
            return False
        seal.save(force_insert=True)
        return True


def verify(progress: Progress | None = None) -> tuple[AuditCheck, list[Finding]]:
    """Compare every seal with its events, and return what the check is to say (unsaved) with what is wrong."""
    progress = progress or Silent()
    seals = list(AuditSeal.objects.order_by("pk"))
    known = keys()
    findings: list[Finding] = []
    total = sum(seal.event_count for seal in seals)
    progress.begin(_("Comparing the events with their seals"), total)
    for before, seal in pairwise([None, *seals]):
        assert seal is not None  # noqa: S101 -- only the first of all is
        findings += broken(before, seal, known)
        progress.step(seal.event_count)
    findings += gone(seals)
    return AuditCheck(
        event_count=total,
        seal_count=len(seals),
        last_mac=seals[-1].mac if seals else "",
        findings=[asdict(finding) for finding in findings],
    ), findings


def broken(before: AuditSeal | None, seal: AuditSeal, known: dict[str, bytes]) -> Iterator[Finding]:
    """Yield what is wrong with a seal and with the events under it."""
    here = {"seal": seal.pk, "first_id": seal.first_id, "last_id": seal.last_id, "expected": seal.event_count}
    key = known.get(seal.key_id)
    if key is None:
        yield Finding("key", **here)
    elif seal.first_id != (before.last_id + 1 if before else 1) or not hmac.compare_digest(
        seal.mac, mac(key, before, seal)
    ):
        yield Finding("seal", **here)
    count, hashed = digest(seal.first_id, seal.last_id)
    if count != seal.event_count:
        yield Finding("removed" if count < seal.event_count else "inserted", **here, found=count)
    elif hashed != seal.digest:
        yield Finding("changed", **here, found=count)


def gone(seals: list[AuditSeal]) -> Iterator[Finding]:
    """Yield that the newest seals were cut off: those that an earlier check saw."""
    checked = AuditCheck.objects.exclude(last_mac="").order_by("-checked_at", "-pk").first()
    if checked and checked.last_mac not in {seal.mac for seal in seals}:
        last = seals[-1].last_id if seals else 0
        yield Finding("gone", 0, last + 1, last + 1)


def check_and_note(now: datetime, progress: Progress | None = None) -> list[Finding]:
    """Verify, keep the outcome for the page that shows it, and return what is wrong."""
    check, findings = verify(progress)
    check.checked_at = now
    check.save()
    return findings
