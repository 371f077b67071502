"""Handing one message over. Never twice, and never lost without a trace.

A message's row is written and committed before it is handed over. Whoever writes the row sends; a sender that dies
leaves the row "sending", which later becomes "unknown": a person finds out, nothing is sent again. The same holds for
every error after which nobody knows how far the message came. What was surely refused is tried again.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parseaddr
from typing import cast

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from clinic import sms
from clinic.handing_over import hand_over, said
from clinic.phones import validate_phone
from patients.models import Patient
from treatments.models import Reminder
from treatments.models.reminder import ReminderQuerySet

State, Channel = Reminder.State, Reminder.Channel

Message = EmailMessage | str | sms.Template


@dataclass(frozen=True)
class Letter:
    """One message for one occasion: what it is about, to whom it goes, and what writes it once it is this sender's."""

    subject: dict[str, models.Model]  # one of Reminder.SUBJECTS and its row
    patient: Patient
    address: str
    write: Callable[[str], Message]  # from the address, an SMS as its text; raises ValidationError
    channel: Reminder.Channel = Channel.EMAIL
    occasion: str = ""  # where the row it is about has several
    edition: int = 0
    about_at: datetime | None = None

    def telling(self, *, edition: int, about_at: datetime) -> "Letter":
        """Return the same message as one telling of an appointment's time."""
        return replace(self, edition=edition, about_at=about_at)

    @property
    def row(self) -> ReminderQuerySet:
        """Return the one row of this message, if it was written already."""
        return Reminder.objects.of(self.subject, self.channel, self.occasion, self.edition)


def send(letter: Letter, *, now: datetime) -> Reminder | None:
    """Send a letter and return its row with how it went; None when another sender has it, or it went before."""
    reminder = claim(letter, now=now)
    if reminder is None:
        return None
    state, error = _hand_over(letter, reminder)
    return _finish(reminder, state, at=now if state is State.SENT else None, error=error)


def claim(letter: Letter, *, now: datetime) -> Reminder | None:
    """Write the row that makes this sender the only one: a new one, or one that failed before."""
    facts = {"address": letter.address, "started_at": now, "about_at": letter.about_at}
    which = {"channel": letter.channel, "occasion": letter.occasion, "edition": letter.edition}
    try:
        with transaction.atomic():
            return Reminder.objects.create(patient=letter.patient, **letter.subject, **which, **facts)
    except IntegrityError:
        failed = letter.row.to_try_again()
        taken = failed.update(state=State.SENDING, error="", attempts=F("attempts") + 1, **facts)
        return letter.row.get() if taken else None


def _hand_over(letter: Letter, reminder: Reminder) -> tuple[Reminder.State, str]:
    """Return how far the message came, and what the server said; the queue goes on whatever that is."""
    if letter.channel != Channel.EMAIL:
        return _hand_over_text(letter, reminder.address)
    try:
        validate_email(reminder.address)  # an import may have brought two in one field
        mail = with_reference(cast(EmailMessage, letter.write(reminder.address)), reminder.reference)
    except Exception as error:  # nobody was asked yet
        return State.FAILED, said(error)
    handed, answer = hand_over(mail)
    return State(handed), answer


def with_reference(mail: EmailMessage, reference: str) -> EmailMessage:
    """Let whatever comes back of a mail name it: in Message-ID, and in the sender of the envelope where one is set.

    Postmark writes a Message-ID of its own and reports what stands in this header (see `clinic.receipts`).
    """
    domain = parseaddr(mail.from_email)[1].rpartition("@")[2] or "mesotrack"
    mail.extra_headers["Message-ID"] = f"<{reference}@{domain}>"
    if "postmark" in settings.MESSAGE_REPORTS:
        mail.extra_headers["X-PM-Metadata-reference"] = reference
    local, at, place = settings.BOUNCE_ADDRESS.rpartition("@")
    if at:
        mail.extra_headers["From"] = mail.from_email
        mail.from_email = f"{local}+{reference}@{place}"
    return mail


def _hand_over_text(letter: Letter, number: str) -> tuple[Reminder.State, str]:
    try:
        validate_phone(number)
        text = cast(str | sms.Template, letter.write(number))
    except Exception as error:  # nobody was asked yet
        return State.FAILED, said(error)
    try:
        if isinstance(text, sms.Template):
            sms.send_template(number, text)
        else:
            sms.send(number, text)
    except sms.SmsRefusedError as error:
        return State.FAILED, said(error)
    except Exception as error:
        return State.UNKNOWN, said(error)
    return State.SENT, ""


def _finish(reminder: Reminder, state: Reminder.State, *, at: datetime | None, error: str) -> Reminder:
    Reminder.objects.sending().filter(pk=reminder.pk).update(state=state, sent_at=at, error=error)
    reminder.refresh_from_db(fields=["state", "sent_at", "error"])
    return reminder


def give_up_on_cut_off(now: datetime) -> list[Reminder]:
    """Mark what was being sent when its sender died as unknown, and return it for a person to look at."""
    reason = _("The sender stopped while sending. Ask the patient before anything is sent again.")
    given_up = []
    for reminder in Reminder.objects.cut_off(now).select_related("patient"):
        # Guarded: a sender that only was slow may have finished meanwhile.
        if Reminder.objects.cut_off(now).filter(pk=reminder.pk).update(state=State.UNKNOWN, error=reason):
            reminder.state, reminder.error = State.UNKNOWN, reason
            given_up.append(reminder)
    return given_up


def one_line(text: str) -> str:
    """Return a rendered subject as a header holds it; a space that does not break stays one."""
    return re.sub(r"[ \t\r\n]+", " ", text).strip()
