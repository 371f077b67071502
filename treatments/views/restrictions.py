"""Narrowing what a screening rules out to the areas or products that are meant."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.access import get_object_or_404, may
from clinic.http import Request
from patients.banner import banner
from patients.models import Screening, ScreeningAnswer, ScreeningQuestion
from treatments.forms.restrictions import RestrictionForm


@may("patients.record_screening")
def restrict(request: Request, public_id: UUID) -> HttpResponse:
    visible = Screening.objects.visible_to(request.user).for_page()
    screening = get_object_or_404(visible, public_id=public_id)
    patient = screening.patient
    patient.location.keep_time()
    answers = screening.answers.filter(answer=ScreeningAnswer.Answer.YES).exclude(
        question__scope=ScreeningQuestion.Scope.PERSON
    )
    form = RestrictionForm(request.POST or None, answers=answers.select_related("question"))
    if form.is_valid():
        with transaction.atomic():
            form.save()
        messages.success(request, _("What the screening rules out is kept."))
        return redirect(patient)
    return TemplateResponse(
        request,
        "treatments/screenings/restrict.html",
        {
            "form": form,
            "screening": screening,
            "patient": patient,
            "banner": banner(patient, today=patient.location.today(timezone.now())),
        },
    )
