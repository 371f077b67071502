"""The safety report: rates of reactions by what people had, each with its exact interval."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, TextChoices
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.drawing import interval_svg
from clinic.models import User
from treatments.clusters import sum_exposed
from treatments.exposure import (
    By,
    Exposed,
    Key,
    Reacted,
    exposed_by,
    exposed_in_all,
    reacted_by,
    reacted_in_all,
    tally,
)
from treatments.models import Lot, Product, Session, SideEffectKind, TreatmentArea
from treatments.models.sessions_found import SessionQuerySet
from treatments.models.side_effect import SideEffectQuerySet
from treatments.rate_words import of_so_many, percent, range_of
from treatments.rules.cluster import Tally, is_above
from treatments.rules.rate import Interval, Rate

MOST_ROWS = 150  # on a page; the file has all of them
FEW = 10  # whoever has fewer does not stretch the axis
STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
NOBODY = Reacted()


class Sort(TextChoices):
    RATE = "rate", gettext_lazy("Rate")
    SURE = "sure", gettext_lazy("Lower limit")
    SIZE = "size", gettext_lazy("Number")
    NAME = "name", gettext_lazy("Name")


@dataclass(frozen=True)
class Label:
    """What a row is called, a second line, and how an address names it; empty for what has no page of its own."""

    name: str
    more: str = ""
    slug: str = ""


@dataclass(frozen=True)
class Figure:
    """One row of the report."""

    by: By
    label: Label
    tally: Tally
    exposed: Exposed
    is_above: bool
    own: float | None  # the clinic's own rate
    most: float  # the axis ends there
    query: str  # narrows the list of sessions to this row, the kind included

    @property
    def rate(self) -> Rate:
        return self.tally.patients if self.by is By.LOT else self.tally.sessions

    @property
    def interval(self) -> Interval:
        return self.rate.interval()

    @property
    def measured(self) -> str:
        return percent(self.rate.share)

    @property
    def range(self) -> str:
        return range_of(self.interval)

    @property
    def counted(self) -> str:
        return of_so_many(self.rate)

    @property
    def answered(self) -> Rate:
        return Rate(self.exposed.answered, self.exposed.sessions)

    @property
    def known(self) -> str:
        return percent(self.answered.share)

    @property
    def picture(self) -> SafeString:
        said = _("%(name)s: %(rate)s, interval %(range)s, the clinic's own %(own)s") % {
            "name": self.label.name,
            "rate": self.measured,
            "range": self.range,
            "own": percent(self.own),
        }
        limits = self.interval
        return interval_svg(
            lower=limits.lower,
            middle=self.rate.share,
            upper=limits.upper,
            own=self.own,
            most=self.most,
            label=said,
            above=self.is_above,
        )

    @property
    def url(self) -> str:
        """Return where the row leads on: a kind to its rates by product, a lot to its page."""
        if self.by is By.LOT and self.label.slug:
            return reverse("lot", args=[self.label.slug])
        return f"?{self.query.replace('by=kind&', '')}" if self.by is By.KIND else ""

    @property
    def sessions_url(self) -> str:
        return f"{reverse('report-safety-sessions')}?{self.query}"

    @property
    def reactions_url(self) -> str:
        return f"{self.sessions_url}&only=with"


@dataclass(frozen=True)
class Report:
    """The whole of it: the clinic's own rate, and a row each."""

    by: By
    own: Rate
    total: Exposed
    rows: list[Figure]
    most: float

    @property
    def own_words(self) -> str:
        return percent(self.own.share)

    @property
    def own_range(self) -> str:
        return range_of(self.own.interval())

    @property
    def known(self) -> Rate:
        return Rate(self.total.answered, self.total.sessions)

    @property
    def known_words(self) -> str:
        return percent(self.known.share)

    @property
    def shown(self) -> list[Figure]:
        return self.rows[:MOST_ROWS]

    @property
    def axis_end(self) -> str:
        return percent(self.most, places=None)

    @property
    def above(self) -> list[Figure]:
        return [row for row in self.rows if row.is_above]


