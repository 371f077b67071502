"""Several appointments cancelled with one act, and what was done to several taken back: all of them, or none.

How an appointment stood before is read from its history, so that nobody can have put it where it never was.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinic.models import Location, User, VersionConflictError
from patients.models import Patient
from treatments.actions.appointments import refuse_taken, refuse_untreated, said_as_the_form_does, turn
from treatments.actions.series import moment_in_words
from treatments.models import Appointment

Status = Appointment.Status
STOOD = (
    "kind",
    "course_id",
    "follow_up_id",
    "starts_at",
    "minutes",
    "practitioner_id",
    "room_id",
    "status",
    "status_reason",
    "exception_reason",
)


@transaction.atomic
def cancel_all(
    appointments: Sequence[Appointment], *, versions: Mapping[UUID, int], reason: str, now: datetime
) -> list[Appointment]:
    """Cancel appointments with one reason, or none of them.

    `versions` are those that were read, by public id. Raises `ValidationError` with the day of each that somebody
    changed meanwhile, and without a reason.
    """
    if not reason:
        raise ValidationError(_("Say why the appointments are cancelled."))
    refusals = []
    for each in appointments:
        try:
            turn(each, Status.CANCELLED, now=now, version=versions[each.public_id], reason=reason)
        except VersionConflictError:
            refusals.append(changed_since(each))
        except ValidationError as error:
            refusals += [f"{moment_in_words(each)}: {text}" for text in error.messages]
    if refusals:
        raise ValidationError(refusals)
    return list(appointments)


@transaction.atomic
def unbook(series: UUID, appointments: Sequence[Appointment], *, reason: str, now: datetime) -> list[Appointment]:
    """Cancel what was just booked together, as long as nobody has touched any of it since."""
    every = set(Appointment.objects.of_series(series).values_list("pk", flat=True))
    if not every or every != {each.pk for each in appointments}:
        raise ValidationError(_("What was booked together is not all there any more."))
    return cancel_all(appointments, versions={each.public_id: 1 for each in appointments}, reason=reason, now=now)


@transaction.atomic
def put_back(appointments: Sequence[Appointment], *, versions: Mapping[UUID, int]) -> list[Appointment]:
    """Let the appointments of one patient stand as they did before their last change, or none of them.

    `versions` are those that the change left, by public id. Raises `ValidationError` with the day of each that was
    changed since, or whose old hour is taken by now; when some were cancelled and nothing may be booked for the
    patient any more.
    """
    if not appointments:
        return []
    patient = Patient.objects.select_for_update(no_key=True).get(pk=appointments[0].patient_id)
    Location.objects.select_for_update(no_key=True).get(pk=appointments[0].location_id)
    before = {key: stood_before(each, versions[key]) for key, each in by_public_id(appointments).items()}
    refuse_return_of(patient, appointments, before)
    people = {stood["practitioner_id"] for stood in before.values() if stood}
    # In one order, whoever takes back what: two who wait for each other would wait forever.
    list(User.objects.select_for_update(no_key=True).filter(pk__in=people).order_by("pk"))
    refusals = []
    for each in in_an_order_without_meeting(appointments, before):
        stood = before[each.public_id]
        if stood is None:
            refusals.append(changed_since(each))
            continue
        for name, value in stood.items():
            setattr(each, name, value)
        try:
            refuse_taken(each)
            with said_as_the_form_does(each):
                each.save_over(versions[each.public_id])
        except VersionConflictError:
            refusals.append(changed_since(each))
        except ValidationError as error:
            refusals += [f"{moment_in_words(each)}: {text}" for text in error.messages]
    if refusals:
        raise ValidationError(refusals)
    return list(appointments)


def by_public_id(appointments: Sequence[Appointment]) -> dict[UUID, Appointment]:
    return {each.public_id: each for each in appointments}


def stood_before(appointment: Appointment, version: int) -> dict[str, object] | None:
    """Return the fields as they were one version before, None where that cannot be taken back.

    Who came, or was in a room, is a fact that no single tap for many undoes.
    """
    plans = (Status.BOOKED, Status.CANCELLED)
    if appointment.version != version or appointment.status not in plans:
        return None
    row = appointment.history.filter(version=version - 1).order_by("-history_id").first()
    if row is None or row.status not in plans:
        return None
    return {name: getattr(row, name) for name in STOOD}


def refuse_return_of(
    patient: Patient, appointments: Sequence[Appointment], before: Mapping[UUID, Mapping[str, object] | None]
) -> None:
    """Raise `ValidationError` when a fallen one would stand again for somebody for whom nothing is booked any more."""
    if any(comes_back(each, before[each.public_id]) for each in appointments):
        refuse_untreated(patient)


def comes_back(appointment: Appointment, stood: Mapping[str, object] | None) -> bool:
    """Say whether a fallen appointment would stand again as it `stood`."""
    return stood is not None and not appointment.is_standing and stood["status"] not in Appointment.FALLEN


def in_an_order_without_meeting(
    appointments: Sequence[Appointment], before: Mapping[UUID, Mapping[str, object] | None]
) -> list[Appointment]:
    """Return them so that each finds its old hour left by the one that has it now: all moved the same way."""
    ordered = sorted(appointments, key=lambda each: each.starts_at)
    first = ordered[0]
    stood = before[first.public_id]
    went_earlier = (
        stood is not None and isinstance(stood["starts_at"], datetime) and first.starts_at < stood["starts_at"]
    )
    return ordered[::-1] if went_earlier else ordered


def changed_since(appointment: Appointment) -> str:
    return _("The appointment of %(moment)s was changed since.") % {"moment": moment_in_words(appointment)}
