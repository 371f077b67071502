"""What follows from a report about a message: by webhook, from the mailbox of bounces, or piped in."""

import logging
from datetime import datetime

from django.db import transaction

from clinic.returned_mail import Outcome, Report
from patients.actions import choose_messages, note_returned
from patients.models import Patient
from treatments.models import DeliveryReport, Reminder

log = logging.getLogger(__name__)
State = Reminder.State
WENT = {State.SENT, State.UNKNOWN, State.SENDING}  # what went out, or may have


@transaction.atomic
def take(report: Report, *, source: str, now: datetime) -> DeliveryReport | None:
    """Keep a report and do what follows from it, once however often it comes. None where it is of no message of ours.

    A message that came back waits for a person; a complaint is the patient's own no to all messages.
    """
    held = find_and_hold(report, now)
    if held is None:
        log.warning("%s reports of a message that is none of ours.", source.capitalize())
        return None
    kept, is_new = DeliveryReport.objects.get_or_create(
        source=source,
        key=(report.key or f"{held.reference}:{report.outcome}")[:200],
        defaults={
            "reminder": held,
            "outcome": report.outcome,
            "is_address_bad": report.is_address_bad,
            "said": "" if held.is_forgotten else report.said[:500],
            "reported_at": now,
        },
    )
    if is_new:
        follow(report, held, now)
    return kept


def find_and_hold(report: Report, now: datetime) -> Reminder | None:
    """Return the message of a report, held. Another receipt may have taken it while this one waited for it."""
    found = find(report, now)
    while found is not None:
        held = hold(found)
        found = find(report, now)
        if found == held:
            return held
    return None


def find(report: Report, now: datetime) -> Reminder | None:
    if report.reference:
        return Reminder.objects.referred_to(report.reference).first()
    if not report.number:
        return None
    return Reminder.objects.awaiting_receipt(report.number, report.channel, now).first()


def hold(reminder: Reminder) -> Reminder:
    """Return a message as stored now, held until the transaction ends, after the patient, as an erasure does."""
    Patient.objects.select_for_update().get(pk=reminder.patient_id)
    return Reminder.objects.select_for_update(of=("self",)).select_related("patient").get(pk=reminder.pk)


def follow(report: Report, reminder: Reminder, now: datetime) -> None:
    if report.outcome == Outcome.COMPLAINED:
        if reminder.is_to_patient and not reminder.patient.is_erased:
            choose_messages(reminder.patient.surviving, wants=False, now=now)
        return
    if report.reference and not reminder.is_of_this_attempt(report.reference):
        return  # it is of an earlier attempt, perhaps at another address
    if report.outcome == Outcome.DELIVERED:
        arrive(reminder, now)
    elif not reminder.is_forgotten:  # nobody could call any more, or correct an address that nobody knows
        come_back(reminder, report.said)
        if report.is_address_bad:
            blame_address(reminder, report.said, now)


def arrive(reminder: Reminder, now: datetime) -> None:
    """Note that a message arrived of which nobody knew."""
    if reminder.state == State.UNKNOWN:
        reminder.state, reminder.sent_at, reminder.error = State.SENT, now, ""
        reminder.save(update_fields=["state", "sent_at", "error"])


def come_back(reminder: Reminder, said: str) -> None:
    """Let a message wait for a person, since what took it returned it."""
    if reminder.state in WENT:
        reminder.state, reminder.settled_at, reminder.error = State.BOUNCED, None, said[:500]
        reminder.save(update_fields=["state", "settled_at", "error"])


def blame_address(reminder: Reminder, said: str, now: datetime) -> None:
    """Let nothing more go to where a message came back from. Word to the clinic itself blames no patient's address."""
    if reminder.is_to_patient and not reminder.is_forgotten:
        note_returned(reminder.patient, channel=reminder.channel, address=reminder.address, reason=said[:300], now=now)
