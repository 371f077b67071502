"""One person, two records: finding them, merging them, and taking that back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic import trail
from clinic.access import get_object_or_404, may
from clinic.http import Request
from clinic.paging import page
from clinic.search_words import searched, words_of
from patients.banner import banner
from patients.duplicates import likenesses
from patients.models import DistinctPair, MergeOfRecords, Patient
from patients.views.patients import get_own_patient
from treatments.actions import merging as actions
from treatments.forms.merging import ApartForm, MergeForm, ReasonForm
from treatments.merging import Pair
from treatments.unmerging import Undoing

MOST_FOUND = 12


@require_safe
@may("patients.merge_patients")
def duplicates(request: Request) -> HttpResponse:
    """List the records that may be of one person, each older one with the later ones that are like it."""
    found = Patient.objects.visible_to(request.user).with_twins().select_related("location")
    shown = page(request, found, "sort_name", "pk")
    apart = DistinctPair.objects.standing().select_related("first", "second", "said_by")
    return TemplateResponse(
        request,
        "treatments/merging/duplicates.html",
        {
            "page": shown,
            "likenesses": [each for each in likenesses(shown.rows) if each.twins],
            "apart": list(apart[:MOST_FOUND]),
            "merges": list(MergeOfRecords.objects.visible_to(request.user).for_page()[:MOST_FOUND]),
        },
    )


def other_of(request: Request, patient: Patient) -> Patient | None:
    """Return the other record that the address or the form names, None for none. Raises 404 for one not there."""
    text = request.POST.get("with") or request.GET.get("with")
    if not text:
        return None
    try:
        public_id = UUID(text)
    except ValueError as error:
        raise Http404 from error
    visible = Patient.objects.visible_to(request.user).select_related("location")
    other = visible.filter(public_id=public_id).first()
    if other is None:
        trail.missed(Patient, {"public_id": public_id})
    if other is None or other == patient:
        raise Http404
    trail.saw(other)
    if other.is_lent_to(request.user):
        raise PermissionDenied
    return other


@may("patients.merge_patients")
@searched()
def merge(request: Request, public_id: UUID) -> HttpResponse:
    """Ask which other record is of the same person, show both side by side, then merge it into this one."""
    patient = get_own_patient(request, public_id)
    other = other_of(request, patient)
    if other is None:
        return choose_other(request, patient)
    if other.merged_into_id:
        return lead_to_merge(request, other)
    form = MergeForm(request.POST or None, pair=Pair(patient, other))
    made = save_merge(request, form) if form.is_bound and form.is_valid() else form.made_before()
    if made:
        words = _("%(old)s is part of the record of %(name)s now.")
        messages.success(request, words % {"old": made.merged.record_number, "name": made.survivor.full_name})
        return redirect(made.survivor)
    return show_pair(request, form, ApartForm())


def lead_to_merge(request: Request, other: Patient) -> HttpResponse:
    """Lead to what became of a record that was merged already: the same form sent twice comes here."""
    words = _("Record %(old)s was merged already.")
    messages.info(request, words % {"old": other.record_number})
    return redirect(other.surviving)


def save_merge(request: Request, form: MergeForm) -> MergeOfRecords | None:
    """Merge, or leave in the form what stands against it, with both records as they stand now."""
    pair, data = form.pair, form.cleaned_data
    try:
        return actions.merge(
            pair.survivor,
            pair.other,
            chosen=form.chosen(),
            reason=data["reason"],
            mark=data["mark"],
            token=data["form_token"],
            by=request.user,
            now=timezone.now(),
        )
    except actions.StalePreviewError:
        form.refuse(pair.mark)
    except ValidationError as error:
        form.add_error(None, error)
    return form.made_before()


def show_pair(request: Request, form: MergeForm, apart_form: ApartForm) -> HttpResponse:
    pair = form.pair
    return TemplateResponse(
        request,
        "treatments/merging/preview.html",
        {
            "form": form,
            "apart_form": apart_form,
            "pair": pair,
            "patient": pair.survivor,
            "other": pair.other,
            "rows": form.rows(),
            "said": DistinctPair.objects.of(pair.survivor, pair.other).standing().first(),
        },
    )


def choose_other(request: Request, patient: Patient) -> HttpResponse:
    """Offer the records that are like this one, and a search for any other."""
    text = words_of(request)
    visible = Patient.objects.visible_to(request.user).unmerged().exclude(pk=patient.pk).select_related("location")
    like = visible.likely_duplicates(
        given_name=patient.given_name,
        family_name=patient.family_name,
        birth_date=patient.birth_date,
        phone=patient.phone,
        email=patient.email,
    )
    return TemplateResponse(
        request,
        "treatments/merging/whom.html",
        {
            "patient": patient,
            "banner": banner(patient, today=timezone.localdate()),
            "q": text,
            "today": timezone.localdate(),
            "found": list(visible.search(text).by_name()[:MOST_FOUND]),
            "like": list(like[:MOST_FOUND]) if not text else [],
        },
    )


@may("patients.merge_patients")
@require_POST
def apart(request: Request, public_id: UUID) -> HttpResponse:
    """Keep that two records are of two people, with the reason; or take that back."""
    patient = get_own_patient(request, public_id)
    other = other_of(request, patient)
    if other is None:
        raise Http404
    names = {"one": patient.record_number, "other": other.record_number}
    if "take_back" in request.POST:
        for said in DistinctPair.objects.of(patient, other).standing():
            said.take_back(by=request.user, now=timezone.now())
        messages.success(request, _("%(one)s and %(other)s may be one person again.") % names)
        return redirect("patient-duplicates")
    form = ApartForm(request.POST)
    if not form.is_valid():
        return show_pair(request, MergeForm(pair=Pair(patient, other)), form)
    actions.tell_apart(patient, other, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now())
    messages.success(request, _("Kept: %(one)s and %(other)s are two people.") % names)
    return redirect("patient-duplicates")


@may("patients.merge_patients")
def merged(request: Request, public_id: UUID) -> HttpResponse:
    """Show a merge with all that it wrote, and what undoing it would do."""
    visible = MergeOfRecords.objects.visible_to(request.user).for_page()
    found = get_object_or_404(visible, public_id=public_id)
    found.survivor.location.keep_time()
    undoing = Undoing(found)
    form = undo_form(request.POST or None, undoing)
    if form.is_bound and not found.is_undone and form.is_valid() and save_undo(request, found, form):
        words = _("The merge is undone: %(old)s is a record of its own again.")
        messages.success(request, words % {"old": found.merged.record_number})
        return redirect(found)
    if form.is_bound and found.is_undone:
        messages.info(request, _("This merge was undone already."))
        return redirect(found)
    context: dict[str, Any] = {
        "merge": found,
        "undoing": None if found.is_undone else undoing,
        "form": form,
        "survivor": found.survivor.surviving,
        "duplicates_url": reverse("patient-duplicates"),
    }
    return TemplateResponse(request, "treatments/merging/merge.html", context)


def undo_form(data: Any, undoing: Undoing) -> ReasonForm:
    mark = "" if undoing.merge.is_undone else undoing.mark
    return ReasonForm(data, mark=mark, label=_("Why it is undone"), needed=_("Say why it is undone."))


def save_undo(request: Request, found: MergeOfRecords, form: ReasonForm) -> bool:
    data = form.cleaned_data
    try:
        actions.undo(found, reason=data["reason"], mark=data["mark"], by=request.user, now=timezone.now())
    except actions.StalePreviewError:
        form.refuse(Undoing(MergeOfRecords.objects.for_page().get(pk=found.pk)).mark)
    except ValidationError as error:
        form.add_error(None, error)
    else:
        return True
    return False
