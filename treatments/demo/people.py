"""Who is in the demo. Nobody here exists; the phone numbers are of the range kept for fiction."""

from datetime import date

from treatments.demo.here_today import HERE_TODAY
from treatments.demo.not_today import NOT_TODAY
from treatments.demo.person import THIGHS, Person, Treatment

HARBOUR_STREET = [*HERE_TODAY, *NOT_TODAY]

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
