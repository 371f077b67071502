"""How far it is, for whoever waits: a bar for a person, a sign of life for the row of a run."""

from typing import Protocol


class Progress(Protocol):
    def begin(self, label: str, total: int) -> None:
        """Begin a part of the work: `total` steps of its own kind, 0 where nobody knows."""

    def step(self, count: int) -> None:
        """Say that so many steps more are done."""


class Silent:
    def begin(self, label: str, total: int) -> None:
        """Say nothing."""

    def step(self, count: int) -> None:
        """Say nothing."""
