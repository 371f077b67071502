"""The order in which photos are scored blindly."""

from collections.abc import Iterable
from hashlib import sha256
from typing import TypeVar

Key = TypeVar("Key")


def shuffled(keys: Iterable[Key], token: str) -> list[Key]:
    """Return the keys in an order that the token alone decides, whatever order they come in.

    Each key has a place of its own: one that is added or leaves changes nothing about the order of the others, so a
    rater who goes on tomorrow finds what was begun today. Without the token nothing tells the order.
    """
    return sorted(keys, key=lambda key: sha256(f"{token}:{key}".encode()).digest())
