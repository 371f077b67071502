"""One tap that takes the last act back, offered beside the message that reports it."""

from typing import Any

from clinic.http import Request

KEY = "undo"


def offer_undo(request: Request, url: str, **fields: Any) -> None:
    """Offer, on the next page shown, to post these fields to an address of ours."""
    request.session[KEY] = {"url": url, "fields": fields}


def take_offer(request: Request) -> dict[str, Any] | None:
    """Return the offer, {"url", "fields"}, and forget it: it stands on one page only."""
    return request.session.pop(KEY, None)
