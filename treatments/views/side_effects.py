"""Reactions: logging one, the work list, and one with its review."""

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
from clinic.navigation import MOST, said
from clinic.paging import page
from treatments.banner import course_banner
from treatments.changes import changes
from treatments.filters.side_effects import SideEffectFilter, Tab, on_tab
from treatments.forms.side_effects import (
    ReopenForm,
    ResolveForm,
    ReviewForm,
    SideEffectForm,
    StepForm,
)
from treatments.models import Course, SideEffect
from treatments.suspects import suspects_of


def get_effect(user: User, public_id: UUID) -> SideEffect:
    """Return the reaction with all that its page shows, or 404; times are those of its place."""
    effect = get_object_or_404(SideEffect.objects.visible_to(user).for_page(), public_id=public_id)
    effect.session.course.location.keep_time()
    return effect


@may("treatments.log_side_effect")
def work_list(request: Request) -> HttpResponse:
    now = timezone.now()
    visible = SideEffect.objects.visible_to(request.user).standing()
    narrow = SideEffectFilter(request.GET, visible)
    tab = Tab(request.GET["tab"]) if request.GET.get("tab") in Tab.values else Tab.TO_REVIEW
    rows = on_tab(narrow.qs, tab, now).for_list()
    to_review, urgent = narrow.qs.review_counts(now, most=MOST)
    prolonged, running = narrow.qs.open_counts(now, most=MOST)
    if tab is Tab.RESOLVED:
        found = page(request, rows, "-resolved_at", "-pk")
    else:
        found = page(request, rows.in_work_order(now), "rank", "ends_at", "pk")
    return TemplateResponse(
        request,
        "treatments/side_effects/list.html",
        {
            # What is over grows for ever, so its tab has no count.
            "tabs": list(zip(Tab, (to_review, prolonged, running, None), strict=True)),
            "urgent": urgent,
            "others": said(to_review - urgent),
            "running": said(running),
            "tab": tab,
            "filter": narrow,
            "page": found,
            "now": now,
        },
    )


def side_effect(request: Request, public_id: UUID) -> HttpResponse:
    effect = get_effect(request.user, public_id)
    return effect_page(request, effect)


def effect_page(request: Request, effect: SideEffect, **forms: Any) -> HttpResponse:
    """Show one reaction; a step that was refused brings its own form."""
    now = timezone.now()
    return TemplateResponse(
        request,
        "treatments/side_effects/side_effect.html",
        {
            "effect": effect,
            "now": now,
            "state": effect.state(now),
            "reasons": effect.review_reasons(now),
            "changes": changes(effect),
            "suspects": suspects_of(effect),
            "banner": course_banner(Course.objects.for_page().get(pk=effect.session.course_id), now),
            "review_form": ReviewForm(effect=effect, by=request.user, now=now),
            "resolve_form": ResolveForm(effect=effect, now=now),
            "reopen_form": ReopenForm(effect=effect),
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
        form = ReopenForm(request.POST, effect=effect)
        message = _("%(what)s is open again.")
    else:
        form = ResolveForm(request.POST, effect=effect, now=timezone.now())
        message = _("%(what)s is gone.")
    return take_step(request, effect, form, message, "reopen_form" if came_back else "resolve_form")


@require_POST
@may("treatments.review_side_effect")
def review(request: Request, public_id: UUID) -> HttpResponse:
    effect = get_effect(request.user, public_id)
    form = ReviewForm(request.POST, effect=effect, by=request.user, now=timezone.now())
    return take_step(request, effect, form, _("%(what)s is reviewed."), "review_form")


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
