"""Which messages are due, of follow-up windows and of appointments. `outbox` sees to it that none goes twice."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import chain

from django.db.models import Exists, F, OuterRef, Q, Subquery

from clinic import sms
from clinic.models import Heartbeat, Location
from patients.models import Patient
from treatments.actions import letters, outbox
from treatments.actions.messages import obstacle_to
from treatments.actions.outbox import Letter
from treatments.models import Appointment, FollowUp, Protocol, Reminder
from treatments.models.appointment import AppointmentQuerySet
from treatments.models.follow_up import FollowUpQuerySet
from treatments.models.reminder import MOST_ATTEMPTS
from treatments.rules.follow_up import Window
from treatments.rules.reminding import Occasion, Telling, appointment_occasion, follow_up_occasion, may_send

BEAT = "reminders"
# What was refused is tried again after this, and only as often as `to_try_again` says.
PAUSE = timedelta(minutes=30)


def sweep(clock: Callable[[], datetime], *, seconds: float) -> bool:
    """Send what is due, for so long at most, and say whether that was all. Two at once send each message once.

    The beat is given at the beginning of each: whoever watches knows that somebody looks.
    """
    start = clock()
    Heartbeat.beat(BEAT, start)
    outbox.give_up_on_cut_off(start)
    for letter in chain(asked_again(start), due(start)):
        outbox.send(letter, now=clock())
        if clock() - start > timedelta(seconds=seconds):
            return False
    return True


def due(now: datetime, *, at_any_hour: bool = False) -> Iterator[Letter]:
    """Return the messages to send, each location by its own day and only in its daytime.

    What each is about is read again just before it is returned: somebody may have booked, or withdrawn the permission.
    """
    for location in Location.objects.all():
        local = location.local(now).time()
        if at_any_hour or may_send(local, location.messages_from, location.messages_until):
            for letter in [*due_appointments(location, now), *due_windows(location, now)]:
                again = letter()
                if again:
                    yield again


def asked_again(now: datetime) -> Iterator[Letter]:
    """Return what people want sent once more, by day and while it holds; what does not waits for a person anew."""
    rows = Reminder.objects.asked_again().filter(Q(follow_up__isnull=False) | Q(appointment__isnull=False))
    for key in list(rows.values_list("pk", flat=True)):
        reminder = rows.for_list().filter(pk=key).first()
        if reminder is None:
            continue
        place = reminder.patient.location
        obstacle = obstacle_to(reminder, now)
        if obstacle:
            rows.filter(pk=key).update(attempts=MOST_ATTEMPTS, error=obstacle)
        elif may_send(place.local(now).time(), place.messages_from, place.messages_until):
            yield letters.repeated(reminder)


def channels_not_set_up() -> list[str]:
    """Return the channels by which nothing can go: who chose one of them waits for a call."""
    channel = Patient.Channel
    ready = {channel.SMS: sms.is_set_up(), channel.WHATSAPP: sms.offers_whatsapp()}
    return [name for name, is_ready in ready.items() if not is_ready]


Due = Callable[[], Letter | None]  # reads its row again; None when it is not due any more


def due_windows(location: Location, now: datetime) -> Iterator[Due]:
    """Return what is due of a location's follow-up windows."""
    today = location.today(now)
    rows = FollowUp.objects.with_facts(now).to_remind(location, today)
    rows = rows.exclude(course__patient__preferred_channel__in=channels_not_set_up())
    schedules = {protocol.pk: protocol.schedule for protocol in Protocol.objects.all()}
    gone = spent(Q(follow_up__course__location=location, follow_up__closes_on__gte=today), now)
    facts = rows.values_list("pk", "opens_on", "closes_on", "course__protocol")
    for key, opens, closes, protocol in facts:
        occasion = follow_up_occasion(Window(opens, closes), schedules[protocol], today)
        if occasion and (key, occasion) not in gone:
            yield partial(_window, rows, key, occasion)


def _window(rows: FollowUpQuerySet, key: int, occasion: Occasion) -> Letter | None:
    follow_up = rows.filter(pk=key).first()
    return letters.window_letter(follow_up, occasion) if follow_up else None


