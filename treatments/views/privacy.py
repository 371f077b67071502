"""What a patient may ask of the clinic: to restrict, to be given a copy of everything, to be forgotten."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from clinic import trail
from clinic.access import get_object_or_404, may
from clinic.http import Request
from clinic.models import User
from clinic.paging import page
from patients.banner import banner
from patients.models import Dossier, Erasure, LegalHold, Patient, RetentionRule, RetentionSweep, Subject
from patients.views.patients import get_own_patient
from treatments.actions import privacy as actions
from treatments.forms.privacy import ErasureForm, LiftForm, ReasonForm
from treatments.privacy.erasing import stands_against
from treatments.privacy.retention import standings, time_over
from treatments.privacy.vault import ZIP, vault

# What the daily sweep removes by itself; the keys are those of `treatments.privacy.sweep`.
REMOVED = {
    "messages": gettext_lazy("addresses of messages"),
    "copies": gettext_lazy("finished typing"),
    "sign-ins": gettext_lazy("ended sign-ins"),
}
# What a certificate counts, in words; the keys are those of `treatments.privacy.erasing`.
COUNTED = {
    "records": gettext_lazy("Records of the person"),
    "rows rewritten": gettext_lazy("Rows kept, a name taken out"),
    "rows emptied": gettext_lazy("Rows emptied of words"),
    "rows removed": gettext_lazy("Rows removed"),
    "versions rewritten": gettext_lazy("Earlier versions kept, a name taken out"),
    "versions emptied": gettext_lazy("Earlier versions emptied"),
    "sign-ins": gettext_lazy("Sign-ins that had a name to say"),
    "log entries": gettext_lazy("Entries of the log emptied"),
    "photos": gettext_lazy("Photos erased"),
    "files": gettext_lazy("Files overwritten and removed"),
}


@require_safe
@may("patients.see_retention")
def overview(request: Request) -> HttpResponse:
    """Show how long what is kept, whose time is over, and which erasures were done."""
    now = timezone.now()
    sweep = RetentionSweep.objects.exclude(finished_at=None).first()
    erasures = Erasure.objects.newest_first().select_related("asked_by", "patient")
    proposed = time_over(timezone.localdate()).select_related("location")
    return TemplateResponse(
        request,
        "treatments/privacy/overview.html",
        {
            "now": now,
            "rules": with_others(RetentionRule.objects.select_related("location")),
            "page": page(request, proposed, "registered_at", "pk"),
            "sweep": sweep,
            "removed": [(REMOVED.get(what, what), n) for what, n in sweep.removed.items()] if sweep else [],
            "sweep_is_late": sweep is not None and sweep.is_late(now),
            "dossier_hours": settings.DOSSIER_HOURS,
            "backup_keep": settings.BACKUP_KEEP,
            "grace_hours": settings.ERASURE_GRACE_HOURS,
            "erasures": [
                (erasure, erasure.waits_long(now), erasure.is_in_grace(now))
                for erasure in [*erasures.waiting(), *erasures.settled()[:20]]
            ],
        },
    )


def with_others(rules: Iterable[RetentionRule]) -> list[tuple[RetentionRule, bool]]:
    """Return each rule with whether it is the only one of its kind of data: then it holds everywhere."""
    found = list(rules)
    counts = Counter(rule.subject for rule in found)
    return [(rule, counts[rule.subject] == 1) for rule in found]


def shown_with(request: Request, patient: Patient) -> dict[str, Any]:
    return {"patient": patient, "banner": banner(patient, today=timezone.localdate())}


@may("patients.restrict_patient")
def restriction(request: Request, public_id: UUID) -> HttpResponse:
    """Ask why, then restrict; of a restricted record: ask why, then lift. `to` says which was meant: twice is once."""
    patient = get_own_patient(request, public_id)
    is_restricted, meant = patient.is_restricted, request.POST.get("to")
    form = (LiftForm if is_restricted else ReasonForm)(request.POST or None)
    if request.method == "POST" and meant in {"restrict", "lift"}:
        if (meant == "restrict") == is_restricted:  # it is so already
            return redirect(patient)
        if patient.is_erased:
            messages.warning(request, patient.refusal_to_treat)
            return redirect(patient)
        if form.is_valid():
            restrict_or_lift(request, patient, form.cleaned_data["reason"])
            return redirect(patient)
    return TemplateResponse(
        request, "treatments/privacy/restriction.html", shown_with(request, patient) | {"form": form}
    )


def restrict_or_lift(request: Request, patient: Patient, reason: str) -> None:
    if patient.is_restricted:
        patient.lift_restriction(reason=reason)
        messages.success(request, _("The record of %(name)s is in use again.") % {"name": patient.full_name})
    else:
        patient.restrict(timezone.now(), reason=reason)
        messages.success(request, _("The record of %(name)s is restricted.") % {"name": patient.full_name})


@dataclass(frozen=True)
class Shown:
    """A dossier as somebody's page shows it: whose it is, whether it can be fetched, whether nobody makes it."""

    dossier: Dossier
    is_mine: bool
    is_there: bool
    is_late: bool

    @classmethod
    def to(cls, user: User, dossier: Dossier, now: datetime) -> "Shown":
        return cls(dossier, dossier.asked_by_id == user.pk, dossier.can_be_fetched(now), dossier.waits_long(now))


