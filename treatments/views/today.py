"""Today: the board and the work that waits."""

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from clinic.backup.standing import wants_attention
from clinic.http import Request
from clinic.letters_standing import letters_late
from treatments.board import board
from treatments.clusters import loud_signals
from treatments.models import Session, SideEffect
from treatments.work import (
    erasures_waiting,
    follow_up_counts,
    messages_waiting,
    milestones_due,
    reviews_due,
    stock_counts,
)


def today(request: Request) -> HttpResponse:
    now = timezone.now()
    mine = request.GET.get("list") == "mine"
    location = request.location
    treats = request.user.has_perm("treatments.log_side_effect")
    decides = request.user.has_perm("treatments.review_milestone")
    erases = request.user.has_perm("patients.erase_patient")
    reactions = SideEffect.objects.visible_to(request.user).standing()
    reviews, contacts = reviews_due(request, now) if treats else (None, 0)
    return TemplateResponse(
        request,
        "treatments/today.html",
        {
            "now": now,
            "mine": mine,
            "board": board(location, now, of=request.user if mine else None) if location else None,
            "urgent": reactions.urgent().for_list().oldest_first() if treats else [],
            "reactions": reviews,
            "contacts": contacts,
            "unsigned": Session.objects.visible_to(request.user).drafts().summary() if treats else None,
            "reviews": milestones_due(request.user, now) if decides else None,
            "backups_want_attention": request.user.has_perm("clinic.see_backups") and wants_attention(now),
            "letters_late": letters_late(now) if request.user.has_perm("clinic.manage_staff") else None,
            "calls": follow_up_counts(request),
            "signals": loud_signals(request.user, now) if request.user.has_perm("treatments.review_signal") else None,
            "erasures": erasures_waiting(request.user, now) if erases else None,
            "undelivered": messages_waiting(request.user, now),
            "stock": stock_counts(request) if request.user.sees_all_locations else None,
        },
    )
