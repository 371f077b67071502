"""Erasing a patient: every row, every earlier version, every file. What the law keeps is kept without a name.

The person's rows are held first, then files go and rows after them in one transaction, so that an erasure that was cut
off at any point is found in its row and done from the beginning: what is gone already is no obstacle.
"""

import logging
import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session as SignIn
from django.db import connection, models, transaction
from django.db.models import Case, F, Value, When
from django.utils.translation import gettext as _

from clinic import audit, tombstones
from clinic.append_only import opened
from clinic.backup.schedule import is_set_up
from clinic.logs import place_of
from clinic.models import AuditEvent, Versioned
from patients.imports import desk
from patients.models import Dossier, Erasure, HoldOpening, LegalHold, MergeOfRecords, Patient, Subject
from treatments.actions.merging import hold
from treatments.models import Appointment, Photo
from treatments.photo_files import ENDINGS, INCOMING
from treatments.photo_files import vault as photo_vault
from treatments.privacy.holdings import HOLDINGS, Holding, free_texts
from treatments.privacy.names import Identity, identity_of
from treatments.privacy.retention import keeps, standings
from treatments.privacy.vault import ZIP
from treatments.privacy.vault import vault as dossier_vault
from treatments.rules.naming import without_names

log = logging.getLogger(__name__)

OF_THE_SIGN_IN = ("_auth", "_session", "account_")  # what a sign-in is made of: no words of a page
NOTHING = "–"  # in the place of words, where a field may not be empty
Clock = Callable[[], datetime]


def erase_all(clock: Clock) -> int:
    """Do every erasure that is due, and return how many; may run twice at once, and be killed at any point."""
    count = 0
    seen: set[int] = set()
    while (erasure := Erasure.objects.claim(clock())) is not None and erasure.pk not in seen:
        seen.add(erasure.pk)
        try:
            erase(erasure, clock())
        except Exception as error:  # one that cannot be done now must not keep the others waiting; its lease ends
            log.error("Erasure %s could not be done now: %s", erasure.public_id, place_of(error))  # noqa: TRY400
        count += 1
    return count


def erase(erasure: Erasure, now: datetime) -> None:
    """Erase the patient of an erasure, with all records merged into that one, and write the certificate.

    What the law keeps is judged once more: whoever was treated since it was decided loses nothing of that. While
    something stands against it, it waits for a person.
    """
    counts: Counter[str] = Counter()
    overwrite_what_is_deleted()
    records = Patient.objects.get(pk=erasure.patient_id).whole_family()
    if not begin(erasure, records, now):
        return
    with transaction.atomic():
        family = held_for(erasure, records, now)
        if family is None:
            return
        if not erasure.is_restored:
            erasure.keeps = wider(erasure.keeps, keeps(standings(family, now.date())))
        kept = {Subject(subject) for subject in erasure.kept_subjects}
        destroy_files(family, kept, counts)
        reason = f"Erasure {erasure.public_id}"
        with opened(reason=reason, at=now, by=erasure.asked_by):
            erase_rows(family, kept, counts, now)
        finish(erasure, counts, now)
        # Before the commit: a line too many is found done, one too few would bring a name back.
        for record in family:
            tombstones.add(tombstones.Tombstone(str(record.public_id), now.isoformat(), erasure.keeps))
    destroy_files(family, kept, counts)  # what was sent while the rows were written
    desk.sweep()  # what nobody confirmed in time may name the person, too
    flush_log()


def begin(erasure: Erasure, records: list[Patient], now: datetime) -> bool:
    """Write down that an erasure begins, before the first file goes; say whether it does.

    From then on nobody withdraws it: an erasure that was cut off has no way back, and is finished by the next worker.
    """
    with transaction.atomic():
        if held_for(erasure, records, now) is None:
            return False
        Erasure.objects.filter(pk=erasure.pk, begun_at=None).update(begun_at=now)
    return True


