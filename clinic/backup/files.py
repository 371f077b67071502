"""The private files that rows name. An app above says which those are; this floor knows only folders and names."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Named:
    """A file that a row names, by its path below the folder; `instead` may stand in its place by now."""

    path: str
    instead: tuple[str, ...] = ()


@dataclass(frozen=True)
class Folder:
    """One folder of the program: where it is, and what the rows of a database (by its alias) name in it."""

    name: str
    root: Callable[[], Path]
    named: Callable[[str], Iterable[Named]]


_folders: dict[str, Folder] = {}


def keep(name: str, root: Callable[[], Path], named: Callable[[str], Iterable[Named]]) -> None:
    """Have every backup take along the files below `root` that `named` finds in the rows."""
    _folders[name] = Folder(name, root, named)


def folders() -> list[Folder]:
    return list(_folders.values())
