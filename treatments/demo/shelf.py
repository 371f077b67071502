"""What the demo clinic draws its sessions from: the mixture most are treated with, of the lots on the shelf."""

from datetime import date
from decimal import Decimal

from patients.models import Allergy
from treatments.drawn import Drawn, Line, Share
from treatments.models import Course, Lot, Session, TreatmentArea
from treatments.rules.allergy import allergy_conflict
from treatments.rules.bodymap import default_points
from treatments.rules.mixing import share

# Product code and ml for each area treated.
MIXTURE = (("carnitine", Decimal("1.2")), ("procaine-2", Decimal("0.6")), ("silicon", Decimal("0.4")))


def lots_for(course: Course) -> list[Lot]:
    """Return the lots that a course may draw on, less what the patient is allergic to: the last to expire first."""
    allergies = [allergy.substance for allergy in Allergy.objects.filter(patient=course.patient).in_force()]
    lots = Lot.objects.at(course.location).select_related("product").order_by("-expires_on", "pk")
    return [lot for lot in lots if not allergy_conflict(lot.product.allergy_words, allergies)]


def drawn_for(session: Session, areas: list[TreatmentArea], lots: list[Lot]) -> Drawn:
    """Return what a session of the demo gives, spread by points."""
    day = session.course.day_of(session.performed_at)
    lines = [Line(lot, ml * len(areas)) for code, ml in MIXTURE if (lot := lot_of(code, day, lots))]
    points = [default_points(area.code) or 40 for area in areas]
    volumes = share(sum((line.ml for line in lines), Decimal(0)), points)
    shares = [Share(area, ml, count) for area, ml, count in zip(areas, volumes, points, strict=True)]
    return Drawn(session.course, session.performed_at, lines, shares, session.weight_kg, session=session)


def lot_of(code: str, day: date, lots: list[Lot]) -> Lot | None:
    """Return the lot of a product that was in use on the day."""
    return next((lot for lot in lots if lot.product.code == code and lot.fault(day) is None), None)
