"""Finding a person: the box on every page, and the page of all that was found."""

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from clinic.paging import page
from patients.models import Patient

MOST_HITS = 8
LONGEST = 200  # letters; more than any name


def search(request: HttpRequest) -> HttpResponse:
    """Show who is found. What was typed is written to no log."""
    text = request.GET.get("q", "").strip()[:LONGEST]
    found = Patient.objects.visible_to(request.user).search(text).select_related("location")
    context = {"q": text, "today": timezone.localdate()}
    if request.htmx:
        hits = list(found.by_name()[: MOST_HITS + 1])
        context |= {"hits": hits[:MOST_HITS], "has_more": len(hits) > MOST_HITS}
        return TemplateResponse(request, "patients/_search_results.html", context)
    context |= {"page": page(request, found, "sort_name", "pk")}
    return TemplateResponse(request, "patients/search.html", context)
