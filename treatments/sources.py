"""What a session may draw from at a location: lots in date and mixtures of the day, the first expiring first."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q

from clinic.models import Location
from treatments.models import Injection, Lot, Preparation, Session


class Sources:
    """The lots and mixtures on offer, with what is left of each; `also` keeps those that a form names already.

    `also` are keys "lot:<public id>" and "mix:<public id>" of this location; anything else is passed over. What
    `session` has drawn from already stays on offer wherever it is: its patient may have moved since. Three queries.
    """

    def __init__(
        self,
        location: Location,
        today: date,
        now: datetime,
        *,
        also: Iterable[str] = (),
        session: Session | None = None,
    ) -> None:
        named = by_kind(also)
        here = Lot.objects.at(location)
        usable = here.usable(today).in_stock().values("pk")
        given = Injection.objects.filter(session=session) if session else Injection.objects.none()
        lots = Lot.objects.filter(
            Q(pk__in=usable)
            | Q(location=location, public_id__in=named.get("lot", []))
            | Q(pk__in=given.exclude(lot=None).values("lot"))
        )
        self.lots = list(
            lots.with_stock().select_related("product").order_by("product", "expires_on", "received_on", "pk")
        )
        mixed = Preparation.objects.at(location)
        fresh = mixed.usable(now).in_stock().values("pk")
        preparations = Preparation.objects.filter(
            Q(pk__in=fresh)
            | Q(location=location, public_id__in=named.get("mix", []))
            | Q(pk__in=given.exclude(preparation=None).values("preparation"))
        )
        self.preparations = list(preparations.with_stock().with_ingredients().order_by("use_by_at", "pk"))

    def __iter__(self) -> Iterator[Lot | Preparation]:
        yield from self.lots
        yield from self.preparations

    def first_of(self, lot: Lot) -> Lot:
        """Return the lot of the same product that is to be used first; the lot itself where there is no other."""
        return next((each for each in self.lots if each.product_id == lot.product_id), lot)


def by_kind(keys: Iterable[str]) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = {}
    for key in keys:
        kind, _separator, name = key.partition(":")
        try:
            found.setdefault(kind, []).append(UUID(name))
        except ValueError:
            continue
    return found
