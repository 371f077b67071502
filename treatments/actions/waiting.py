"""The waiting list: who joins and leaves it, what is offered to whom, and who gets the hour."""

from datetime import datetime
from uuid import UUID, uuid5

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.models import Room, User, VersionConflictError
from patients.models import Patient
from treatments import obstacles
from treatments.actions.appointments import book, move
from treatments.models import Appointment, Waiting, WaitingOffer
from treatments.openings import Opening, asking_now
from treatments.rules.waiting import State

Outcome = WaitingOffer.Outcome
OVER_AT_ONCE = {
    State.FULFILLED: gettext_lazy("%(name)s has an hour."),
    State.ENDED: gettext_lazy("This course has ended."),
    State.EXPIRED: gettext_lazy("The last day is past."),
}


@transaction.atomic
def join(waiting: Waiting, *, by: User, now: datetime) -> Waiting:
    """Put somebody on the list, to come earlier than an appointment they have: the one named, else the next.

    Raises `ValidationError` when the patient waits for it already, is not treated any more or is here by then, and
    when the waiting would be over as it begins.
    """
    patient = Patient.objects.select_for_update(no_key=True).get(pk=waiting.patient_id)
    if patient.refusal_to_treat:
        raise ValidationError(patient.refusal_to_treat)
    refuse_twice(waiting, patient, now)
    ahead = still_ahead(waiting.appointment, now) if waiting.appointment else appointment_ahead(waiting, now)
    waiting.appointment, waiting.instead_of_at = ahead, ahead.starts_at if ahead else None
    waiting.joined_at, waiting.joined_by = now, by
    waiting.full_clean(exclude=["form_token"])
    waiting.save()
    refuse_at_once_over(waiting, now)
    return waiting


def refuse_at_once_over(waiting: Waiting, now: datetime) -> None:
    """Raise `ValidationError` with why somebody who has just joined would stand among those who wait no more."""
    fresh = Waiting.objects.with_facts().for_list().get(pk=waiting.pk)
    state = fresh.state(now)
    if state is not State.WAITING:
        words = OVER_AT_ONCE.get(state, _("%(name)s waits no more."))
        raise ValidationError(words % {"name": fresh.patient.full_name})


def refuse_twice(waiting: Waiting, patient: Patient, now: datetime) -> None:
    """Raise `ValidationError` when the patient, whose row is locked, waits for the same already."""
    same = Waiting.objects.of_patient(patient).filter(kind=waiting.kind)
    if waiting.kind not in Waiting.WITHOUT_COURSE:
        same = same.filter(course=waiting.course)
    there = same.with_facts().waiting(now, patient.location.today(now)).first()
    if there:
        since = date_format(patient.location.local(there.joined_at), "j F Y")
        raise ValidationError(_("%(name)s waits for this since %(day)s.") % {"name": patient.full_name, "day": since})


def still_ahead(appointment: Appointment, now: datetime) -> Appointment:
    """Return the appointment as it stands now. Raises `ValidationError` when nobody can come earlier than it."""
    found = Appointment.objects.booked_ahead(now).filter(pk=appointment.pk, starts_at__gt=now).first()
    if found is None:
        raise ValidationError(_("This appointment is not ahead any more."))
    return found


def appointment_ahead(waiting: Waiting, now: datetime) -> Appointment | None:
    """Return the next appointment of the kind they wait for, which they would give up for an earlier one."""
    ahead = Appointment.objects.of_patient(waiting.patient).booked_ahead(now).filter(kind=waiting.kind)
    if waiting.kind not in Waiting.WITHOUT_COURSE:
        ahead = ahead.filter(course=waiting.course)
    return ahead.first()


@transaction.atomic
def remove(waiting: Waiting, *, reason: str, by: User, now: datetime, version: int) -> Waiting:
    """Take somebody off the list.

    Raises `ValidationError` without a reason and when they wait no more, `VersionConflictError` as `save_over` does.
    """
    if not reason:
        raise ValidationError(_("Say why the patient waits no more."))
    hold(waiting)
    refuse_over(waiting, now)
    waiting.removed_at, waiting.removed_by, waiting.removed_reason = now, by, reason
    waiting.full_clean(exclude=["form_token"])
    return waiting.save_over(version)


@transaction.atomic
def put_back(waiting: Waiting, *, version: int, now: datetime) -> Waiting:
    """Let somebody who was taken off the list wait on, in the old place, unless they joined it anew meanwhile."""
    patient = Patient.objects.select_for_update(no_key=True).get(pk=waiting.patient_id)
    if waiting.removed_at is None:
        raise ValidationError(_("%(name)s was not taken off.") % {"name": patient.full_name})
    patient.refuse_additions()
    refuse_twice(waiting, patient, now)
    waiting.removed_at, waiting.removed_by, waiting.removed_reason = None, None, ""
    return waiting.save_over(version)


