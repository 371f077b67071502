"""A message as a row of the page of messages shows it."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.models import Location
from treatments.actions.messages import obstacle_to, settling
from treatments.models import Reminder, ReminderAct

Act = ReminderAct.Act
State = Reminder.State
TONES = {
    State.UNKNOWN: "is-prolonged",
    State.BOUNCED: "is-prolonged",
    State.FAILED: "is-prolonged",
    State.SENT: "is-in-time",
}
WORDS = {
    State.SENDING: gettext_lazy("Goes out"),
    State.SENT: gettext_lazy("Sent"),
    State.FAILED: gettext_lazy("Failed"),
    State.UNKNOWN: gettext_lazy("Perhaps sent"),
    State.BOUNCED: gettext_lazy("Came back"),
}


@dataclass(frozen=True)
class Row:
    message: Reminder
    now: datetime

    @property
    def place(self) -> Location:
        return self.message.patient.location

    @property
    def about(self) -> str:
        """Return what it was for: "Appointment: reminder, 9 Sep 15:30"."""
        message = self.message
        if message.about_at and message.appointment:
            told = date_format(message.appointment.location.local(message.about_at), "j M H:i")
            return f"{message.get_occasion_display()}, {told}"
        if message.occasion:
            return str(message.get_occasion_display())
        return _("Aftercare link") if message.aftercare_link_id else _("Danger sign, to the clinic")

    @property
    def word(self) -> str:
        if self.message.settled_at:
            return _("Settled")
        return str(WORDS[State(self.message.state)])

    @property
    def tone(self) -> str:
        return "is-resolved" if self.message.settled_at else TONES.get(State(self.message.state), "is-running")

    @property
    def reason(self) -> str:
        """Return what to make of how it went, in words of ours; the server's own stand beside them."""
        state = self.message.state
        if state == State.UNKNOWN:
            return _(
                "The sender stopped, or the connection broke, while it was sent: nobody knows whether it arrived. "
                "Ask the patient. If it did, say so here; if not, call or send it again."
            )
        if state == State.BOUNCED:
            return _("It came back. Call, and ask for another address.")
        return _("Refused. Check the address.") if state == State.FAILED else ""

    @property
    def server_said(self) -> str:
        return self.message.error if self.message.state in {State.FAILED, State.BOUNCED} else ""

    @property
    def is_unsettled(self) -> bool:
        return self.message.is_unsettled(self.now)

    @property
    def can_go_again(self) -> bool:
        return self.is_unsettled and not obstacle_to(self.message, self.now)

    @property
    def settling(self) -> list[Act]:
        return settling(self.message)
