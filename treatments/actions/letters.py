"""What is said to a patient on each occasion: by e-mail or SMS, in the patient's language, in the location's words."""

from collections.abc import Callable
from datetime import date
from email.mime.text import MIMEText
from typing import cast

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.models import Location
from clinic.phones import show_phone
from patients.models import Patient
from patients.stopping import address_of
from treatments.actions.outbox import Letter, Message
from treatments.ical import invitation
from treatments.models import Appointment, FollowUp, MessageText, Reminder
from treatments.rules.reminding import Occasion

Channel = Reminder.Channel
# A day as people say it, by language; others have ours.
DAYS = {"en": "j F Y", "fr": "j F Y", "es": r"j \d\e F \d\e Y"}


def channel_of(patient: Patient) -> Reminder.Channel:
    """Return how a patient wants messages, of those whom `PatientQuerySet.with_messages` returns."""
    return Channel(patient.preferred_channel)


def window_letter(follow_up: FollowUp, occasion: Occasion, *, channel: Reminder.Channel | None = None) -> Letter:
    """Return the message about a follow-up window. It names no treatment: others see messages."""
    course = follow_up.course

    def values(language: str) -> dict[str, str]:
        return {"opens": said_day(follow_up.opens_on, language), "closes": said_day(follow_up.closes_on, language)}

    subject = {"follow_up": follow_up}
    return _letter(subject, course.patient, course.location, occasion, values, channel or channel_of(course.patient))


def appointment_letter(
    appointment: Appointment, occasion: Occasion, *, edition: int, channel: Reminder.Channel | None = None
) -> Letter:
    """Return the message about an appointment, in the time of its location. It names no treatment either."""
    location = appointment.location
    starts = location.local(appointment.starts_at)

    def values(language: str) -> dict[str, str]:
        with translation.override(language):
            weekday = date_format(starts, "l")
        return {"day": f"{weekday} {said_day(starts.date(), language)}", "time": f"{starts:%H:%M}"}

    patient = appointment.patient
    by = channel or channel_of(patient)
    is_cancelled = occasion is Occasion.CANCELLED

    def file() -> MIMEText:
        title = location.name  # a phone shows it to whoever looks: no treatment here either
        made = invitation(appointment, summary=title, edition=edition, is_cancelled=is_cancelled)
        return calendar_part(made, "CANCEL" if is_cancelled else "PUBLISH")

    letter = _letter({"appointment": appointment}, patient, location, occasion, values, by, file)
    return letter.telling(edition=edition, about_at=appointment.starts_at)


def repeated(reminder: Reminder) -> Letter:
    """Return a message about a window or an appointment once more, as the same row, by the same channel."""
    occasion, channel = Occasion(reminder.occasion), Channel(reminder.channel)
    if reminder.follow_up:
        return window_letter(reminder.follow_up, occasion, channel=channel)
    appointment = cast(Appointment, reminder.appointment)
    return appointment_letter(appointment, occasion, edition=reminder.edition, channel=channel)


def said_day(day: date, language: str) -> str:
    base = language.partition("-")[0]
    with translation.override(base):
        return date_format(day, DAYS.get(base, DAYS["en"]))


def _letter(
    subject: dict,
    patient: Patient,
    location: Location,
    occasion: Occasion,
    values: Callable[[str], dict[str, str]],
    channel: Reminder.Channel,
    file: Callable[[], MIMEText] | None = None,
) -> Letter:
    def write(address: str) -> Message:
        text = MessageText.objects.nearest(occasion, channel, location, patient.language)
        if text is None:
            raise ValidationError(_("There is no text for this occasion."))
        facts = common(patient, location) | values(text.language)
        if channel == Channel.WHATSAPP:
            return text.template(facts)
        title, body = text.filled(facts)
        if channel == Channel.SMS:
            return body
        message = mail(title, body, address, patient, location)
        if file:
            message.attach(file())
        return message

    return Letter(subject, patient, patient.address_by(channel), write, channel=channel, occasion=occasion)


def common(patient: Patient, location: Location) -> dict[str, str]:
    """Return what every text may say of the patient and the place, in one line each."""
    facts = {
        "first_name": patient.given_name or patient.full_name,
        "name": patient.full_name,
        "place": location.name,
        "address": ", ".join(location.address.splitlines()),
        "phone": show_phone(location.phone),
        "stop": address_of(patient),
    }
    return {name: " ".join(fact.split()) for name, fact in facts.items()}


def calendar_part(file: bytes, method: str) -> MIMEText:
    """Return a calendar file as mail programs know one."""
    part = MIMEText(file.decode(), "calendar", "utf-8")
    part.set_param("method", method)
    part.add_header("Content-Disposition", "attachment", filename="appointment.ics")
    return part


def mail(subject: str, body: str, address: str, patient: Patient, location: Location) -> EmailMessage:
    stop = address_of(patient)
    return EmailMessage(
        subject,
        body + "\n",
        to=[address],
        reply_to=[location.reply_to_email] if location.reply_to_email else None,
        # A mail program shows its own button for it (RFC 2369, RFC 8058).
        headers={"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )
