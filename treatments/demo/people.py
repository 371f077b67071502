"""Who is in the demo. Nobody here exists; the phone numbers are of the range kept for fiction."""

from dataclasses import dataclass
from datetime import date, timedelta

D, H, M = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@dataclass(frozen=True)
class Reaction:
    """A reaction after the `after`-th last session, from `onset` after it; `lasted` is None while it is open."""

    kind: str
    area: int | None = 0
    after: int = 1
    onset: timedelta = timedelta(0)
    lasted: timedelta | None = None
    severity: str = "mild"
    reported_by: str = "staff"
    note: str = ""


@dataclass(frozen=True)
class Treatment:
    """A course: `done` sessions, the last one `since` days ago, `every` days apart."""

    protocol: str
    areas: tuple[str, ...]
    done: int
    since: int = 7
    every: int = 7
    planned: int | None = None
    ended: str = ""  # completed, stopped or paused
    reason: str = ""
    draft: bool = False  # the last session is not signed yet
    gain: float = 0.0  # kg from the first session to the last
    has_baseline: bool = True  # scored before the first session
    reactions: tuple[Reaction, ...] = ()


@dataclass(frozen=True)
class Person:
    given: str
    family: str
    born: date
    sex: str
    treatments: tuple[Treatment, ...] = ()
    allergies: tuple[tuple[str, str, str], ...] = ()
    asked: bool = True
    channel: str = "phone"
    language: str = "en"
    permission: bool = True
    weight: float = 70.0
    today: str = ""  # how today's appointment stands; empty for none
    at: int = 0  # minutes from now to today's appointment
    kind: str = "session"
    call: str = ""  # the outcome of the last call about the follow-up
    booked: int = 0  # days until a booked follow-up appointment


THIGHS = ("thigh-front-left", "thigh-front-right", "thigh-back-left", "thigh-back-right")
BUTTOCKS = ("buttock-left", "buttock-right")
BURN = Reaction("burning", lasted=18 * M)

