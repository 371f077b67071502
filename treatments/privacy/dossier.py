"""A patient's dossier: everything in one ZIP, made by the worker, waiting for whoever asked."""

import csv
import hashlib
import io
import json
import logging
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import translation

from clinic.logs import place_of
from clinic.spreadsheets import safe_cell
from patients.languages import spoken
from patients.models import Consent, Dossier, Patient
from patients.models.dossier import LEASE, TRIES
from patients.papers import consent_paper
from treatments.models import Photo
from treatments.photo_files import path_of
from treatments.privacy.facts import as_table, everything
from treatments.privacy.holdings import TOLD
from treatments.privacy.paper import dossier_paper
from treatments.privacy.vault import ZIP, vault

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
PIECE = 1024 * 1024


def make_all(clock: Clock) -> int:
    """Make every dossier that waits, and return how many; may run twice at once, and be killed at any point."""
    count = 0
    while (dossier := Dossier.objects.claim(clock())) is not None:
        if dossier.tries > TRIES:
            Dossier.objects.finish(dossier, state=Dossier.State.FAILED)
            continue
        try:
            make(dossier, clock)
        except Exception as error:  # one must not keep the others waiting; its lease ends, and it is tried again
            log.error("Dossier %s could not be made now: %s", dossier.public_id, place_of(error))  # noqa: TRY400
        count += 1
    return count


def make(dossier: Dossier, clock: Clock) -> None:
    """Write the file of a dossier that was claimed, and say in its row that it is there."""
    family = dossier.patient.whole_family()
    with vault().writing(dossier.stored_name, ZIP) as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            Writing(dossier, archive, clock).write(family)
        file.flush()
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
        size = file.seek(0, io.SEEK_END)
    facts = {"state": Dossier.State.READY, "ready_at": clock(), "sha256": digest, "size_bytes": size}
    if not Dossier.objects.finish(dossier, **facts):
        destroy_unwanted(dossier)


def destroy_unwanted(dossier: Dossier) -> None:
    """Remove the file of a dossier that nobody wants any more: the patient was erased while it was being made."""
    if Dossier.objects.filter(pk=dossier.pk, state=Dossier.State.GONE).exists():
        vault().destroy(dossier.stored_name, ZIP)


@dataclass
class Writing:
    """One dossier while it is written: each file with its digest, and how far it is, for the page that waits."""

    dossier: Dossier
    archive: zipfile.ZipFile
    clock: Clock
    files: list[dict[str, Any]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def write(self, family: list[Patient]) -> None:
        now = self.clock()
        consents = list(Consent.objects.filter(patient__in=family).for_page().order_by("signed_at", "pk"))
        photos = named_photos(Photo.objects.filter(course__patient__in=family).order_by("taken_at", "pk"))
        told = [holding.key for holding in TOLD]
        with translation.override(spoken(family[0].language)):
            data = everything(family, now)
            self.expect(2 + sum(bool(data[key]) for key in told) + len(consents) + len(photos))
            self.add("data.json", json.dumps(data, indent=1, ensure_ascii=False, cls=DjangoJSONEncoder).encode())
            self.add("dossier.pdf", dossier_paper(family, now))
        for key in [key for key in told if data[key]]:
            self.add(f"tables/{key}.csv", spreadsheet(data[key]))
        for number, consent in enumerate(consents, start=1):
            self.add(f"consents/{number:02}-{consent.signed_at:%Y-%m-%d}.pdf", consent_paper(consent, now))
        for path, photo in photos:
            self.add_photo(path, photo)
        counts = {"patient": len(data["patient"])} | {key: len(data[key]) for key in told}
        self.finish(counts, now)

    def expect(self, count: int) -> None:
        Dossier.objects.filter(pk=self.dossier.pk).update(files_in_all=count, files_done=0)

    def add(self, path: str, data: bytes) -> None:
        kind = zipfile.ZIP_STORED if path.endswith((".jpg", ".pdf")) else zipfile.ZIP_DEFLATED
        self.archive.writestr(path, data, compress_type=kind)
        self.files.append({"path": path, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()})
        mine = Dossier.objects.filter(pk=self.dossier.pk, tries=self.dossier.tries)
        mine.update(files_done=len(self.files), lease_ends_at=self.clock() + LEASE)

    def add_photo(self, path: str, photo: Photo) -> None:
        """Add a photo as it was drawn anew, without what a camera writes into it."""
        try:
            self.add(path, path_of(photo, "full").read_bytes())
        except OSError:
            self.missing.append(path)

    def finish(self, counts: dict[str, int], now: datetime) -> None:
        manifest = {"made_at": now.isoformat(), "counts": counts, "files": self.files, "missing": self.missing}
        self.archive.writestr("manifest.json", json.dumps(manifest, indent=1))


def named_photos(photos: Iterable[Photo]) -> list[tuple[str, Photo]]:
    """Return photos with their names in the archive: those drawn, and none in error, which may be of others."""
    shown = [photo for photo in photos if photo.is_ready and not photo.is_in_error]
    return [
        (f"photos/{number:03}-{photo.taken_at:%Y-%m-%d}-{photo.view or 'photo'}.jpg", photo)
        for number, photo in enumerate(shown, start=1)
    ]


def spreadsheet(rows: list[dict[str, Any]]) -> bytes:
    """Return rows as CSV that no spreadsheet computes anything in."""
    text = io.StringIO(newline="")
    head, lines = as_table(rows)
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)  # as in clinic.spreadsheets
    writer.writerow(head)
    for line in lines:
        writer.writerow([safe_cell(cell) for cell in line])
    return text.getvalue().encode("utf-8-sig")
