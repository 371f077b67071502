"""How well the records are kept: whether reactions were asked for, and what is missing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from clinic.drawing import interval_svg
from clinic.models import User
from treatments.models import Injection, Session
from treatments.models.sessions_found import SessionQuerySet
from treatments.rate_words import of_so_many, percent, range_of
from treatments.rules.rate import Rate

SIGNED_WITHIN = timedelta(days=1)  # a default of ours
Asked = Session.Asked


@dataclass(frozen=True)
class Kept:
    """One practitioner's sessions, or all of them; `after_another` are those with one before them in their course."""

    name: str
    key: str
    sessions: int
    after_another: int
    some: int
    none: int
    now_asked: int
    unsigned: int
    without_lot: int
    without_weight: int
    own: float | None = None  # the clinic's own share of answers

    @property
    def answered(self) -> Rate:
        return Rate(self.some + self.none, self.after_another)

    @property
    def not_asked(self) -> int:
        return self.after_another - self.some - self.none

    @property
    def counted(self) -> str:
        return of_so_many(self.answered)

    @property
    def share(self) -> str:
        return percent(self.answered.share)

    @property
    def range(self) -> str:
        return range_of(self.answered.interval()) if self.after_another else "–"

    @property
    def asked_at_once(self) -> Rate:
        return Rate(self.now_asked, self.sessions)

    @property
    def at_once(self) -> str:
        return of_so_many(self.asked_at_once)

    @property
    def picture(self) -> SafeString | str:
        if not self.after_another:
            return ""
        limits = self.answered.interval()
        said = _("%(name)s: %(share)s answered, interval %(range)s") % {
            "name": self.name,
            "share": self.share,
            "range": self.range,
        }
        return interval_svg(
            lower=limits.lower, middle=self.answered.share, upper=limits.upper, own=self.own, most=1, label=said
        )


@dataclass(frozen=True)
class Quality:
    all: Kept
    rows: list[Kept]


NUMBERS = ("sessions", "after_another", "some", "none", "now_asked", "unsigned", "without_lot", "without_weight")


def quality(sessions: SessionQuerySet, now: datetime) -> Quality:
    """Return the practitioners, those with the fewest answers first, and everybody together; in two queries."""
    follows = Exists(
        Session.objects.standing().filter(course=OuterRef("course"), performed_at__lt=OuterRef("performed_at"))
    )
    counted: QuerySet[Any, Any] = (
        sessions.annotate(follows=follows, injected=Exists(Injection.objects.filter(session=OuterRef("pk"))))
        .order_by()
        .values("performed_by")
        .annotate(
            sessions=Count("pk"),
            after_another=Count("pk", filter=Q(follows=True)),
            some=Count("pk", filter=Q(follows=True, asked_back=Asked.SOME)),
            none=Count("pk", filter=Q(follows=True, asked_back=Asked.NONE)),
            now_asked=Count("pk", filter=~Q(reactions_asked=Asked.NOT_ASKED)),
            unsigned=Count("pk", filter=Q(signed_at=None, performed_at__lt=now - SIGNED_WITHIN)),
            without_lot=Count("pk", filter=Q(injected=False)),
            without_weight=Count("pk", filter=Q(weight_kg=None)),
        )
    )
    rows: list[dict[str, Any]] = list(counted)
    sums = {name: sum(row[name] for row in rows) for name in NUMBERS}
    every = Kept(name=_("Everybody"), key="", **sums)
    people = User.objects.in_bulk([row["performed_by"] for row in rows])
    kept = [
        Kept(
            name=people[row["performed_by"]].get_full_name(),
            key=str(people[row["performed_by"]].public_id),
            own=every.answered.share,
            **{name: row[name] for name in NUMBERS},
        )
        for row in rows
    ]
    share = {row.key: row.answered.share for row in kept}
    return Quality(every, sorted(kept, key=lambda row: (share[row.key] is None, share[row.key], row.name)))


def quality_head() -> list[str]:
    return [
        _("Practitioner"),
        _("Sessions"),
        _("Sessions after another"),
        _("Asked back, something"),
        _("Asked back, none"),
        _("Not asked"),
        _("Asked right after the session"),
        _("Unsigned for more than a day"),
        _("Without a lot"),
        _("Without a weight"),
    ]


def quality_rows(report: Quality) -> Iterator[list[object]]:
    for row in [*report.rows, report.all]:
        yield [
            row.name,
            row.sessions,
            row.after_another,
            row.some,
            row.none,
            row.not_asked,
            row.now_asked,
            row.unsigned,
            row.without_lot,
            row.without_weight,
        ]
