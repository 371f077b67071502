"""A stream sealed so that every byte of it is the one written, in memory of one chunk.

The file begins with a magic line, the name of the key (8 bytes) and a salt (32 bytes). HKDF-SHA256 makes a key of the
file's own from key and salt, so that its nonces need only differ inside it. Then come chunks of 1 MiB, each under
AES-256-GCM, the last one shorter or whole. The nonce is the chunk's number (11 bytes) and whether it is the last
(1 byte): chunks that were changed, swapped, repeated or cut off do not open. This is the STREAM construction of Hoang,
Reyhanitabar, Rogaway and Vizár, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", CRYPTO 2015.
"""

import secrets
from collections.abc import Sequence
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.utils.translation import gettext as _

from clinic.backup.errors import DamagedError
from clinic.backup.keys import Key

MAGIC = b"MESOTRACK BACKUP 1\n"
SALT = 32
HEAD = len(MAGIC) + 8 + SALT
CHUNK = 1024 * 1024
TAG = 16


def cipher(key: Key, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, b"mesotrack backup 1").derive(key.secret))


def nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


class Sealer:
    """Takes bytes, writes them sealed. Only `finish` makes it a file that opens."""

    def __init__(self, file: BinaryIO, key: Key) -> None:
        salt = secrets.token_bytes(SALT)
        self.head = MAGIC + key.name + salt
        self.file = file
        self.cipher = cipher(key, salt)
        self.number = 0
        self.waiting = bytearray()
        self.closed = False
        file.write(self.head)

    def write(self, data: bytes) -> int:
        if self.closed:
            return len(data)
        self.waiting += data
        # One chunk is kept back: whether it is the last is known at the end.
        while len(self.waiting) > CHUNK:
            self.put(bytes(self.waiting[:CHUNK]), last=False)
            del self.waiting[:CHUNK]
        return len(data)

    def finish(self) -> None:
        self.put(bytes(self.waiting), last=True)
        self.close()

    def close(self) -> None:
        """Take nothing more. Without `finish` before, what was written opens nowhere."""
        self.closed = True
        self.waiting.clear()

    def put(self, chunk: bytes, *, last: bool) -> None:
        self.file.write(self.cipher.encrypt(nonce(self.number, last=last), chunk, self.head))
        self.number += 1


class Unsealer:
    """Gives the bytes back, each only after its chunk was found genuine. Raises `DamagedError` where one is not."""

    def __init__(self, file: BinaryIO, keys: Sequence[Key]) -> None:
        self.file = file
        self.head = file.read(HEAD)
        if len(self.head) < HEAD or not self.head.startswith(MAGIC):
            raise DamagedError(_("This is no backup of Mesotrack, or its beginning is damaged."))
        name, salt = self.head[len(MAGIC) : -SALT], self.head[-SALT:]
        key = next((key for key in keys if key.name == name), None)
        if key is None:
            raise DamagedError(
                _("The backup was sealed with another key (%(name)s) than MESOTRACK_BACKUP_KEY, or is damaged.")
                % {"name": name.hex()}
            )
        self.cipher = cipher(key, salt)
        self.number = 0
        self.open = memoryview(b"")
        self.ahead = file.read(CHUNK + TAG)
        self.ended = False

    def read(self, size: int) -> bytes:
        """Return `size` bytes, or fewer at the end."""
        pieces = []
        while size and (self.open or self.next_chunk()):
            piece, self.open = self.open[:size], self.open[size:]
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def drain(self) -> None:
        """Go to the end, so that all of the file was found genuine."""
        while self.next_chunk():
            continue

    def next_chunk(self) -> bool:
        if self.ended:
            return False
        sealed, self.ahead = self.ahead, self.file.read(CHUNK + TAG)
        self.ended = not self.ahead
        try:
            chunk = self.cipher.decrypt(nonce(self.number, last=self.ended), sealed, self.head)
        except InvalidTag as error:
            raise DamagedError(
                _("The backup is damaged or cut off, after %(count)s MB. Nothing of it is used.")
                % {"count": self.number}
            ) from error
        self.number += 1
        self.open = memoryview(chunk)
        return bool(chunk)
