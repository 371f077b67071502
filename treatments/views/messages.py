"""Messages to patients: those that wait for a person, and what went out."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from clinic import sms
from clinic.access import get_object_or_404, may
from clinic.background import ring
from clinic.http import Request
from clinic.navigation import MOST
from clinic.paging import bounded_count, page
from treatments import tasks
from treatments.actions.messages import act_on
from treatments.messages import Row
from treatments.models import Reminder, ReminderAct
from treatments.models.reminder import ReminderQuerySet

Act = ReminderAct.Act
WAITING, SENT, SETTLED = "waiting", "sent", "settled"
TABS = {WAITING: gettext_lazy("To settle"), SENT: gettext_lazy("Sent"), SETTLED: gettext_lazy("Settled")}
DONE = {
    Act.TAKEN: gettext_lazy("The message to %(name)s is yours."),
    Act.CALLED: gettext_lazy("%(name)s was called: settled."),
    Act.ARRIVED: gettext_lazy("The message to %(name)s arrived: settled."),
    Act.NOT_NEEDED: gettext_lazy("The message to %(name)s is not needed: settled."),
    Act.AGAIN: gettext_lazy("The message to %(name)s goes out again within minutes, by day."),
    Act.BOUNCED: gettext_lazy("The message to %(name)s came back. It waits under “To settle”."),
}


def on_tab(rows: ReminderQuerySet, tab: str, now: datetime) -> ReminderQuerySet:
    if tab == WAITING:
        return rows.unsettled(now)
    return rows.filter(state=Reminder.State.SENT) if tab == SENT else rows.filter(settled_at__isnull=False)


@may("treatments.call_patient")
def message_list(request: Request) -> HttpResponse:
    asked = request.GET.get("tab", "")
    tab = asked if asked in TABS else WAITING
    now = timezone.now()
    visible = Reminder.objects.visible_to(request.user)
    order = ("started_at", "pk") if tab == WAITING else ("-started_at", "-pk")
    found = page(request, on_tab(visible, tab, now).for_list(), *order)
    return TemplateResponse(
        request,
        "treatments/messages/list.html",
        {
            "tabs": TABS.items(),
            "tab": tab,
            "waiting": bounded_count(visible.unsettled(now), most=MOST),
            "page": found,
            "rows": [Row(message, now) for message in found],
            "sms_is_set_up": sms.is_set_up(),
            "reports_come_in": bool(settings.BOUNCE_MAILBOX or settings.MESSAGE_REPORTS),
        },
    )


@may("treatments.call_patient")
@require_POST
def settle(request: Request, public_id: UUID) -> HttpResponse:
    """Do one thing about a message: take it on, settle it, send it again, or note that it came back."""
    reminder = get_object_or_404(
        Reminder.objects.visible_to(request.user).select_related("patient"), public_id=public_id
    )
    act = request.POST.get("act", "")
    try:
        act_on(reminder, act, by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, DONE[Act(act)] % {"name": reminder.patient.full_name})
        if act == Act.AGAIN:
            ring(tasks.send_reminders)
    tab = request.POST.get("tab")
    return redirect(f"{reverse('message-list')}?tab={tab}" if tab in TABS else "message-list")