def held_for(erasure: Erasure, records: list[Patient], now: datetime) -> list[Patient] | None:
    """Return all records of the patient, held, while the erasure is due and nothing stands against it; else None.

    What was merged after they were read stands against it.
    """
    family = hold(*records)
    if not Erasure.objects.select_for_update().waiting().due(now).filter(pk=erasure.pk).exists():
        return None
    if stands_against(erasure, family, now):
        log.warning("Erasure %s waits: something stands against it by now.", erasure.public_id)
        return None
    return family


def stands_against(erasure: Erasure, family: list[Patient], now: datetime) -> str:
    """Say what came since an erasure was decided and has to be settled by a person first; empty for nothing."""
    if erasure.is_restored:
        return ""
    since = MergeOfRecords.objects.standing().filter(made_at__gt=erasure.asked_at)
    if since.filter(models.Q(survivor__in=family) | models.Q(merged__in=family)).exists():
        return _("The record was merged with another since this was decided. Undo that merge, and it goes on.")
    if expected(family, now):
        return _("An appointment was made since this was decided. Cancel it, and it goes on.")
    return ""


def expected(family: list[Patient], now: datetime) -> int:
    """Return how many appointments of a person are still to come."""
    return Appointment.objects.filter(patient__in=[record.pk for record in family]).ahead(now).count()


def wider(decided: dict[str, str], found: dict[str, str]) -> dict[str, str]:
    """Return what either keeps, each to the later of its last days (ISO)."""
    return decided | {subject: max(day, decided.get(subject, day)) for subject, day in found.items()}


def finish(erasure: Erasure, counts: Counter[str], now: datetime) -> None:
    """Turn the job into its certificate."""
    gone_on = now.date() + timedelta(days=settings.BACKUP_KEEP + 1) if is_set_up() else None
    erasure.done_at, erasure.counts, erasure.backups_gone_on = now, dict(counts), gone_on
    erasure.lease_ends_at = None
    erasure.save(update_fields=["done_at", "keeps", "counts", "backups_gone_on", "lease_ends_at"])
    audit.write(
        AuditEvent.Act.ERASURE,
        at=now,
        by=erasure.asked_by,
        patient=erasure.patient.public_id,
        detail={"erasure": str(erasure.public_id)},
    )


def destroy_files(family: list[Patient], kept: set[Subject], counts: Counter[str]) -> None:
    """Overwrite and remove the photos, unless the law keeps them, and every dossier. Twice is once."""
    if Subject.PHOTOS not in kept:
        for name in Photo.objects.filter(course__patient__in=family).values_list("stored_name", flat=True):
            for ending in (INCOMING, *ENDINGS.values()):
                counts["files"] += photo_vault().destroy(name, ending)
    for name in Dossier.objects.filter(patient__in=family).values_list("stored_name", flat=True):
        counts["files"] += dossier_vault().destroy(name, ZIP)


def erase_rows(family: list[Patient], kept: set[Subject], counts: Counter[str], now: datetime) -> None:
    """Take the person out of every row. What the law keeps loses its names, and the hold remembers them."""
    identity = identity_of(family)
    originals: list[list[Any]] = []
    blank_admin_log(family, counts)  # first: a row that is removed is not found again
    forget_in_sign_ins(identity, counts)
    for holding in HOLDINGS:
        if holding.subject in kept:
            originals += take_names_out(holding, family, identity, counts)
        elif holding.is_removed:
            counts["rows removed"] += holding.rows(family).delete()[0]
        else:
            blank(holding, family, counts)
    if Subject.PHOTOS not in kept:
        counts["photos"] += forget_photos(family, now)
    Dossier.objects.filter(patient__in=family).update(state=Dossier.State.GONE, gone_at=now, lease_ends_at=None)
    hold_apart(family[0], identity, originals, kept=kept, now=now)
    for record in family:
        forget_person(record, counts, now)
    withdrawn = Erasure.objects.filter(patient__in=family).exclude(withdrawn_reason="")
    withdrawn.update(withdrawn_reason=NOTHING)


