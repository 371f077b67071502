"""Where messages to a patient come back from, as the record shows it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from clinic.models import User
from patients.models import Patient, ReturnedAddress
from treatments.models import Reminder

Channel = Patient.Channel


@dataclass(frozen=True)
class Returned:
    address: ReturnedAddress
    shown: str  # as it stands in the record
    owner: User | None  # who has the message that came back

    @property
    def title(self) -> str:
        if self.address.channel == Channel.EMAIL:
            return _("E-mails come back.")
        return _("%(channel)s does not arrive.") % {"channel": self.address.get_channel_display()}


def returned(patient: Patient) -> list[Returned]:
    """Return the patient's addresses of now that take no messages, each with who looks after it."""
    rows = list(ReturnedAddress.objects.of(patient))
    owners = _owners(patient) if rows else {}
    shown = ((row, patient.address_by(row.channel)) for row in rows)
    return [Returned(row, address, owners.get((row.channel, row.address))) for row, address in shown]


def _owners(patient: Patient) -> dict[tuple[str, str], User]:
    messages: Iterable[Reminder] = (
        Reminder.objects.filter(patient=patient, state=Reminder.State.BOUNCED, owner__isnull=False)
        .select_related("owner")
        .order_by("started_at", "pk")
    )
    return {(each.channel, each.address.lower()): each.owner for each in messages if each.owner}
