"""Reports: what the clinic's own records say about safety, and how well they are kept."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.access import get_object_or_404, may
from clinic.forms import save_once
from clinic.http import Request
from clinic.paging import page
from clinic.spreadsheets import csv_file
from treatments.clusters import signals, signals_of
from treatments.exposure import By
from treatments.filters.reports import ReportFilter, SafetyFilter
from treatments.forms.reports import ClusterReviewForm
from treatments.models import Lot, Session, SideEffect
from treatments.models.sessions_found import SessionQuerySet
from treatments.models.side_effect import SideEffectQuerySet
from treatments.quality import quality, quality_head, quality_rows
from treatments.safety import Sort, of_group, report_head, report_rows, safety, suspected


def report_list(request: Request) -> HttpResponse:
    """List the reports that this person may read."""
    if not (request.user.has_perm("treatments.see_safety") or request.user.has_perm("treatments.see_data_quality")):
        raise PermissionDenied
    return TemplateResponse(request, "treatments/reports/list.html")


@may("treatments.see_safety")
def report_safety(request: Request) -> HttpResponseBase:
    """Show the rates of reactions by what people had, and the lots that stand out."""
    now = timezone.now()
    narrow = SafetyFilter(request.GET, user=request.user, today=timezone.localdate(now))
    sessions, effects = signed_in(narrow, request)
    by = narrow.chosen_by
    if narrow.chosen_kind:
        effects = effects.of_kind(narrow.chosen_kind)
    carry = narrow.shown | ({"kind": narrow.chosen_kind.code} if narrow.chosen_kind else {})
    report = safety(sessions, effects, by=by, sort=narrow.chosen_sort, user=request.user, carry=carry)
    if request.GET.get("format") == "csv":
        name = f"safety-{by}-{narrow.period.first}-{narrow.period.last}.csv"
        return csv_file(report_head(by), report_rows(report), name)
    found = signals(request.user, now)
    context = {
        "filter": narrow,
        "report": report,
        "bys": By,
        "sorts": Sort,
        "carried": carry,
        "loud": [signal for signal in found if not signal.is_quiet],
        "quiet": [signal for signal in found if signal.is_quiet],
    }
    return TemplateResponse(request, "treatments/reports/safety.html", context)


def signed_in(narrow: ReportFilter, request: Request) -> tuple[SessionQuerySet, SideEffectQuerySet]:
    """Return the signed sessions of a period that this person may see, and the reactions to them."""
    start, end = narrow.period.moments
    sessions = Session.objects.visible_to(request.user).signed().between(start, end)
    effects = SideEffect.objects.visible_to(request.user).after_signed().after_sessions_between(start, end)
    if narrow.place:
        sessions = sessions.filter(course__location=narrow.place)
        effects = effects.filter(session__course__location=narrow.place)
    return sessions, effects


@may("treatments.see_safety")
def report_safety_sessions(request: Request) -> HttpResponse:
    """List the sessions behind one figure of the report: all of them, or those with the reaction."""
    narrow = SafetyFilter(request.GET, user=request.user, today=timezone.localdate())
    sessions, effects = signed_in(narrow, request)
    by, slug = narrow.chosen_by, request.GET.get("key", "")[:60]
    kind = narrow.cleaned_data.get("kind")
    if kind:
        effects = effects.of_kind(kind)
    if by is not By.KIND:
        sessions, effects = of_group(sessions, by, slug), suspected(effects, by, slug)
    only_with = request.GET.get("only") == "with"
    if only_with:
        sessions = sessions.filter(pk__in=effects.order_by().values("session"))
    rows = page(request, sessions.for_report(), "-performed_at", "-pk")
    context = {"page": rows, "filter": narrow, "kind": kind, "only_with": only_with, "by": by, "back": narrow.shown}
    return TemplateResponse(request, "treatments/reports/sessions.html", context)


@may("treatments.see_data_quality")
def report_quality(request: Request) -> HttpResponseBase:
    """Show how often each practitioner's sessions were asked about, and what is missing from them."""
    now = timezone.now()
    narrow = ReportFilter(request.GET, user=request.user, today=timezone.localdate(now))
    start, end = narrow.period.moments
    sessions = Session.objects.visible_to(request.user).standing().between(start, end)
    if narrow.place:
        sessions = sessions.filter(course__location=narrow.place)
    report = quality(sessions, now)
    if request.GET.get("format") == "csv":
        name = f"data-quality-{narrow.period.first}-{narrow.period.last}.csv"
        return csv_file(quality_head(), quality_rows(report), name)
    return TemplateResponse(request, "treatments/reports/quality.html", {"filter": narrow, "report": report})


@may("treatments.review_signal")
def lot_cluster_seen(request: Request, public_id: UUID, kind: str) -> HttpResponse:
    """Say that a cluster on a lot was seen, and why it is not acted on, or what is done."""
    now = timezone.now()
    lots = Lot.objects.visible_to(request.user).select_related("product", "location")
    lot: Lot = get_object_or_404(lots, public_id=public_id)
    found = [each for each in signals_of(lot, request.user, now) if each.cluster.kind.code == kind]
    form = ClusterReviewForm(request.POST or None)
    if form.made_before():
        return redirect("report-safety")
    if not found or (found[0].is_quiet and request.method == "GET"):
        messages.warning(request, _("Nothing stands out there that was not seen already."))
        return redirect(lot)
    signal = found[0]
    if form.is_valid():
        save_once(form, lambda: form.keep(signal.cluster, by=request.user, now=now))
        messages.success(request, _("Seen. It comes back with the next patient."))
        return redirect("report-safety")
    context: dict[str, Any] = {"form": form, "signal": signal, "lot": lot}
    return TemplateResponse(request, "treatments/reports/seen.html", context)
