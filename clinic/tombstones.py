"""Who was erased, beside the database: a restored backup knows them again, and forgets them anew.

A line a patient, with the public id and no name. An app above says how a patient is erased; this floor keeps the list.
"""

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True)
class Tombstone:
    """One erasure: of whom, when (ISO 8601), and which kinds of data the law kept, each with its last day."""

    patient: str
    erased_at: str
    keeps: dict[str, str]


class StillKnownError(Exception):
    """Some whose erasure stands in the list could not be erased again: they are here by name. Each by public id."""

    def __init__(self, patients: list[str]) -> None:
        super().__init__(", ".join(patients))
        self.patients = patients


def add(stone: Tombstone) -> None:
    """Write one more line, on the disk before this returns."""
    path: Path = settings.TOMBSTONES
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8") as file:
        file.write(json.dumps(asdict(stone)) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> list[Tombstone]:
    """Return the erasures of a file, of each patient the latest; none where there is no file.

    A last line that a power cut left unfinished is passed over: its erasure was not committed, and is done again.
    """
    if not path.exists():
        return []
    found: dict[str, Tombstone] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            stone = Tombstone(**json.loads(line))
        except (ValueError, TypeError):
            continue
        found[stone.patient] = stone
    return list(found.values())


Eraser = Callable[[Iterable[Tombstone]], int]
_erasers: list[Eraser] = []


def erase_with(eraser: Eraser) -> None:
    """Have a restored database erased by this: it returns how many patients it found there and erased."""
    _erasers[:] = [eraser]


def erase_again(path: Path) -> int:
    """Erase once more whoever is in a file and, since a backup is older, still in the database.

    Raises `StillKnownError` with those who could not be erased, once everybody else is.
    """
    stones = read(path)
    return sum(eraser(stones) for eraser in _erasers)
