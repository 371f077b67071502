"""Messages of the demo that wait for somebody: one of which nobody knows, and one that came back."""

from datetime import datetime, timedelta

from patients.actions import note_returned
from treatments.models import FollowUp, Reminder
from treatments.rules.follow_up import State
from treatments.rules.reminding import Occasion

SAID = "5.1.1 smtp; 550 no mailbox by that name here"
STATES = (Reminder.State.UNKNOWN, Reminder.State.BOUNCED)


def unsettled_messages(now: datetime) -> None:
    """Write them about the first windows that are open at the location of each."""
    rows = FollowUp.objects.with_facts(now).filter(course__patient__contact_permission=True)
    open_now = rows.in_state(State.DUE, now.date()).exclude(course__patient__email="").order_by("opens_on", "pk")
    for state, follow_up in zip(STATES, open_now.select_related("course__patient"), strict=False):
        Reminder.objects.create(
            follow_up=follow_up,
            occasion=Occasion.OPENS,
            patient=follow_up.course.patient,
            channel=Reminder.Channel.EMAIL,
            address=follow_up.course.patient.email,
            state=state,
            started_at=now - timedelta(days=1),
            error=SAID if state == Reminder.State.BOUNCED else "",
        )
        if state == Reminder.State.BOUNCED:
            patient = follow_up.course.patient
            note_returned(patient, channel=Reminder.Channel.EMAIL, address=patient.email, reason=SAID, now=now)
