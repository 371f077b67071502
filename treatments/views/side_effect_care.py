"""What is done about a reaction: the work list, reviewing, following up, contacts, steps at a suspected infection."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.access import may
from clinic.http import Request
from clinic.navigation import MOST, said
from clinic.paging import bounded_count, page
from clinic.spreadsheets import csv_file
from treatments.actions import side_effects as actions
from treatments.filters.side_effects import FOLDED, IN_SIGHT, SideEffectFilter, Tab, on_tab
from treatments.forms.side_effect_care import ContactForm, FollowForm, ReviewForm
from treatments.models import InfectionStep, SideEffect
from treatments.reaction_rows import csv_head, csv_row
from treatments.views.side_effects import get_effect, refuse_in_error, take_step

# The worst first; what somebody promised for a day, by that day; what is over, the latest first.
ORDERS = {Tab.CONTACT: ("contact_due_at", "pk"), Tab.RESOLVED: ("-resolved_at", "-pk")}
WORST_FIRST = ("rank", "ends_at", "pk")


@may("treatments.log_side_effect")
def work_list(request: Request) -> HttpResponseBase:
    now = timezone.now()
    visible = SideEffect.objects.visible_to(request.user).standing()
    narrow = SideEffectFilter(request.GET, visible, request=request)
    tab = Tab(request.GET["tab"]) if request.GET.get("tab") in Tab.values else Tab.TO_REVIEW
    rows = on_tab(narrow.qs, tab, now).in_work_order(now).for_list()
    order = ORDERS.get(tab, WORST_FIRST)
    if request.GET.get("format") == "csv":
        lines = (csv_row(row, now) for row in rows.order_by(*order).iterator(chunk_size=500))
        return csv_file(csv_head(), lines, f"side-effects-{tab}-{timezone.localdate(now)}.csv")
    to_review, urgent = narrow.qs.review_counts(now, most=MOST)
    others = [each for each in IN_SIGHT if each is not Tab.TO_REVIEW]
    counts = {Tab.TO_REVIEW: to_review}
    counts |= {each: bounded_count(on_tab(narrow.qs, each, now), most=MOST) for each in others}
    return TemplateResponse(
        request,
        "treatments/side_effects/list.html",
        {
            "tabs": list(counts.items()),
            # What is over grows for ever, so its tab has no count.
            "folded": FOLDED,
            "urgent": urgent,
            "others": said(to_review - urgent),
            "running": said(counts[Tab.RUNNING]),
            "tab": tab,
            "filter": narrow,
            "is_narrowed": any(narrow.form.cleaned_data.values()) if narrow.form.is_valid() else True,
            "page": page(request, rows, *order),
            "now": now,
        },
    )


@require_POST
@may("treatments.review_side_effect")
def review(request: Request, public_id: UUID) -> HttpResponse:
    effect = get_effect(request.user, public_id)
    form = ReviewForm(request.POST, effect=effect, by=request.user, now=timezone.now())
    return take_step(request, effect, form, _("%(what)s is reviewed."), "review_form")


@require_POST
@may("treatments.log_side_effect")
def follow(request: Request, public_id: UUID) -> HttpResponse:
    """Take a reaction, give it to a colleague, or let it go."""
    effect = get_effect(request.user, public_id)
    form = FollowForm(request.POST, effect=effect, by=request.user, now=timezone.now())
    return take_step(request, effect, form, _("Who follows up %(what)s is saved."), "follow_form")


@require_POST
@may("treatments.log_side_effect")
def contact(request: Request, public_id: UUID) -> HttpResponse:
    effect = get_effect(request.user, public_id)
    form = ContactForm(request.POST, effect=effect, by=request.user, now=timezone.now())
    return take_step(request, effect, form, _("%(what)s: the contact is logged."), "contact_form")


@require_POST
@may("treatments.log_side_effect")
def step(request: Request, public_id: UUID) -> HttpResponse:
    """Tick a step at a suspected late infection, or take the tick back."""
    effect = get_effect(request.user, public_id)
    if effect.is_in_error:
        return refuse_in_error(request, effect)
    proposed = InfectionStep.objects.proposed_for(effect)
    chosen = proposed.filter(code=request.POST.get("step", "")).first()
    if chosen is None:
        messages.warning(request, _("This step is no longer on the list. Here is the list as it is now."))
        return redirect(effect)
    done = request.POST.get("done") == "yes"
    actions.take_step(effect, chosen, done=done, by=request.user, now=timezone.now())
    said_so = _("Done: %(step)s.") if done else _("Not done: %(step)s.")
    messages.success(request, said_so % {"step": chosen.name})
    return redirect(f"{effect.get_absolute_url()}#watch")
