"""Pictures that people send: what they are by their content, and drawn anew with nothing of the file that came.

Nothing that a sender says of a picture is believed, neither its name nor its type. `inspect` reads the head alone: one
that is too large is refused before a pixel of it is unpacked. `redraw` unpacks it, one at a time in a process (25
megapixels take some 200 MB meanwhile), turns it upright and draws it anew: places, cameras, previews and whatever was
hidden behind its end stay behind.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from PIL import ExifTags, Image, ImageCms, ImageOps, UnidentifiedImageError
from pillow_heif import register_heif_opener

from clinic.image_ends import begins_like_one, is_whole

register_heif_opener(thumbnails=False)
# Ours is stricter, and is asked before a pixel is unpacked; Pillow's own would only warn at 89 megapixels.
Image.MAX_IMAGE_PIXELS = None

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
ONE_AT_A_TIME = threading.Lock()
SRGB = ImageCms.createProfile("sRGB")
TAKEN, TAKEN_FORMAT = ExifTags.Base.DateTimeOriginal, "%Y:%m:%d %H:%M:%S"
FOCAL_LENGTHS = range(5, 2001)  # mm that a lens may have
# What Pillow's readers raise at a broken file: each its own.
BROKEN = (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, KeyError, RuntimeError, OverflowError)


class ImageRefusedError(Exception):
    """A file that is not taken; the message says why, to the person who sent it."""


@dataclass(frozen=True)
class Head:
    """What a picture says of itself: its size as stored, and by its camera's clock and lens, where those are known."""

    format: str
    width_px: int
    height_px: int
    taken_at: datetime | None
    focal_length_mm: int | None


@dataclass(frozen=True)
class Redrawn:
    """A picture drawn anew: its size as seen, and its files by the name of the size asked for."""

    width_px: int
    height_px: int
    files: Mapping[str, bytes]


def inspect(data: bytes) -> Head:
    """Return what the head of a picture says. Raises `ImageRefusedError` for what is none, too large, or cut off."""
    if not data:
        raise ImageRefusedError(_("The file is empty."))
    with opened(data) as image:
        refuse_too_large(image)
        if image.format in {"PNG", "WEBP"} and getattr(image, "n_frames", 1) > 1:
            raise ImageRefusedError(_("This is a film, not a photo."))
        if not is_whole(image.format or "", data):
            raise ImageRefusedError(_("The photo is damaged or cut off. Send it again."))
        return Head(image.format or "", image.width, image.height, *camera_facts(image))


def redraw(data: bytes, sizes: Mapping[str, int | None]) -> Redrawn:
    """Draw a picture anew in each of the sizes, given as name to longest side in pixels, None for its own.

    Its own size becomes a JPEG, smaller ones WebP. Raises `ImageRefusedError` when it cannot be unpacked.
    """
    with ONE_AT_A_TIME, opened(data) as image:
        refuse_too_large(image)
        upright = plain(image)
        width, height = upright.size
        return Redrawn(width, height, {name: drawn(upright, longest) for name, longest in by_size(sizes)})


@contextmanager
def opened(data: bytes) -> Iterator[Image.Image]:
    """Open a picture of one of the formats taken, whatever its name says."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            yield image
    except UnidentifiedImageError:
        if begins_like_one(data):
            raise ImageRefusedError(_("The photo is damaged or cut off. Send it again.")) from None
        raise ImageRefusedError(_("This is not a photo. JPEG, PNG, WebP and HEIC are taken.")) from None
    except MemoryError:
        raise ImageRefusedError(_("The photo is too large to be unpacked.")) from None
    except BROKEN:
        raise ImageRefusedError(_("The photo is damaged or cut off. Send it again.")) from None


def refuse_too_large(image: Image.Image) -> None:
    most = settings.PHOTO_MAX_MEGAPIXELS
    if image.width * image.height > most * 1_000_000:
        raise ImageRefusedError(
            _("The photo has %(width)s × %(height)s pixels; up to %(most)s megapixels are taken.")
            % {
                "width": number_format(image.width, force_grouping=True),
                "height": number_format(image.height, force_grouping=True),
                "most": most,
            }
        )


def camera_facts(image: Image.Image) -> tuple[datetime | None, int | None]:
    """Return when a picture was taken, by the camera's clock, and the focal length in mm as of 35 mm film."""
    try:
        exif = image.getexif().get_ifd(ExifTags.IFD.Exif)
    except BROKEN:
        return None, None
    return moment_of(exif.get(TAKEN)), focal_length_of(exif.get(ExifTags.Base.FocalLengthIn35mmFilm))


def moment_of(value: Any) -> datetime | None:
    try:
        return datetime.strptime(str(value).strip("\0 "), TAKEN_FORMAT)  # noqa: DTZ007 -- a camera knows no time zone
    except ValueError:
        return None


def focal_length_of(value: Any) -> int | None:
    try:
        length = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return length if length in FOCAL_LENGTHS else None


def plain(image: Image.Image) -> Image.Image:
    """Return a picture upright, in the colours of a screen, without transparency."""
    if image.mode.startswith(("I", "F")):
        raise ImageRefusedError(_("The photo has colours that cannot be shown here. Send it as JPEG."))
    profile = image.info.get("icc_profile")
    upright = ImageOps.exif_transpose(image)
    upright = in_screen_colours(upright, profile) if profile else upright
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        ground = Image.new("RGBA", upright.size, "white")
        ground.alpha_composite(upright)
        upright = ground
    upright = upright if upright.mode == "RGB" else upright.convert("RGB")
    upright.info.clear()
    return upright


def in_screen_colours(image: Image.Image, profile: bytes) -> Image.Image:
    """Return a picture in sRGB. Phones take photos in wider colours, which a browser would show too pale without."""
    if image.mode not in {"RGB", "CMYK", "L"}:
        return image
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        return ImageCms.profileToProfile(image, source, SRGB, outputMode="RGB") or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image


def by_size(sizes: Mapping[str, int | None]) -> list[tuple[str, int | None]]:
    """Return the sizes, the largest first: each smaller one is made of the one before it."""
    return sorted(sizes.items(), key=lambda size: -(size[1] or 1_000_000))


def drawn(image: Image.Image, longest: int | None) -> bytes:
    """Return the bytes of a picture, which from then on has the size asked for."""
    file = BytesIO()
    if longest is None:
        image.save(file, "JPEG", quality=90, exif=b"", icc_profile=None)
    else:
        image.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=2.0)
        image.save(file, "WEBP", quality=80, method=4, exif=b"", icc_profile=None)
    return file.getvalue()