@may("patients.export_dossier")
def export(request: Request, public_id: UUID) -> HttpResponse:
    """Show the dossiers asked for, and have one made. Reading again shows how far it is."""
    return export_of(request, get_own_patient(request, public_id))


@reauthentication_required
def export_of(request: Request, patient: Patient) -> HttpResponse:
    now = timezone.now()
    if request.method == "POST":
        if patient.is_erased:
            messages.warning(request, patient.refusal_to_treat)
        else:
            actions.ask_dossier(patient, by=request.user, now=now)
        return redirect("patient-export", patient.public_id)
    found = Dossier.objects.filter(patient=patient).select_related("asked_by").order_by("-asked_at", "-pk")[:10]
    dossiers = [Shown.to(request.user, dossier, now) for dossier in found]
    context = shown_with(request, patient) | {
        "dossiers": dossiers,
        "dossier_hours": settings.DOSSIER_HOURS,
        "is_waiting": any(shown.dossier.state == Dossier.State.WAITING for shown in dossiers),
    }
    return TemplateResponse(request, "treatments/privacy/export.html", context)


@require_POST
@may("patients.export_dossier")
def dossier_file(request: Request, public_id: UUID) -> HttpResponseBase:
    """Send a dossier to whoever asked for it, as long as it is there; nobody else learns that there is one."""
    own = Dossier.objects.visible_to(request.user).of_asker(request.user)
    return send(request, get_object_or_404(own.select_related("patient"), public_id=public_id))


@reauthentication_required
def send(request: Request, dossier: Dossier) -> HttpResponseBase:
    now = timezone.now()
    path = vault().path(dossier.stored_name, ZIP)
    if not dossier.can_be_fetched(now) or not path.exists():
        messages.info(request, _("This dossier is no longer there. Have another one made."))
        return redirect("patient-export", dossier.patient.public_id)
    Dossier.objects.filter(pk=dossier.pk, fetched_at=None).update(fetched_at=now)
    return FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=f"dossier-{dossier.patient.record_number}.zip",
        content_type="application/zip",
        headers={"Cache-Control": "private, no-store"},
    )


@may("patients.erase_patient")
def erasure(request: Request, public_id: UUID) -> HttpResponse:
    """Show what goes and what has to stay, and erase once the record number is typed."""
    return erasure_of(request, get_own_patient(request, public_id).surviving)


