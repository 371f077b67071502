"""Words that people are searched by, kept out of addresses.

An address lies in the browser's history, in the lists of proxies and in logs, and a name in it would name a patient
there. So a search is sent, not asked for by its address; and the page of what was found, which has to stand reloading,
going back and turning pages, carries the words sealed for the one person who typed them.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse

from clinic import sealing, trail
from clinic.http import Request
from clinic.models import User

View = Callable[..., HttpResponseBase]

TYPED = "q"  # in the forms, and in no address
SEALED = "words"  # in addresses
LONGEST = 200  # letters; more than any name
PURPOSE = "clinic.search_words"


def words_of(request: Request) -> str:
    """Return what is searched for: typed into a form, or sealed in the address; empty for nothing."""
    if request.method == "POST":
        text = request.POST.get(TYPED, "").strip()[:LONGEST]
        if text:
            trail.tell(filter={TYPED: trail.UNSAID})
        return text
    return unseal(request.GET.get(SEALED, ""), request.user) or ""


def filter_of(request: Request) -> QueryDict:
    """Return what an address narrows a list to, with the words that were typed in clear.

    Words that do not open narrow nothing, and would show everybody: of such an address there is no list.
    """
    if is_unopened(request):
        raise Http404
    asked = request.GET.copy()
    asked.pop(SEALED, None)
    asked[TYPED] = unseal(request.GET.get(SEALED, ""), request.user) or ""
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
    An address whose words do not open is answered here: it finds nobody, rather than everybody, and says so.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def searched_view(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method == "POST" and TYPED in request.POST:
                return lead_to_found(request, *choices)
            if request.method != "POST" and is_unopened(request):
                return TemplateResponse(request, "clinic/unopened.html")
            return view(request, *args, **kwargs)

        return searched_view

    return decorate


def is_unopened(request: Request) -> bool:
    """Return whether an address has words that do not open: changed, of somebody else, or from before a new key."""
    sealed = request.GET.get(SEALED, "")
    return bool(sealed) and unseal(sealed, request.user) is None


def seal(text: str, user: User) -> str:
    return sealing.seal(text, purpose=PURPOSE, whose=str(user.public_id))


def unseal(sealed: str, user: User) -> str | None:
    """Return the words, None for what was not sealed for this person."""
    return sealing.unseal(sealed, purpose=PURPOSE, whose=str(user.public_id))
