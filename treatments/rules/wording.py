"""Texts with places for names and days. A place is filled in, never computed: `{day}` and nothing else is one."""

import re
from collections.abc import Collection, Mapping

PLACE = re.compile(r"\{([^{}]*)\}")


def places(text: str) -> list[str]:
    """Return the names in braces, in order, each once, whatever stands in the braces."""
    return list(dict.fromkeys(PLACE.findall(text)))


def stray_braces(text: str) -> bool:
    """Say whether a brace stands alone: somebody meant a place and mistyped it."""
    return any(brace in PLACE.sub("", text) for brace in "{}")


def unknown(text: str, known: Collection[str]) -> list[str]:
    """Return the places that nothing fills."""
    return [name for name in places(text) if name not in known]


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return the text with its places filled in, once: what a value holds stays as it is.

    A line one of whose places has nothing to say is left out: without a phone number nobody is asked to call it.
    An unknown place stays as it was typed. More than one empty line in a row becomes one.
    """
    kept = [line for line in text.splitlines() if all(values.get(name, "?") for name in places(line))]
    filled = PLACE.sub(lambda place: values.get(place[1], place[0]), "\n".join(kept))
    return re.sub(r"\n{3,}", "\n\n", filled).strip()
