"""A whole course booked at once, and moved from one day on: independent appointments that know of each other."""

from uuid import UUID

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from treatments import obstacles
from treatments.actions.appointments import answered, lock_taken, refuse_taken, said_as_the_form_does
from treatments.models import Appointment
from treatments.rules.series import shifted_on_the_wall


@transaction.atomic
def book_series(appointments: list[Appointment], *, series: UUID) -> list[Appointment]:
    """Save new appointments of one patient with one practitioner together, or none of them.

    Raises `ValidationError` with the day of each that somebody took meanwhile.
    """
    lock_taken(appointments[0])
    refusals = []
    for each in appointments:
        each.series = series
        try:
            refuse_taken(each)
            with said_as_the_form_does(each):
                each.save()
        except ValidationError as error:
            refusals += [f"{moment_in_words(each)}: {text}" for text in error.messages]
    if refusals:
        raise ValidationError(refusals)
    return appointments


@transaction.atomic
def move_series(appointment: Appointment, *, was: Appointment, version: int, reason: str) -> list[Appointment]:
    """Save a changed appointment and move all later ones of its series as far on the wall's clock, or none of them.

    `was` is the appointment as stored. A person, room, length or kind that changed is changed in the later ones, too.
    Raises `ValidationError` with the day of each that cannot be there, or needs a reason and has none: then one
    sentence at `exception_reason`, too. Raises `VersionConflictError` when somebody changed this one since `version`
    was read.
    """
    lock_taken(appointment)
    appointment.moves_along = ()  # from here on they are saved in an order in which none meets another
    later = Appointment.objects.later_in_series(was).select_for_update(of=("self",), no_key=True)
    later = later.select_related(
        "patient", "location", "course__protocol", "course__location", "practitioner", "room", "follow_up"
    )
    appointment.follow_up = answered(appointment, appointment.follow_up)
    moved = [appointment, *(follow(each, appointment, was) for each in later)]
    if appointment.starts_at > was.starts_at:
        moved.reverse()  # the last first: each finds the hour free that the one after it has left
    refusals, doubts = [], []
    for each in moved:
        try:
            refuse_taken(each)
            doubts += [f"{moment_in_words(each)}: {text}" for text in keep_reason(each, moved, reason)]
            with said_as_the_form_does(each):
                each.save_over(version if each is appointment else each.version)
        except ValidationError as error:
            refusals += [f"{moment_in_words(each)}: {text}" for text in error.messages]
    refuse_all(refusals, doubts)
    return moved


def refuse_all(refusals: list[str], doubts: list[str]) -> None:
    """Raise `ValidationError` with what cannot be and what needs a reason; the reason is asked for at its field."""
    if not refusals and not doubts:
        return
    errors: dict[str, list[str]] = {NON_FIELD_ERRORS: [*refusals, *doubts]}
    if doubts:
        errors["exception_reason"] = [_("Say why they are booked all the same, or choose another time.")]
    raise ValidationError(errors)


def follow(other: Appointment, moved: Appointment, was: Appointment) -> Appointment:
    """Change a later appointment as one before it was changed."""
    zone = other.location.tz
    other.starts_at = shifted_on_the_wall(other.starts_at, old=was.starts_at, new=moved.starts_at, zone=zone).moment
    for name in ("kind", "minutes", "practitioner", "room"):
        if getattr(moved, name) != getattr(was, name):
            setattr(other, name, getattr(moved, name))
    other.follow_up = answered(other, other.follow_up or moved.follow_up)
    return other


def keep_reason(appointment: Appointment, moved: list[Appointment], reason: str) -> list[str]:
    """Let an appointment keep the reason for its hour where it needs one; return what stands against it without."""
    said = obstacles.against(appointment, but=moved)
    appointment.exception_reason = reason if said else ""
    return [] if reason else said


def moment_in_words(appointment: Appointment) -> str:
    return date_format(appointment.location.local(appointment.starts_at), "j M Y, H:i")
