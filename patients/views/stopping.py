"""The patient's own page behind the link in every message. Reading it changes nothing: mail scanners open links."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from patients.actions import choose_messages
from patients.languages import spoken
from patients.stopping import find


# No session is at stake that another site could ride on: the address itself is the permission, and a mail program that
# stops messages by itself (RFC 8058) sends no token of ours.
@csrf_exempt
@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    patient = find(token)
    if patient is None:
        raise Http404
    if request.method == "POST":
        choose_messages(patient, wants="again" in request.POST, now=timezone.now())
        return HttpResponseRedirect(request.path)
    with translation.override(spoken(patient.language)):
        page = {"location": patient.location, "gets_messages": patient.contact_permission}
        return TemplateResponse(request, "patients/stopping.html", page).render()
