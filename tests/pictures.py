"""Pictures as cameras and forgers make them."""

import struct
import zlib
from io import BytesIO

from PIL import ExifTags, Image
from pillow_heif import register_heif_opener

register_heif_opener()

CANARY = b"CanaryCam 47"  # the maker of the camera in every picture made here


def exif(*, orientation=1, taken="2026:03:02 07:11:12"):
    """Return what a phone writes beside a picture: its maker, where it was, when, and how it was held."""
    data = Image.Exif()
    data[ExifTags.Base.Make] = CANARY.decode()
    data[ExifTags.Base.Orientation] = orientation
    inner = data.get_ifd(ExifTags.IFD.Exif)
    inner[ExifTags.Base.DateTimeOriginal] = taken
    inner[ExifTags.Base.FocalLengthIn35mmFilm] = 26
    gps = data.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef] = "N"
    gps[ExifTags.GPS.GPSLatitude] = (48.0, 51.0, 30.0)
    return data


def picture(kind="JPEG", *, size=(80, 60), colour="#a0b0a8", with_exif=True, **facts):
    """Return the bytes of a plain picture of a kind: JPEG, PNG, WEBP, HEIF, GIF or MPO."""
    file = BytesIO()
    options = {"exif": exif(**facts)} if with_exif and kind != "GIF" else {}
    Image.new("RGB", size, colour).save(file, kind, **options)
    return file.getvalue()


def quarters(kind="JPEG", **facts):
    """Return a picture, 80 × 60, whose upper left quarter is red and all else white."""
    image = Image.new("RGB", (80, 60), "white")
    image.paste("red", (0, 0, 40, 30))
    file = BytesIO()
    image.save(file, kind, exif=exif(**facts), **({"quality": 95} if kind != "PNG" else {}))
    return file.getvalue()


def film(kind="WEBP", frames=3):
    """Return a picture that moves, or an MPO: several behind each other."""
    images = [Image.new("RGB", (40, 40), (80 * number, 0, 0)) for number in range(frames)]
    file = BytesIO()
    images[0].save(file, kind, save_all=True, append_images=images[1:])
    return file.getvalue()


def bomb(width, height):
    """Return a PNG of a few hundred bytes that says it is so large."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def opened(data):
    image = Image.open(BytesIO(data))
    image.load()
    return image


def what_remains(data):
    """Return what a drawn file still says beside its pixels."""
    image = opened(data)
    told = {name: value for name, value in image.info.items() if name in {"exif", "xmp", "icc_profile", "comment"}}
    return dict(image.getexif()) | told | ({"canary": True} if CANARY in data else {})
