"""What the demo clinic draws its sessions from: the mixture most are treated with, of the lots on the shelf."""

from decimal import Decimal

from patients.models import Allergy, Patient
from treatments.drawn import Drawn, Line, Share
from treatments.models import Lot, Session
from treatments.rules.allergy import allergy_conflict
from treatments.rules.bodymap import default_points
from treatments.rules.mixing import share

# Product code and ml for each area treated.
MIXTURE = (("carnitine", Decimal("1.2")), ("procaine-2", Decimal("0.6")), ("silicon", Decimal("0.4")))


def drawn_for(session: Session) -> Drawn:
    """Return what a session of the demo gives, less what the patient is allergic to, spread by points."""
    course, areas = session.course, list(session.areas.all())
    lines = [
        Line(lot, ml * len(areas))
        for code, ml in MIXTURE
        if (lot := lot_of(code, session)) and not speaks_against(lot, course.patient)
    ]
    points = [default_points(area.code) or 40 for area in areas]
    volumes = share(sum((line.ml for line in lines), Decimal(0)), points)
    shares = [Share(area, ml, count) for area, ml, count in zip(areas, volumes, points, strict=True)]
    return Drawn(course, session.performed_at, lines, shares, session.weight_kg, session=session)


def lot_of(code: str, session: Session) -> Lot | None:
    """Return the lot of a product that was in use on the day."""
    day = session.course.day_of(session.performed_at)
    lots = Lot.objects.at(session.course.location).usable(day).filter(product__code=code)
    return lots.select_related("product").order_by("-expires_on", "pk").first()


def speaks_against(lot: Lot, patient: Patient) -> bool:
    names = [allergy.substance for allergy in Allergy.objects.filter(patient=patient).in_force()]
    return bool(allergy_conflict(lot.product.allergy_words, names))
