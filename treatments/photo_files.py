"""The files of the photos: as they came, until the worker has drawn them anew, and then in each of their sizes."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from clinic.backup.files import Named
from clinic.images import ImageRefusedError, Redrawn, redraw
from clinic.vault import Vault
from treatments.models import Photo
from treatments.models.photo import TRIES

log = logging.getLogger(__name__)

INCOMING = ".incoming"
# What a photo is drawn as: longest side in pixels, None for its own, and the ending and type of the file.
SIZES: dict[str, int | None] = {"full": None, "1280": 1280, "320": 320}
ENDINGS = {"full": ".jpg", "1280": "-1280.webp", "320": "-320.webp"}
TYPES = {"full": "image/jpeg", "1280": "image/webp", "320": "image/webp"}
LEFT_BEHIND = timedelta(hours=1)  # an arrival takes seconds


def vault() -> Vault:
    return Vault(settings.PHOTO_ROOT)


def path_of(photo: Photo, size: str) -> Path:
    """Return where one size of a photo is. Raises `KeyError` for a size that there is not."""
    return vault().path(photo.stored_name, ENDINGS[size])


def named_by_rows(alias: str) -> Iterator[Named]:
    """Yield the files that the photos in a database name: what a backup takes along.

    A photo that waits may have been drawn since; then its file is gone, and those that were drawn are there.
    """
    rows = Photo.objects.using(alias).exclude(state=Photo.State.FAILED).order_by("pk")
    for name, state in rows.values_list("stored_name", "state").iterator():
        came, *drawn = (f"{name[:2]}/{name}{ending}" for ending in (INCOMING, *ENDINGS.values()))
        if state == Photo.State.RECEIVED:
            yield Named(came, instead=tuple(drawn))
        else:
            yield from map(Named, drawn)


def develop_all(clock: Callable[[], datetime]) -> int:
    """Draw every photo that waits, the longest waiting first, and return how many were taken up.

    May run twice at once, and may be killed at any point: a photo that was left halfway is taken up again.
    """
    count = 0
    while (photo := Photo.objects.claim(clock())) is not None:
        try:
            develop(photo)
        except Exception:  # one photo must not keep the others waiting; its lease ends, and it is tried again
            log.exception("Photo %s could not be prepared now.", photo.public_id)
        count += 1
    return count


def develop(photo: Photo) -> None:
    """Draw the files of a photo that was claimed, and say in its row how that went. The file that came goes.

    Raises `OSError` where files cannot be written, and then does not count the try.
    """
    try:
        redrawn = drawn_anew(photo)
    except ImageRefusedError as refusal:
        finish(photo, state=Photo.State.FAILED, failure=str(refusal))
        return
    try:
        for size, data in redrawn.files.items():
            vault().write(photo.stored_name, ENDINGS[size], data)
    except OSError:  # a full disk is no fault of the photo
        Photo.objects.give_back(photo)
        raise
    finish(photo, state=Photo.State.READY, width_px=redrawn.width_px, height_px=redrawn.height_px)


def drawn_anew(photo: Photo) -> Redrawn:
    """Return the files of a photo. Raises `ImageRefusedError` when it will never have any."""
    if photo.tries > TRIES:
        raise ImageRefusedError(_("The photo could not be unpacked. Send it again as JPEG."))
    came = vault().path(photo.stored_name, INCOMING)
    full = path_of(photo, "full")  # there already where a backup is younger than that of the row
    found = next((path for path in (came, full) if path.exists()), None)
    if found is None:
        raise ImageRefusedError(_("The file was lost before it was prepared. Send it again."))
    return redraw(found.read_bytes(), SIZES)


def finish(photo: Photo, **facts: Any) -> None:
    if Photo.objects.finish(photo, **facts):
        vault().remove(photo.stored_name, INCOMING)


def tidy(now: datetime) -> int:
    """Remove files that were left behind: arrived without a row, or drawn while the worker died. Return how many."""
    old = [
        path
        for path in vault().files()
        if path.name.endswith((INCOMING, ".part")) and path.stat().st_mtime < (now - LEFT_BEHIND).timestamp()
    ]
    names = {path.name[:32] for path in old}
    wanted = set(Photo.objects.waiting().filter(stored_name__in=names).values_list("stored_name", flat=True))
    left = [path for path in old if path.suffix == ".part" or path.name[:32] not in wanted]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)
