"""What follows from an act, said once on the page shown after it: a fact, whom it touches, the way on."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from clinic.http import Request

KEY = "next-page"


@dataclass(frozen=True)
class Way:
    """A link: `url` is an address of ours, `about` tells it from the others where there are several."""

    url: str
    label: str
    about: str = ""


def tell(request: Request, title: str, *, lines: Sequence[str] = (), ways: Sequence[Way]) -> None:
    """Let the next page shown say a sentence, some lines below it and the ways on, at least one."""
    request.session[KEY] = {"title": title, "lines": list(lines), "ways": [asdict(each) for each in ways]}


def take_told(request: Request) -> dict[str, Any] | None:
    """Return what is to be said, {"title", "lines", "ways"}, and forget it: it stands on one page only."""
    return request.session.pop(KEY, None)
