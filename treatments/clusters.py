"""Which lots stand out: reactions by batch over the last year, judged by the rule, said in words."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.core.cache import caches
from django.db.models import Max, Min, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.models import User
from treatments.exposure import OF_REACTION, By, Exposed, Key, Reacted, exposed_by, reacted_by, tally
from treatments.models import ClusterReview, Lot, Product, Session, SideEffect, SideEffectKind
from treatments.models.side_effect import SideEffectQuerySet
from treatments.rate_words import of_so_many, percent, range_of
from treatments.rules.cluster import Reason, Tally, reasons

LOOKED_BACK = timedelta(days=365)  # a default of ours
SECONDS_KEPT = 300


@dataclass(frozen=True)
class Cluster:
    """One kind of reaction that stands out on one batch, over all locations of the clinic."""

    product: Product
    number: str
    kind: SideEffectKind
    own: Tally
    others: Tally  # the other batches together, a patient once on each
    reasons: tuple[Reason, ...]
    looks: int  # how many batches and kinds were compared
    newest_at: datetime  # when the latest of its patients came in

    @property
    def key(self) -> tuple[int, str, int]:
        return (self.product.pk, self.number, self.kind.pk)

    @property
    def is_above(self) -> bool:
        return Reason.ABOVE in self.reasons

    @property
    def is_within(self) -> bool:
        """Say whether the rate of the others lies inside the lot's own interval of 95 %."""
        share = self.others.patients.share
        return share is not None and self.own.patients.interval().lower <= share

    @property
    def headline(self) -> str:
        """Return "Nodule in 3 of 21 patients with lot PR-118 of Procaine 2 %."."""
        return _("%(kind)s in %(count)s patients with lot %(number)s of %(product)s.") % {
            "kind": self.kind.name,
            "count": of_so_many(self.own.patients),
            "number": self.number,
            "product": self.product,
        }

    @property
    def comparison(self) -> str:
        """Return the facts beside it: the same reaction on the other lots."""
        if not self.others.patients.of:
            return _("No other lot was used in the last 12 months, so there is nothing to compare it with.")
        return _("On other lots %(count)s, a patient once on each: %(own)s (%(range)s) against %(theirs)s.") % {
            "count": of_so_many(self.others.patients),
            "own": percent(self.own.patients.share),
            "range": range_of(self.own.patients.interval()),
            "theirs": percent(self.others.patients.share),
        }

    @property
    def meaning(self) -> str:
        """Return what it means that it is shown: never that the lot is the cause."""
        if self.is_above:
            return ngettext(
                "Chance alone seldom comes out so far above the others, also when %(looks)s comparison is made.",
                "Chance alone seldom comes out so far above the others, also when %(looks)s comparisons are made.",
                self.looks,
            ) % {"looks": self.looks}
        if self.is_within:
            return _(
                "It is shown since three patients have a reaction that is not to be expected. The rate of the other "
                "lots lies inside this interval: so many can well be chance."
            )
        return _(
            "It is shown since three patients have a reaction that is not to be expected. One lot among many can come "
            "out like this by chance."
        )

    @property
    def advice(self) -> str:
        return _(
            "This is no diagnosis. Look at the lot's date and storage, what it was mixed with, who injected, how, "
            "and at each of the patients."
        )


@dataclass(frozen=True)
class Signal:
    """A cluster as somebody sees it: with a lot of the batch, and the review that keeps it quiet, if any does."""

    cluster: Cluster
    lot: Lot
    review: ClusterReview | None

    @property
    def is_quiet(self) -> bool:
        """Say whether somebody has seen it, with all its patients."""
        return self.review is not None and self.review.seen_at >= self.cluster.newest_at


@dataclass
class Counted:
    """What the database counted: by batch, and by batch and kind."""

    exposed: dict[Key, Exposed]
    reacted: dict[Key, Reacted]
    all_exposed: Exposed = field(init=False)
    all_reacted: dict[int, Reacted] = field(init=False)

    def __post_init__(self) -> None:
        self.all_exposed = sum_exposed(self.exposed.values())
        self.all_reacted = {}
        for (*_batch, kind), reacted in self.reacted.items():
            known = self.all_reacted.get(kind, Reacted())
            self.all_reacted[kind] = Reacted(known.sessions + reacted.sessions, known.patients + reacted.patients)

    @property
    def looks(self) -> int:
        return len(self.exposed) * len(self.all_reacted)

    def compared(self, key: Key) -> tuple[Tally, Tally]:
        """Return one kind on one batch, and on all others together."""
        *batch, kind = key
        own = tally(self.exposed[tuple(batch)], self.reacted[key])
        every = tally(self.all_exposed, self.all_reacted[kind])
        return own, Tally(every.patients.less(own.patients), every.sessions.less(own.sessions))


