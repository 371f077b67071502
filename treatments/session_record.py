"""A session as its own page tells it: what was given, of which lots, what was asked, and how it changed since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from clinic.units import plain
from treatments.areas import areas_in_words
from treatments.bodymap import AreaRow
from treatments.drawn import Drawn, drawn_of, drawn_to_sign
from treatments.gate import Problem, problems, problems_of_products, unanswered
from treatments.models import Amendment, AskBack, Override, Photo, Session
from treatments.session_words import compared


@dataclass(frozen=True)
class Change:
    """One amendment; `rows` are (label, before, after) of what differs."""

    amendment: Amendment
    rows: list[tuple[str, str, str]]


@dataclass(frozen=True)
class SessionRecord:
    areas: str
    drawn: Drawn
    compared: str
    map_rows: list[AreaRow]
    ask_backs: Sequence[AskBack]
    overrides: Sequence[Override]
    changes: list[Change]
    photos: Sequence[Photo]
    missing: dict[str, str]
    against: list[Problem]
    warnings: list[Problem]


def session_record(session: Session, now: datetime) -> SessionRecord:
    """Return all of it; what stands against signing of a draft, and of a signed one what it passed with a warning."""
    drawn = drawn_to_sign(session) if not session.is_signed else drawn_of(session)
    is_draft = not session.is_signed and not session.is_in_error
    previous = session.previous()
    found = problems(drawn, now) if is_draft else [] if session.is_in_error else problems_of_products(drawn)
    return SessionRecord(
        areas=areas_in_words(session.areas.all()),
        drawn=drawn,
        compared=_compared(drawn, previous),
        map_rows=map_rows(session, drawn),
        ask_backs=list(session.ask_backs.select_related("side_effect__kind", "side_effect__area")),
        overrides=list(session.overrides.select_related("made_by")),
        changes=[
            Change(amendment, differing(amendment)) for amendment in session.amendments.select_related("made_by")
        ],
        photos=photos_of(session),
        missing=unanswered(session) if is_draft else {},
        against=[problem for problem in found if problem.stops] if is_draft else [],
        warnings=[problem for problem in found if not problem.stops],
    )


def photos_of(session: Session) -> list[Photo]:
    """Return the photos of a session in the order they were taken."""
    photos = list(Photo.objects.of_session(session).usable().select_related("area").order_by("taken_at", "pk"))
    for photo in photos:
        photo.session = session
    return photos


def _compared(drawn: Drawn, previous: Session | None) -> str:
    if previous is None:
        return ""
    previous.course = drawn.course
    return compared(drawn, drawn_of(previous), number=previous.number)


def map_rows(session: Session, drawn: Drawn) -> list[AreaRow]:
    """Return the session's areas for the body map."""
    shares = {part.area: part for part in drawn.shares}
    return [
        AreaRow(
            area=area,
            chosen=True,
            volume=plain(shares[area].ml) if area in shares else "",
            points=str(shares[area].points or "") if area in shares else "",
            map_points=[tuple(point) for point in session.map_points.get(area.code, [])],
        )
        for area in session.areas.all()
    ]


def differing(amendment: Amendment) -> list[tuple[str, str, str]]:
    """Return (label, before, after) of every line that is not the same in both versions, in their order."""
    before, after = ([tuple(row) for row in version] for version in (amendment.before, amendment.after))
    labels = list(dict.fromkeys(label for label, _value in (*before, *after)))
    rows = []
    for label in labels:
        then, now = (", ".join(value for name, value in version if name == label) for version in (before, after))
        if then != now:
            rows.append((label, then, now))
    return rows
