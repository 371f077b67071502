"""Whether a picture's file is all there, told by its structure, without unpacking a pixel."""

from collections.abc import Callable

JPEG_END = b"\xff\xd9"
START_OF_SCAN = 0xDA
NO_LENGTH = {0x01, *range(0xD0, 0xD9)}  # markers that stand alone
PNG_END = b"IEND\xaeB`\x82"
TO_THE_END, LARGE = 0, 1  # sizes of a box that are words


def begins_like_one(data: bytes) -> bool:
    """Say whether a file begins as a picture does: one that cannot be opened is damaged then, not something else."""
    return data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n", b"RIFF")) or data[4:8] == b"ftyp"


def is_whole(format: str, data: bytes) -> bool:  # noqa: A002 -- Pillow's name for it
    """Say whether a picture has its end. `format` is Pillow's name of what it is by content."""
    return ENDS[format](data)


def jpeg_is_whole(data: bytes) -> bool:
    """Look for the end mark behind the start of the scan: a preview inside the head has an end of its own."""
    start = scan_of(data)
    return start is not None and data.find(JPEG_END, start) >= 0


def scan_of(data: bytes) -> int | None:
    """Return where the pixels of a JPEG begin."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == START_OF_SCAN:
            return at
        if marker == 0xFF:  # padding
            at += 1
        elif marker in NO_LENGTH:
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def png_is_whole(data: bytes) -> bool:
    return PNG_END in data


def webp_is_whole(data: bytes) -> bool:
    return len(data) >= 8 + int.from_bytes(data[4:8], "little")


def heif_is_whole(data: bytes) -> bool:
    """Walk the boxes of the file: each says how long it is, and the last ends with the file or before it."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == TO_THE_END:
            return True
        if size == LARGE:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size < 8:
            return False
        if not data[at + 4 : at + 8].isalnum():  # something else behind the end
            return True
        at += size
    return at <= len(data)


ENDS: dict[str, Callable[[bytes], bool]] = {
    "JPEG": jpeg_is_whole,
    "MPO": jpeg_is_whole,  # a JPEG with another behind it, as some phones write
    "PNG": png_is_whole,
    "WEBP": webp_is_whole,
    "HEIF": heif_is_whole,
}
