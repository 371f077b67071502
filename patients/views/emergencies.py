"""Emergency access: the record of another location's patient, with a reason, for an hour, under an admin's eyes."""

from allauth.core import ratelimit
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic import audit, trail
from clinic.access import get_object_or_404, may
from clinic.background import ring
from clinic.forms import save_once
from clinic.http import Request
from clinic.paging import page
from patients.emergencies import is_remembered, remember
from patients.forms.emergencies import EmergencyForm, EmergencyReviewForm
from patients.models import EmergencyAccess, EmergencyReview, Patient
from patients.tasks import tell_of_emergencies


@require_http_methods(["GET", "POST"])
@may("patients.open_in_emergency")
def emergency_new(request: Request) -> HttpResponse:
    """Open the record of a patient of another location. Whoever sees the patient anyway is led there."""
    now = timezone.now()
    if request.method == "POST" and not ratelimit.consume(request, action="emergency", user=request.user):
        # Not judged, so that what is said of it tells nothing.
        messages.error(request, _("Too many tries. Wait an hour, or call the location."))
        form = EmergencyForm(by=request.user, now=now, initial=request.POST.dict())
    else:
        form = EmergencyForm(request.POST or None, by=request.user, now=now)
        made = _open(form) if request.method == "POST" else None
        if made is not None:
            return _show(request, made)
    return TemplateResponse(request, "patients/emergency/new.html", {"form": form})


def _open(form: EmergencyForm) -> EmergencyAccess | None:
    """Return the access: that of an earlier tap, a new one, or one that need not be kept. None while the form errs."""
    made = form.made_before()
    if made is not None or not form.is_valid():
        return made
    if Patient.objects.visible_to(form.instance.user).filter(pk=form.instance.patient_id).exists():
        return form.instance
    try:
        return save_once(form, form.save)
    except ValidationError as error:
        form.add_error(None, error)
        return None


def _show(request: Request, access: EmergencyAccess) -> HttpResponse:
    is_mine = access.pk and access.user_id == request.user.pk and access.ends_at > timezone.now()
    if is_mine and not is_remembered(request, access):
        remember(request, access)
        ends = access.ends_at.isoformat(timespec="minutes")
        audit.write(audit.Act.BREAK_GLASS, at=access.opened_at, request=request, record=access, detail={"until": ends})
        trail.told()
        ring(tell_of_emergencies)
        messages.warning(request, _("The record is open until its time is over. The admins are told of it."))
    return redirect(access.patient.get_absolute_url())


@require_safe
@may("patients.review_emergencies")
def emergency_list(request: Request) -> HttpResponse:
    tab = "reviewed" if request.GET.get("tab") == "reviewed" else "open"
    rows = EmergencyAccess.objects.select_related("patient__location", "user", "review__reviewed_by")
    rows = rows.filter(review__isnull=tab == "open")
    context = {
        "tab": tab,
        "tabs": [("open", _("To review")), ("reviewed", _("Reviewed"))],
        "page": page(request, rows, "-opened_at", "-pk"),
        "now": timezone.now(),
    }
    return TemplateResponse(request, "patients/emergency/list.html", context)


@require_POST
@may("patients.review_emergencies")
def emergency_review(request: Request, public_id: str) -> HttpResponse:
    """Keep what came of an access. The first review stands."""
    access = get_object_or_404(EmergencyAccess.objects.all(), public_id=public_id)
    form = EmergencyReviewForm(
        request.POST,
        instance=EmergencyReview(access=access, reviewed_by=request.user, reviewed_at=timezone.now()),
    )
    if EmergencyReview.objects.filter(access=access).exists():
        messages.info(request, _("Somebody reviewed this access already."))
    elif form.is_valid():
        EmergencyReview.objects.get_or_create(
            access=access,
            defaults={
                "reviewed_by": request.user,
                "reviewed_at": form.instance.reviewed_at,
                "note": form.cleaned_data["note"],
            },
        )
        messages.success(request, _("The review is kept."))
    else:
        messages.error(request, _("Type what came of it, then keep the review."))
    return redirect("emergency-list")