def safety(
    sessions: SessionQuerySet,
    effects: SideEffectQuerySet,
    *,
    by: By,
    sort: Sort,
    user: User,
    carry: dict[str, str],
) -> Report:
    """Return the report on signed sessions, and on the reactions to them that are asked for.

    By kind each row is of all sessions. By lot patients are counted, each once a lot; by all else sessions. `carry`
    is what the addresses of the rows go on narrowing by.
    """
    total = exposed_in_all(sessions)
    if by is By.KIND:
        exposed = {(kind,): total for kind in SideEffectKind.objects.values_list("pk", flat=True)}
        own = tally(total, reacted_in_all(effects)).sessions
    else:
        exposed = exposed_by(sessions, by)
    reacted = reacted_by(effects, by)
    tallies = {key: tally(each, reacted.get(key, NOBODY)) for key, each in exposed.items()}
    if by is By.LOT:
        every = sum_exposed(exposed.values())
        own = Rate(sum(each.patients.count for each in tallies.values()), every.patients)
    elif by is not By.KIND:
        own = tally(total, reacted_in_all(effects)).sessions
    labels = label_all(by, list(exposed), user)
    rates = {key: each.patients if by is By.LOT else each.sessions for key, each in tallies.items()}
    most = axis_end([own, *rates.values()])
    rows = [
        Figure(
            by=by,
            label=labels[key],
            tally=tallies[key],
            exposed=each,
            is_above=by is not By.KIND and stands_above(tallies, key, by, total),
            own=None if by is By.KIND else own.share,
            most=most,
            query=urlencode(row_query(by, labels[key], carry)),
        )
        for key, each in exposed.items()
        if by is not By.KIND or tallies[key].sessions.count
    ]
    return Report(by, own, total, sorted(rows, key=ORDERS[sort]), most)


def row_query(by: By, label: Label, carry: dict[str, str]) -> dict[str, str]:
    if by is By.KIND:
        return carry | {"by": by.value, "kind": label.slug}
    return carry | {"by": by.value, "key": label.slug}


def stands_above(tallies: dict[Key, Tally], key: Key, by: By, total: Exposed) -> bool:
    """Say whether a row's rate is above that of all others by the rule for clusters: by patients, too, for lots."""
    own, looks = tallies[key], len(tallies)
    others = [each for other, each in tallies.items() if other != key]
    parts = [(own.sessions, [each.sessions for each in others])]
    if by is By.LOT:
        parts.append((own.patients, [each.patients for each in others]))
    return own.patients.count > 1 and all(is_above(mine, together(theirs), looks) for mine, theirs in parts)


def together(rates: Iterable[Rate]) -> Rate:
    found = list(rates)
    return Rate(sum(rate.count for rate in found), sum(rate.of for rate in found))


def axis_end(rates: Iterable[Rate]) -> float:
    """Return a round share above every interval that is of more than a few; 1 where all are of few."""
    ends = [rate.interval().upper for rate in rates if rate.of >= FEW]
    highest = max(ends, default=1.0)
    return next((step for step in STEPS if step >= highest), 1.0)


ORDERS: dict[Sort, Callable[[Figure], Any]] = {
    Sort.RATE: lambda row: (-(row.rate.share or 0), -row.rate.of, row.label.name, row.label.more),
    Sort.SURE: lambda row: (-row.interval.lower, -row.rate.of, row.label.name, row.label.more),
    Sort.SIZE: lambda row: (-row.rate.of, row.label.name, row.label.more),
    Sort.NAME: lambda row: (row.label.name, row.label.more),
}


def label_all(by: By, keys: list[Key], user: User) -> dict[Key, Label]:
    """Return the names of the groups, in one query."""
    firsts = [key[0] for key in keys]
    if by is By.TECHNIQUE:
        return {key: Label(str(Session.Technique(key[0]).label), slug=key[0]) for key in keys}
    if by is By.LOT:
        return label_lots(keys, user)
    if by is By.PRODUCT:
        products = Product.objects.in_bulk(firsts)
        return {key: Label(str(products[key[0]]), products[key[0]].maker, products[key[0]].code) for key in keys}
    if by is By.AREA:
        areas = TreatmentArea.objects.in_bulk(firsts)
        return {key: Label(str(areas[key[0]]), slug=areas[key[0]].code) for key in keys}
    if by is By.PRACTITIONER:
        users = User.objects.in_bulk(firsts)
        return {key: Label(users[key[0]].get_full_name(), slug=str(users[key[0]].public_id)) for key in keys}
    kinds = SideEffectKind.objects.in_bulk(firsts)
    return {key: Label(kinds[key[0]].name, slug=kinds[key[0]].code) for key in keys}