@transaction.atomic
def log_offer(
    waiting: Waiting, opening: Opening, *, outcome: str, by: User, now: datetime, token: UUID
) -> tuple[WaitingOffer, bool]:
    """Keep that somebody is being asked, said no or did not answer; return it and whether it is new.

    Raises `ValidationError` when a colleague is asking this moment, or the patient waits no more.
    """
    hold(waiting)
    token = token_of(waiting, opening, outcome, token)
    made = WaitingOffer.objects.filter(form_token=token).first()
    if made:
        return made, False
    refuse_over(waiting, now)
    refuse_while_asked(waiting, by, now)
    return keep(waiting, opening, outcome=outcome, by=by, now=now, token=token), True


@transaction.atomic
def take(
    waiting: Waiting, opening: Opening, *, by: User, now: datetime, version: int | None, token: UUID
) -> tuple[Appointment, bool]:
    """Give an hour to somebody who waits: move what they have there, or book anew; return it and whether it is new.

    `version` is that of the appointment they give up, as it was read. Raises `ValidationError` with who or what is
    taken by now, or what else stands against it; `VersionConflictError` when somebody changed that appointment.
    """
    hold(waiting)
    token = token_of(waiting, opening, Outcome.BOOKED, token)
    made = WaitingOffer.objects.filter(form_token=token).select_related("appointment").first()
    if made and made.appointment:
        return made.appointment, False
    refuse_over(waiting, now)
    refuse_while_asked(waiting, by, now)
    if opening.starts_at <= now:
        raise ValidationError(_("This time is past."))
    if waiting.is_on_hold:
        raise ValidationError(_("The course of %(name)s is paused.") % {"name": waiting.patient.full_name})
    appointment = given_hour(waiting, opening)
    appointment.room = room_if_free(opening, appointment)
    said = obstacles.against(appointment)
    if said:
        raise ValidationError(said)
    appointment.exception_reason = ""
    if waiting.appointment_id is None:
        book(appointment)
    elif version is None:
        raise VersionConflictError
    else:
        move(appointment, version=version)
    keep(waiting, opening, outcome=Outcome.BOOKED, by=by, now=now, token=token, appointment=appointment)
    return appointment, True


def token_of(waiting: Waiting, opening: Opening, outcome: str, token: UUID) -> UUID:
    """Return what makes one row of one answer about one hour.

    A page that somebody went back to sends its token again with another answer: that is no double tap.
    """
    said = f"{waiting.public_id} {opening.starts_at.isoformat()} {opening.practitioner.public_id} {outcome}"
    return uuid5(token, said)


def hold(waiting: Waiting) -> None:
    """Lock the row: of two people who offer or book at once the second sees what the first did."""
    Waiting.objects.select_for_update(no_key=True).get(pk=waiting.pk)


def refuse_over(waiting: Waiting, now: datetime) -> None:
    """Raise `ValidationError` when they wait no more; the facts are read anew, under the lock."""
    fresh = Waiting.objects.with_facts().for_list().get(pk=waiting.pk)
    if fresh.state(now) is not State.WAITING:
        raise ValidationError(_("%(name)s waits no more.") % {"name": fresh.patient.full_name})


def refuse_while_asked(waiting: Waiting, by: User, now: datetime) -> None:
    """Raise `ValidationError` while a colleague is on the phone with them."""
    asking = asking_now(waiting.offers.latest_first().select_related("made_by")[:1], now)
    if asking and asking.made_by_id != by.pk:
        since = date_format(waiting.location.local(asking.made_at), "H:i")
        words = _("%(who)s is asking %(name)s since %(time)s.")
        raise ValidationError(
            words % {"who": asking.made_by.get_full_name(), "name": waiting.patient.full_name, "time": since}
        )


def given_hour(waiting: Waiting, opening: Opening) -> Appointment:
    """Return the appointment they have, put to the hour, or a new one there; unsaved."""
    appointment = waiting.appointment or Appointment(
        patient=waiting.patient, course=waiting.course, kind=waiting.kind, location=waiting.location
    )
    appointment.starts_at, appointment.minutes = opening.starts_at, waiting.length
    appointment.practitioner = opening.practitioner
    return appointment


def room_if_free(opening: Opening, appointment: Appointment) -> Room | None:
    """Return the room that was given up with the hour, none where somebody has it by now: any free one will do."""
    if opening.room is None:
        return None
    others = Appointment.objects.standing().overlapping(appointment.starts_at, appointment.minutes)
    is_taken = others.taking("room", opening.room.pk).exclude(pk=appointment.pk).exists()
    return None if is_taken else opening.room


def keep(
    waiting: Waiting,
    opening: Opening,
    *,
    outcome: str,
    by: User,
    now: datetime,
    token: UUID,
    appointment: Appointment | None = None,
) -> WaitingOffer:
    return WaitingOffer.objects.create(
        waiting=waiting,
        starts_at=opening.starts_at,
        minutes=opening.minutes,
        practitioner=opening.practitioner,
        room=opening.room,
        outcome=outcome,
        appointment=appointment,
        made_at=now,
        made_by=by,
        form_token=token,
    )