def take_names_out(
    holding: Holding, family: list[Patient], identity: Identity, counts: Counter[str]
) -> list[list[Any]]:
    """Replace the names in the texts of kept rows and their earlier versions; return what they were."""
    fields = free_texts(holding.model, holding.codes)
    found = _replace(holding.rows(family), fields, identity)
    counts["rows rewritten"] += len({row[1] for row in found})
    history = holding.history_rows(family)
    if history is not None:
        earlier = _replace(history, free_texts(history.model, holding.codes), identity)
        counts["versions rewritten"] += len({row[1] for row in earlier})
        found += earlier
    return found


def _replace(rows: models.QuerySet, fields: list[models.Field], identity: Identity) -> list[list[Any]]:
    originals: list[list[Any]] = []
    names = [field.name for field in fields]
    is_merge = issubclass(rows.model, MergeOfRecords)
    for pk, *values in list(rows.values_list("pk", *names)):
        changes: dict[str, Any] = {}
        for field, value in zip(fields, values, strict=True):
            without = [] if field.name == "strokes" else without_names(value, identity.pattern)
            if is_merge and field.name == "written":
                without = without_person(without)
            if without != value:
                changes[field.name] = without[: field.max_length] if isinstance(without, str) else without
                originals.append([rows.model._meta.label, pk, field.name, value])
        if changes:
            _write(rows.model, [pk], changes)
    return originals


