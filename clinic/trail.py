"""What a request touched, and the events it leaves: one for each patient concerned, one for a list.

Nobody has to remember it. Records are looked up by `clinic.access.get_object_or_404`, which notes what was found and
what was refused; changes are noted where their history is written; the middleware writes once the response is made.
"""

import logging
import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db import DatabaseError
from django.db.models import Model
from django.dispatch import receiver
from django.http import HttpResponse
from django.utils import timezone
from simple_history.signals import post_create_historical_record

from clinic import audit
from clinic.audit import Act
from clinic.http import Request
from clinic.models import User
from clinic.subjects import is_patient, patient_of, patients_of

log = logging.getLogger("clinic.audit")

SAFE = {"GET", "HEAD"}
UNSAID = "…"  # of a parameter whose value is not repeated
TYPED = {"q"}  # where people type names: kept nowhere
NAME = re.compile(r"[a-z_]{1,40}")  # of a parameter, as pages of ours write it; what else is sent is nobody's filter
# What a filter may say of itself: a code, a number, a day, a public id. Everything else is named, not repeated.
CODE = re.compile(r"[a-z][a-z_-]{0,30}|-?\d{1,4}|\d{4}-\d{2}-\d{2}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Answers that show the record with what stands against what was sent.
REFUSED_BUT_SHOWN = {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
MOST_SAID = 20  # parameters of an address
MOST_PATIENTS = 10  # changed by one request, before it is a list: an import
TABLES = ("text/csv", "application/vnd.", "application/zip")
PAGES = ("text/html", "application/json")


@dataclass
class Trail:
    """What one request found, was refused, and wrote."""

    found: dict[UUID | None, Model] = field(default_factory=dict)  # by the patient; the first record stands for all
    user: User | None = None
    refused: Model | None = None
    by: User | None = None
    act: Act | None = None
    is_told: bool = False
    has_changed: bool = False
    changed: dict[UUID | None, Model] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)


_trail: ContextVar[Trail | None] = ContextVar("trail", default=None)


def saw(record: Model, *, by: User | None = None, act: Act | None = None) -> None:
    """Note that this request shows a record; `by` is who sees it where nobody is signed in, `act` what is done."""
    trail = _trail.get()
    if trail is None:
        return
    concerned: list[UUID | None] = [*patients_of(record)]
    for patient in concerned or [None]:
        trail.found.setdefault(patient, record)
    trail.by, trail.act = by or trail.by, act or trail.act


def missed(model: type[Model], key: dict[str, Any]) -> None:
    """Note it where a record of this key is there, and not for this person."""
    trail = _trail.get()
    visible_to = getattr(model._default_manager, "visible_to", None)  # those without have no place
    if trail is None or trail.user is None or visible_to is None:
        return
    if not visible_to(trail.user).filter(**key).exists():
        trail.refused = model._default_manager.filter(**key).first()


def tell(**details: Any) -> None:
    """Add codes, counts and days to what the event says of itself."""
    if trail := _trail.get():
        trail.details |= details


def told() -> None:
    """Note that an event of its own says what this request did, so that no other is wanted."""
    if trail := _trail.get():
        trail.is_told = True


@receiver(post_create_historical_record)
def note_change(sender: Any, instance: Model, **kwargs: Any) -> None:
    if trail := _trail.get():
        trail.has_changed = True
        if is_patient(instance):
            trail.changed[patient_of(instance)] = instance
        else:
            trail.changed.setdefault(None, instance)


def leave_trail(get_response: Callable[[Request], HttpResponse]) -> Callable[[Request], HttpResponse]:
    """Write what a request did, once its response is made.

    Where that cannot be written the page is shown all the same, for an allergy may be on it, and the log gets the
    event. A table that takes many patients out of the house is not handed out without it.
    """

    def middleware(request: Request) -> HttpResponse:
        trail = Trail(user=audit.user_of(request))
        request.audit_id = uuid.uuid4()
        token = _trail.set(trail)
        try:
            response = get_response(request)
        finally:
            _trail.reset(token)
        act = act_of(request, response, trail)
        if act is None:
            return response
        try:
            write(request, trail, act, said=trail.details | said_by(request))
        except DatabaseError:
            write_without_detail(request, trail, act)
        return response

    return middleware


def act_of(request: Request, response: HttpResponse, trail: Trail) -> Act | None:
    """Return what was done, None for what leaves no event: a way to another page, a stranger, a mistyped address."""
    is_known = request.user.is_authenticated or trail.by is not None or bool(trail.found)
    if not is_known or trail.is_told:
        return None
    if response.status_code == HTTPStatus.FORBIDDEN or (
        response.status_code == HTTPStatus.NOT_FOUND and trail.refused is not None
    ):
        return Act.DENIED
    if response.status_code in REFUSED_BUT_SHOWN:
        return refused_but_shown(response, trail)
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        return None
    if trail.has_changed or (request.method not in SAFE and response.status_code != HTTPStatus.OK and trail.found):
        return Act.CHANGE
    return shown(response, trail) if response.status_code == HTTPStatus.OK else None


def refused_but_shown(response: HttpResponse, trail: Trail) -> Act | None:
    """Return what was done by sending what was refused: of several photos, some may have been taken all the same."""
    if response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY and trail.has_changed:
        return Act.CHANGE
    return Act.READ if trail.found else None


def shown(response: HttpResponse, trail: Trail) -> Act:
    kind = response.headers.get("Content-Type", "text/html")
    if kind.startswith(TABLES):
        return Act.EXPORT
    return trail.act or (Act.READ if kind.startswith(PAGES) else Act.DOWNLOAD)


def write(request: Request, trail: Trail, act: Act, *, said: dict[str, Any]) -> None:
    for patient, record in records(trail, act):
        detail = said
        if act == Act.DENIED and record is None and (key := key_of_address(request)):
            detail = said | {"key": key}
        audit.write(
            act, at=timezone.now(), request=request, by=trail.by, record=record, patient=patient, detail=detail
        )


def write_without_detail(request: Request, trail: Trail, act: Act) -> None:
    """Write once more what the database refused, with nothing of what was said in it: who did what is the event."""
    try:
        write(request, trail, act, said={})
    except DatabaseError:
        log.exception("Not written to the trail: %s by %s, %s", act, audit.user_of(request), sorted_keys(trail))
        if act == Act.EXPORT:
            raise
    else:
        log.warning("Written to the trail without its detail: %s by %s", act, audit.user_of(request))


def records(trail: Trail, act: Act) -> list[tuple[UUID | None, Model | None]]:
    """Return each patient concerned with a record, else the record without a patient, else nothing: a list."""
    if act == Act.DENIED and trail.refused:
        return [(patient_of(trail.refused), trail.refused)]
    found = trail.found or (trail.changed if len(trail.changed) < MOST_PATIENTS else {})
    of_patients: list[tuple[UUID | None, Model | None]] = [each for each in found.items() if each[0] is not None]
    return of_patients or [(None, found.get(None))]


def key_of_address(request: Request) -> str:
    """Return the public id that the address names, empty for none."""
    return str(request.resolver_match.kwargs.get("public_id", "")) if request.resolver_match else ""


def said_by(request: Request) -> dict[str, Any]:
    """Return the filter of an address: which parameters, and the values that are codes. Nothing that was typed."""
    said = {
        name: value if name not in TYPED and CODE.fullmatch(str(value)) else UNSAID
        for name, value in sorted(request.GET.items())[:MOST_SAID]
        if value and NAME.fullmatch(name)
    }
    return {"filter": said} if said else {}


def sorted_keys(trail: Trail) -> list[str]:
    """Return what was found, by kind and public id: a log has no names."""
    return sorted(f"{record._meta.label_lower} {audit.key_of(record)}" for record in trail.found.values())
