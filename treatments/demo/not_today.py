"""Those of Harbour Street who do not come today: watched, called for their return, or between two sessions."""

from datetime import date

from treatments.demo.person import BUTTOCKS, THIGHS, D, Person, Reaction, Treatment

NOT_TODAY = [
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
