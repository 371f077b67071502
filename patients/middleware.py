"""The way from a record that became part of another."""

from collections.abc import Callable
from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from clinic import trail
from patients.models import Patient, RecordMergedError

OWN = {"csrfmiddlewaretoken", "form_token", "version", "mark", "with"}
MOST_LETTERS = 4000

Handler = Callable[[HttpRequest], HttpResponse]


class FollowMerges:
    """Lead from an address of a merged record to the same page of the record that goes on, with a word.

    What was sent there is not carried over unseen: it is shown, so that nothing typed is lost, with the way to the
    other page. Whoever may not see the other record finds nothing, but for those who have the merged one open in an
    emergency: they are told.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, RecordMergedError):
            return None
        if not request.user.is_authenticated:  # a patient's own link, which leads to the right record by itself
            return HttpResponseRedirect(request.get_full_path())
        old, survivor = exception.patient, exception.patient.surviving
        if not Patient.objects.visible_to(request.user).filter(pk=survivor.pk).exists():
            if old.is_lent_to(request.user):
                return lent_no_more(request, old)
            raise Http404
        facts = {"old": old.record_number, "name": survivor.full_name, "number": survivor.record_number}
        address = request.get_full_path().replace(str(old.public_id), str(survivor.public_id))
        if request.method in {"GET", "HEAD"}:
            messages.info(request, _("Record %(old)s was merged into this one, %(name)s, %(number)s.") % facts)
            return HttpResponseRedirect(address)
        trail.saw(survivor)
        context = {"old": old, "survivor": survivor, "address": address, "typed": typed(request)}
        return TemplateResponse(request, "patients/merged.html", context, status=HTTPStatus.CONFLICT).render()


def lent_no_more(request: HttpRequest, old: Patient) -> HttpResponse:
    """Say to somebody who opened a record in an emergency that it goes on in another, which is not open to them.

    Whose the other is stays unsaid; the number on the patient's card opens it, as it would have this one.
    """
    context = {"old": old, "typed": typed(request)}
    return TemplateResponse(request, "patients/emergency/merged.html", context, status=HTTPStatus.FORBIDDEN).render()


def typed(request: HttpRequest) -> list[tuple[str, str]]:
    """Return (name of the field, what stood in it) of a form as it was sent, without what is the program's own."""
    rows = [(name, text) for name, texts in request.POST.lists() if name not in OWN for text in texts if text]
    return [(name.replace("_", " ").replace("-", " "), text[:MOST_LETTERS]) for name, text in rows]
