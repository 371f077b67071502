"""What follows from signing in and out: the list of one's sign-ins, and who may come back on a shared device."""

from datetime import datetime
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.http import HttpRequest

from clinic import audit, sign_in_time, trail
from clinic.models import DevicePerson, Pin, SharedDevice, SignIn, User
from clinic.models.sign_in import MOST_OF_A_BROWSER


def note_sign_in(user: User, *, session: SessionBase, address: str | None, browser: str, now: datetime) -> SignIn:
    """Put a new sign-in on the person's list, and take those off that are over."""
    if not session.session_key:
        session.create()
    over = user.sign_ins.exclude(pk__in=user.sign_ins.live(now).values("pk"))
    over.delete()
    made, _is_new = SignIn.objects.update_or_create(
        session_key=session.session_key,
        defaults={
            "user": user,
            "started_at": sign_in_time.began_at(session, now),
            "seen_at": now,
            "address": address,
            "browser": browser[:MOST_OF_A_BROWSER],
        },
    )
    return made


def note_use(user: User, *, now: datetime, **facts: Any) -> None:
    """Note that a sign-in was used. One that is not on the list, as after another password, is put there."""
    session = facts["session"]
    if not SignIn.objects.filter(session_key=session.session_key, user=user).update(seen_at=now):
        note_sign_in(user, now=now, **facts)


def end_sign_ins(user: User, *, but: str | None = None) -> int:
    """End all sign-ins of a person, but for the session of this key, and let no PIN bring them back.

    For a new password or second factor, another role, and an account that is closed. Returns how many ended.
    """
    with transaction.atomic():
        user.devices.all().delete()
        return user.sign_ins.exclude(session_key=but or "").end()


def sign_in_in_full(user: User, *, device: SharedDevice | None, now: datetime) -> None:
    """Note that somebody gave all that is asked for: their PIN has all its tries again, on this device as well."""
    Pin.objects.filter(user=user).forgive()
    if device is not None:
        admit(user, device=device, signed_in_at=now)


def admit(user: User, *, device: SharedDevice, signed_in_at: datetime) -> None:
    """Let somebody come back to a shared device with their PIN, as long after a full sign-in as a sign-in lasts."""
    DevicePerson.objects.update_or_create(
        device=device,
        user=user,
        defaults={"signed_in_at": signed_in_at, "password_mark": user.get_session_auth_hash()},
    )


@transaction.atomic
def set_pin(user: User, *, digits: str, now: datetime, request: HttpRequest | None = None) -> Pin:
    """Keep the hash of a new PIN. Setting one asks for the password, so that it has all its tries."""
    pin = Pin.objects.filter(user=user).first() or Pin(user=user)
    pin.set_digits(digits)
    pin.set_at, pin.failed_count = now, 0
    pin.save()
    _tell(user, "pin-set", now=now, request=request)
    return pin


@transaction.atomic
def remove_pin(user: User, *, now: datetime, request: HttpRequest | None = None) -> None:
    user.devices.all().delete()
    if Pin.objects.filter(user=user).delete()[0]:
        _tell(user, "pin-removed", now=now, request=request)


def _tell(user: User, what: str, *, now: datetime, request: HttpRequest | None) -> None:
    audit.write(audit.Act.CREDENTIALS, at=now, request=request, by=user, detail={"what": what})
    trail.told()
