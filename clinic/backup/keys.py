"""The keys of the backups: 32 random bytes each, from the environment, and nothing to do with SECRET_KEY."""

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from clinic.backup.errors import NotSetUpError

LENGTH = 32  # bytes


@dataclass(frozen=True)
class Key:
    secret: bytes

    @property
    def name(self) -> bytes:
        """Return 8 bytes that tell keys apart and tell nothing of them."""
        return hashlib.sha256(b"mesotrack backup key name" + self.secret).digest()[:8]


def new_key() -> str:
    """Return a new key as MESOTRACK_BACKUP_KEY takes it."""
    return base64.urlsafe_b64encode(secrets.token_bytes(LENGTH)).decode("ascii")


def keys() -> list[Key]:
    """Return the keys that are set: the first seals new backups, any of them opens old ones.

    Raises `NotSetUpError` where there is none, or one that is no key. Says nothing of what was there instead.
    """
    written = [part.strip() for part in settings.BACKUP_KEY.split(",") if part.strip()]
    if not written:
        raise NotSetUpError(
            _(
                "MESOTRACK_BACKUP_KEY is not set, and there are no backups without one. "
                "`manage.py backup_key` makes a key; keep a copy of it away from this machine."
            )
        )
    return [read(part) for part in written]


def read(written: str) -> Key:
    try:
        secret = base64.b64decode(written.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        secret = b""
    if len(secret) != LENGTH:
        raise NotSetUpError(
            _("MESOTRACK_BACKUP_KEY is no key: it takes what `manage.py backup_key` writes, 44 characters.")
        )
    return Key(secret)
