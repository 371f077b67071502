"""Words that people are searched by, kept out of addresses.

An address lies in the browser's history, in the lists of proxies and in logs, and a name in it would name a patient
there. So a search is sent, not asked for by its address; and the page of what was found, which has to stand reloading,
going back and turning pages, carries the words sealed for the one person who typed them.
"""

import base64
import binascii
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.http import HttpResponseBase, HttpResponseRedirect, QueryDict
from django.utils.crypto import salted_hmac

from clinic.http import Request
from clinic.models import User

View = Callable[..., HttpResponseBase]

TYPED = "q"  # in the forms, and in no address
SEALED = "words"  # in addresses
LONGEST = 200  # letters; more than any name
NONCE = 12


def words_of(request: Request) -> str:
    """Return what is searched for: typed into a form, or sealed in the address; empty for nothing."""
    if request.method == "POST":
        return request.POST.get(TYPED, "").strip()[:LONGEST]
    return unseal(request.GET.get(SEALED, ""), request.user)


def filter_of(request: Request) -> QueryDict:
    """Return what an address narrows a list to, with the words that were typed in clear."""
    asked = request.GET.copy()
    asked.pop(SEALED, None)
    asked[TYPED] = unseal(request.GET.get(SEALED, ""), request.user)
    return asked


def query_of(text: str, user: User, **chosen: str) -> str:
    """Return the query string of what is found by these words, beside what else was chosen."""
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in chosen.items() if value})
    if text.strip():
        query[SEALED] = seal(text.strip()[:LONGEST], user)
    return query.urlencode()


def lead_to_found(request: Request, *choices: str) -> HttpResponseRedirect:
    """Lead from a search that was sent to the page of what was found, with the choices of these names."""
    query = query_of(words_of(request), request.user, **{name: request.POST.get(name, "") for name in choices})
    return HttpResponseRedirect(f"{request.path}?{query}" if query else request.path)


def searched(*choices: str) -> Callable[[View], View]:
    """Let a page be searched by a form that is sent. Whatever else is sent to the page is the view's.

    `choices` are the other fields of the form, of which people choose: they go into the address as they are.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def searched_view(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method == "POST" and TYPED in request.POST:
                return lead_to_found(request, *choices)
            return view(request, *args, **kwargs)

        return searched_view

    return decorate


def seal(text: str, user: User) -> str:
    nonce = secrets.token_bytes(NONCE)
    hidden = nonce + AESGCM(_key_of(user)).encrypt(nonce, text.encode("utf-8"), None)
    return base64.urlsafe_b64encode(hidden).decode("ascii").rstrip("=")


def unseal(sealed: str, user: User) -> str:
    """Return the words, empty for what was not sealed for this person: it then finds nobody, and says nothing."""
    try:
        hidden = base64.b64decode(sealed.encode("ascii") + b"=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
        return AESGCM(_key_of(user)).decrypt(hidden[:NONCE], hidden[NONCE:], None).decode("utf-8")
    except (InvalidTag, ValueError, binascii.Error):
        return ""


def _key_of(user: User) -> bytes:
    return salted_hmac("clinic.search_words", str(user.public_id), algorithm="sha256").digest()
