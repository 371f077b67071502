"""Files that only the program reads: outside of what any server hands out, under names that say nothing."""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

MEBIBYTE = 1024 * 1024
NAME = re.compile(r"[0-9a-f]{32}")


def new_name() -> str:
    """Return a name that nobody guesses, and that tells nothing of whoever is in the file."""
    return secrets.token_hex(16)


class Vault:
    """A folder of files by name and ending; each appears whole or not at all, and survives a power cut."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, name: str, ending: str) -> Path:
        if not NAME.fullmatch(name):
            raise ValueError(name)
        return self.root / name[:2] / f"{name}{ending}"

    def write(self, name: str, ending: str, data: bytes) -> None:
        with self.writing(name, ending) as file:
            file.write(data)

    @contextmanager
    def writing(self, name: str, ending: str) -> Iterator[BinaryIO]:
        """Let a file be written bit by bit; it has its name once all of it is on the disk, and none after an error."""
        path = self.path(name, ending)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
        with os.fdopen(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)

    def read(self, name: str, ending: str) -> bytes:
        return self.path(name, ending).read_bytes()

    def remove(self, name: str, ending: str) -> None:
        self.path(name, ending).unlink(missing_ok=True)

    def destroy(self, name: str, ending: str) -> bool:
        """Overwrite a file before it goes, so that the disk no longer has it; say whether there was one."""
        path = self.path(name, ending)
        if not path.exists():
            return False
        with path.open("r+b") as file:
            left = path.stat().st_size
            while left > 0:
                left -= file.write(bytes(min(left, MEBIBYTE)))
            file.flush()
            os.fsync(file.fileno())
        path.unlink(missing_ok=True)
        return True

    def files(self) -> Iterator[Path]:
        return self.root.glob("*/*")
