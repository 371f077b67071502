"""Text sealed into an address: it opens for whom and for what it was sealed, and to all others says nothing.

AES-GCM under a key that is made from `SECRET_KEY`. What an earlier one of `SECRET_KEY_FALLBACKS` sealed opens too.
"""

import base64
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.crypto import salted_hmac

NONCE = 12


def seal(text: str, *, purpose: str, whose: str) -> str:
    nonce = secrets.token_bytes(NONCE)
    hidden = nonce + AESGCM(_key(purpose, whose, settings.SECRET_KEY)).encrypt(nonce, text.encode("utf-8"), None)
    return base64.urlsafe_b64encode(hidden).decode("ascii").rstrip("=")


def unseal(sealed: str, *, purpose: str, whose: str) -> str | None:
    """Return the text, None for what was not sealed for this purpose and person."""
    try:
        hidden = base64.b64decode(sealed.encode("ascii") + b"=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            return AESGCM(_key(purpose, whose, secret)).decrypt(hidden[:NONCE], hidden[NONCE:], None).decode("utf-8")
        except (InvalidTag, ValueError):
            continue
    return None


def _key(purpose: str, whose: str, secret: str) -> bytes:
    return salted_hmac(purpose, whose, secret=secret, algorithm="sha256").digest()
