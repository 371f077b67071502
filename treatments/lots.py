"""A lot as its row, its page and its recall list show it: what is left, and who had it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db.models import Prefetch, Q
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from clinic.drawing import share_svg
from clinic.models import User
from clinic.phones import show_phone
from clinic.units import show_ml
from patients.models import Patient
from treatments.badges import Badge, lot_badges
from treatments.models import Ingredient, Injection, Lot, Preparation, Session, SideEffect, StockChange
from treatments.models.sessions_found import SessionQuerySet

NOTHING = Decimal(0)
UNIT = Decimal("0.001")
LOW_SHARE = Decimal("0.1")  # of what arrived: the bar turns amber


@dataclass(frozen=True)
class LotRow:
    """One lot in a list, on the day of its place. The lot comes with its stock and its alert."""

    lot: Lot
    today: date

    @property
    def badges(self) -> list[Badge]:
        return lot_badges(self.lot, self.today)

    @property
    def arrived_ml(self) -> Decimal:
        """Return the received with what was added or taken away by hand: what injections and mixtures draw on."""
        return max(self.lot.received_ml, self.lot.received_ml + self.lot.changed_ml)

    @property
    def caption(self) -> str:
        return _("%(left)s of %(all)s") % {"left": show_ml(self.lot.remaining_ml), "all": show_ml(self.arrived_ml)}

    @property
    def bar(self) -> SafeString:
        share = self.lot.remaining_ml / self.arrived_ml
        return share_svg(float(share), label=self.caption, pressing=share < LOW_SHARE)


@dataclass(frozen=True)
class Entry:
    """One line of a lot's account: what happened to so many ml."""

    label: str
    volume_ml: Decimal

    @property
    def said(self) -> str:
        sign = "+" if self.volume_ml > 0 else ""
        return f"{sign}{show_ml(self.volume_ml)}"


def account(lot: Lot, changes: Iterable[StockChange]) -> list[Entry]:
    """Return what the remaining volume follows from; the lot comes with its stock. The sum is what is left."""
    by_kind: dict[str, Decimal] = defaultdict(Decimal)
    for change in changes:
        by_kind[change.kind] += change.volume_ml
    entries = [Entry(_("Received"), lot.received_ml)]
    entries += [Entry(str(kind.label), by_kind[kind]) for kind in StockChange.Kind if by_kind[kind]]
    if lot.injected_ml:
        entries.append(Entry(_("Injected"), -lot.injected_ml))
    if lot.mixed_ml:
        entries.append(Entry(_("Mixed into preparations"), -lot.mixed_ml))
    return entries


@dataclass(frozen=True)
class Event:
    """One thing that happened to a lot: when, by whom, what, and why."""

    at: datetime
    who: str
    what: str
    why: str
    icon: str


def events(lot: Lot, stock_changes: Iterable[StockChange]) -> list[Event]:
    """Return what happened to a lot, newest first: its stock by hand, its holds and releases, its arrival last."""
    found = [
        Event(
            change.made_at,
            change.made_by.get_full_name(),
            f"{change.get_kind_display()}, {Entry('', change.volume_ml).said}",
            change.reason,
            "package-plus" if change.volume_ml > 0 else "package-minus",
        )
        for change in stock_changes
    ]
    records = list(lot.history.select_related("history_user", "held_by").order_by("-history_date", "-pk"))
    for new, old in pairwise(records):
        if bool(new.held_at) != bool(old.held_at):
            what, icon = (_("Put on hold"), "circle-pause") if new.held_at else (_("Released"), "circle-play")
            who = new.held_by or new.history_user
            why = new.hold_reason or new.history_change_reason or ""
            found.append(Event(new.history_date, who.get_full_name() if who else _("The system"), what, why, icon))
    found.sort(key=lambda event: event.at, reverse=True)
    first = records[-1:]
    received = _("Received, %(ml)s") % {"ml": show_ml(lot.received_ml)}
    return found + [
        Event(each.history_date, lot.received_by.get_full_name(), received, "", "package") for each in first
    ]