def sum_exposed(all_of: Iterable[Exposed]) -> Exposed:
    found = list(all_of)
    return Exposed(
        sum(each.sessions for each in found),
        sum(each.patients for each in found),
        sum(each.answered for each in found),
    )


def clusters(now: datetime) -> list[Cluster]:
    """Return what stands out, those above the others first. What was counted may be five minutes old.

    A reaction that was recorded or changed since makes it be counted anew.
    """
    latest = SideEffect.history.aggregate(latest=Max("history_id"))["latest"]
    key, cache = f"clusters-{latest}", caches["worker"]
    found: list[Cluster] | None = cache.get(key)
    if found is None:
        found = find_clusters(now)
        cache.set(key, found, SECONDS_KEPT)
    return found


def find_clusters(now: datetime) -> list[Cluster]:
    """Count and judge. Sessions that wait for their signature count: the needle was real."""
    start = now - LOOKED_BACK
    sessions = Session.objects.standing().between(start, now)
    effects = SideEffect.objects.standing().after_sessions_between(start, now)
    counted = Counted(exposed_by(sessions, By.LOT, with_answers=False), reacted_by(effects, By.LOT, "kind"))
    kinds = {kind.pk: kind for kind in SideEffectKind.objects.all()}
    judged = []
    for key in counted.reacted:
        own, others = counted.compared(key)
        why = reasons(own, others, is_expected=kinds[key[-1]].is_expected, looks=counted.looks)
        if why:
            judged.append((key, own, others, tuple(why)))
    if not judged:
        return []
    products = Product.objects.in_bulk({key[0] for key, *_rest in judged})
    newest = newest_patients(effects, [key for key, *_rest in judged])
    found = [
        Cluster(products[key[0]], key[1], kinds[key[2]], own, others, why, counted.looks, newest[key])
        for key, own, others, why in judged
    ]
    return sorted(found, key=lambda each: (not each.is_above, -each.own.patients.count, each.number, each.kind.order))


def newest_patients(effects: SideEffectQuerySet, keys: list[Key]) -> dict[Key, datetime]:
    """Return when the latest patient of each (product, number, kind) came in: by each one's first reaction."""
    numbers, kinds = {key[1] for key in keys}, {key[2] for key in keys}
    firsts = (
        effects.with_suspects()
        .filter(Q(number__in=numbers), kind__in=kinds)
        .order_by()
        .values_list(*OF_REACTION[By.LOT], "kind", "session__course__patient")
        .annotate(first=Min("recorded_at"))
    )
    newest: dict[Key, datetime] = {}
    for *key, _patient, first in firsts:
        newest[tuple(key)] = max(newest.get(tuple(key), first), first)
    return newest


def signals(user: User, now: datetime) -> list[Signal]:
    """Return what stands out among the batches of the person's locations, those that nobody has seen first.

    Counted are the patients of all locations: a batch is one wherever it is.
    """
    found = clusters(now)
    if not found:
        return []
    numbers = {cluster.number for cluster in found}
    lots = {
        (lot.product_id, lot.number): lot
        for lot in Lot.objects.visible_to(user).filter(number__in=numbers).select_related("product").order_by("-pk")
    }
    reviews = ClusterReview.objects.latest_of_each(numbers)
    seen = [
        Signal(cluster, lots[cluster.key[:2]], reviews.get(cluster.key))
        for cluster in found
        if cluster.key[:2] in lots
    ]
    return sorted(seen, key=lambda signal: signal.is_quiet)


def loud_signals(user: User, now: datetime) -> list[Signal]:
    """Return what nobody has seen yet, or not with all its patients."""
    return [signal for signal in signals(user, now) if not signal.is_quiet]


def signals_of(lot: Lot, user: User, now: datetime) -> list[Signal]:
    """Return what stands out on one batch."""
    batch = (lot.product_id, lot.number)
    return [signal for signal in signals(user, now) if signal.cluster.key[:2] == batch]
