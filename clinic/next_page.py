"""What follows from an act, said once on the page shown after it: a fact, whom it touches, the way on."""

from collections.abc import Sequence
from typing import Any

from clinic.http import Request

KEY = "next-page"


def tell(request: Request, title: str, *, lines: Sequence[str] = (), url: str, label: str) -> None:
    """Let the next page shown say a sentence, some lines below it and one link. `url` is an address of ours."""
    request.session[KEY] = {"title": title, "lines": list(lines), "url": url, "label": label}


def take_told(request: Request) -> dict[str, Any] | None:
    """Return what is to be said, {"title", "lines", "url", "label"}, and forget it: it stands on one page only."""
    return request.session.pop(KEY, None)
