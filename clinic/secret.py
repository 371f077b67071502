"""Secrets that are given out once and never kept: only their digest is stored."""

import hashlib
import secrets


def new_secret() -> str:
    """Return 256 bits that nobody guesses."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """Return what is stored of it. A secret this long needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