def label_lots(keys: list[Key], user: User) -> dict[Key, Label]:
    lots = Lot.objects.filter(number__in={key[1] for key in keys}).select_related("product").order_by("pk")
    own = set(lots.visible_to(user).values_list("pk", flat=True))
    found: dict[Key, Label] = {}
    for lot in lots:
        key = (lot.product_id, lot.number)
        if key not in found or lot.pk in own:
            found[key] = Label(lot.number, str(lot.product), str(lot.public_id))
    return found


def of_group(sessions: SessionQuerySet, by: By, slug: str) -> SessionQuerySet:
    """Return the sessions that had what an address names; none for what is not there."""
    return GROUPS[by](sessions, slug)


def of_product(sessions: SessionQuerySet, slug: str) -> SessionQuerySet:
    had = sessions.with_batch().filter(Q(product__in=Product.objects.filter(code=slug).values("pk")))
    return sessions.filter(pk__in=had.order_by().values("pk"))


def lot_named(slug: str) -> Lot | None:
    """Return the lot that an address names, None for what is no lot's name."""
    try:
        return Lot.objects.filter(public_id=UUID(slug)).first()
    except ValueError:
        return None


def given_by(sessions: SessionQuerySet, slug: str) -> SessionQuerySet:
    try:
        return sessions.filter(performed_by__public_id=UUID(slug))
    except ValueError:
        return sessions.none()


def of_lot(sessions: SessionQuerySet, slug: str) -> SessionQuerySet:
    lot = lot_named(slug)
    if lot is None:
        return sessions.none()
    had = sessions.with_batch().filter(Q(product=lot.product_id, number=lot.number))
    return sessions.filter(pk__in=had.order_by().values("pk"))


GROUPS: dict[By, Callable[[SessionQuerySet, str], SessionQuerySet]] = {
    By.KIND: lambda sessions, _slug: sessions,
    By.PRODUCT: of_product,
    By.LOT: of_lot,
    By.AREA: lambda sessions, slug: sessions.filter(areas__code=slug),
    By.TECHNIQUE: lambda sessions, slug: sessions.filter(technique=slug),
    By.PRACTITIONER: given_by,
}


def suspected(effects: SideEffectQuerySet, by: By, slug: str) -> SideEffectQuerySet:
    """Return the reactions that may come from what an address names, as the report counts them."""
    if by is By.PRODUCT:
        of_it = effects.with_suspects().filter(Q(product__in=Product.objects.filter(code=slug).values("pk")))
    elif by is By.LOT:
        lot = lot_named(slug)
        of_it = effects.with_suspects().filter(Q(product=lot.product_id, number=lot.number) if lot else Q(pk__in=[]))
    elif by is By.AREA:
        of_it = effects.with_place().filter(Q(place__in=TreatmentArea.objects.filter(code=slug).values("pk")))
    else:
        return effects
    return effects.filter(pk__in=of_it.order_by().values("pk"))


def report_head(by: By) -> list[str]:
    counted = [_("Patients with it"), _("Patients")] if by is By.LOT else []
    return [
        str(by.label),
        _("Detail"),
        *counted,
        _("Sessions with it"),
        _("Sessions"),
        _("Rate in %"),
        _("Lower limit in %"),
        _("Upper limit in %"),
        _("Sessions with a known answer"),
        _("Above the others"),
    ]


def report_rows(report: Report) -> Iterator[list[object]]:
    for row in report.rows:
        tally_, limits = row.tally, row.interval
        counted = [tally_.patients.count, tally_.patients.of] if report.by is By.LOT else []
        share = row.rate.share
        yield [
            row.label.name,
            row.label.more,
            *counted,
            tally_.sessions.count,
            tally_.sessions.of,
            "" if share is None else f"{share * 100:.4f}",
            f"{limits.lower * 100:.4f}",
            f"{limits.upper * 100:.4f}",
            row.exposed.answered,
            _("yes") if row.is_above else _("no"),
        ]
