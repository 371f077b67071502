"""What follows from an act, said once on the page shown after it: a fact, whom it touches, the way on.

The sign-in keeps it until then, and holds no name: people are kept by public id, and named when they are shown. An app
above names them, as it counts for `navigation`.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from clinic.http import Request

KEY = "next-page"
MOST_NAMED = 3

Naming = Callable[[Request, Sequence[str]], list[str]]
_naming: list[Naming] = []


def name_with(name: Naming) -> None:
    """Let `name` say who some public ids are, of those whom the request's person may see."""
    _naming.append(name)


@dataclass(frozen=True)
class Way:
    """A link: `url` is an address of ours, `about` tells it from the others where there are several."""

    url: str
    label: str
    about: str = ""


def tell(
    request: Request, title: str, *, lines: Sequence[str] = (), people: Sequence[str] = (), ways: Sequence[Way]
) -> None:
    """Let the next page shown say a sentence, some lines below it, the first of `people`, and the ways on."""
    request.session[KEY] = {
        "title": title,
        "lines": list(lines),
        "people": list(people[:MOST_NAMED]),
        "are_more": len(people) > MOST_NAMED,
        "ways": [asdict(each) for each in ways],
    }


def take_told(request: Request) -> dict[str, Any] | None:
    """Return what is to be said, {"title", "lines", "ways"}, and forget it: it stands on one page only."""
    told = request.session.pop(KEY, None)
    if told and (names := [name for naming in _naming for name in naming(request, told.get("people", []))]):
        told["lines"].append(", ".join(names) + (", …" if told["are_more"] else ""))
    return told
