"""Who must have a second factor, and who has one. A list of recovery codes alone is none: it only replaces one."""

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from clinic.roles import Role

KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


NAMES = {Authenticator.Type.TOTP: _("Phone app"), Authenticator.Type.RECOVERY_CODES: _("Recovery codes")}


def name_of(factor: Authenticator) -> str:
    """Return what the person calls it: "Phone app", or the name given to a passkey."""
    return str(NAMES[factor.type]) if factor.type in NAMES else str(factor)


def factors_of(user: User) -> "QuerySet[Authenticator]":
    return Authenticator.objects.filter(user_id=user.pk, type__in=KINDS)


def is_required_of(user: User) -> bool:
    """Say whether the person's role asks for a second factor; a superuser counts as an admin, whatever the role."""
    role = Role.ADMIN if user.is_superuser else user.role
    return role is not None and role.lower() in settings.MFA_REQUIRED_ROLES


def is_missing(user: User) -> bool:
    """Say whether the person has to set a second factor up before anything else."""
    return is_required_of(user) and not factors_of(user).exists()


def may_remove(factor: Authenticator, user: User) -> bool:
    """Say whether the person can do without this one: another is left, or the role asks for none."""
    return not is_required_of(user) or factors_of(user).exclude(pk=factor.pk).exists()