def spent(which: Q, now: datetime) -> set[tuple[int, str]]:
    """Return the follow-ups and occasions for which nothing is to be sent now: it went, is going, or rests."""
    resting = ~Q(pk__in=Reminder.objects.to_try_again().filter(started_at__lte=now - PAUSE).values("pk"))
    return set(Reminder.objects.filter(which, resting).values_list("follow_up", "occasion"))


def due_appointments(location: Location, now: datetime) -> Iterator[Due]:
    """Return what is due of the appointments at a location."""
    for appointment in to_tell(location, now):
        if _appointment_letter(appointment, location, now):
            yield partial(_appointment, location, appointment.pk, now)


def to_tell(location: Location, now: datetime) -> AppointmentQuerySet:
    """Return the appointments of which somebody may have to be told: few beside all that are booked.

    Whoever has several ahead is told of the next alone, so that a course booked at once brings one message.
    """
    last_day = location.today(now) + timedelta(days=location.appointment_reminder_days)
    told = Reminder.objects.told().filter(appointment=OuterRef("pk")).order_by("-started_at", "-pk")
    earlier = Appointment.objects.filter(
        patient=OuterRef("patient"),
        status=Appointment.Status.BOOKED,
        starts_at__gte=now,
        starts_at__lt=OuterRef("starts_at"),
    )
    is_booked = Q(status=Appointment.Status.BOOKED, starts_at__gt=now)
    is_soon = Q(starts_at__lt=location.span(last_day)[1])
    knows_it_off = Q(last_occasion=Occasion.CANCELLED)
    changed = Q(last_about_at__isnull=False) & (knows_it_off | ~Q(last_about_at=F("starts_at")))
    untold = Q(last_about_at=None) & ~Exists(earlier) if location.confirms_appointments else Q(pk=None)
    is_off = Q(status=Appointment.Status.CANCELLED, last_about_at__gt=now) & ~knows_it_off
    known = Appointment.objects.annotate(
        last_about_at=Subquery(told.values("about_at")[:1]), last_occasion=Subquery(told.values("occasion")[:1])
    )
    rows = known.filter(
        is_booked & (is_soon | changed | untold) | is_off,
        location=location,
        patient__in=Patient.objects.with_messages(),
    )
    rows = rows.exclude(patient__preferred_channel__in=channels_not_set_up())
    rows = rows.select_related("patient", "location", "practitioner").prefetch_related("reminders")
    return rows.order_by("starts_at", "pk")


def _appointment(location: Location, key: int, now: datetime) -> Letter | None:
    appointment = to_tell(location, now).filter(pk=key).first()
    return _appointment_letter(appointment, location, now) if appointment else None


def _appointment_letter(appointment: Appointment, location: Location, now: datetime) -> Letter | None:
    """Return what is to be said of an appointment now, its messages so far being loaded."""
    messages = sorted(appointment.reminders.all(), key=lambda each: (each.started_at, each.pk))
    refused = {Reminder.State.FAILED, Reminder.State.BOUNCED}
    told = [message.told for message in messages if message.state not in refused]
    occasion = appointment_occasion(
        location.local(appointment.starts_at),
        told,
        Telling(location.confirms_appointments, location.appointment_reminder_days),
        is_cancelled=appointment.status == Appointment.Status.CANCELLED,
        now=now,
    )
    if occasion is None:
        return None
    edition = len(told)  # each telling that came through makes the next another one
    if any(is_resting(message, occasion, edition, now) for message in messages):
        return None
    return letters.appointment_letter(appointment, occasion, edition=edition)


def is_resting(message: Reminder, occasion: Occasion, edition: int, now: datetime) -> bool:
    """Say whether this is the message that failed before, and is not tried again yet, or ever."""
    is_this = message.occasion == occasion and message.edition == edition
    return is_this and (
        message.state != Reminder.State.FAILED or message.is_given_up or message.started_at > now - PAUSE
    )


def remind(letter: Letter, *, now: datetime) -> Reminder | None:
    """Send one message and return it with how it went; None when another sender has it."""
    return outbox.send(letter, now=now)
