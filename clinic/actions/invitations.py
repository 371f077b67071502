"""Asking somebody to work here: the invitation, its letter, and the account that comes of it."""

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic import audit, trail
from clinic.actions import letters
from clinic.invitations import token_of
from clinic.models import Invitation, User
from clinic.models.invitation import VALID_FOR
from clinic.roles import Role
from clinic.secret import digest_of, new_secret

KIND = "invitation"  # of letter


def send_invitation(invitation: Invitation, *, now: datetime, request: HttpRequest | None = None) -> None:
    """Write the letter of an open invitation with a new link, which takes the place of the one before.

    The worker sends it: ring for `tasks.send_letters`. Until then the link stands sealed in the letter, and afterwards
    in the mail alone. Raises `ValidationError` where somebody accepted or withdrew the invitation meanwhile.
    """
    secret = new_secret()
    with transaction.atomic():
        ours = Invitation.objects.open().filter(pk=invitation.pk)
        if not ours.update(secret_digest=digest_of(secret), sent_at=now):
            raise ValidationError(_("This invitation was accepted or withdrawn meanwhile."), code="closed")
        letters.drop(kind=KIND, invitation=invitation, now=now)
        letters.write(letter(invitation, secret), kind=KIND, now=now, invitation=invitation)
        _tell(invitation, "invitation-sent", now=now, request=request)
    trail.told()


def _tell(invitation: Invitation, what: str, *, now: datetime, request: HttpRequest | None) -> None:
    detail = {"what": what, "role": invitation.role}
    audit.write(audit.Act.CHANGE, at=now, request=request, record=invitation, detail=detail)


def letter(invitation: Invitation, secret: str) -> EmailMessage:
    address = settings.PUBLIC_URL.rstrip("/") + reverse("invitation-accept", args=[token_of(secret)])
    context = {
        "invitation": invitation,
        "by": invitation.invited_by,
        "address": address,
        "hours": int(VALID_FOR.total_seconds() // 3600),
    }
    body = render_to_string("clinic/mail/invitation.txt", context)
    return EmailMessage(_("Your account at the clinic"), body, to=[invitation.email])


def withdraw_invitation(invitation: Invitation, *, now: datetime, request: HttpRequest | None = None) -> bool:
    """Let its link lead nowhere; say whether it was still open."""
    is_withdrawn = _withdraw(invitation, now=now, request=request)
    if is_withdrawn:
        trail.told()
    return is_withdrawn


@transaction.atomic
def _withdraw(invitation: Invitation, *, now: datetime, request: HttpRequest | None) -> bool:
    if not Invitation.objects.open().filter(pk=invitation.pk).update(withdrawn_at=now):
        return False
    letters.drop(kind=KIND, invitation=invitation, now=now)
    _tell(invitation, "invitation-withdrawn", now=now, request=request)
    return True


def withdraw_invitations_of(user: User, *, now: datetime, request: HttpRequest | None = None) -> None:
    """Withdraw what is open of somebody whose account was closed or role lowered: their word gives nobody a role."""
    if may_invite(user):
        return
    for invitation in Invitation.objects.open().filter(invited_by=user):
        _withdraw(invitation, now=now, request=request)


def may_invite(user: User) -> bool:
    """Say whether this person, as stored now, may ask others to work here."""
    return User.objects.prefetch_related("groups").get(pk=user.pk).has_perm("clinic.manage_staff")


def accept_invitation(
    invitation: Invitation, *, password: str, now: datetime, request: HttpRequest | None = None
) -> User:
    """Make the account, once.

    Raises `ValidationError` where it is made already, its address is taken, or whoever invited may do that no more.
    """
    try:
        with transaction.atomic():
            stored = Invitation.objects.select_for_update().get(pk=invitation.pk)
            if stored.accepted_at or stored.withdrawn_at:
                raise ValidationError(_("This link is used up."), code="closed")
            if not may_invite(stored.invited_by):
                said = _("Whoever sent this link left or changed role. Ask your practice manager for another.")
                raise ValidationError(said, code="closed")
            user = User.objects.create_user(
                stored.email,
                password,
                role=Role(stored.role),
                title=stored.title,
                first_name=stored.first_name,
                last_name=stored.last_name,
            )
            user.locations.set(stored.locations.all())
            stored.accepted_at, stored.user = now, user
            stored.save(update_fields=["accepted_at", "user"])
            detail = {"what": "account-made", "role": stored.role, "invitation": str(stored.public_id)}
            audit.write(audit.Act.CREDENTIALS, at=now, request=request, by=user, record=user, detail=detail)
    except IntegrityError as error:
        raise ValidationError(_("Someone already signs in with this e-mail."), code="taken") from error
    return user
