"""One reaction with what can be said of it. Logging: quick_log. Reviewing and following up: side_effect_care."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.access import get_object_or_404, may
from clinic.http import Request
from clinic.models import User, VersionConflictError
from treatments.actions import side_effects as actions
from treatments.banner import course_banner
from treatments.changes import changes
from treatments.forms.errors import InErrorForm
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
from treatments.views.sessions import version_read


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
            "may_take_back": may_take_back(by, effect),
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


def refuse_in_error(request: Request, effect: SideEffect) -> HttpResponse:
    messages.warning(request, _("This reaction is marked as entered in error. Nothing more is said of it."))
    return redirect(effect)


@may("treatments.log_side_effect")
def edit(request: Request, public_id: UUID) -> HttpResponse:
    effect = get_effect(request.user, public_id)
    if effect.is_in_error:
        return refuse_in_error(request, effect)
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


def may_take_back(user: User, effect: SideEffect) -> bool:
    act = "treatments.review_side_effect" if effect.is_clinicians_to_take_back else "treatments.log_side_effect"
    return user.has_perm(act)


@may("treatments.log_side_effect")
def in_error(request: Request, public_id: UUID) -> HttpResponse:
    """Take a reaction out of the work and the rates with the reason, or say that it stands after all."""
    effect = get_effect(request.user, public_id)
    if not may_take_back(request.user, effect):
        raise PermissionDenied
    if effect.is_in_error:
        return _stands_after_all(request, effect)
    form = InErrorForm(request.POST or None, record=effect)
    if form.is_valid():
        data = form.cleaned_data
        try:
            actions.enter_in_error(
                effect, reason=data["reason"], by=request.user, now=timezone.now(), version=data["version"]
            )
        except VersionConflictError:
            form.refuse(SideEffect.objects.get(pk=effect.pk))
        else:
            messages.success(request, _("%(what)s is marked as entered in error.") % {"what": effect.title})
            return redirect(effect)
    course = Course.objects.for_page().get(pk=effect.session.course_id)
    return TemplateResponse(
        request,
        "treatments/side_effects/in_error.html",
        {"form": form, "effect": effect, "banner": course_banner(course, timezone.now())},
    )


def _stands_after_all(request: Request, effect: SideEffect) -> HttpResponse:
    if request.POST.get("step") != "stands":
        messages.warning(request, _("This reaction is marked as entered in error already."))
        return redirect(effect)
    try:
        actions.take_error_back(effect, version=version_read(request))
    except VersionConflictError:
        messages.warning(request, _("Somebody changed it meanwhile. Here it is as it stands."))
    else:
        messages.success(request, _("%(what)s stands after all.") % {"what": effect.title})
    return redirect(effect)


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
    if effect.is_in_error:
        return refuse_in_error(request, effect)
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