HARBOUR_STREET = [
    Person(
        "Amina",
        "Testfield",
        date(1988, 2, 2),
        "female",
        (
            Treatment(
                "cellulite",
                THIGHS + BUTTOCKS,
                10,
                since=8,
                reactions=(
                    BURN,
                    Reaction("discolouration", area=0, onset=1 * D, reported_by="patient"),
                    Reaction("swelling", area=5, after=4, onset=2 * H, lasted=12 * D, reported_by="patient"),
                ),
                gain=1.4,
            ),
        ),
        (("Lidocaine", "swelling of the lips", "severe"),),
        weight=69.0,
        today="arrived",
        at=-12,
    ),
    Person(
        "Lola",
        "Sampleton",
        date(1980, 3, 12),
        "female",
        (
            Treatment(
                "cellulite",
                THIGHS,
                4,
                since=10,
                planned=15,
                reactions=(
                    Reaction("bruising", area=0, onset=3 * H),
                    Reaction("swelling", area=3, onset=1 * H, reported_by="patient"),
                ),
            ),
        ),
        (("Lidocaine", "hives", "moderate"),),
        weight=69.0,
        today="in-room",
        at=-25,
    ),
    Person(
        "Vera",
        "Invented",
        date(1979, 6, 30),
        "female",
        (
            Treatment(
                "cellulite",
                ("thigh-front-right", "thigh-back-right"),
                8,
                since=9,
                reactions=(
                    Reaction(
                        "infection",
                        onset=7 * D,
                        severity="severe",
                        reported_by="patient",
                        note="Spreading redness, 38.4 °C this morning.",
                    ),
                ),
            ),
        ),
        weight=74.5,
    ),
    Person(
        "Priscilla",
        "Mockridge",
        date(1991, 9, 14),
        "female",
        (Treatment("cellulite", (*THIGHS, "hip-left", "hip-right"), 3, since=7),),
        language="fr",
        today="booked",
        at=20,
    ),
    Person(
        "Marta",
        "Placeholder",
        date(1985, 1, 23),
        "female",
        (),
        asked=False,
        today="booked",
        at=35,
        kind="consultation",
    ),
    Person(
        "Sofie",
        "Dummett",
        date(1976, 11, 5),
        "female",
        (
            Treatment(
                "cellulite",
                BUTTOCKS,
                11,
                since=12,
                planned=18,
                reactions=(Reaction("induration", onset=3 * D, reported_by="staff"),),
            ),
        ),
        (("Procaine", "rash", "mild"),),
        weight=66.2,
        today="booked",
        at=50,
    ),
    Person(
        "Astrid",
        "Exampleby",
        date(1969, 4, 18),
        "female",
        (Treatment("cellulite", THIGHS, 15, since=214, ended="completed", reason=""),),
        today="booked",
        at=75,
        kind="follow-up",
    ),
    Person(
        "Grace",
        "Pretend",
        date(1999, 7, 7),
        "female",
        (Treatment("acne", ("face",), 2, since=9, planned=8),),
        weight=58.0,
        today="arrived",
        at=10,
    ),
    Person(
        "Noor",
        "Fiction",
        date(1972, 12, 1),
        "male",
        (
            Treatment(
                "backache",
                ("lower-back",),
                5,
                since=8,
                planned=10,
                reactions=(
                    Reaction(
                        "vasovagal",
                        area=None,
                        onset=2 * M,
                        lasted=12 * M,
                        severity="moderate",
                        reported_by="clinician",
                    ),
                ),
            ),
        ),
        weight=84.0,
        today="in-room",
        at=-10,
    ),
    Person(
        "Chiara",
        "Notreal",
        date(1983, 8, 27),
        "female",
        (
            Treatment(
                "cellulite",
                THIGHS,
                6,
                since=0,
                draft=True,
                reactions=(Reaction("bruising", area=1, after=4, onset=4 * H, lasted=17 * D),),
            ),
        ),
        weight=63.0,
        today="done",
        at=-95,
    ),
    Person(
        "Fatima",
        "Makebelieve",
        date(1990, 5, 9),
        "female",
        (Treatment("cellulite", BUTTOCKS, 10, since=0, reactions=(Reaction("erythema"),)),),
        weight=71.3,
        today="done",
        at=-130,
    ),
    Person(
        "Aiko",
        "Standin",
        date(1987, 10, 31),
        "female",
        (Treatment("cellulite", THIGHS, 12, since=0, gain=4.2),),
        weight=60.5,
        today="done",
        at=-165,
    ),
    Person(
        "Rosa",
        "Sketch",
        date(1974, 3, 3),
        "female",
        (
            Treatment(
                "cellulite",
                ("abdomen", "flank-left", "flank-right"),
                7,
                since=35,
                reactions=(Reaction("discolouration", onset=1 * D, reported_by="patient"),),
            ),
        ),
        channel="email",
        weight=77.0,
    ),
    Person(
        "Mei",
        "Outline",
        date(1981, 1, 15),
        "female",
        (
            Treatment(
                "cellulite",
                ("thigh-inner-left", "thigh-inner-right"),
                12,
                since=38,
                reactions=(Reaction("nodule", onset=26 * D, severity="moderate"),),
            ),
        ),
        weight=59.4,
    ),
    Person(
        "Beatrix",
        "Draftwood",
        date(1965, 2, 28),
        "female",
        (Treatment("cellulite", THIGHS, 15, since=237, ended="completed"),),
        channel="email",
        call="no-answer",
    ),
    Person(
        "Johanna",
        "Supposed",
        date(1970, 7, 20),
        "female",
        (Treatment("cellulite", BUTTOCKS + THIGHS, 18, since=230, planned=18, ended="completed"),),
        channel="email",
    ),
    Person(
        "Ruth",
        "Assumed",
        date(1993, 6, 11),
        "female",
        (Treatment("stretch-marks", ("abdomen",), 8, since=226, every=14, ended="completed", gain=3.4),),
        call="call-back",
    ),
    Person(
        "Camille",
        "Fabric",
        date(1978, 9, 2),
        "female",
        (Treatment("cellulite", THIGHS, 15, since=198, ended="completed"),),
    ),
    Person(
        "Yuki",
        "Blueprint",
        date(1996, 12, 24),
        "female",
        (Treatment("scars", ("face",), 6, since=190, every=21, ended="completed"),),
        channel="email",
    ),
    Person(
        "Oksana",
        "Paperly",
        date(1968, 5, 5),
        "female",
        (Treatment("backache", ("lower-back",), 10, since=186, ended="completed"),),
        booked=9,
    ),
    Person(
        "Deborah",
        "Cardboard",
        date(1975, 8, 8),
        "female",
        (Treatment("cellulite", THIGHS, 10, since=262, ended="stopped", reason="Moved to another city."),),
        call="declined",
    ),
    Person(
        "Ingrid",
        "Stagename",
        date(1971, 11, 19),
        "female",
        (Treatment("cellulite", THIGHS, 16, since=255, planned=16, ended="completed"),),
    ),
    Person(
        "Hana",
        "Cutout",
        date(1989, 4, 4),
        "female",
        (Treatment("cellulite", BUTTOCKS, 5, since=41, has_baseline=False),),
        permission=False,
    ),
    Person(
        "Elsa",
        "Papermoon",
        date(1994, 1, 1),
        "female",
        (Treatment("wrinkles", ("face",), 3, since=20, every=14, ended="paused", reason="Pregnant."),),
    ),
    Person(
        "Theo",
        "Nobody",
        date(1982, 10, 10),
        "male",
        (Treatment("headache", ("scalp", "nape"), 4, since=6),),
        weight=81.0,
    ),
]

LINDENHOF = [
    Person(
        "Greta",
        "Musterfrau",
        date(1984, 3, 31),
        "female",
        (Treatment("cellulite", THIGHS, 6, since=7),),
        today="booked",
        at=40,
    ),
    Person(
        "Jonas",
        "Beispiel",
        date(1977, 9, 9),
        "male",
        (Treatment("backache", ("lower-back",), 8, since=210, planned=8, ended="completed"),),
    ),
]
