"""Who had what, and who of them reacted: counted by the database, one query a question."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from treatments.models.sessions_found import SessionQuerySet
from treatments.models.side_effect import SideEffectQuerySet
from treatments.rules.cluster import Tally
from treatments.rules.rate import Rate

Key = tuple[Any, ...]  # the values of the columns that a group is of


class By(TextChoices):
    """What rates are told apart by."""

    KIND = "kind", _("Kind")
    PRODUCT = "product", _("Product")
    LOT = "lot", _("Lot")
    AREA = "area", _("Area")
    TECHNIQUE = "technique", _("Technique")
    PRACTITIONER = "practitioner", _("Practitioner")


OF_SESSION = {
    By.PRODUCT: ("product",),
    By.LOT: ("product", "number"),
    By.AREA: ("place",),
    By.TECHNIQUE: ("technique",),
    By.PRACTITIONER: ("performed_by",),
}
OF_REACTION = OF_SESSION | {
    By.KIND: ("kind",),
    By.TECHNIQUE: ("session__technique",),
    By.PRACTITIONER: ("session__performed_by",),
}


@dataclass(frozen=True)
class Exposed:
    """How many had it: sessions, those whose reactions are known, and patients."""

    sessions: int = 0
    patients: int = 0
    answered: int = 0


@dataclass(frozen=True)
class Reacted:
    """How many of them had a reaction."""

    sessions: int = 0
    patients: int = 0


def tally(exposed: Exposed, reacted: Reacted) -> Tally:
    return Tally(Rate(reacted.patients, exposed.patients), Rate(reacted.sessions, exposed.sessions))


def sessions_by(sessions: SessionQuerySet, by: By) -> SessionQuerySet:
    """Annotate what a session had, in the columns of `OF_SESSION`; one row for each, those without any left out."""
    if by in {By.PRODUCT, By.LOT}:
        return sessions.with_batch().exclude(Q(product=None))
    if by is By.AREA:
        return sessions.annotate(place=F("areas")).exclude(Q(place=None))
    return sessions


def reactions_by(effects: SideEffectQuerySet, by: By) -> SideEffectQuerySet:
    """Annotate what may have caused a reaction, in the columns of `OF_REACTION`, as `sessions_by` does."""
    if by in {By.PRODUCT, By.LOT}:
        return effects.with_suspects().exclude(Q(product=None))
    return effects.with_place().exclude(Q(place=None)) if by is By.AREA else effects


def exposed_by(sessions: SessionQuerySet, by: By, *, with_answers: bool = True) -> dict[Key, Exposed]:
    """Count the sessions and patients of each group. Asking for the answers, too, is twice the work."""
    return {
        tuple(row[name] for name in OF_SESSION[by]): Exposed(row["sessions"], row["patients"], row.get("known", 0))
        for row in grouped(sessions_by(sessions, by), OF_SESSION[by], counts(sessions, with_answers=with_answers))
    }


def exposed_in_all(sessions: SessionQuerySet) -> Exposed:
    found = sessions.order_by().aggregate(**counts(sessions, with_answers=True))
    return Exposed(found["sessions"], found["patients"], found["known"])


def reacted_by(effects: SideEffectQuerySet, by: By, *also: str) -> dict[Key, Reacted]:
    """Count the sessions and patients with a reaction of each group; `also` names further columns of the key."""
    names = (*OF_REACTION[by], *also)
    return {
        tuple(row[name] for name in names): Reacted(row["sessions"], row["patients"])
        for row in grouped(reactions_by(effects, by), names, OF_EFFECT)
    }


def reacted_in_all(effects: SideEffectQuerySet) -> Reacted:
    return Reacted(**effects.order_by().aggregate(**OF_EFFECT))


OF_EFFECT = {
    "sessions": Count("session", distinct=True),
    "patients": Count("session__course__patient", distinct=True),
}


def counts(sessions: SessionQuerySet, *, with_answers: bool) -> dict[str, Count]:
    found = {"sessions": Count("pk", distinct=True), "patients": Count("course__patient", distinct=True)}
    if with_answers:
        # As a set that is made once: asked of each row, the next session would be looked up for every injection.
        known = sessions.with_answer().filter(Q(is_answered=True)).order_by()
        found["known"] = Count("pk", distinct=True, filter=Q(pk__in=known.values("pk")))
    return found


def grouped(rows: QuerySet[Any], names: tuple[str, ...], what: dict[str, Count]) -> QuerySet[Any, dict[str, Any]]:
    return rows.order_by().values(*names).annotate(**what)
