"""Taking turns on a shared device: who may come back, and by which digits."""

from datetime import datetime

from django.db import transaction
from django.utils.crypto import constant_time_compare

from clinic.actions.sign_ins import admit
from clinic.models import DevicePerson, Pin, SharedDevice, User
from clinic.secret import digest_of


def share_device(*, name: str, secret: str, by: User, signed_in_at: datetime, now: datetime) -> SharedDevice:
    """Let a browser be a shared device, and who makes it one its first person."""
    with transaction.atomic():
        device = SharedDevice.objects.create(name=name, secret_digest=digest_of(secret), made_by=by, made_at=now)
        admit(by, device=device, signed_in_at=signed_in_at)
    return device


def withdraw_device(device: SharedDevice, *, now: datetime) -> None:
    """Let a device be shared no longer: nobody comes back there with a PIN."""
    with transaction.atomic():
        SharedDevice.objects.filter(pk=device.pk, withdrawn_at=None).update(withdrawn_at=now)
        device.people.all().delete()


def people_near(device: SharedDevice, now: datetime) -> list[DevicePerson]:
    """Return who may come back there, the last first, with nobody whose password is another one by now."""
    people = device.people.near(now).select_related("user").prefetch_related("user__groups")
    return [person for person in people if is_as_admitted(person)]


def is_as_admitted(person: DevicePerson) -> bool:
    return constant_time_compare(person.password_mark, person.user.get_session_auth_hash())


def opens(person: DevicePerson, digits: str) -> bool:
    """Say whether these are the person's digits. A try is used up before it is judged; the right one gives it back.

    The last wrong one ends the PIN: until its owner signs in in full, no digits are the right ones.
    """
    own = Pin.objects.filter(user=person.user)
    if not own.take_try():
        return False
    pin = own.get()
    if not pin.opens_with(digits):
        return False
    own.forgive()
    return True
