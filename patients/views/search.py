"""Finding a person: the box on every page, and the page of all that was found."""

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from clinic.http import Request
from clinic.paging import page
from clinic.search_words import is_unopened, lead_to_found, query_of, words_of
from patients.identifiers import is_mistyped
from patients.models import Patient

MOST_HITS = 8


def search(request: Request) -> HttpResponse:
    """Show who is found: at once below the box of every page, or on a page of its own. What was typed is in no log."""
    if request.method == "POST" and not request.htmx:
        return lead_to_found(request)
    text = words_of(request)
    found = Patient.objects.visible_to(request.user).search(text).select_related("location", "merged_into")
    context = {"q": text, "today": timezone.localdate(), "is_mistyped": is_mistyped(text)}
    if request.htmx:
        hits = list(found.by_name()[: MOST_HITS + 1])
        # The number is shown to someone who types one; to others the line would only be long.
        shows_phone = any(character.isdigit() for character in text)
        context |= {"hits": hits[:MOST_HITS], "has_more": len(hits) > MOST_HITS, "shows_phone": shows_phone}
        context |= {"all_query": query_of(text, request.user)}
        return TemplateResponse(request, "patients/_search_results.html", context)
    context |= {"page": page(request, found, "sort_name", "pk"), "is_unopened": is_unopened(request)}
    return TemplateResponse(request, "patients/search.html", context)