@reauthentication_required
def erasure_of(request: Request, patient: Patient) -> HttpResponse:
    waiting = Erasure.objects.waiting().filter(patient=patient).first()
    if waiting:
        return redirect(waiting)
    now, today = timezone.now(), timezone.localdate()
    expected = actions.ahead(patient, now)
    form = ErasureForm(request.POST or None, patient=patient)
    if request.method == "POST" and not expected and form.is_valid():
        ground = form.cleaned_data["ground"]
        return redirect(actions.decide_erasure(patient, ground=ground, by=request.user, now=now, today=today))
    family = patient.whole_family()
    context = shown_with(request, patient) | {
        "form": form,
        "family": family,
        "standings": standings(family, today),
        "expected": expected,
        "still_open": actions.still_open(patient),
        "due_at": now + actions.grace() if settings.ERASURE_GRACE_HOURS else None,
        "done": Erasure.objects.done().filter(patient=patient).newest_first(),
        "has_hold": LegalHold.objects.filter(patient=patient).exists(),
    }
    return TemplateResponse(request, "treatments/privacy/erasure.html", context)


@require_safe
@may("patients.erase_patient")
def certificate(request: Request, public_id: UUID) -> HttpResponse:
    """Show what an erasure took and what the law kept; until then, that it is under way."""
    visible = Erasure.objects.visible_to(request.user).select_related("asked_by", "withdrawn_by", "patient__location")
    found = get_object_or_404(visible, public_id=public_id)
    found.patient.location.keep_time()
    now = timezone.now()
    context = {
        "erasure": found,
        "against": "" if not found.is_waiting else stands_against(found, found.patient.whole_family(), now),
        "patient": found.patient,
        "is_late": found.waits_long(now),
        "is_in_grace": found.is_in_grace(now),
        "may_withdraw": found.is_waiting and not found.refusal_to_withdraw and may_withdraw(request.user, found),
        "kept": [(Subject(subject).label, found.kept_until(subject)) for subject in found.kept_subjects],
        "counts": [(COUNTED.get(what, what), count) for what, count in sorted(found.counts.items()) if count],
    }
    return TemplateResponse(request, "treatments/privacy/certificate.html", context)


def may_withdraw(user: User, found: Erasure) -> bool:
    """Say whether it is theirs to withdraw: nobody does who sees the record in an emergency only."""
    return not found.patient.is_lent_to(user)


@may("patients.erase_patient")
def withdraw(request: Request, public_id: UUID) -> HttpResponse:
    """Ask why a decided erasure is not to be done, then withdraw it, unless it has begun meanwhile."""
    visible = Erasure.objects.visible_to(request.user).select_related("patient__location")
    found = get_object_or_404(visible, public_id=public_id)
    patient = found.patient
    if not may_withdraw(request.user, found):
        raise PermissionDenied
    patient.location.keep_time()
    if found.withdrawn_at:
        return redirect(patient)
    if refusal := found.refusal_to_withdraw:
        messages.warning(request, refusal)
        return redirect(found)
    now = timezone.now()
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.withdraw_erasure(found, reason=form.cleaned_data["reason"], by=request.user, now=now)
        except ValidationError as error:  # the worker was quicker
            messages.warning(request, error.messages[0])
            return redirect(found)
        trail.tell(what="erasure-withdrawn")
        words = _("%(name)s is not erased. The record is as before.")
        messages.success(request, words % {"name": patient.full_name})
        return redirect(patient)
    context = shown_with(request, patient) | {
        "form": form,
        "erasure": found,
        "against": stands_against(found, patient.whole_family(), now),
        "is_in_grace": found.is_in_grace(now),
    }
    return TemplateResponse(request, "treatments/privacy/withdraw.html", context)


@may("patients.erase_patient")
def hold(request: Request, public_id: UUID) -> HttpResponse:
    """Say who a pseudonymous record was of, to somebody who says why; each look is written down."""
    patient = get_own_patient(request, public_id).surviving
    if not LegalHold.objects.filter(patient=patient).exists():
        raise Http404
    return hold_of(request, patient)


@reauthentication_required
def hold_of(request: Request, patient: Patient) -> HttpResponse:
    form = ReasonForm(request.POST or None)
    found = None
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        found = actions.open_hold(patient, reason=reason, by=request.user, now=timezone.now())
    context = shown_with(request, patient) | {
        "form": form,
        "hold": found,
        "openings": patient.hold_openings.select_related("opened_by")[:20],
    }
    return TemplateResponse(request, "treatments/privacy/hold.html", context)
