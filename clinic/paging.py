"""Pages of a long list by key: the next page starts after the last row shown, however deep, with no count."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from django.db.models import BooleanField, F, Func, Model, QuerySet, Value
from django.http import HttpRequest

from clinic import sealing

T = TypeVar("T", bound=Model)
PAGE = 25
MOST_COUNTED = 1000


class Row(Func):
    """A row value, (a, b), which a database compares in one go and serves from one index."""

    template = "(%(expressions)s)"
    output_field = BooleanField()


class After(Func):
    arg_joiner = " > "
    template = "(%(expressions)s)"
    output_field = BooleanField()
    conditional = True


class Before(After):
    arg_joiner = " < "


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of rows; `previous` and `next` are the query strings of its neighbours, empty at the ends."""

    rows: list[T]
    previous: str
    next: str

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def page(request: HttpRequest, queryset: QuerySet[T], *fields: str, size: int = PAGE) -> Page[T]:
    """Return the page that the request's `after` or `before` asks for.

    `fields` name the order, all rising or all falling ("-performed_at", "-pk"), the last one unique, none NULL.
    A key has the names of people in it, so it is sealed. One that was tampered with, is of another list or somebody
    else's is ignored: the first page comes.
    """
    falling = fields[0].startswith("-")
    names = [field.lstrip("-") for field in fields]
    after, before = (_key(request, name, names) for name in ("after", "before"))
    back = before is not None and after is None
    key = before if back else after
    rows = queryset.order_by(*(("-" if falling != back else "") + name for name in names))
    if key is not None:
        compare = Before if falling != back else After
        rows = rows.filter(compare(Row(*(F(name) for name in names)), Row(*(Value(part) for part in key))))
    found = list(rows[: size + 1])
    more = len(found) > size
    found = found[:size]
    if back:
        found.reverse()
    has_previous = more if back else key is not None
    has_next = True if back else more
    return Page(
        found,
        _address(request, "before", found[0], names) if found and has_previous else "",
        _address(request, "after", found[-1], names) if found and has_next else "",
    )


def bounded_count(queryset: QuerySet[Any], *, most: int = MOST_COUNTED, along: str = "") -> int:
    """Return the count, `most` + 1 standing for more: counting a big table is not worth a page's wait.

    `along` is an indexed order in which those that count come early, so that the end is met soon.
    """
    return queryset.order_by(*filter(None, [along])).values("pk")[: most + 1].count()


def _address(request: HttpRequest, direction: str, row: Model, names: Sequence[str]) -> str:
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    key = json.dumps([_plain(_value(row, name)) for name in names])
    query[direction] = sealing.seal(key, purpose=_purpose(names), whose=_whose(request))
    return "?" + query.urlencode()


def _value(row: Any, name: str) -> Any:
    for part in name.split("__"):
        row = getattr(row, part)
    return row


def _plain(value: Any) -> Any:
    """Return the value as JSON takes it, a moment and a day with their type: databases write them each in its way."""
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    return {"on": value.isoformat()} if isinstance(value, date) else value


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        return datetime.fromisoformat(value["at"]) if "at" in value else date.fromisoformat(value["on"])
    return value


def _key(request: HttpRequest, direction: str, names: Sequence[str]) -> list[Any] | None:
    text = sealing.unseal(request.GET.get(direction, ""), purpose=_purpose(names), whose=_whose(request))
    return None if text is None else [_typed(value) for value in json.loads(text)]


def _purpose(names: Sequence[str]) -> str:
    return f"clinic.paging {','.join(names)}"


def _whose(request: HttpRequest) -> str:
    """Return for whom a key is sealed, empty on a page for which nobody signs in."""
    return str(getattr(getattr(request, "user", None), "public_id", ""))
