"""What the demo clinic has in stock: usable, soon to expire, low, on hold, expired, and one preparation."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from clinic.models import Location, User
from treatments.actions.lots import hold, receive
from treatments.actions.preparations import mix
from treatments.models import Lot, Preparation, Product


@dataclass(frozen=True)
class Stocked:
    """A lot: product, number, ml, days until it expires, days since it arrived, and why it is on hold."""

    code: str
    number: str
    ml: str
    days: int
    since: int = 200
    held: str = ""
    gtin: str = ""


LOTS = [
    Stocked("lidocaine-1", "LD-2207", "400", 41, gtin="04006381333931"),
    Stocked("lidocaine-1", "LD-2319", "1000", 420, 30, gtin="04006381333931"),
    Stocked("procaine-2", "PR-118", "900", 300, 480),
    Stocked("deoxycholic-acid", "DX-9042", "1200", 380),
    Stocked("phosphatidylcholine-deoxycholate", "PD-31B", "600", 250),
    Stocked(
        "phosphatidylcholine-deoxycholate",
        "PD-27A",
        "150",
        310,
        held="Three patients with nodules: culture asked for.",
    ),
    Stocked("carnitine", "LC-55", "1500", 540, 480),
    Stocked("caffeine", "CF-7710", "800", 190),
    Stocked("hyaluronidase", "HY-012", "20", 18),
    Stocked("vitamin-c", "VC-640", "300", 600),
    Stocked("silicon", "OS-88", "900", 330, 480),
    Stocked("aminophylline", "AM-4", "120", -9),
    Stocked("sodium-chloride", "NS-2026-11", "5000", 700, 14),
]
LOW = {"hyaluronidase": Decimal(50)}
MIXTURE = [("LD-2319", "4"), ("CF-7710", "10"), ("LC-55", "10"), ("NS-2026-11", "6")]


def stock(location: Location, *, by: User, now: datetime) -> None:
    """Fill the shelves of a location, as if received by this person."""
    for code, limit_ml in LOW.items():
        Product.objects.filter(code=code).update(low_stock_ml=limit_ml)
    lots = {row.number: put_on_shelf(row, location, by, now) for row in LOTS}
    mixed_at = now - timedelta(minutes=40)
    preparation = Preparation(
        location=location, name="Body mixture", mixed_at=mixed_at, use_by_at=mixed_at + timedelta(hours=24)
    )
    mix(preparation, ingredients={lots[number]: Decimal(ml) for number, ml in MIXTURE}, by=by)


def put_on_shelf(row: Stocked, location: Location, by: User, now: datetime) -> Lot:
    today = location.today(now)
    lot = Lot(
        product=Product.objects.get(code=row.code),
        location=location,
        number=row.number,
        gtin=row.gtin,
        expires_on=today + timedelta(days=row.days),
        received_ml=Decimal(row.ml),
        received_on=today - timedelta(days=row.since),
        supplier="Invented Pharma",
    )
    # Seen again: the same number came to the other location, whose day may be another one.
    elsewhere = Lot.objects.of_batch(lot).first()
    if elsewhere:
        lot.expires_on = elsewhere.expires_on
    received = receive(lot, by=by, now=now).lot
    if row.held and not received.held_at:
        hold(received, reason=row.held, by=by, now=now, version=received.version)
    return received
