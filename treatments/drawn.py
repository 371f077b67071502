"""What a session gives, before it is saved: what was drawn up, and the areas it went into."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from patients.models import Patient, ScreeningQuestion
from treatments.models import Course, Injection, Lot, Preparation, Product, Session, TreatmentArea
from treatments.rules.dose import Given, Limits, ml_a_point
from treatments.rules.mixing import spread

NOTHING = Decimal(0)


@dataclass(frozen=True)
class Line:
    """So many ml drawn up from one lot or one preparation."""

    source: Lot | Preparation
    ml: Decimal

    @property
    def name(self) -> str:
        return str(self.source.product) if isinstance(self.source, Lot) else self.source.name

    @property
    def is_mixture(self) -> bool:
        return isinstance(self.source, Preparation)

    @property
    def lots(self) -> list[Lot]:
        """Return the lots it is of. A preparation was loaded by `with_ingredients`."""
        if isinstance(self.source, Lot):
            return [self.source]
        return [ingredient.lot for ingredient in self.source.ingredients.all()]

    def parts(self) -> list[tuple[Product, Decimal]]:
        """Return how much of each product it holds, in ml."""
        if isinstance(self.source, Lot):
            return [(self.source.product, self.ml)]
        ingredients = list(self.source.ingredients.all())
        mixed = sum((ingredient.volume_ml for ingredient in ingredients), NOTHING)
        return [(each.lot.product, self.ml * each.volume_ml / mixed) for each in ingredients]


@dataclass(frozen=True)
class Share:
    """What one area gets. `points` are those typed or placed, else those of the map's grid; None off the map."""

    area: TreatmentArea
    ml: Decimal
    points: int | None = None


@dataclass(frozen=True)
class Drawn:
    """What a session gives to whom, when; whatever is not known yet is left out."""

    course: Course
    performed_at: datetime
    lines: list[Line] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)
    weight_kg: Decimal | None = None
    answers: list[tuple[ScreeningQuestion, bool]] = field(default_factory=list)
    session: Session | None = None

    @property
    def patient(self) -> Patient:
        return self.course.patient

    @property
    def drawn_ml(self) -> Decimal:
        return sum((line.ml for line in self.lines), NOTHING)

    @property
    def given_ml(self) -> Decimal:
        return sum((share.ml for share in self.shares), NOTHING)

    @property
    def points(self) -> int:
        return sum(share.points or 0 for share in self.shares)

    @property
    def ml_a_point(self) -> Decimal | None:
        return ml_a_point(self.given_ml, self.points)

    @property
    def is_level(self) -> bool:
        """Say whether as much was given as was drawn up."""
        return self.drawn_ml == self.given_ml

    def by_product(self) -> list[tuple[Product, Given]]:
        """Return what of each product the session gives, over all lots and mixtures, in the order drawn up."""
        volumes: dict[Product, Decimal] = {}
        for line in self.lines:
            for product, ml in line.parts():
                volumes[product] = volumes.get(product, NOTHING) + ml
        return [(product, self._given(product, ml)) for product, ml in volumes.items()]

    def _given(self, product: Product, ml: Decimal) -> Given:
        # Of the mixture every area gets the same parts, so a product's dose a point follows the area's.
        part = ml / self.drawn_ml if self.drawn_ml else NOTHING
        doses = [ml_a_point(share.ml * part, share.points) for share in self.shares]
        return Given(
            ml=ml,
            points=self.points,
            ml_a_point=max((dose for dose in doses if dose is not None), default=None),
            mg=ml * product.mg_per_ml if product.mg_per_ml is not None else None,
            weight_kg=self.weight_kg,
        )

    def injections(self, session: Session) -> list[Injection]:
        """Return the rows, unsaved: each source spread over the areas in proportion.

        Raises `ValueError` when as much was not given as was drawn up.
        """
        cells = spread([line.ml for line in self.lines], [share.ml for share in self.shares])
        return [
            Injection(
                session=session,
                area=share.area,
                lot=line.source if isinstance(line.source, Lot) else None,
                preparation=line.source if isinstance(line.source, Preparation) else None,
                volume_ml=cells[i][j],
                points=share.points,
                technique=session.technique,
                needle=session.needle,
                depth_mm=session.depth_mm,
            )
            for i, line in enumerate(self.lines)
            for j, share in enumerate(self.shares)
            if cells[i][j]
        ]


def limits_of(product: Product) -> Limits:
    return Limits(
        ml_a_point=product.max_ml_per_point,
        points=product.max_points_per_session,
        ml=product.max_ml_per_session,
        mg=product.max_mg_per_session,
        mg_per_kg=product.max_mg_per_kg,
        days_between=product.min_days_between,
    )


def drawn_of(session: Session) -> Drawn:
    """Return what a stored session gave, from its injections; loads them by `InjectionQuerySet.for_page`."""
    injections = list(Injection.objects.filter(session=session).for_page())
    return Drawn(
        course=session.course,
        performed_at=session.performed_at,
        lines=lines_of(injections),
        shares=shares_of(injections),
        weight_kg=session.weight_kg,
        session=session,
    )


def drawn_to_sign(session: Session) -> Drawn:
    """Return what a stored session gave with the answers of its day, which outweigh what was said before."""
    screening = session.screening_in_force
    answers = screening.answers.select_related("question") if screening else []
    return replace(drawn_of(session), answers=[(answer.question, answer.is_yes) for answer in answers])


def lines_of(injections: Iterable[Injection]) -> list[Line]:
    """Return the sources with all their areas together, in the order they were drawn up."""
    volumes: dict[Lot | Preparation, Decimal] = {}
    for injection in injections:
        source = injection.lot or injection.preparation
        if source is not None:
            volumes[source] = volumes.get(source, NOTHING) + injection.volume_ml
    return [Line(source, ml) for source, ml in volumes.items()]


def shares_of(injections: Iterable[Injection]) -> list[Share]:
    """Return the areas with all their products together; the points are those of any product, for all were mixed."""
    shares: dict[TreatmentArea, Share] = {}
    for injection in injections:
        known = shares.get(injection.area)
        ml = injection.volume_ml + (known.ml if known else NOTHING)
        shares[injection.area] = Share(injection.area, ml, injection.points)
    return list(shares.values())
