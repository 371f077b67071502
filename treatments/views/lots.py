"""Stock: what is there, what arrived, what is on hold, and who had it."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.access import get_object_or_404, may
from clinic.forms import save_once
from clinic.http import Request
from clinic.models import User, VersionConflictError
from clinic.navigation import MOST
from clinic.paging import bounded_count, page
from clinic.search_words import filter_of, searched
from clinic.spreadsheets import csv_file
from clinic.units import show_ml
from treatments.actions import lots as actions
from treatments.clusters import signals_of
from treatments.filters.lots import FOLDED, LotFilter, Tab, chosen_tab, low_levels, on_tab
from treatments.forms.lots import HoldForm, ReceiveForm, ReleaseForm, StockChangeForm
from treatments.lots import (
    Batch,
    LotRow,
    Recalled,
    Use,
    account,
    events,
    lot_head,
    lot_rows,
    recall_head,
    recall_list,
    recall_row,
    use_head,
    use_row,
)
from treatments.models import ContactAttempt, Lot, Preparation, SideEffect
from treatments.reaction_page import hold_reason
from treatments.rules.stock import clusters


def get_lot(user: User, public_id: UUID) -> Lot:
    """Return the lot with its stock and its alert, or 404; times are those of its place."""
    lots = Lot.objects.visible_to(user).with_stock().with_alert()
    lot: Lot = get_object_or_404(
        lots.select_related("product", "location", "received_by", "held_by"), public_id=public_id
    )
    lot.location.keep_time()
    return lot


@searched("tab", "location")
def lot_list(request: Request) -> HttpResponseBase:
    now = timezone.now()
    narrow = LotFilter(filter_of(request), Lot.objects.visible_to(request.user), request=request)
    tab = chosen_tab(request.GET.get("tab"))
    levels = low_levels(narrow.qs, request.user, now)
    context = {
        "tabs": [
            (
                each,
                len(levels)
                if each is Tab.LOW
                else bounded_count(on_tab(narrow.qs, each, request.user, now), most=MOST),
            )
            for each in Tab
            if each not in FOLDED
        ],
        "folded": FOLDED,
        "tab": tab,
        "filter": narrow,
        "is_narrowed": any(narrow.form.cleaned_data.values()) if narrow.form.is_valid() else True,
        "levels": levels,
        "preparations": Preparation.objects.visible_to(request.user).in_stock().usable(now).count(),
    }
    if tab is not Tab.LOW:
        rows = on_tab(narrow.qs, tab, request.user, now).with_alert().select_related("product", "location")
        if request.GET.get("format") == "csv":
            file = lot_rows(rows.first_expiring().iterator(chunk_size=500), now)
            return csv_file(lot_head(), file, f"lots-{tab}-{timezone.localdate(now)}.csv")
        found = page(request, rows, "expires_on", "pk")
        context |= {"page": found, "rows": [LotRow(lot, lot.location.today(now)) for lot in found]}
    return TemplateResponse(request, "treatments/lots/list.html", context)


def lot(request: Request, public_id: UUID) -> HttpResponseBase:
    """Show a lot: what is left and why, and every session that had it."""
    found = get_lot(request.user, public_id)
    now = timezone.now()
    today = found.location.today(now)
    batch = Batch.of([found])
    every = batch.sessions()
    visible = every.visible_to(request.user)
    if request.GET.get("format") == "csv":
        sessions = batch.uses(visible).order_by("-performed_at", "-pk").iterator(chunk_size=500)
        rows = (use_row(Use(session, batch)) for session in sessions)
        return csv_file(use_head(), rows, f"lot-{found.number}-{today}.csv")
    stock_changes = list(found.changes.select_related("made_by"))
    sessions_page = page(request, batch.uses(visible), "-performed_at", "-pk")
    siblings = list(Lot.objects.of_batch(found).exclude(pk=found.pk).select_related("location", "product"))
    count = visible.count()
    standing = signals_of(found, request.user, now)
    return TemplateResponse(
        request,
        "treatments/lots/lot.html",
        {
            "lot": found,
            "row": LotRow(found, today),
            "today": today,
            "now": now,
            "account": account(found, stock_changes),
            "page": sessions_page,
            "uses": [Use(session, batch) for session in sessions_page],
            "sessions": count,
            "elsewhere": every.count() - count,
            "signals": standing,
            "alerts": alerts(found, but={signal.cluster.kind.name for signal in standing}),
            "preparations": Preparation.objects.filter(pk__in=batch.preparations).with_stock(),
            "siblings": siblings,
            "own_places": {place.pk for place in request.user.places},
            "events": events(found, stock_changes),
        },
    )


def alerts(lot: Lot, *, but: set[str]) -> list[tuple[str, int]]:
    """Return each unusual kind of reaction that three patients of the batch had, with their number, the most first.

    Those in `but` are told of already, in more words: they stand out over the last year.
    """
    if not lot.alert_patients:
        return []
    seen = SideEffect.objects.of_lots(Lot.objects.of_batch(lot)).filter(kind__is_expected=False).order_by()
    found = clusters(seen.values_list("kind__name", "session__course__patient").distinct())
    return sorted(
        ((str(kind), patients) for kind, patients in found.items() if kind not in but),
        key=lambda alert: (-alert[1], alert[0]),
    )


@may("treatments.receive_lot")
def receive(request: Request) -> HttpResponse:
    """Take in what arrived. The button beside the code fills in what the code says, and asks for the rest."""
    if request.location is None:
        messages.warning(request, _("A lot arrives at a location. Your account belongs to none yet."))
        return redirect("lot-list")
    now = timezone.now()
    request.location.keep_time()
    build = partial(ReceiveForm, user=request.user, location=request.location, now=now)
    form = build(request.POST or None)
    if request.POST.get("action") == "read" and request.POST.get("code", "").strip():
        try:
            form = build(initial=form.filled_in())
        except ValidationError as error:
            form.add_error("code", error)
        return receive_page(request, form)
    if made := form.made_before():
        return redirect(made)
    if form.is_valid():
        try:
            received = actions.receive(form.instance, by=request.user, now=now)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            tell_received(request, received, form.instance)
            return redirect(received.lot)
    return receive_page(request, form)


def receive_page(request: Request, form: ReceiveForm) -> HttpResponse:
    return TemplateResponse(request, "treatments/lots/receive.html", {"form": form})


def tell_received(request: Request, received: actions.Received, typed: Lot) -> None:
    words = {"lot": received.lot, "ml": show_ml(typed.received_ml)}
    said = _("%(ml)s of %(lot)s is received.") if received.is_new else _("%(ml)s is added to %(lot)s, which was here.")
    messages.success(request, said % words)
    if received.lot.held_at:
        messages.warning(request, _("This batch is on hold: %(reason)s") % {"reason": received.lot.hold_reason})


@may("treatments.change_stock")
def change(request: Request, public_id: UUID) -> HttpResponse:
    """Correct what is left: thrown away, sent back, counted."""
    found = get_lot(request.user, public_id)
    form = StockChangeForm(request.POST or None, lot=found)
    if form.made_before():
        return redirect(found)
    if form.is_valid():
        try:
            made = save_once(form, partial(form.act, by=request.user, now=timezone.now()))
        except ValidationError as error:
            form.see_anew(Lot.objects.with_stock().get(pk=found.pk).remaining_ml)
            form.add_error("amount_ml", error)
        else:
            left = show_ml(Lot.objects.with_stock().get(pk=found.pk).remaining_ml)
            said = _("%(left)s is left of %(lot)s.") if made else _("The count agrees: %(left)s is left of %(lot)s.")
            messages.success(request, said % {"left": left, "lot": found})
            return redirect(found)
    return TemplateResponse(
        request, "treatments/lots/change.html", {"form": form, "lot": found, "row": row_today(found)}
    )


def row_today(lot: Lot) -> LotRow:
    return LotRow(lot, lot.location.today(timezone.now()))


@may("treatments.hold_lot")
def hold(request: Request, public_id: UUID) -> HttpResponse:
    """Put a batch on hold at every location."""
    found = get_lot(request.user, public_id)
    if found.held_at and request.method == "GET":
        messages.warning(request, _("This lot is on hold already."))
        return redirect(found)
    form = HoldForm(request.POST or None, record=found, initial={"reason": reason_to_hold(request)})
    if form.is_valid():
        act = partial(actions.hold, found, **form.cleaned_data, by=request.user, now=timezone.now())
        if lots := turned(form, act):
            messages.success(
                request,
                ngettext("%(lot)s is on hold.", "%(lot)s is on hold at %(count)s locations.", len(lots))
                % {"lot": found, "count": len(lots)},
            )
            return redirect(found)
    return hold_page(request, found, form, releasing=False)


def reason_to_hold(request: Request) -> str:
    """Return the reason that the reaction named in the address gives, for whoever may see that reaction."""
    try:
        named = UUID(request.GET.get("reaction", ""))
    except ValueError:
        return ""
    effect = SideEffect.objects.visible_to(request.user).for_list().filter(public_id=named).first()
    return hold_reason(effect) if effect and effect.is_suspected_infection else ""


@may("treatments.hold_lot")
def release(request: Request, public_id: UUID) -> HttpResponse:
    """Let a batch be used again at every location."""
    found = get_lot(request.user, public_id)
    if not found.held_at and request.method == "GET":
        messages.warning(request, _("This lot is not on hold."))
        return redirect(found)
    form = ReleaseForm(request.POST or None, record=found)
    if form.is_valid() and turned(form, partial(actions.release, found, **form.cleaned_data)):
        messages.success(request, _("%(lot)s may be used again.") % {"lot": found})
        return redirect(found)
    return hold_page(request, found, form, releasing=True)


def turned(form: HoldForm, act: Any) -> list[Lot]:
    """Hold or release; what stands against it goes to the form, and then none is returned."""
    try:
        lots: list[Lot] = act()
    except ValidationError as error:
        form.add_error(None, error)
    except VersionConflictError:
        form.add_error(None, _("Somebody changed this lot since you opened it. Read it again, then decide."))
    else:
        return lots
    return []


def hold_page(request: Request, lot: Lot, form: HoldForm, *, releasing: bool) -> HttpResponse:
    siblings = list(Lot.objects.of_batch(lot).select_related("location").order_by("location__name"))
    return TemplateResponse(
        request,
        "treatments/lots/hold.html",
        {
            "form": form,
            "lot": lot,
            "row": row_today(lot),
            "siblings": siblings,
            "sessions": Batch.of(siblings).sessions().count(),
            "releasing": releasing,
        },
    )


def recall(request: Request, public_id: UUID) -> HttpResponseBase:
    """List whom to call about a batch, at every location that this person sees."""
    found = get_lot(request.user, public_id)
    lots = list(Lot.objects.of_batch(found).select_related("location").order_by("location__name"))
    batch = Batch.of(lots)
    people = recall_list(batch, request.user)
    contacts = last_contacts(people)
    if request.GET.get("format") == "csv":
        rows = (recall_row(row, contacts) for row in people)
        return csv_file(recall_head(), rows, f"recall-{found.number}-{timezone.localdate()}.csv")
    return TemplateResponse(
        request,
        "treatments/lots/recall.html",
        {
            "lot": found,
            "row": row_today(found),
            "lots": lots,
            "people": [(row, contacts.get(row.patient.pk)) for row in people],
            "reacting": sum(bool(row.open_reactions) for row in people),
            "elsewhere": patients_of(batch.sessions()) - len(people),
            "now": timezone.now(),
        },
    )


def patients_of(sessions: Any) -> int:
    count: int = sessions.order_by().values("course__patient").distinct().count()
    return count


def last_contacts(people: list[Recalled]) -> dict[int, datetime]:
    """Return when each of these patients was last called, or a call was tried."""
    keys = [row.patient.pk for row in people]
    tries = ContactAttempt.objects.filter(follow_up__course__patient__in=keys).order_by()
    found = tries.values_list("follow_up__course__patient").annotate(at=Max("made_at"))
    return dict(found.values_list("follow_up__course__patient", "at"))
