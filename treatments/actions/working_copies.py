"""Keeping what is typed of a session while it is typed, so that a crash, a closed tab or a sign-out loses nothing."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.http import QueryDict

from treatments.models import Course, Session, WorkingCopy

if TYPE_CHECKING:
    from clinic.models import User

PAGE, VERSION = "page", "copy_version"  # which opened page wrote it, and on which version of the copy
NOT_TYPED = {"csrfmiddlewaretoken", VERSION, "action"}


class OtherPageError(Exception):
    """Another page wrote this session since the page was opened. `copy` is what it wrote, None where it is saved."""

    def __init__(self, copy: WorkingCopy | None) -> None:
        super().__init__()
        self.copy = copy


def typed_of(data: QueryDict) -> dict[str, list[str]]:
    """Return what a form said, field by field, without what is the browser's, and without NUL, which nobody types.

    No field of ours has one in its name: what comes under such a name is passed over.
    """
    names = [name for name in data if name not in NOT_TYPED and "\0" not in name]
    return {name: [value.replace("\0", "") for value in data.getlist(name)] for name in names}


def as_data(copy: WorkingCopy) -> QueryDict:
    """Return what is kept as a form reads it."""
    data = QueryDict(mutable=True)
    for name, values in copy.typed.items():
        data.setlist(name, values)
    data[VERSION] = str(copy.version)
    return data


def open_copy(course: Course, session: Session | None) -> WorkingCopy | None:
    return WorkingCopy.objects.of(course, session).open().select_related("typed_by").first()


def keep(course: Course, session: Session | None, data: QueryDict, *, by: "User", force: bool = False) -> WorkingCopy:
    """Keep what a page has typed, over its own earlier copy alone unless `force` says that this one is meant.

    Raises `OtherPageError` when another page wrote it meanwhile, or when the session was saved.
    """
    typed = typed_of(data)
    try:
        with transaction.atomic():
            copy = WorkingCopy.objects.select_for_update().of(course, session).open().first()
            refuse_other_page(copy, data, course, force=force)
            if copy is None:
                return WorkingCopy.objects.create(course=course, session=session, typed=typed, typed_by=by)
            copy.typed, copy.typed_by = typed, by
            return copy.save_over(copy.version)
    except IntegrityError:
        raise OtherPageError(open_copy(course, session)) from None


def refuse_other_page(copy: WorkingCopy | None, data: QueryDict, course: Course, *, force: bool = False) -> None:
    """Raise `OtherPageError` when `data` comes from a page that has not seen the newest copy."""
    if copy is None:
        if token_of(data) and Session.objects.filter(course=course, form_token=token_of(data)).exists():
            raise OtherPageError(None)
        return
    is_own_page = copy.typed.get(PAGE) == data.getlist(PAGE)
    if not force and not is_own_page and str(copy.version) != data.get(VERSION):
        raise OtherPageError(copy)


def has_moved_on(session: Session, data: QueryDict, *, amending: bool) -> bool:
    """Say whether a session was saved, signed or taken back since `data` was begun on it."""
    return session.is_in_error or session.is_signed != amending or str(session.version) != data.get("version")


def token_of(data: QueryDict) -> uuid.UUID | None:
    try:
        return uuid.UUID(data.get("form_token", ""))
    except ValueError:
        return None


def close(course: Course, session: Session | None, *, now: datetime) -> None:
    """Put away what was typed, once it is saved or given up."""
    WorkingCopy.objects.of(course, session).open().close(now)
