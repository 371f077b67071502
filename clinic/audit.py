"""Writing the audit trail: who did what, when, from where, on which record of which patient."""

from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db.models import Model
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from clinic.models import AuditEvent, Location, User
from clinic.subjects import patient_of

Act = AuditEvent.Act


def write(
    act: Act,
    *,
    at: datetime,
    request: HttpRequest | None = None,
    by: User | None = None,
    record: Model | None = None,
    patient: UUID | None = None,
    detail: dict[str, Any] | None = None,
) -> AuditEvent:
    """Write one event, by one INSERT, and return it.

    `by` is who acts where it is not the request's user. `record` is what it is about, `patient` the public id of the
    patient where the record cannot say so itself. `detail` holds codes, counts and days; nothing typed, no name.
    """
    by = by or user_of(request)
    return AuditEvent.objects.create(
        happened_at=at,
        act=act,
        by=by,
        role=by.role or "" if by else "",
        record_type=record._meta.label_lower if record else "",
        record_key=key_of(record) if record else "",
        patient_public_id=patient or patient_of(record),
        detail=detail or {},
        **where_from(request),
    )


def user_of(request: HttpRequest | None) -> User | None:
    user = getattr(request, "user", None)
    return user if user and user.is_authenticated else None


def where_from(request: HttpRequest | None) -> dict[str, Any]:
    """Return the request's own facts: never its address, which may hold what was typed or the token of a link."""
    if request is None:
        return {}
    location = getattr(request, "location", None)
    match = request.resolver_match
    return {
        "location": location if isinstance(location, Location) else None,
        "address": address_of(request),
        "session_digest": digest_of_session(request),
        "view_name": match.view_name[:100] if match and match.view_name else "",
        "request_id": getattr(request, "audit_id", None),
    }


def address_of(request: HttpRequest) -> str | None:
    """Return the network address, as the limits on signing in see it; None where a socket has none."""
    try:
        return get_adapter(request).get_client_ip(request)
    except (PermissionDenied, ImproperlyConfigured):
        return None


def digest_of_session(request: HttpRequest) -> str:
    """Return what is the same for all that one sign-in does, and signs nobody in."""
    session = getattr(request, "session", None)
    key = session.session_key if session is not None else None
    return salted_hmac("clinic.audit.session", key, algorithm="sha256").hexdigest()[:32] if key else ""


def key_of(record: Model) -> str:
    return str(getattr(record, "public_id", record.pk))
