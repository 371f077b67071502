"""The link of an invitation: a secret, signed, so that what we never made is refused without a look."""

from django.core import signing

from clinic.models import Invitation
from clinic.secret import digest_of

SALT = "clinic.invitation"


def token_of(secret: str) -> str:
    return signing.Signer(salt=SALT).sign(secret)


def invitation_of(token: str) -> Invitation | None:
    """Return the invitation of a link, whatever became of it."""
    try:
        secret = signing.Signer(salt=SALT).unsign(token)
    except signing.BadSignature:
        return None
    return Invitation.objects.filter(secret_digest=digest_of(secret)).first()