@dataclass(frozen=True)
class Mixed:
    """A preparation in a list and on its page; it comes with its stock and its ingredients."""

    preparation: Preparation
    now: datetime

    @property
    def badges(self) -> list[Badge]:
        """Return how it stands: thrown away, of a lot that may not be used, past its time, or usable."""
        mixture = self.preparation
        if mixture.discarded_at:
            return [Badge(_("Thrown away"), "is-resolved", "trash-2")]
        found = []
        if any(row.lot.held_at or row.lot.product.is_blocked for row in mixture.ingredients.all()):
            found.append(Badge(_("Contains a held lot"), "is-urgent", "circle-pause"))
        if self.now > mixture.use_by_at:
            found.append(Badge(_("Past its use-by"), "is-prolonged", "timer"))
        elif mixture.remaining_ml <= 0:
            found.append(Badge(_("Used up"), "is-resolved", "history"))
        return found or [Badge(_("Usable"), "is-in-time", "check")]

    @property
    def contents(self) -> str:
        """Return "Lidocaine 1 % 5 ml, Caffeine 2.5 ml"."""
        rows = self.preparation.ingredients.all()
        return ", ".join(f"{row.lot.product} {show_ml(row.volume_ml)}" for row in rows)

    @property
    def caption(self) -> str:
        left, whole = (show_ml(ml) for ml in (self.preparation.remaining_ml, self.preparation.mixed_ml))
        return _("%(left)s of %(all)s") % {"left": left, "all": whole}

    @property
    def bar(self) -> SafeString:
        share = self.preparation.remaining_ml / self.preparation.mixed_ml if self.preparation.mixed_ml else NOTHING
        return share_svg(float(share), label=self.caption, pressing=share < LOW_SHARE)


@dataclass(frozen=True)
class Batch:
    """The lots whose traces are followed, and the preparations they went into, by primary key."""

    lots: tuple[int, ...]
    preparations: tuple[int, ...]

    @classmethod
    def of(cls, lots: Iterable[Lot]) -> "Batch":
        keys = tuple(lot.pk for lot in lots)
        mixed = Ingredient.objects.filter(lot__in=keys).order_by().values_list("preparation", flat=True).distinct()
        return cls(keys, tuple(mixed))

    @property
    def drawn(self) -> Q:
        """Return the condition on an injection that it is of these; each part has an index of its own."""
        return Q(lot__in=self.lots) | Q(preparation__in=self.preparations)

    def sessions(self) -> SessionQuerySet:
        """Return the sessions that had it, straight or in a preparation, but for those entered in error."""
        drawn = Injection.objects.filter(self.drawn).order_by().values("session")
        return Session.objects.standing().filter(pk__in=drawn)

    def uses(self, sessions: SessionQuerySet) -> SessionQuerySet:
        """Load what a row says of each session: patient, course, areas and volumes of this batch, reactions.

        A reaction that somebody cleared the lots of is none of theirs; of a preparation all are shown.
        """
        reactions = SideEffect.objects.standing().select_related("kind", "area").order_by("onset_at", "pk")
        if self.lots:
            reactions = reactions.suspecting(pk__in=self.lots)
        injections = (
            Injection.objects.filter(self.drawn)
            .select_related("area", "preparation")
            .prefetch_related(Prefetch("preparation__ingredients", Ingredient.objects.order_by("pk")))
        )
        return (
            sessions.with_number()
            .select_related("course__patient", "course__location", "course__protocol", "performed_by")
            .prefetch_related(
                Prefetch("injections", injections, to_attr="of_batch"),
                Prefetch("side_effects", reactions),
            )
        )


@dataclass(frozen=True)
class Use:
    """One session with the batch."""

    session: Any  # a session with `of_batch`, its injections of the batch
    batch: Batch

    @property
    def patient(self) -> Patient:
        patient: Patient = self.session.course.patient
        return patient

    @property
    def volume_ml(self) -> Decimal:
        """Return how much of the batch was injected, to the microlitre: of a preparation its share by volume.

        Without a lot, all of the preparation that the page is about.
        """
        return sum((self._of(injection) for injection in self.session.of_batch), NOTHING).quantize(UNIT)

    def _of(self, injection: Injection) -> Decimal:
        if injection.preparation is None or not self.batch.lots:
            return injection.volume_ml
        ingredients = list(injection.preparation.ingredients.all())
        whole = sum((each.volume_ml for each in ingredients), NOTHING)
        own = sum((each.volume_ml for each in ingredients if each.lot_id in self.batch.lots), NOTHING)
        return injection.volume_ml * own / whole

    @property
    def volume(self) -> str:
        return show_ml(self.volume_ml)

    @property
    def areas(self) -> list[Any]:
        return list({injection.area_id: injection.area for injection in self.session.of_batch}.values())

    @property
    def preparations(self) -> list[Any]:
        """Return the preparations it came in, none when it was injected straight."""
        mixed = [each.preparation for each in self.session.of_batch if each.preparation]
        return list({preparation.pk: preparation for preparation in mixed}.values())

    @property
    def reactions(self) -> list[SideEffect]:
        return list(self.session.side_effects.all())


