"""What is inside the seal: a tar, in an order that is written and read without going back.

`backup.json`, the database in pieces (`database/000000.gz` …; unpacked and put together they are the database's own
copy), the files (`files/photos/…`), `SHA256SUMS` of all that came before as sha256sum writes it, and `manifest.json`.
"""

import gzip
import hashlib
import io
import re
import tarfile
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, BinaryIO, Protocol, Self, cast

from django.utils.translation import gettext as _

from clinic.backup.errors import DamagedError
from clinic.backup.manifest import Head, Manifest, read_head, read_manifest, written
from clinic.backup.sealing import CHUNK, Sealer, Unsealer

HEAD, SUMS, MANIFEST = "backup.json", "SHA256SUMS", "manifest.json"
PIECE = 4 * CHUNK
SPOOL = 1024 * 1024  # bytes of sums that stay in memory; more wait in a file without a name
FILE_NAME = re.compile(r"files/[a-z]+(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")


class Writer:
    def __init__(self, sealer: Sealer, head: Head) -> None:
        self.sealer = sealer
        self.tar = tarfile.open(  # noqa: SIM115 -- closed by finish(), and only by it
            fileobj=cast(BinaryIO, sealer), mode="w|", bufsize=CHUNK, format=tarfile.PAX_FORMAT
        )
        self.sums = tempfile.SpooledTemporaryFile(SPOOL)  # noqa: SIM115 -- lives as long as the writer
        self.files = self.files_bytes = 0
        self.add(HEAD, io.BytesIO(written(head)), len(written(head)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        # Nothing that tarfile may still have to write is wanted after the end, or after what went wrong.
        self.sealer.close()
        self.sums.close()

    def database(self, pieces: Iterable[bytes]) -> None:
        """Add the database's copy: pieces of any size."""
        for number, piece in enumerate(resized(pieces)):
            packed = gzip.compress(piece, compresslevel=4, mtime=0)
            self.add(f"database/{number:06}.gz", io.BytesIO(packed), len(packed))

    def file(self, path: str, file: BinaryIO, size: int) -> None:
        self.add(f"files/{path}", file, size)
        self.files += 1
        self.files_bytes += size

    def add(self, name: str, file: BinaryIO, size: int) -> None:
        member = tarfile.TarInfo(name)
        member.size = size
        member.mode = 0o600
        hashed = Hashed(file)
        self.tar.addfile(member, cast(IO[bytes], hashed))
        self.sums.write(sum_line(hashed.sha256.hexdigest(), name))

    def finish(self, manifest: Manifest) -> None:
        """End the archive. One that never came here opens nowhere."""
        member = tarfile.TarInfo(SUMS)
        member.size = self.sums.tell()
        self.sums.seek(0)
        self.tar.addfile(member, cast(IO[bytes], self.sums))
        last = tarfile.TarInfo(MANIFEST)
        last.size = len(written(manifest))
        self.tar.addfile(last, io.BytesIO(written(manifest)))
        self.tar.close()
        self.sealer.finish()


class Hashed:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self.file.read(size)
        self.sha256.update(data)
        return data


def resized(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in pieces of one size."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= PIECE:
            yield bytes(waiting[:PIECE])
            del waiting[:PIECE]
    if waiting:
        yield bytes(waiting)


def sum_line(digest: str, name: str) -> bytes:
    return f"{digest}  {name}\n".encode()


class Receiver(Protocol):
    """Who wants what is in a backup. A file that is not wanted is checked all the same."""

    def begin(self, head: Head) -> None: ...

    def database(self, piece: bytes) -> None: ...

    def file(self, path: str, file: "Hashed") -> None:
        """Read the file to its end."""


def read(unsealer: Unsealer, receiver: Receiver) -> Manifest:
    """Give what is in the backup to the receiver, in order, and return the manifest.

    Raises `DamagedError` where anything is not what was written. Until this returns, nothing given is proven whole.
    """
    try:
        tar = tarfile.open(fileobj=cast(BinaryIO, unsealer), mode="r|", bufsize=CHUNK)  # noqa: SIM115 -- nothing to close
        with tempfile.SpooledTemporaryFile(SPOOL) as sums:
            manifest = Reading(tar, receiver, sums).go()
    except tarfile.TarError as error:
        raise DamagedError(_("What is inside the backup cannot be read.")) from error
    unsealer.drain()
    return manifest


class Reading:
    def __init__(self, tar: tarfile.TarFile, receiver: Receiver, sums: IO[bytes]) -> None:
        self.tar = tar
        self.receiver = receiver
        self.sums = sums
        self.files = 0
        self.began = self.summed = False

    def go(self) -> Manifest:
        manifest = None
        for member in self.tar:
            content = Hashed(self.content(member))
            if manifest:
                raise DamagedError(
                    _("Something stands behind the end of the backup: %(name)s.") % {"name": member.name}
                )
            if member.name == MANIFEST:
                manifest = read_manifest(content.read())
            elif member.name == SUMS:
                self.compare(content.file)
            else:
                self.take(member.name, content)
        if manifest is None or not self.summed:
            raise DamagedError(_("The backup has no end."))
        if manifest.files != self.files:
            raise DamagedError(
                _("The backup has %(here)s files, not %(there)s.") % {"here": self.files, "there": manifest.files}
            )
        return manifest

    def content(self, member: tarfile.TarInfo) -> IO[bytes]:
        content = self.tar.extractfile(member) if member.isreg() else None
        if content is None:
            raise DamagedError(
                _("There is something in the backup that is no file: %(name)s.") % {"name": member.name}
            )
        return content

    def take(self, name: str, content: Hashed) -> None:
        if name == HEAD:
            self.receiver.begin(read_head(content.read()))
            self.began = True
        elif not self.began:
            raise DamagedError(_("The backup does not say what is in it."))
        elif name.startswith("database/"):
            self.receiver.database(unpacked(content.read(), name))
        elif FILE_NAME.fullmatch(name):
            self.receiver.file(name.removeprefix("files/"), content)
            self.files += 1
        else:
            raise DamagedError(
                _("There is something in the backup that does not belong there: %(name)s.") % {"name": name}
            )
        self.sums.write(sum_line(content.sha256.hexdigest(), name))

    def compare(self, promised: IO[bytes]) -> None:
        """Raise `DamagedError` at the first file that is not there, or not the one that was written."""
        self.sums.seek(0)
        for line in promised:
            found = self.sums.readline()
            if found != line:
                name = line.decode(errors="replace").rstrip("\n")[66:]
                raise DamagedError(_("A file of the backup is missing or changed: %(name)s.") % {"name": name})
        if self.sums.readline():
            raise DamagedError(_("The backup has more files than it says."))
        self.summed = True


def unpacked(packed: bytes, name: str) -> bytes:
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error) as error:
        raise DamagedError(_("A file of the backup is missing or changed: %(name)s.") % {"name": name}) from error
