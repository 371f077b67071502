"""A shared device as a browser shows it: by a signed cookie with a secret of its own."""

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from clinic.models import SharedDevice
from clinic.secret import digest_of, new_secret

SALT = "clinic.shared-device"
KEPT_FOR = timedelta(days=180)  # a default of ours; then the device is made shared again


def is_marked(request: HttpRequest) -> bool:
    """Say whether this browser has the cookie, of whatever worth: for what pages offer, not for what they open."""
    return settings.DEVICE_COOKIE_NAME in request.COOKIES


def device_of(request: HttpRequest) -> SharedDevice | None:
    """Return the shared device that sends this request, if it is one."""
    cookie = request.COOKIES.get(settings.DEVICE_COOKIE_NAME)
    if not cookie:
        return None
    try:
        secret = signing.loads(cookie, salt=SALT, max_age=KEPT_FOR)
    except signing.BadSignature:
        return None
    return SharedDevice.objects.filter(secret_digest=digest_of(str(secret)), withdrawn_at=None).first()


def mark(response: HttpResponse, secret: str) -> None:
    """Let this browser be the device of the secret."""
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps(secret, salt=SALT),
        max_age=KEPT_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def unmark(response: HttpResponse) -> None:
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        "",
        max_age=0,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


__all__ = ["device_of", "is_marked", "mark", "new_secret", "unmark"]