def without_person(written: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what a merge wrote without any value that tells who the patient is: a birth date, a town."""
    telling = nobody("", date.min).keys()
    return [
        entry
        | {
            side: {name: None if name in telling else value for name, value in entry.get(side, {}).items()}
            for side in ("before", "after")
        }
        for entry in written
    ]


def _write(model: type[models.Model], keys: list[int], changes: dict[str, Any]) -> int:
    """Write to rows past their history, which must not learn what is being forgotten; open forms are refused."""
    if issubclass(model, Versioned):
        changes = changes | {"version": F("version") + 1}
    return model._default_manager.filter(pk__in=keys).update(**changes)


def blank(holding: Holding, family: list[Patient], counts: Counter[str]) -> None:
    """Empty every text of the rows of a holding and of their earlier versions; numbers, days and codes stay."""
    changes = blanks(free_texts(holding.model, holding.codes))
    history = holding.history_rows(family)
    if changes:
        counts["rows emptied"] += _write(
            holding.model, list(holding.rows(family).values_list("pk", flat=True)), changes
        )
    if history is not None:
        changes = blanks(free_texts(history.model, holding.codes))
        counts["versions emptied"] += history.update(**changes)


def blanks(fields: Iterable[models.Field]) -> dict[str, Any]:
    """Return what empties each field: an empty text stays empty, and one that may not be has a dash."""
    changes: dict[str, Any] = {}
    for field in fields:
        if isinstance(field, models.JSONField):
            changes[field.name] = Value({} if field.default is dict else [], models.JSONField())
        else:
            empty = Case(
                When(**{field.name: ""}, then=Value("")),
                When(**{f"{field.name}__isnull": True}, then=Value(None)),
                default=Value(NOTHING),
                output_field=models.TextField(),
            )
            changes[field.name] = empty
    return changes


def forget_photos(family: list[Patient], now: datetime) -> int:
    """Say in the rows of photos that their files are gone, and forget what would know one of them again."""
    photos = Photo.objects.filter(course__patient__in=family)
    history = Photo.history.model.objects.filter(id__in=list(photos.values_list("pk", flat=True)))
    history.update(sha256="")
    return photos.update(
        state=Photo.State.FAILED,
        failure=_("Erased with the patient's data, %(day)s.") % {"day": f"{now:%Y-%m-%d}"},
        sha256="",
        lease_ends_at=None,
        version=F("version") + 1,
    )


def blank_admin_log(family: list[Patient], counts: Counter[str]) -> None:
    """Empty the words of the admin site's own log about these rows."""
    keys: dict[type[models.Model], list[int]] = {Patient: [record.pk for record in family]}
    for holding in HOLDINGS:
        keys[holding.model] = list(holding.rows(family).values_list("pk", flat=True))
    types = ContentType.objects.get_for_models(*keys)
    for model, rows in keys.items():
        about = LogEntry.objects.filter(content_type=types[model], object_id__in=[str(pk) for pk in rows])
        counts["log entries"] += about.update(object_repr=NOTHING, change_message="")


def forget_in_sign_ins(identity: Identity, counts: Counter[str]) -> None:
    """Take the names out of what live sign-ins keep to say on their next page; who is signed in stays signed in.

    A sign-in lasts no longer for that. Those that have ended go: nobody comes back to them.
    """
    SessionStore.clear_expired()
    for key in list(SignIn.objects.order_by("pk").values_list("pk", flat=True)):
        row = SignIn.objects.filter(pk=key).first()
        if row is None or not names_in(row, identity):
            continue
        held = SignIn.objects.select_for_update().filter(pk=key).first()
        if held is not None and (changed := names_in(held, identity)):
            held.session_data = SignIn.objects.encode(held.get_decoded() | changed)
            held.save(update_fields=["session_data"])
            counts["sign-ins"] += 1


def names_in(row: SignIn, identity: Identity) -> dict[str, Any]:
    """Return what a sign-in keeps that has a name in it, each without the name."""
    kept = {name: value for name, value in row.get_decoded().items() if not name.startswith(OF_THE_SIGN_IN)}
    return {name: new for name, value in kept.items() if (new := without_names(value, identity.pattern)) != value}


def hold_apart(
    patient: Patient, identity: Identity, originals: list[list[Any]], *, kept: set[Subject], now: datetime
) -> None:
    """Close away who this was while something is kept, and forget that, too, once nothing is."""
    if not kept:
        LegalHold.objects.filter(patient=patient).delete()
        HoldOpening.objects.filter(patient=patient).update(reason=NOTHING)
    elif not patient.is_erased:
        LegalHold.objects.update_or_create(
            patient=patient, defaults={"made_at": now, "identity": identity.plain(), "originals": originals}
        )


def forget_person(record: Patient, counts: Counter[str], now: datetime) -> None:
    """Give a record a pseudonym in the place of its person, in every version, and close it."""
    pseudonym = record.record_number if record.is_erased else f"E-{secrets.token_hex(5).upper()}"
    facts = nobody(pseudonym, record.birth_date)
    history = Patient.history.model.objects.filter(id=record.pk)
    counts["versions emptied"] += history.update(**facts, history_change_reason=Value(None, models.CharField()))
    for name, value in facts.items():
        setattr(record, name, value)
    record.erased_at = record.erased_at or now
    record.archived_at = record.archived_at or now
    record.form_token = record.restricted_at = record.erasure_decided_at = None
    record.because("Erased").save_over(record.version)
    counts["records"] += 1


def nobody(pseudonym: str, born: date) -> dict[str, Any]:
    """Return what stands in the fields that tell who somebody is. Of the birth date the year stays, for ages."""
    emptied = (
        "external_id",
        "given_name",
        "phone",
        "email",
        "address_line",
        "city",
        "region",
        "postal_code",
        "emergency_name",
        "emergency_phone",
        "restriction_reason",
    )
    return {
        **dict.fromkeys(emptied, ""),
        "record_number": pseudonym,
        "family_name": f"Erased {pseudonym}",
        "birth_date": born.replace(month=1, day=1),
        "deceased_on": None,
        "contact_permission": False,
    }


def overwrite_what_is_deleted() -> None:
    """Have SQLite write zeros where a text was; PostgreSQL's own cleaning does its part later."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete = ON")


def flush_log() -> None:
    """Let SQLite's log of writes, which still has the old pages, be emptied into the database, as far as it can be."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
