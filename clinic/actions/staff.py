"""Who works here: roles, places, leaving and coming back. There is always an admin."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from clinic.actions.invitations import withdraw_invitations_of
from clinic.actions.sign_ins import end_sign_ins
from clinic.models import Location, User
from clinic.roles import ROLE_NAMES, Role


def hold_admins() -> None:
    """Let nobody else change who is an admin until the transaction ends.

    The row of the role is the lock, a write since SQLite locks by nothing less: two admins who take the role from each
    other at the same moment come one after the other, and the second finds itself the last.
    """
    Group.objects.filter(name=Role.ADMIN).update(name=Role.ADMIN)


def require_another_admin(user: User) -> None:
    """Raise `ValidationError` if this is the only active admin. Only `hold_admins` before makes it last."""
    admins = User.objects.admins()
    if admins.filter(pk=user.pk).exists() and not admins.exclude(pk=user.pk).exists():
        raise ValidationError(_("This is the only active admin. Make someone else an admin first."), code="last-admin")


def change_role(
    user: User, *, role: Role, locations: Iterable[Location], now: datetime, request: HttpRequest | None = None
) -> User:
    """Give a person another role and other places. Another role ends their sign-ins: they come back in it.

    Whoever may invite nobody any more has invited nobody: what is open is withdrawn. What the first account of a
    clinic may beyond its role goes with the role of an admin.
    """
    with transaction.atomic():
        hold_admins()
        stored = User.objects.select_for_update().get(pk=user.pk)
        before = stored.role
        if role != Role.ADMIN:
            require_another_admin(stored)
        stored.locations.set(locations)
        if role != before or (stored.is_superuser and role != Role.ADMIN):
            stored.is_superuser = stored.is_superuser and role == Role.ADMIN
            stored.groups.set(Group.objects.filter(name=role))
            # The role is a group, and groups have no history of their own.
            stored._change_reason = _("Role: %(role)s") % {"role": ROLE_NAMES[role]}
            stored.save()
            end_sign_ins(stored)
            withdraw_invitations_of(stored, now=now, request=request)
    return stored


def deactivate(user: User, *, now: datetime, request: HttpRequest | None = None) -> User:
    """Close an account at once: open pages of it lead to the sign-in, and its invitations nowhere.

    Everything the person did stays theirs.
    """
    with transaction.atomic():
        hold_admins()
        stored = User.objects.select_for_update().get(pk=user.pk)
        require_another_admin(stored)
        if stored.is_active:
            stored.is_active = False
            stored.save()
        end_sign_ins(stored)
        withdraw_invitations_of(stored, now=now, request=request)
    return stored


def reactivate(user: User) -> User:
    """Open an account again, with the role and the places it had."""
    with transaction.atomic():
        stored = User.objects.select_for_update().get(pk=user.pk)
        if not stored.is_active:
            stored.is_active = True
            stored.save()
    return stored
