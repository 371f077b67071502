"""The e-mails of aftercare: the link to the patient, and word of a danger sign to the clinic."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from patients import stopping
from patients.languages import spoken
from patients.models import Patient
from treatments.actions import outbox
from treatments.actions.letters import mail
from treatments.actions.outbox import Letter, one_line
from treatments.aftercare import address_of
from treatments.models import AftercareAnswer, AftercareLink, Reminder

# What was refused is tried again after this, and only as often as `to_try_again` says.
PAUSE = timedelta(minutes=10)
# What nobody could send for so long is told in another way by now.
STALE = timedelta(days=3)


def send_all(clock: Callable[[], datetime]) -> None:
    """Send what is to be sent and was not, danger signs first, and find out what was cut off."""
    outbox.give_up_on_cut_off(clock())
    for letter in due(clock()):
        outbox.send(letter, now=clock())


def due(now: datetime) -> Iterator[Letter]:
    """Return the letters to send. Each row is read just before its letter goes: it may have been withdrawn."""
    again = Reminder.objects.to_try_again().filter(started_at__lt=now - PAUSE)
    unsent = Q(reminders=None) | Q(reminders__in=again)
    alarms = AftercareAnswer.objects.alarming().filter(unsent, answered_at__gt=now - STALE)
    for answer in alarms.select_related("link__session__course__patient", "link__session__course__location"):
        if alert_address(answer):
            yield alarm(answer)
    links = AftercareLink.objects.to_mail().filter(unsent, mail_wanted_at__gt=now - STALE)
    for key in list(links.values_list("pk", flat=True)):
        link = links.for_patient().filter(pk=key).first()
        if link and link.is_open(now) and may_be_written_to(link.patient):
            yield invitation(link)


def may_be_written_to(patient: Patient) -> bool:
    """Say whether an e-mail may go to the patient now: agreed to, and to an address that takes mail."""
    return patient.can_be_contacted and not patient.comes_back_by(patient.Channel.EMAIL)


def alert_address(answer: AftercareAnswer) -> str:
    """Return where the location wants to hear of danger signs, empty where nobody set an address."""
    location = answer.link.session.course.location
    return location.alert_email or location.reply_to_email


def alarm(answer: AftercareAnswer) -> Letter:
    """Tell the clinic that there is something to look at: where, and neither who nor what."""
    context = {
        "location": answer.link.session.course.location,
        "url": f"{settings.PUBLIC_URL.rstrip('/')}{reverse('today')}",
    }

    def write(address: str) -> EmailMessage:
        subject = one_line(render_to_string("treatments/mail/danger_sign_subject.txt", context))
        return EmailMessage(subject, render_to_string("treatments/mail/danger_sign.txt", context), to=[address])

    patient = answer.link.patient
    return Letter({"alarming_answer": answer}, patient, alert_address(answer), write)


def invitation(link: AftercareLink) -> Letter:
    """Give the patient the link, in the patient's language. It names neither the patient nor the treatment."""
    patient, location = link.patient, link.session.course.location

    def write(address: str) -> EmailMessage:
        with translation.override(spoken(patient.language)):
            context = {
                "location": location,
                "url": address_of(link),
                "expires_at": location.local(link.expires_at),
                "stop": stopping.address_of(patient),
            }
            subject = one_line(render_to_string("treatments/mail/aftercare_subject.txt", context))
            body = render_to_string("treatments/mail/aftercare.txt", context)
        return mail(subject, body.rstrip(), address, patient, location)

    return Letter({"aftercare_link": link}, patient, patient.email, write)
