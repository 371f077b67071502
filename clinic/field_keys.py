"""The keys of what is sealed inside the database: few, short secrets that whoever copies the database must not read.

AES-256-GCM under a key from the environment (MESOTRACK_FIELD_KEYS), which has nothing to do with SECRET_KEY and is in
no backup. What is sealed names its key, so that a missing one is told from a damaged row, and nothing but the secret
itself ever comes out.
"""

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

LENGTH = 32  # bytes of a key
NONCE = 12
FORMAT = "sealed1"
BOUND_TO = b"mesotrack field 1"


class UnsealError(Exception):
    """What is sealed does not open: its key is not here, or it is not what was written."""


@dataclass(frozen=True)
class FieldKey:
    secret: bytes

    @property
    def name(self) -> str:
        """Return 16 characters that tell keys apart and tell nothing of them."""
        return hashlib.sha256(b"mesotrack field key name" + self.secret).hexdigest()[:16]


def new_key() -> str:
    """Return a new key as MESOTRACK_FIELD_KEYS takes it: 44 characters."""
    return base64.urlsafe_b64encode(secrets.token_bytes(LENGTH)).decode("ascii")


def keys() -> list[FieldKey]:
    """Return the keys that are set: the first seals, each opens. Raises `ImproperlyConfigured` for what is no key."""
    written = [part.strip() for part in settings.FIELD_KEYS.split(",") if part.strip()]
    if not written:
        raise ImproperlyConfigured("MESOTRACK_FIELD_KEYS is not set. docs/operations.md says how to make one.")
    return [read(part) for part in written]


def read(written: str) -> FieldKey:
    try:
        secret = base64.b64decode(written.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        secret = b""
    if len(secret) != LENGTH:
        raise ImproperlyConfigured(
            "MESOTRACK_FIELD_KEYS holds something that is no key: a key is 32 random bytes in URL-safe base64, "
            "44 characters. docs/operations.md says how to make one."
        )
    return FieldKey(secret)


def seal(text: str) -> str:
    """Return the text under the first key, as "sealed1:<name of the key>:<nonce and ciphertext>"."""
    key = keys()[0]
    nonce = secrets.token_bytes(NONCE)
    hidden = nonce + AESGCM(key.secret).encrypt(nonce, text.encode("utf-8"), BOUND_TO)
    return f"{FORMAT}:{key.name}:{base64.urlsafe_b64encode(hidden).decode('ascii')}"


def unseal(sealed: str) -> str:
    """Return the text. Raises `UnsealError`, with a sentence for whoever runs the machine, at what does not open."""
    name = name_of(sealed)
    key = next((key for key in keys() if key.name == name), None)
    if key is None:
        raise UnsealError(
            _("Sealed with the field key %(name)s, which is not among MESOTRACK_FIELD_KEYS.") % {"name": name}
        )
    try:
        hidden = base64.b64decode(sealed.rpartition(":")[2].encode("ascii"), altchars=b"-_", validate=True)
        return AESGCM(key.secret).decrypt(hidden[:NONCE], hidden[NONCE:], BOUND_TO).decode("utf-8")
    except (InvalidTag, ValueError) as error:
        raise UnsealError(_("This is not what was sealed: the row was changed or damaged.")) from error


def name_of(sealed: str) -> str:
    """Return the name of the key that sealed this. Raises `UnsealError` for what was never sealed."""
    parts = sealed.split(":") if isinstance(sealed, str) else []
    if len(parts) != 3 or parts[0] != FORMAT:
        raise UnsealError(_("This was never sealed, or was changed since."))
    return parts[1]


def is_current(sealed: str) -> bool:
    """Say whether this is under the key that seals now."""
    return name_of(sealed) == keys()[0].name
