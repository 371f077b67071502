"""Where providers report what became of a message. No person comes here: each report is signed."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from clinic import receipts
from treatments.actions.reports import take

MOST_BYTES = 1024 * 1024


# A provider has no session here that another site could ride on: the signature is the permission.
@csrf_exempt
@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def message_reports(request: HttpRequest, provider: str) -> HttpResponse:
    """Take what a provider reports: 200 for a message that is none of ours too, or it would be sent for days."""
    secret = receipts.secret_of(provider)
    if not secret:
        raise Http404
    if request.method != "POST":
        return answer(request, provider, secret)
    if len(request.body) > MOST_BYTES:
        return HttpResponse(status=413)
    now = timezone.now()
    for report in receipts.read(provider, request, secret):
        take(report, source=provider, now=now)
    return HttpResponse()


def answer(request: HttpRequest, provider: str, secret: str) -> HttpResponse:
    """Answer who looks whether there is anybody: some providers do, when they are told the address."""
    said = receipts.challenge(provider, request, secret)
    if said is None and request.method == "GET":
        raise Http404
    return HttpResponse(said or "", content_type="text/plain")