def use_head() -> list[str]:
    return [
        _("Patient"),
        _("Record number"),
        _("Phone"),
        _("Session at"),
        _("Performed by"),
        _("Areas"),
        _("Volume in ml"),
        _("Preparation"),
        _("Reactions"),
        _("Open reactions"),
        _("Location"),
    ]


def use_row(use: Use) -> list[object]:
    """Return a session's row for a file; the moment as ISO 8601, at its place."""
    session, patient = use.session, use.patient
    return [
        patient.full_name,
        patient.record_number,
        show_phone(patient.phone) if patient.phone else "",
        session.course.location.local(session.performed_at).isoformat(timespec="minutes"),
        session.performed_by.get_full_name(),
        ", ".join(str(area) for area in use.areas),
        use.volume_ml,
        ", ".join(preparation.name for preparation in use.preparations),
        ", ".join(effect.kind.name for effect in use.reactions),
        ", ".join(effect.kind.name for effect in use.reactions if effect.resolved_at is None),
        session.course.location,
    ]


@dataclass
class Recalled:
    """One patient to call about a batch."""

    patient: Patient
    last: Session
    volume_ml: Decimal = NOTHING
    sessions: int = 0
    open_reactions: list[SideEffect] = field(default_factory=list)

    @property
    def volume(self) -> str:
        return show_ml(self.volume_ml)


def recall_list(batch: Batch, user: User) -> list[Recalled]:
    """Return everybody to call whom this person may see, those with open reactions first, then the latest treated."""
    sessions = batch.uses(batch.sessions().visible_to(user)).order_by("-performed_at", "-pk")
    people: dict[int, Recalled] = {}
    for use in (Use(session, batch) for session in sessions):
        row = people.setdefault(use.patient.pk, Recalled(use.patient, use.session))
        row.volume_ml += use.volume_ml
        row.sessions += 1
        row.open_reactions += [effect for effect in use.reactions if effect.resolved_at is None]
    return sorted(people.values(), key=lambda row: not row.open_reactions)


def recall_head() -> list[str]:
    return [
        _("Patient"),
        _("Record number"),
        _("Phone"),
        _("E-mail"),
        _("Last session with it"),
        _("Sessions with it"),
        _("Volume in ml"),
        _("Open reactions"),
        _("Last contact"),
        _("Location"),
    ]


def recall_row(row: Recalled, contacts: dict[int, datetime]) -> list[object]:
    place, contact = row.last.course.location, contacts.get(row.patient.pk)
    return [
        row.patient.full_name,
        row.patient.record_number,
        show_phone(row.patient.phone) if row.patient.phone else "",
        row.patient.email,
        place.today(row.last.performed_at).isoformat(),
        row.sessions,
        row.volume_ml,
        ", ".join(effect.kind.name for effect in row.open_reactions),
        place.today(contact).isoformat() if contact else "",
        place,
    ]


def lot_head() -> list[str]:
    return [
        _("Product"),
        _("Strength"),
        _("Lot"),
        _("GTIN"),
        _("Expires on"),
        _("Left in ml"),
        _("Received in ml"),
        _("Received on"),
        _("Supplier"),
        _("State"),
        _("Location"),
    ]


def lot_rows(lots: Iterable[Lot], now: datetime) -> Iterator[list[object]]:
    for lot in lots:
        yield [
            lot.product.name,
            lot.product.strength,
            lot.number,
            lot.gtin,
            lot.expires_on.isoformat(),
            lot.remaining_ml.quantize(UNIT),
            lot.received_ml,
            lot.received_on.isoformat(),
            lot.supplier,
            ", ".join(badge.word for badge in lot_badges(lot, lot.location.today(now))),
            lot.location,
        ]
