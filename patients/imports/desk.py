"""An import between its upload and its confirmation: the file waits in a private folder, under a name of our own."""

import time
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy

from clinic.models import Location
from patients.imports.columns import read_mapping
from patients.imports.reading import UnusableFileError
from patients.imports.run import PatientImport, Report
from patients.imports.values import DateOrder

if TYPE_CHECKING:
    from clinic.models import User

KEPT = 60 * 60  # seconds; a file that nobody confirmed by then is removed
GONE = gettext_lazy("The file is no longer here. It was imported already, or waited too long. Choose it again.")


@dataclass(frozen=True)
class Waiting:
    """An uploaded file, as the session of the person who brought it remembers it."""

    token: str
    name: str
    location: int | None
    order: str
    mapping: dict[str, str] | None

    @property
    def path(self) -> Path:
        return folder() / f"{uuid.UUID(self.token)}.csv"

    @property
    def rejects_path(self) -> Path:
        return folder() / f"{uuid.UUID(self.token)}.rejects.csv"

    def plain(self) -> dict[str, Any]:
        return asdict(self)

    def run(self, *, write: bool, user: "User") -> Report:
        """Run the import. Raises `UnusableFileError`, also when the file waited too long or is being taken over."""
        if not write:
            return self._import(self.path, user).run(write=False)
        claimed = self._claim()
        try:
            with self.rejects_path.open("w", encoding="utf-8-sig", newline="") as rejects:
                return self._import(claimed, user).run(write=True, rejects=rejects)
        finally:
            claimed.unlink(missing_ok=True)

    def _import(self, path: Path, user: "User") -> PatientImport:
        if not path.exists():
            raise UnusableFileError(GONE)
        return PatientImport(
            path,
            location=Location.objects.filter(pk=self.location).first() if self.location else None,
            mapping=self.mapping,
            order=DateOrder(self.order) if self.order else None,
            user=user,
        )

    def _claim(self) -> Path:
        """Take the file away from a second confirmation; of two at once the renaming lets one through."""
        claimed = self.path.with_suffix(".taken.csv")
        try:
            return self.path.rename(claimed)
        except FileNotFoundError as error:
            raise UnusableFileError(GONE) from error


def folder() -> Path:
    path = settings.VAR_DIR / "imports"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def receive(file: UploadedFile, mapping: UploadedFile | None, options: dict[str, Any]) -> Waiting:
    """Put an upload aside. Raises `UnusableFileError` when the mapping cannot be read."""
    sweep()
    token = str(uuid.uuid4())
    waiting = Waiting(token, file.name or "", options["location"], options["order"], _mapping(mapping, token))
    write(waiting.path, file)
    return waiting


def _mapping(upload: UploadedFile | None, token: str) -> dict[str, str] | None:
    if upload is None:
        return None
    suffix = ".json" if (upload.name or "").lower().endswith(".json") else ".csv"
    path = folder() / f"{token}.mapping{suffix}"
    write(path, upload)
    try:
        return read_mapping(path)
    finally:
        path.unlink()


def write(path: Path, upload: UploadedFile) -> None:
    path.touch(mode=0o600)
    with path.open("wb") as file:
        for chunk in upload.chunks():
            file.write(chunk)


def sweep() -> None:
    """Remove what was left behind: patients' data waits for nobody."""
    oldest = time.time() - KEPT
    for path in folder().glob("*.csv"):
        with suppress(FileNotFoundError):  # somebody took it over, or removed it, at this moment
            if path.stat().st_mtime < oldest:
                path.unlink()
