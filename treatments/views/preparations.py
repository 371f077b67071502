"""Preparations: mixed from several lots, injected as one, each ingredient traceable."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.access import get_object_or_404, may
from clinic.forms import save_once
from clinic.http import Request
from clinic.models import Location, VersionConflictError
from clinic.paging import page
from treatments.actions import preparations as actions
from treatments.forms.preparations import DiscardForm, IngredientFormSet, MixForm, lots_to_mix
from treatments.lots import Batch, Mixed, Use
from treatments.models import Preparation


def preparation_list(request: Request) -> HttpResponse:
    now = timezone.now()
    rows = Preparation.objects.visible_to(request.user).with_stock().with_ingredients().select_related("location")
    found = page(request, rows, "-mixed_at", "-pk")
    return TemplateResponse(
        request,
        "treatments/preparations/list.html",
        {"page": found, "rows": [Mixed(preparation, now) for preparation in found]},
    )


@may("treatments.mix_preparation")
def mix(request: Request) -> HttpResponse:
    """Mix a preparation. The button below the rows asks for one row more, with all that was typed."""
    if request.location is None:
        messages.warning(request, _("A preparation is mixed at a location. Your account belongs to none yet."))
        return redirect("lot-list")
    request.location.keep_time()
    now = timezone.now()
    if "add_row" in request.POST:
        return mix_page(request, *as_typed(request, now))
    form = MixForm(request.POST or None, location=request.location, now=now)
    rows = ingredient_rows(request.POST or None, request.location, now)
    if rows.is_bound and rows.is_valid():
        form.ingredients = rows.volumes()
    if made := form.made_before():
        return redirect(made)
    if form.is_valid() and rows.is_valid():
        form.instance.form_token = form.cleaned_data["form_token"]
        act = partial(actions.mix, form.instance, ingredients=form.ingredients, by=request.user)
        try:
            preparation = save_once(form, act)
        except ValidationError as error:
            form.instance.pk = None
            form.add_error(None, ValidationError(error.messages))
        else:
            messages.success(request, _("%(name)s is mixed.") % {"name": preparation.name})
            return redirect(preparation)
    return mix_page(request, form, rows)


def ingredient_rows(data: QueryDict | None, location: Location, now: datetime, **kwargs: Any) -> Any:
    form_kwargs = {"lots": lots_to_mix(location, now)}
    return IngredientFormSet(data, prefix="ingredients", form_kwargs=form_kwargs, **kwargs)


def as_typed(request: Request, now: datetime) -> tuple[MixForm, Any]:
    """Return the forms as they were sent, unjudged, with one more row."""
    location = request.location
    assert location is not None  # noqa: S101 -- the view has asked
    sent = ingredient_rows(request.POST, location, now)
    typed = [{name: row[name].value() for name in row.fields} for row in sent.forms]
    more = ingredient_rows(None, location, now, initial=typed)
    more.extra = 1
    return MixForm(initial=request.POST.dict(), location=location, now=now), more


def mix_page(request: Request, form: MixForm, rows: Any) -> HttpResponse:
    return TemplateResponse(
        request,
        "treatments/preparations/mix.html",
        {"form": form, "rows": rows, "has_lots": bool(rows.form_kwargs["lots"])},
    )


def get_preparation(request: Request, public_id: UUID) -> Preparation:
    """Return the preparation with its stock and its ingredients, or 404; times are those of its place."""
    visible = Preparation.objects.visible_to(request.user).with_stock().with_ingredients()
    found: Preparation = get_object_or_404(
        visible.select_related("location", "mixed_by", "discarded_by"), public_id=public_id
    )
    found.location.keep_time()
    return found


def preparation(request: Request, public_id: UUID) -> HttpResponse:
    return preparation_page(request, get_preparation(request, public_id))


def preparation_page(request: Request, found: Preparation, form: DiscardForm | None = None) -> HttpResponse:
    now = timezone.now()
    batch = Batch((), (found.pk,))
    every = batch.sessions()
    visible = every.visible_to(request.user)
    sessions = page(request, batch.uses(visible), "-performed_at", "-pk")
    count = visible.count()
    return TemplateResponse(
        request,
        "treatments/preparations/preparation.html",
        {
            "preparation": found,
            "mixed": Mixed(found, now),
            "page": sessions,
            "uses": [Use(session, batch) for session in sessions],
            "sessions": count,
            "elsewhere": every.count() - count,
            "form": form or DiscardForm(record=found),
            "now": now,
        },
    )


@require_POST
@may("treatments.mix_preparation")
def discard(request: Request, public_id: UUID) -> HttpResponse:
    """Throw away what is left."""
    found = get_preparation(request, public_id)
    form = DiscardForm(request.POST, record=found)
    if form.is_valid():
        try:
            actions.discard(found, **form.cleaned_data, by=request.user, now=timezone.now())
        except ValidationError as error:
            form.add_error(None, error)
        except VersionConflictError:
            form.add_error(None, _("Somebody changed it since you opened it. Read it again, then decide."))
        else:
            messages.success(request, _("%(name)s is thrown away.") % {"name": found.name})
            return redirect(found)
    return preparation_page(request, found, form)
