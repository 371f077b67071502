"""One reaction with what can be said of it. Logging: quick_log. Reviewing and following up: side_effect_care."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.access import may
from clinic.http import Request
from clinic.models import User, VersionConflictError
from treatments.banner import course_banner
from treatments.changes import changes
from treatments.forms.side_effect_care import ContactForm, FollowForm, ReviewForm
from treatments.forms.side_effects import (
    ReopenForm,
    ResolveForm,
    SideEffectForm,
    StepForm,
)
from treatments.models import Course, SideEffect
from treatments.reaction_page import next_act, steps, suspicion, watched_lots, watched_sessions, why
from treatments.suspects import suspects_of


def get_effect(user: User, public_id: UUID) -> SideEffect:
    """Return the reaction with all that its page shows, or 404; times are those of its place."""
    effect = get_object_or_404(SideEffect.objects.visible_to(user).for_page(), public_id=public_id)
    effect.session.course.location.keep_time()
    return effect


def side_effect(request: Request, public_id: UUID) -> HttpResponse:
    effect = get_effect(request.user, public_id)
    return effect_page(request, effect)


def effect_page(request: Request, effect: SideEffect, **forms: Any) -> HttpResponse:
    """Show one reaction; a step that was refused brings its own form."""
    now, by = timezone.now(), request.user
    reasons = effect.review_reasons(now)
    watched = watched_sessions(effect) if effect.is_suspected_infection else []
    return TemplateResponse(
        request,
        "treatments/side_effects/side_effect.html",
        {
            "effect": effect,
            "now": now,
            "state": effect.state(now),
            "reasons": reasons,
            "why": why(effect, reasons, now),
            "act": next_act(effect, reasons, by, now),
            "changes": changes(effect),
            "reviews": effect.reviews.select_related("reviewed_by"),
            "recurrences": effect.recurrences.select_related("recorded_by"),
            "contact_is_due": effect.is_contact_due(now),
            "may_take": User.objects.treating_at(effect.session.course.location).filter(pk=by.pk).exists(),
            "contacts": effect.contacts.select_related("made_by"),
            "watched": watched,
            "watched_lots": watched_lots(by, watched),
            "suspicion": suspicion(effect, watched),
            "steps": steps(effect) if watched else [],
            "suspects": suspects_of(effect),
            "banner": course_banner(Course.objects.for_page().get(pk=effect.session.course_id), now),
            "review_form": ReviewForm(effect=effect, by=by, now=now),
            "resolve_form": ResolveForm(effect=effect, now=now),
            "reopen_form": ReopenForm(effect=effect, by=by, now=now),
            "follow_form": FollowForm(effect=effect, by=by, now=now),
            "contact_form": ContactForm(effect=effect, by=by, now=now),
            **forms,
        },
    )


@may("treatments.log_side_effect")
def edit(request: Request, public_id: UUID) -> HttpResponse:
    effect = get_effect(request.user, public_id)
    form = SideEffectForm(request.POST or None, instance=effect, by=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            form.save()
        except VersionConflictError:
            form.refuse(SideEffect.objects.get(pk=effect.pk))
        else:
            messages.success(request, _("%(what)s is corrected.") % {"what": effect.title})
            return redirect(effect)
    course = Course.objects.for_page().get(pk=effect.session.course_id)
    return TemplateResponse(
        request,
        "treatments/side_effects/edit.html",
        {"form": form, "effect": form.before, "banner": course_banner(course, timezone.now())},
    )


@require_POST
@may("treatments.log_side_effect")
def resolve(request: Request, public_id: UUID) -> HttpResponse:
    """Say that it is gone, or that what was gone came back."""
    effect = get_effect(request.user, public_id)
    came_back = request.POST.get("step") == "back"
    form: ReopenForm | ResolveForm
    if came_back:
        form = ReopenForm(request.POST, effect=effect, by=request.user, now=timezone.now())
        message = _("%(what)s is open again.")
    else:
        form = ResolveForm(request.POST, effect=effect, now=timezone.now())
        message = _("%(what)s is gone.")
    return take_step(request, effect, form, message, "reopen_form" if came_back else "resolve_form")


def take_step(request: Request, effect: SideEffect, form: StepForm, message: str, name: str) -> HttpResponse:
    """Take the step, or show the reaction as it stands with what was typed under `name`."""
    if form.is_valid():
        try:
            form.save()
        except ValidationError as error:
            form.add_error(None, error)
        except VersionConflictError:
            effect = SideEffect.objects.for_page().get(pk=effect.pk)
            form.refuse(effect)
        else:
            messages.success(request, message % {"what": effect.title})
            return redirect(effect)
    return effect_page(request, effect, **{name: form})
